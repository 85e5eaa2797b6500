//! Whether a postcode can be one of its country.
//!
//! A text and a country go in; out comes whether the country has such postcodes, and if not, what was most likely meant:
//! spreadsheets take `07743` for a number and keep 7743. Patterns and examples are libaddressinput's (`countries.tsv`).
//! Tells nothing of whether the postcode exists.

use super::Country;
use regex_lite::Regex;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use unicode_normalization::UnicodeNormalization;

/// What a text is as a postcode of a country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Postcode {
    /// The country has such postcodes, or none we know a pattern of.
    Possible,
    /// With that many zeros in front it is one: `07743`.
    LostZeros(String),
    /// No such postcode; the example is one.
    Impossible { example: Option<&'static str> },
}

/// Zeros that are taken to be lost at most: the shortest codes that are left are those of Puerto Rico, 501.
const ZEROS_MAX: usize = 2;

static PATTERNS: LazyLock<Mutex<HashMap<&'static str, Option<Regex>>>> = LazyLock::new(Mutex::default);

/// What that text is as a postcode of that country.
pub fn check(text: &str, country: Country) -> Postcode {
    let (Some(pattern), examples) = country.postcodes() else { return Postcode::Possible };
    let Some(pattern) = compiled(pattern) else { return Postcode::Possible };
    let said: String = text.nfkc().filter(|c| *c != '〒').flat_map(char::to_uppercase).collect();
    let said = said.trim();
    let examples: Vec<&'static str> = examples.map(|list| list.split(',').collect()).unwrap_or_default();
    let possible =
        |code: &str| pattern.is_match(code) || written_like(code, &examples).is_some_and(|written| pattern.is_match(&written));
    // Across borders a code is written with the country before it: D-07743, FI-02100.
    let bare = said.split_once(['-', ' ']).filter(|(before, _)| before.chars().all(char::is_alphabetic)).map(|(_, rest)| rest);
    let led = format!("{}-{said}", country.code());
    if possible(said) || bare.is_some_and(possible) || pattern.is_match(&led) {
        return Postcode::Possible;
    }
    if !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit()) {
        for zeros in 1..=ZEROS_MAX {
            let padded = format!("{}{said}", "0".repeat(zeros));
            if let Some(written) = written_like(&padded, &examples).filter(|written| pattern.is_match(written)) {
                return Postcode::LostZeros(written);
            }
            if pattern.is_match(&padded) {
                return Postcode::LostZeros(padded);
            }
        }
    }
    Postcode::Impossible { example: examples.first().copied() }
}

/// The same letters and digits with the separators of an example that has as many.
fn written_like(code: &str, examples: &[&str]) -> Option<String> {
    let bare: Vec<char> = code.chars().filter(|c| c.is_alphanumeric()).collect();
    let example = examples.iter().find(|example| example.chars().filter(|c| c.is_alphanumeric()).count() == bare.len())?;
    let mut letters = bare.into_iter();
    Some(example.chars().filter_map(|c| if c.is_alphanumeric() { letters.next() } else { Some(c) }).collect())
}

fn compiled(pattern: &'static str) -> Option<Regex> {
    let mut patterns = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
    patterns.entry(pattern).or_insert_with(|| Regex::new(&format!("^(?:{pattern})$")).ok()).clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str, country: &str) -> Postcode {
        check(code, Country::of(country).expect("a country"))
    }

    #[test]
    fn every_example_of_the_table_is_possible_in_its_country() {
        for (country, example) in Country::all().flat_map(|country| {
            country.postcodes().1.into_iter().flat_map(|list| list.split(',')).map(move |example| (country, example))
        }) {
            assert_eq!(check(example, country), Postcode::Possible, "{country:?} {example}");
        }
    }

    #[test]
    fn a_code_is_possible_however_it_is_written() {
        for (code, country) in [
            ("07743", "DE"),
            ("D-07743", "DE"),
            ("FI-02100", "FI"),
            ("FI 02100", "FI"),
            ("bs1 4dj", "GB"),
            ("BS14DJ", "GB"),
            ("〒150-0042", "JP"),
            ("１５０００４２", "JP"),
            ("2511AB", "NL"),
            ("90001", "PL"),
            ("021081234", "US"),
            ("02108-1234", "US"),
            ("D01F5P2", "IE"),
            ("LV-1010", "LV"),
            ("1010", "LV"),
            ("99999", "AE"),
            ("100000", "VN"),
            ("01310100", "BR"),
            ("SE-111 22", "SE"),
        ] {
            assert_eq!(of(code, country), Postcode::Possible, "{country} {code}");
        }
    }

    #[test]
    fn a_lost_zero_is_offered_and_what_cannot_be_is_told() {
        for (code, country, meant) in [
            ("7743", "DE", "07743"),
            ("2210", "US", "02210"),
            ("501", "US", "00501"),
            ("5000", "MY", "05000"),
            ("1000", "FR", "01000"),
            ("1310100", "BR", "01310-100"),
            ("640941", "JP", "064-0941"),
            ("3051", "KR", "03051"),
        ] {
            assert_eq!(of(code, country), Postcode::LostZeros(meant.into()), "{country} {code}");
        }
        for (code, country) in [("177431", "DE"), ("SW1A", "DE"), ("1234", "GB"), ("10110.0", "TH"), ("51", "US"), ("Jena", "DE")]
        {
            assert!(matches!(of(code, country), Postcode::Impossible { .. }), "{country} {code}");
        }
    }
}
