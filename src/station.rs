//! A pack station: what a packer scans, and what comes of it.

pub mod control;
pub mod scanned;
