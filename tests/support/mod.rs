//! What the stories share.

pub mod any;
pub mod paper;
pub mod sample;
pub mod table;
