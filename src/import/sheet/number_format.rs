//! Number formats of a workbook, as far as the cell shows another text by them than the number.
//!
//! `00000` shows the zeros of a postcode, `000\-0000` its dash, `"SF"0000000000` the letters of a tracking number. Amounts keep
//! the number that is stored: what a format adds to them (a currency, a comma) says nothing new and can be read two ways.

/// What a format makes of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The number as it is stored.
    Plain,
    Date,
    DateTime,
    /// Digits in places, with text between: a code, not a quantity.
    Code(Vec<Place>),
}

/// A place of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `0`: a digit, zero where the number has none.
    Digit,
    /// `#` or `?`: a digit where the number has one.
    Optional,
    Literal(char),
}

/// Letters before an amount; a code is called otherwise.
const CURRENCIES: [&str; 24] = [
    "rm", "rp", "s$", "nt$", "hk$", "us$", "r$", "kr", "zł", "kč", "ft", "lei", "usd", "eur", "gbp", "thb", "vnd", "idr", "myr",
    "sgd", "php", "jpy", "cny", "krw",
];
/// Places of a code; an identifier has no more.
const PLACES_MAX: usize = 40;

/// What that format makes of that number, and of numbers like it.
pub fn shown(code: &str, number: f64) -> Shown {
    let sections = sections(code);
    let section = chosen(&sections, number);
    let mut places = Vec::new();
    let mut words = String::new();
    let mut plain = String::new();
    let mut letters = section.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '"' => {
                for c in letters.by_ref().take_while(|c| *c != '"') {
                    places.push(Place::Literal(c));
                    words.push(c);
                }
            }
            '[' => {
                let inside: String = letters.by_ref().take_while(|c| *c != ']').collect();
                // A currency with its language: [$฿-41E].
                if let Some(currency) = inside.strip_prefix('$') {
                    plain.push_str(if currency.starts_with('-') { "" } else { "$" });
                } else if matches!(inside.to_ascii_lowercase().as_str(), "h" | "hh" | "m" | "mm" | "s" | "ss") {
                    plain.push('h');
                }
            }
            '\\' => places.extend(letters.next().map(Place::Literal)),
            '_' | '*' => drop(letters.next()),
            '0' => {
                places.push(Place::Digit);
                plain.push('0');
            }
            '#' | '?' => {
                places.push(Place::Optional);
                plain.push('#');
            }
            '-' | '/' | '(' | ')' | ' ' | '+' | ':' => {
                places.push(Place::Literal(c));
                plain.push(c);
            }
            c => plain.push(c.to_ascii_lowercase()),
        }
    }
    if plain == "general" || plain == "@" || plain.is_empty() {
        return Shown::Plain;
    }
    let without_places: String = plain.chars().filter(|c| !matches!(c, '0' | '#')).collect();
    if !plain.contains('0') && !plain.contains('#') && without_places.contains(['y', 'd', 'm', 'h', 's', 'e']) {
        return match without_places.contains(['h', 's']) {
            true => Shown::DateTime,
            false => Shown::Date,
        };
    }
    let is_amount = plain.contains(['.', ',', '%', '$', '€', '£', '¥', '฿', '₫', '₩', '₱', 'e'])
        || words.chars().any(|c| "$€£¥฿₫₩₱元円".contains(c))
        || CURRENCIES.contains(&words.trim().to_lowercase().as_str());
    let digits = places.iter().filter(|place| **place == Place::Digit).count();
    let between = {
        let is_digit = |place: &Place| !matches!(place, Place::Literal(_));
        let first = places.iter().position(is_digit).unwrap_or(0);
        let last = places.iter().rposition(is_digit).unwrap_or(0);
        places[first..=last.min(places.len().saturating_sub(1))].iter().any(|place| matches!(place, Place::Literal(_)))
    };
    if is_amount || places.is_empty() || places.len() > PLACES_MAX || !(digits > 1 || between || !words.trim().is_empty()) {
        return Shown::Plain;
    }
    Shown::Code(places)
}

/// A whole number in its places, as the cell shows it; `None` where it has a fraction.
pub fn fill(places: &[Place], number: f64) -> Option<String> {
    if number.fract() != 0.0 || !(0.0..1e15).contains(&number) {
        return None;
    }
    let digits: Vec<char> = if number == 0.0 { Vec::new() } else { format!("{number:.0}").chars().collect() };
    let mut left = digits.len();
    let first = places.iter().position(|place| !matches!(place, Place::Literal(_)))?;
    let mut out = Vec::new();
    for (at, place) in places.iter().enumerate().rev() {
        match place {
            Place::Literal(c) => out.push(*c),
            Place::Digit | Place::Optional => {
                if left > 0 {
                    left -= 1;
                    out.push(digits[left]);
                } else if *place == Place::Digit {
                    out.push('0');
                }
                // What the places do not hold stands before the first of them.
                while at == first && left > 0 {
                    left -= 1;
                    out.push(digits[left]);
                }
            }
        }
    }
    Some(out.into_iter().rev().collect::<String>().trim().to_owned())
}

fn sections(code: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    let mut letters = code.chars();
    let mut quoted = false;
    while let Some(c) = letters.next() {
        match c {
            '\\' if !quoted => {
                let section = sections.last_mut().expect("never empty");
                section.push(c);
                section.extend(letters.next());
                continue;
            }
            '"' => quoted = !quoted,
            ';' if !quoted => {
                sections.push(String::new());
                continue;
            }
            _ => {}
        }
        sections.last_mut().expect("never empty").push(c);
    }
    sections
}

/// The section for that number: by its conditions, else positive; negative; zero.
fn chosen(sections: &[String], number: f64) -> &str {
    for section in sections.iter().take(2) {
        if let Some(holds) = condition(section, number) {
            if holds {
                return section;
            }
            continue;
        }
        if sections.iter().any(|section| condition(section, number).is_some()) {
            return section;
        }
    }
    let at = match sections.len() {
        0 | 1 => 0,
        2 => usize::from(number < 0.0),
        _ if number < 0.0 => 1,
        _ if number == 0.0 => 2,
        _ => 0,
    };
    sections.get(at).map_or("", String::as_str)
}

fn condition(section: &str, number: f64) -> Option<bool> {
    let inside = section.trim_start().strip_prefix('[')?.split(']').next()?;
    let (sign, limit) = inside.split_at(inside.find(|c: char| c.is_ascii_digit() || c == '-' || c == '.')?);
    let limit: f64 = limit.parse().ok()?;
    Some(match sign {
        "<" => number < limit,
        "<=" => number <= limit,
        ">" => number > limit,
        ">=" => number >= limit,
        "=" => number == limit,
        "<>" => number != limit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(code: &str, number: f64) -> String {
        match shown(code, number) {
            Shown::Code(places) => fill(&places, number).unwrap_or_default(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn codes_are_shown_as_the_cell_shows_them_and_amounts_keep_their_number() {
        for (code, number, said) in [
            ("00000", 7743.0, "07743"),
            ("000\\-0000", 1_500_042.0, "150-0042"),
            ("00000\\-0000", 21_081_234.0, "02108-1234"),
            ("[<=99999]00000;00000\\-0000", 7743.0, "07743"),
            ("[<=99999]00000;00000\\-0000", 21_081_234.0, "02108-1234"),
            ("[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", 6_175_550_101.0, "(617) 555-0101"),
            ("[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", 5_550_101.0, "555-0101"),
            ("\"SF\"0000000000", 1_234_567.0, "SF0001234567"),
            ("\"+\"0", 491_515_550_101.0, "+491515550101"),
            ("0", 5.0, "Plain"),
            ("0.00", 185.5, "Plain"),
            ("#,##0.00", 1299.0, "Plain"),
            ("\"RM\"0.00", 5.0, "Plain"),
            ("\"Rp\"#,##0", 5.0, "Plain"),
            ("[$฿-41E]#,##0.00", 5.0, "Plain"),
            ("General", 5.0, "Plain"),
            ("@", 5.0, "Plain"),
            ("0.00E+00", 5.0, "Plain"),
            ("yyyy\\-mm\\-dd", 45852.0, "Date"),
            ("dd/mm/yyyy hh:mm", 45852.0, "DateTime"),
            ("[h]:mm", 1.0, "DateTime"),
            ("[$-409]m/d/yy", 45852.0, "Date"),
        ] {
            assert_eq!(text(code, number), said, "{code} {number}");
        }
    }
}
