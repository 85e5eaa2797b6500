//! Symbols: data in, modules out, with the rules of each symbology.
//!
//! A module becomes a whole number of dots in `layout`; nothing here has a size yet. Knows no label and no printer.

pub mod code128;
pub mod qr;

/// A linear symbol: its bars and spaces, one entry a module, `true` is a bar. Without quiet zones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linear {
    /// What a scanner reads.
    pub data: String,
    pub modules: Vec<bool>,
    /// The symbol characters by value, start to check, without the stop: what a printer that draws the symbol itself must choose.
    pub codewords: Vec<u8>,
}

/// A square matrix symbol, row by row, `true` is dark. Without quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// What a scanner reads.
    pub data: String,
    /// Modules in a row.
    pub side: usize,
    pub modules: Vec<bool>,
}
