//! What carriers put around a number in their codes: routing, postcodes, application identifiers.

/// One way to wrap a number in a code of capitals, letters and digits only.
struct Wrapping {
    /// The code begins so.
    prefix: &'static str,
    /// How long the code may be.
    length: (usize, usize),
    digits_only: bool,
    /// Where the number begins.
    from: usize,
    /// The number begins so, and is at least so long.
    number: (&'static str, usize),
}

const ANY: (usize, usize) = (0, usize::MAX);

/// In the order in which their numbers are looked for.
const WRAPPINGS: [Wrapping; 6] = [
    // SSCC with its application identifier.
    Wrapping { prefix: "00", length: (20, 20), digits_only: true, from: 2, number: ("", 0) },
    // USPS: 420, a postcode of five or nine digits, the number of twenty to twenty-six that begins with 9.
    Wrapping { prefix: "420", length: (28, 34), digits_only: true, from: 8, number: ("9", 20) },
    Wrapping { prefix: "420", length: (32, 38), digits_only: true, from: 12, number: ("9", 20) },
    // FedEx: the last twelve of thirty-four, the last fifteen of a ground code of twenty-two.
    Wrapping { prefix: "", length: (34, 34), digits_only: true, from: 22, number: ("", 0) },
    Wrapping { prefix: "96", length: (22, 22), digits_only: true, from: 7, number: ("", 0) },
    // DHL: the data identifier J before the number of the piece.
    Wrapping { prefix: "JJD", length: ANY, digits_only: false, from: 1, number: ("", 0) },
];

/// GS1 application identifiers whose value may be a number of ours: SSCC, serial, order, consignment, shipment, routing.
const IDENTIFIERS: [&str; 6] = ["00", "21", "400", "401", "402", "403"];

/// The numbers that a code of capitals, letters and digits may have inside, the likeliest first.
pub fn inside(code: &str, is_gs1: bool) -> Vec<&str> {
    let mut numbers: Vec<&str> = WRAPPINGS.iter().filter_map(|wrapping| wrapping.unwrap(code)).collect();
    if is_gs1 {
        numbers.extend(IDENTIFIERS.iter().filter_map(|identifier| code.strip_prefix(identifier)));
    }
    numbers
}

impl Wrapping {
    fn unwrap<'a>(&self, code: &'a str) -> Option<&'a str> {
        let (least, most) = self.length;
        let fits = (least..=most).contains(&code.len())
            && code.starts_with(self.prefix)
            && (!self.digits_only || code.bytes().all(|byte| byte.is_ascii_digit()));
        let (begins, length) = self.number;
        let number = code.get(self.from..).filter(|_| fits)?;
        Some(number).filter(|number| number.starts_with(begins) && number.len() >= length)
    }
}

/// The number in a code whose signs say where it is, as it stands there.
pub fn marked(text: &str) -> Option<&str> {
    // DPD: % and seven of postcode, fourteen of parcel number, three of service, three of country.
    if let Some(parcel) = text.strip_prefix('%').filter(|rest| rest.len() == 27).and_then(|rest| rest.get(7..21)) {
        return Some(parcel);
    }
    // SF Express: the waybill number is k5 of its two-dimensional code.
    let (_, rest) = text.split_once("'k5':'")?;
    rest.split('\'').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_inside_what_a_carrier_puts_around_it() {
        for (code, number) in [
            ("00340434161094042557", "340434161094042557"),
            ("420100239200190132607600833457", "9200190132607600833457"),
            ("4201002312349200190132607600833457", "9200190132607600833457"),
            ("1001921334250001000300779017972697", "779017972697"),
            ("9611020987654312345672", "987654312345672"),
            ("JJD014600000344879693", "JD014600000344879693"),
        ] {
            assert!(inside(code, false).contains(&number), "{code} → {:?}", inside(code, false));
        }
        assert_eq!(inside("21PKG9", true), ["PKG9"]);
        assert_eq!(marked("%007110601782532948375101276"), Some("01782532948375"));
        assert_eq!(marked("MMM={'k1':'755W','k5':'SF7444404156506','k6':''}"), Some("SF7444404156506"));
    }

    #[test]
    fn what_no_carrier_wraps_so_has_nothing_inside() {
        for code in ["RB123456785GB", "420100231234", "4201002381001901326076008334", "96110209876543", ""] {
            assert_eq!(inside(code, false), Vec::<&str>::new(), "{code}");
        }
        assert_eq!((marked("%0071"), marked("{'k1':'7'}")), (None, None));
    }
}
