//! Symbols: data in, modules out, with the rules of each symbology.
//!
//! A module becomes a whole number of dots in `layout`; nothing here has a size yet. What a symbology cannot
//! carry is a [`Refusal`]. Knows no label and no printer.

pub mod code128;
pub mod qr;

#[cfg(test)]
mod tests {
    pub mod decoder;
}

use std::fmt;

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

/// Why data cannot become a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    Empty { symbology: &'static str },
    Character { symbology: &'static str, character: char },
    TooLong { symbology: &'static str, length: usize, most: usize },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Empty { symbology } => write!(f, "a {symbology} symbol needs data: give at least one character."),
            Refusal::Character { symbology, character } => write!(
                f,
                "{symbology} cannot carry \"{}\" (U+{:04X}): use plain letters, digits and signs (ASCII).",
                character.escape_debug(),
                *character as u32
            ),
            Refusal::TooLong { symbology, length, most } => {
                write!(f, "{length} bytes are too long for {symbology}: shorten the data to {most}.")
            }
        }
    }
}

impl std::error::Error for Refusal {}
