//! Arguments that several commands take, read once.

use crate::dots::{Dpi, Mm};
use crate::language::Language;

pub fn language(written: &str) -> Result<Language, String> {
    Language::named(written).ok_or_else(|| {
        let known: Vec<&str> = Language::ALL.iter().map(|language| language.name()).collect();
        format!("no printer language \"{written}\". Known: {}", known.join(", "))
    })
}

pub fn dpi(written: &str) -> Result<Dpi, String> {
    let known = || "a head has 203, 300 or 600 dpi".to_owned();
    written.parse().ok().and_then(Dpi::from_nominal).ok_or_else(known)
}

/// Width and height of label stock.
pub fn media_size(written: &str) -> Result<(Mm, Mm), String> {
    let side = |side: &str| side.parse().ok().filter(|mm| (5.0..=1000.0).contains(mm)).map(Mm);
    let sides = written.split_once('x').and_then(|(width, height)| Some((side(width)?, side(height)?)));
    sides.ok_or_else(|| "write width x height in millimetres, 5 to 1000, such as 100x150".into())
}
