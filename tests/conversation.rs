//! The conversation with a printer, held against a virtual one: stories, and a year of faults.

mod bench;
mod faults;
mod media_out;
mod simulated_year;
mod wire;
mod words;
