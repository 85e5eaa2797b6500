//! What tests share.

pub mod bench;
