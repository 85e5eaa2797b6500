//! What the stories share; none of the test binaries uses all of it.

#![allow(dead_code)]

pub mod any;
pub mod labels;
pub mod paper;
pub mod printer;
pub mod process;
pub mod sample;
pub mod shop;
