//! Printer languages: a finished label to a printer's bytes, a printer's reply bytes to facts.

pub mod zpl;
