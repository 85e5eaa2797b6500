//! Carriers' numbers: how people search them, how people read them, and how they are built.
//!
//! A [`Format`] is data: a shape, the check digit's rule, and the groups people read it in. That a number fits a format says
//! only that it could be one: shapes of digits alone belong to several carriers. Unknown numbers are never refused for it.

/// How a kind of number is built.
#[derive(Debug)]
pub struct Format {
    pub name: &'static str,
    /// Each character: `#` a digit, `A` a letter, `*` either, `?` the check character; `[…]` one of these; others themselves.
    shape: &'static str,
    /// Where the checked characters begin, and by which rule.
    check: Option<(usize, Check)>,
    /// Where groups end for a reader; empty: in fours.
    groups: &'static [usize],
}

/// How a check character is worked out from the characters before it.
#[derive(Debug, Clone, Copy)]
enum Check {
    /// Weights of places counted from the first, in turn; the sum to the next ten. Letters count as UPS has them.
    Mod10 { weights: [u32; 2] },
    /// Twice every second digit from the right, digits of it added.
    Luhn,
    /// The number modulo seven.
    Mod7,
    /// The weighted sum modulo eleven, then ten.
    Mod11Mod10 { weights: &'static [u32] },
    /// UPU S10: weights 8 6 4 2 3 5 9 7, eleven less the remainder.
    S10,
    /// ISO 7064 mod 37, 36.
    Mod37,
}

const EXPRESS: &[u32] = &[3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1];
const GROUND: &[u32] = &[1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1];
const EVEN_3: Check = Check::Mod10 { weights: [3, 1] };
const ODD_3: Check = Check::Mod10 { weights: [1, 3] };
const ODD_2: Check = Check::Mod10 { weights: [1, 2] };

const fn format(name: &'static str, shape: &'static str, check: Option<(usize, Check)>) -> Format {
    Format { name, shape, check, groups: &[] }
}

/// From the carriers' specifications as github.com/jkeen/tracking_number_data (MIT) gathers them; the most telling shapes first.
pub const FORMATS: &[Format] = &[
    Format { name: "s10", shape: "AA########?AA", check: Some((2, Check::S10)), groups: &[2, 5, 8, 11, 13] },
    format("ups", "1Z***************?", Some((2, ODD_2))),
    format("amazon_logistics", "TB[ACM]############", None),
    format("gofo_us", "GFUS##############", None),
    format("landmark_global", "LTN########N1", None),
    format("lasership_lx", "L[AIEHNX][123]#######", None),
    format("lasership_1ls7", "1LS7[12]##########", None),
    format("lasership_1lscx", "1LSCX**********", None),
    format("canpar_22", "[CDKLSUXZ]#####################", None),
    format("speedee", "SP##################", None),
    format("yodel", "JJD################", None),
    format("yodel", "JD################", None),
    format("yunexpress", "YT################", None),
    format("purolator_alpha", "AAA#########", None),
    format("amazon_international", "[AFC]##########", None),
    format("usps_impb", "9[2345]##################?", Some((0, EVEN_3))),
    format("usps_legacy", "91###################?", Some((0, EVEN_3))),
    format("fedex_ground_96", "96###################?", Some((7, ODD_3))),
    format("fedex_34", "[012345678]################################?", Some((20, Check::Mod11Mod10 { weights: GROUND }))),
    format("dpd", "###########################?", Some((0, Check::Mod37))),
    format("dpd_14", "##############?", Some((0, Check::Mod37))),
    format("usps_20", "###################?", Some((0, EVEN_3))),
    format("fedex_ground_sscc_18", "#################?", Some((2, EVEN_3))),
    format("canada_post", "###############?", Some((0, EVEN_3))),
    format("fedex_ground", "##############?", Some((0, ODD_3))),
    format("fedex_12", "###########?", Some((0, Check::Mod11Mod10 { weights: EXPRESS }))),
    format("purolator_numeric", "[012345]##########?", Some((0, Check::Luhn))),
    format("dhl_express", "#########?", Some((0, Check::Mod7))),
    format("dhl_express", "##########?", Some((0, Check::Mod7))),
];

/// The number as it is searched: capitals, letters and digits only.
pub fn key(tracking: &str) -> String {
    tracking.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// The number in groups for the human-readable line. A number that brings its own spaces or signs stays as it is.
pub fn spaced(tracking: &str) -> String {
    if !tracking.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return tracking.to_owned();
    }
    // By its shape alone: a number with a slip in it is read in the same groups.
    let ends = FORMATS.iter().find(|format| format.has_shape(tracking)).map_or(&[][..], |format| format.groups);
    let mut out = String::with_capacity(tracking.len() + tracking.len() / 3);
    for (i, c) in tracking.chars().enumerate() {
        if i > 0 && (ends.contains(&i) || ends.is_empty() && i % 4 == 0) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// A number given in groups as one number: `RB 123 456 785 GB` has no blanks in its bars. One with other signs stays as it is.
pub fn joined(tracking: &str) -> String {
    let is_gap = |c: char| c.is_whitespace() || c == '\u{200b}';
    let in_groups = tracking.contains(is_gap) && tracking.chars().all(|c| c.is_ascii_alphanumeric() || is_gap(c));
    if in_groups { tracking.split(is_gap).collect() } else { tracking.to_owned() }
}

/// Carriers by the beginning of their names, and the formats their numbers have.
const CARRIERS: &[(&str, &[&str])] = &[
    ("ups", &["ups"]),
    ("fedex", &["fedex_ground_96", "fedex_34", "fedex_ground_sscc_18", "fedex_ground", "fedex_12"]),
    ("usps", &["s10", "usps_impb", "usps_legacy", "usps_20"]),
    ("dhl express", &["dhl_express"]),
    ("canada post", &["s10", "canada_post"]),
    ("ems", &["s10"]),
    ("china post", &["s10"]),
    ("epacket", &["s10"]),
    ("royal mail", &["s10"]),
    ("deutsche post", &["s10"]),
    ("la poste", &["s10"]),
    ("correos", &["s10"]),
    ("poste italiane", &["s10"]),
    ("postnl", &["s10"]),
    ("japan post", &["s10"]),
    ("korea post", &["s10"]),
    ("thailand post", &["s10"]),
    ("pos malaysia", &["s10"]),
    ("vnpost", &["s10"]),
    ("singpost", &["s10"]),
    ("australia post", &["s10"]),
    ("hongkong post", &["s10"]),
    ("中国邮政", &["s10"]),
];

/// Whether a number has the shape of that carrier's, and a wrong check digit. Without a carrier we know, a postal number alone is
/// looked at.
pub fn has_wrong_check(carrier: Option<&str>, tracking: &str) -> bool {
    let number = key(tracking);
    let names = carrier.map_or(Some(&["s10"][..]), formats_of_carrier).unwrap_or_default();
    let mut shaped = FORMATS.iter().filter(|format| names.contains(&format.name) && format.has_shape(&number)).peekable();
    shaped.peek().is_some() && shaped.all(|format| !format.is_checked(&number))
}

/// The formats of a carrier's numbers, where the carrier is one we know.
pub fn formats_of_carrier(carrier: &str) -> Option<&'static [&'static str]> {
    let carrier = carrier.trim().to_lowercase();
    let is_called =
        |name: &str| carrier.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '-', '(']));
    CARRIERS.iter().find(|(name, _)| is_called(name)).map(|(_, formats)| *formats)
}

/// The formats whose shape and check digit the number has, the most telling first; it is read as [`key`] writes it.
pub fn formats_of(number: &str) -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().filter(move |format| format.has_shape(number) && format.is_checked(number))
}

impl Format {
    fn has_shape(&self, number: &str) -> bool {
        let (mut shape, mut letters) = (self.shape.chars(), number.chars());
        while let Some(place) = shape.next() {
            let Some(c) = letters.next() else { return false };
            let fits = match place {
                '#' => c.is_ascii_digit(),
                'A' => c.is_ascii_uppercase(),
                '*' | '?' => c.is_ascii_digit() || c.is_ascii_uppercase(),
                '[' => shape.by_ref().take_while(|one| *one != ']').fold(false, |fits, one| fits | (one == c)),
                itself => itself == c,
            };
            if !fits {
                return false;
            }
        }
        letters.next().is_none()
    }

    fn is_checked(&self, number: &str) -> bool {
        let Some((from, check)) = self.check else { return true };
        let places = self.shape.split_once('?').map_or("", |(before, _)| before);
        let at = places.split('[').enumerate().map(|(part, text)| match (part, text.split_once(']')) {
            (0, _) | (_, None) => text.len(),
            (_, Some((_, rest))) => 1 + rest.len(),
        });
        let at: usize = at.sum();
        match (number.get(from..at), number[at..].chars().next()) {
            (Some(serial), Some(given)) => check.of(serial) == Some(given),
            _ => false,
        }
    }
}

impl Check {
    /// The check character of these characters.
    fn of(self, serial: &str) -> Option<char> {
        let digits = || serial.chars().map(|c| c.to_digit(10));
        let sum_by = |weights: &[u32]| {
            digits().zip(weights.iter().cycle()).map(|(digit, weight)| Some(digit? * weight)).sum::<Option<u32>>()
        };
        let number = match self {
            Check::Mod10 { weights } => {
                // A letter counts as its place in the alphabet does: A is 2, H is 9, I is 0.
                let value = |c: char| c.to_digit(10).or_else(|| c.is_ascii_uppercase().then(|| (c as u32 - 63) % 10));
                let sum: Option<u32> =
                    serial.chars().zip(weights.iter().cycle()).map(|(c, weight)| Some(value(c)? * weight)).sum();
                (10 - sum? % 10) % 10
            }
            Check::Luhn => {
                let doubled = serial.chars().rev().enumerate().map(|(at, c)| {
                    let digit = c.to_digit(10)? * if at % 2 == 0 { 2 } else { 1 };
                    Some(digit / 10 + digit % 10)
                });
                (10 - doubled.sum::<Option<u32>>()? % 10) % 10
            }
            Check::Mod7 => digits().try_fold(0, |rest, digit| Some((rest * 10 + digit?) % 7))?,
            Check::Mod11Mod10 { weights } => sum_by(weights)? % 11 % 10,
            Check::S10 => match 11 - sum_by(&[8, 6, 4, 2, 3, 5, 9, 7])? % 11 {
                10 => 0,
                11 => 5,
                check => check,
            },
            Check::Mod37 => {
                let rest = serial.chars().try_fold(36, |rest, c| {
                    let sum = (rest + c.to_digit(36)?) % 36;
                    Some((if sum == 0 { 36 } else { sum }) * 2 % 37)
                });
                (37 - rest?) % 36
            }
        };
        char::from_digit(number, 36).map(|c| c.to_ascii_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postal_number_is_read_in_its_own_groups_and_any_other_in_fours() {
        assert_eq!(spaced("RB123456785GB"), "RB 123 456 785 GB");
        assert_eq!(spaced("RB123456789GB"), "RB 123 456 789 GB");
        assert_eq!(spaced("1Z999AA10123456784"), "1Z99 9AA1 0123 4567 84");
        assert_eq!(spaced("SF7444404156506"), "SF74 4440 4156 506");
        assert_eq!(spaced("9200 1901-3260"), "9200 1901-3260");
    }

    #[test]
    fn groups_are_one_number_and_a_wrong_check_digit_is_known_for_the_carrier_that_is_named() {
        assert_eq!(joined("RB 123 456 785 GB"), "RB123456785GB");
        assert_eq!(joined("RB\u{a0}123 456\u{200b}785 GB"), "RB123456785GB");
        assert_eq!(joined("001 TEAM1 (GR)"), "001 TEAM1 (GR)");
        assert!(!has_wrong_check(None, "RB 123 456 785 GB") && has_wrong_check(None, "RB123456784GB"));
        assert!(!has_wrong_check(Some("UPS"), "1Z5R89390357567127") && has_wrong_check(Some("UPS Ground"), "1Z5R89390357567128"));
        assert!(!has_wrong_check(Some("Postal Air"), "RB123456784GB"), "nobody knows its numbers");
        assert!(formats_of_carrier("Emsland Logistik").is_none() && formats_of_carrier("EMS").is_some());
    }

    #[test]
    fn a_number_is_found_however_it_was_typed() {
        assert_eq!(key(" rb 123-456 785gb"), key("RB123456785GB"));
    }

    #[test]
    fn a_slip_in_one_digit_is_seen_by_the_check_digit() {
        let names = |number: &str| formats_of(number).map(|format| format.name).collect::<Vec<_>>();
        assert_eq!(names("RB123456785GB"), ["s10"]);
        assert_eq!(names("RB123456786GB"), Vec::<&str>::new());
        assert_eq!(names("1Z5R89390357567127"), ["ups"]);
        assert_eq!(names("1Z5R89390357567128"), Vec::<&str>::new());
    }
}
