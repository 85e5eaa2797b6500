//! Countries and territories, as the post knows them: two letters, an English name, how an address is written.
//!
//! A code goes in, a [`Country`] comes out. The table is `countries.tsv`, built in.

use std::fmt;
use std::sync::LazyLock;

static COUNTRIES: LazyLock<Vec<Entry>> =
    LazyLock::new(|| include_str!("countries.tsv").lines().filter_map(Entry::parse).collect());

struct Entry {
    code: &'static str,
    name: &'static str,
    needs_postcode: bool,
    capitals: &'static str,
    format: &'static str,
    latin_format: Option<&'static str>,
}

impl Entry {
    fn parse(line: &'static str) -> Option<Entry> {
        let mut columns = line.split('\t');
        let (code, name) = (columns.next()?, columns.next()?);
        let needs_postcode = columns.next()? == "postcode";
        let (capitals, format) = (columns.next()?, columns.next()?);
        let latin_format = columns.next().filter(|format| *format != "-");
        Some(Entry { code, name, needs_postcode, capitals, format, latin_format })
    }
}

/// A country or territory with a code of ISO 3166 (or one the posts use beside it: AC, TA, XK).
#[derive(Clone, Copy)]
pub struct Country(&'static Entry);

impl Country {
    /// The country of that two-letter code, in capitals.
    pub fn of(code: &str) -> Option<Country> {
        let at = COUNTRIES.binary_search_by_key(&code, |entry| entry.code).ok()?;
        Some(Country(&COUNTRIES[at]))
    }

    /// Its two letters.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// Its English name in capitals, as it stands last on a parcel from abroad.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Whether its post needs a postcode.
    pub fn needs_postcode(self) -> bool {
        self.0.needs_postcode
    }

    /// Whether its post wants that element (`C` city, `S` region…) in capitals.
    pub(super) fn capitals(self, element: char) -> bool {
        self.0.capitals.contains(element)
    }

    /// How an address is written: `|` between lines, `%` before an element.
    pub(super) fn format(self, latin: bool) -> &'static str {
        self.0.latin_format.filter(|_| latin).unwrap_or(self.0.format)
    }

    /// What to say of a code that is none. The value is not repeated: it may be a misplaced part of an address.
    pub(super) fn refusal(code: &str) -> String {
        let wanted = code.trim().to_uppercase();
        let by_code = Country::of(if wanted == "UK" { "GB" } else { &wanted });
        let by_name = || COUNTRIES.iter().find(|entry| entry.name == wanted).map(Country);
        match by_code.or_else(by_name).or_else(|| Self::near_name(&wanted)) {
            Some(country) => format!("is no country code: use \"{}\" for {}.", country.code(), country.name()),
            None => "is no country code: use two capital letters of ISO 3166, such as \"DE\" for GERMANY.".to_owned(),
        }
    }

    fn near_name(name: &str) -> Option<Country> {
        let names: Vec<&str> = COUNTRIES.iter().map(|entry| entry.name).collect();
        let near = crate::fault::nearest(name, &names)?;
        COUNTRIES.iter().find(|entry| entry.name == near).filter(|_| name.len() > 3).map(Country)
    }
}

impl PartialEq for Country {
    fn eq(&self, other: &Country) -> bool {
        self.code() == other.code()
    }
}

impl Eq for Country {}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_in_order() {
        assert_eq!(COUNTRIES.len(), 252);
        assert!(COUNTRIES.is_sorted_by_key(|entry| entry.code));
        assert!(COUNTRIES.iter().all(|entry| entry.name == entry.name.to_uppercase() && entry.format.contains("%A")));
    }

    #[test]
    fn a_country_knows_its_name_and_whether_it_needs_a_postcode() {
        let needs = |code| Country::of(code).map(|country| (country.name(), country.needs_postcode()));
        assert_eq!(needs("DE"), Some(("GERMANY", true)));
        assert_eq!(needs("VN"), Some(("VIET NAM", true)));
        assert_eq!(needs("HK"), Some(("HONG KONG", false)));
        assert_eq!(needs("AE"), Some(("UNITED ARAB EMIRATES", false)));
        assert_eq!(needs("ZZ"), None);
        assert_eq!(needs("de"), None);
    }

    #[test]
    fn a_wrong_code_names_the_right_one() {
        let said = |code: &str| Country::refusal(code);
        assert_eq!(said("de"), "is no country code: use \"DE\" for GERMANY.");
        assert_eq!(said("UK"), "is no country code: use \"GB\" for UNITED KINGDOM.");
        assert_eq!(said("Thailand"), "is no country code: use \"TH\" for THAILAND.");
        assert_eq!(said("Phillipines"), "is no country code: use \"PH\" for PHILIPPINES.");
        assert!(said("12 Elm Road").contains("such as \"DE\""));
    }
}
