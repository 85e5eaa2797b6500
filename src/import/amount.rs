//! Sums of money as exports write them.
//!
//! `185,50` and `1.299` can be read in two ways. The texts of a whole column and the decimals of the currency decide which sign
//! parts the decimals; what they do not decide is asked. Digits are never made up or dropped.

/// How a sum is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Amount {
    /// A plain decimal number: `185.50`.
    Exact(String),
    /// Two readings, the likelier first.
    Unsure(String, String),
    /// Nothing that is a sum.
    None,
}

/// What a column's texts say of its signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signs {
    point_is_decimal: bool,
    point_is_group: bool,
    comma_is_decimal: bool,
    comma_is_group: bool,
}

/// Decimals of a currency where they are not two (ISO 4217, and rupiah and đồng as they are written).
pub fn decimals(currency: &str) -> usize {
    match currency.to_ascii_uppercase().as_str() {
        "VND" | "JPY" | "KRW" | "IDR" | "CLP" | "PYG" | "UGX" | "ISK" | "XAF" | "XOF" | "XPF" | "RWF" | "KMF" | "GNF" | "BIF"
        | "DJF" | "VUV" | "HUF" | "TWD" => 0,
        "KWD" | "BHD" | "OMR" | "JOD" | "TND" | "IQD" | "LYD" => 3,
        _ => 2,
    }
}

/// Signs and short words of currencies, and which currencies they may be.
const SIGNS_OF: [(&str, &[&str]); 22] = [
    ("€", &["EUR"]),
    ("£", &["GBP"]),
    ("฿", &["THB"]),
    ("บาท", &["THB"]),
    ("₫", &["VND"]),
    ("đ", &["VND"]),
    ("₩", &["KRW"]),
    ("₱", &["PHP"]),
    ("₹", &["INR"]),
    ("₽", &["RUB"]),
    ("₺", &["TRY"]),
    ("¥", &["JPY", "CNY"]),
    ("円", &["JPY"]),
    ("元", &["CNY", "TWD", "HKD"]),
    ("rm", &["MYR"]),
    ("rp", &["IDR"]),
    ("s$", &["SGD"]),
    ("nt$", &["TWD"]),
    ("hk$", &["HKD"]),
    ("us$", &["USD"]),
    ("r$", &["BRL"]),
    ("zł", &["PLN"]),
];

/// Signs that several currencies have, or that nobody here needs to tell apart.
const OTHER_SIGNS: [&str; 22] = [
    "kr",
    "kč",
    "ft",
    "lei",
    "rs",
    "tl",
    "р",
    "руб",
    "грн",
    "лв",
    "sr",
    "رس",
    "رس\u{200f}",
    "دإ",
    "dh",
    "a$",
    "c$",
    "mx$",
    "d",
    "euro",
    "원",
    "₪",
];

/// The currency that a sum names itself, where it is another than the one that was told.
pub fn other_currency(text: &str, currency: &str) -> Option<String> {
    let word: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_numeric() && !"., '’-–".contains(*c))
        .collect::<String>()
        .to_lowercase();
    let told = currency.trim().to_ascii_uppercase();
    let is_code = word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_other = match SIGNS_OF.iter().find(|(sign, _)| *sign == word) {
        Some((_, codes)) => !codes.contains(&told.as_str()),
        None => is_code && word.to_ascii_uppercase() != told,
    };
    (is_other && !told.is_empty()).then(|| word.to_uppercase())
}

/// The digits of a text with its two signs, without currency and blanks; `None` where anything else is in it.
fn bare(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut letters = text.trim().chars().peekable();
    // A currency before it or behind it: `RM 5`, `5 €`, `Rp5.000`.
    let mut word = String::new();
    while let Some(c) = letters.next() {
        match c {
            '0'..='9' => out.push(c),
            '٠'..='٩' => out.push(char::from(b'0' + (c as u32 - '٠' as u32) as u8)),
            '０'..='９' => out.push(char::from(b'0' + (c as u32 - '０' as u32) as u8)),
            '٫' => out.push(','),
            '٬' => {}
            // Blanks and apostrophes part groups of three.
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '’' => {
                let next_digits = letters.clone().take_while(char::is_ascii_digit).count();
                let before = out.chars().next_back().is_some_and(|c| c.is_ascii_digit());
                if before && letters.peek().is_some_and(char::is_ascii_digit) && next_digits != 3 {
                    return None;
                }
            }
            '.' | ',' | '．' | '，' => {
                let sign = if matches!(c, '.' | '．') { '.' } else { ',' };
                // `Rp.` and `kr.` end with a point that parts nothing.
                if out.is_empty()
                    || !letters.peek().is_some_and(|next| next.is_ascii_digit() || matches!(next, '٠'..='٩' | '０'..='９'))
                {
                    if out.is_empty() && letters.peek().is_some_and(char::is_ascii_digit) && word.is_empty() {
                        return None;
                    }
                    // `185,-` and `185.–` say that there are no cents.
                    continue;
                }
                out.push(sign);
            }
            // Behind the digits only: `185-190` is a range and no sum.
            '-' | '–' | '—' if !out.is_empty() && !letters.clone().any(char::is_numeric) => {}
            // Before or behind the digits: `2x50` is no sum.
            c if (c.is_alphabetic() || "$€£¥฿₫₩₱₹﷼৳₺₽元円".contains(c))
                && (out.is_empty() || !letters.clone().any(char::is_numeric)) =>
            {
                word.push(c)
            }
            _ => return None,
        }
    }
    let word = word.to_lowercase();
    let is_currency = word.is_empty()
        || word == "$"
        || word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_lowercase())
        || SIGNS_OF.iter().any(|(sign, _)| *sign == word)
        || OTHER_SIGNS.contains(&word.as_str());
    (is_currency && out.bytes().any(|byte| byte.is_ascii_digit())).then_some(out)
}

/// Whether a text says that there is nothing to collect.
pub fn is_zero(text: &str) -> bool {
    let text = text.trim();
    matches!(text, "" | "-" | "--" | "–")
        || bare(text).is_some_and(|bare| bare.bytes().all(|byte| matches!(byte, b'0' | b'.' | b',')))
}

/// Groups of three from the right; the Indian ones of two above the first.
fn are_groups(parts: &[&str]) -> bool {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    let middle = &parts[1..parts.len().max(2) - 1];
    (1..=3).contains(&first.len())
        && *first != "0"
        && parts.len() > 1
        && last.len() == 3
        && (middle.iter().all(|part| part.len() == 3) || first.len() <= 2 && middle.iter().all(|part| part.len() == 2))
}

impl Signs {
    /// What the texts of a column say; those that can be read two ways say nothing.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Signs {
        let mut signs = Signs::default();
        for text in texts {
            let Some(bare) = bare(text) else { continue };
            let (points, commas) = (bare.matches('.').count(), bare.matches(',').count());
            match (points, commas) {
                (0, 0) => {}
                (0, 1) | (1, 0) => {
                    let sign = if points == 1 { '.' } else { ',' };
                    let (whole, behind) = bare.split_once(sign).unwrap_or_default();
                    // Three behind it may be a group; any other count, or a zero before it, are decimals.
                    if behind.len() != 3 || whole == "0" || whole.len() > 3 {
                        signs.note(sign, true);
                    }
                }
                (_, 0) => signs.note('.', false),
                (0, _) => signs.note(',', false),
                _ => {
                    let decimal = if bare.rfind('.') > bare.rfind(',') { '.' } else { ',' };
                    signs.note(decimal, true);
                    signs.note(if decimal == '.' { ',' } else { '.' }, false);
                }
            }
        }
        signs
    }

    fn note(&mut self, sign: char, is_decimal: bool) {
        match (sign, is_decimal) {
            ('.', true) => self.point_is_decimal = true,
            ('.', false) => self.point_is_group = true,
            (_, true) => self.comma_is_decimal = true,
            (_, false) => self.comma_is_group = true,
        }
    }

    fn is_decimal(self, sign: char) -> bool {
        if sign == '.' { self.point_is_decimal || self.comma_is_group } else { self.comma_is_decimal || self.point_is_group }
    }

    fn is_group(self, sign: char) -> bool {
        if sign == '.' { self.point_is_group || self.comma_is_decimal } else { self.comma_is_group || self.point_is_decimal }
    }
}

/// Reads a sum of that currency, with what its column says.
pub fn read(text: &str, currency: &str, signs: Signs) -> Amount {
    let Some(bare) = bare(text) else { return Amount::None };
    let decimals = decimals(currency);
    let (points, commas) = (bare.matches('.').count(), bare.matches(',').count());
    let joined = |text: &str| text.replace(['.', ','], "");
    match (points, commas) {
        (0, 0) => Amount::Exact(bare),
        (0, 1) | (1, 0) => {
            let sign = if points == 1 { '.' } else { ',' };
            let (whole, behind) = bare.split_once(sign).unwrap_or_default();
            let as_decimal = format!("{whole}.{behind}");
            let no_cents = behind.bytes().all(|byte| byte == b'0');
            match behind.len() {
                // It may part thousands.
                3 if (1..=3).contains(&whole.len()) && whole != "0" => {
                    let grouped = joined(&bare);
                    match (signs.is_decimal(sign), signs.is_group(sign)) {
                        (true, true) => Amount::Unsure(grouped, as_decimal),
                        (true, false) if decimals == 3 => Amount::Exact(as_decimal),
                        (true, false) => Amount::Unsure(as_decimal, grouped),
                        (false, true) => Amount::Exact(grouped),
                        (false, false) if decimals == 0 => Amount::Exact(grouped),
                        (false, false) if decimals == 3 => Amount::Unsure(as_decimal, grouped),
                        (false, false) => Amount::Unsure(grouped, as_decimal),
                    }
                }
                1 | 2 if signs.is_group(sign) && signs.is_decimal(sign) => Amount::Unsure(as_decimal, joined(&bare)),
                1 | 2 if decimals >= 2 || no_cents => Amount::Exact(as_decimal),
                // Half a đồng: a thousand of them may be meant.
                1 | 2 => Amount::Unsure(as_decimal, joined(&bare)),
                3 if decimals == 3 => Amount::Exact(as_decimal),
                _ => Amount::Unsure(as_decimal, joined(&bare)),
            }
        }
        (_, 0) | (0, _) => {
            let sign = if points > 0 { '.' } else { ',' };
            let parts: Vec<&str> = bare.split(sign).collect();
            match are_groups(&parts) {
                true => Amount::Exact(joined(&bare)),
                false => Amount::None,
            }
        }
        _ => {
            let decimal = if bare.rfind('.') > bare.rfind(',') { '.' } else { ',' };
            let (whole, behind) = bare.rsplit_once(decimal).unwrap_or_default();
            let group = if decimal == '.' { ',' } else { '.' };
            let parts: Vec<&str> = whole.split(group).collect();
            let as_decimal = format!("{}.{behind}", joined(whole));
            match () {
                () if whole.contains(decimal) || !are_groups(&parts) => Amount::None,
                () if signs.is_group(decimal) && signs.is_decimal(group) => Amount::Unsure(as_decimal, joined(&bare)),
                () if behind.len() > 4 || behind.is_empty() => Amount::None,
                () if behind.len() == 3 && decimals != 3 && !behind.ends_with('0') => Amount::Unsure(as_decimal, joined(&bare)),
                () => Amount::Exact(as_decimal),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(text: &str, currency: &str) -> Amount {
        read(text, currency, Signs::of([text]))
    }

    fn exact(text: &str) -> Amount {
        Amount::Exact(text.to_owned())
    }

    #[test]
    fn what_is_between_digits_makes_no_longer_number_of_them() {
        for text in ["185-190", "185–190", "2x50", "5kg3", "185 or 190", "100€20", "about 185"] {
            assert_eq!(alone(text, "EUR"), Amount::None, "{text}");
        }
        assert_eq!(other_currency("max 185", "EUR").as_deref(), Some("MAX"), "it is asked");
    }

    #[test]
    fn what_can_be_read_in_one_way_only_is_read() {
        for (text, currency, said) in [
            ("185.00", "THB", "185.00"),
            ("185,50", "EUR", "185.50"),
            ("1,299.00", "USD", "1299.00"),
            ("1.299,00", "EUR", "1299.00"),
            ("185000", "VND", "185000"),
            ("185.000", "VND", "185000"),
            ("Rp 185.000", "IDR", "185000"),
            ("Rp. 1.185.000", "IDR", "1185000"),
            ("₫185,000", "VND", "185000"),
            ("1 299,50 €", "EUR", "1299.50"),
            ("1'299.50", "CHF", "1299.50"),
            ("RM12.30", "MYR", "12.30"),
            ("1,23,456.50", "INR", "123456.50"),
            ("١٨٥٫٥٠", "SAR", "185.50"),
            ("1.500", "KWD", "1.500"),
            ("185.00", "VND", "185.00"),
            ("185,-", "EUR", "185"),
            ("0.500", "KWD", "0.500"),
            ("12.5", "USD", "12.5"),
        ] {
            let read = alone(text, currency);
            assert!(read == exact(said) || text == "1.500" && matches!(read, Amount::Unsure(..)), "{text} {currency}: {read:?}");
        }
    }

    #[test]
    fn what_can_be_read_two_ways_is_decided_by_its_column_or_asked() {
        for (text, currency) in
            [("1.299", "EUR"), ("1,299", "USD"), ("12,3456", "EUR"), ("185.50", "VND"), ("1.299", "KWD"), ("1.234,567", "EUR")]
        {
            assert!(matches!(alone(text, currency), Amount::Unsure(..)), "{text} {currency}: {:?}", alone(text, currency));
        }
        assert_eq!(read("1.299", "EUR", Signs::of(["1.299", "185,50"])), exact("1299"));
        assert_eq!(read("1,299", "USD", Signs::of(["1,299", "18.50"])), exact("1299"));
        assert!(
            matches!(read("1.299", "EUR", Signs::of(["1.299", "18.50"])), Amount::Unsure(..)),
            "three decimals of a euro are nothing known"
        );
        assert!(matches!(read("185,50", "EUR", Signs::of(["185,50", "1,299.00"])), Amount::Unsure(..)));
    }

    #[test]
    fn a_sum_that_names_another_currency_is_noticed() {
        for (text, currency, other) in [
            ("RM 185.50", "THB", Some("RM")),
            ("RM 185.50", "MYR", None),
            ("185.50 EUR", "USD", Some("EUR")),
            ("€185.50", "EUR", None),
            ("$185.50", "SGD", None),
            ("US$ 5", "SGD", Some("US$")),
            ("185.50", "SGD", None),
        ] {
            assert_eq!(other_currency(text, currency).as_deref(), other, "{text} {currency}");
        }
    }

    #[test]
    fn what_is_no_sum_is_none_and_nothing_to_collect_is_told() {
        for text in ["much", "12.34.5", "1,2,3", "12 34", "--5x", "5.76E+17", "-5", "185.00/2", "call me 5"] {
            assert_eq!(alone(text, "EUR"), Amount::None, "{text}");
        }
        for text in ["", "0", "0.00", "0,00", "€ 0.00", "-", "Rp0"] {
            assert!(is_zero(text), "{text}");
        }
        assert!(!is_zero("0.01") && !is_zero("free"));
    }
}
