//! ZPL.

pub mod status;
