//! Code 128: any ASCII data as the fewest symbol characters.
//!
//! The planner walks all ways through the sets A (capitals and controls), B (capitals and small letters) and
//! C (pairs of digits) and keeps the shortest; `barcoders` turns the chosen characters into bars. It does not
//! use Shift, which saves nothing on the data of a waybill, nor the function characters.

use super::{Linear, Refusal};
use barcoders::sym::code128::Code128;

/// White modules a scanner needs left and right of the bars (ISO/IEC 15417).
pub const QUIET_ZONE: usize = 10;

/// Longest data: more is wider than any label we print.
pub const LONGEST: usize = 80;

const NAME: &str = "Code 128";

/// One of the three meanings of a symbol character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    A,
    B,
    C,
}

const SETS: [Set; 3] = [Set::A, Set::B, Set::C];

impl Set {
    /// Start character of this set; [`Set::switch`] has the character that switches into it.
    fn start(self) -> u8 {
        103 + self as u8
    }

    /// Code A, Code B and Code C.
    fn switch(self) -> u8 {
        101 - self as u8
    }

    /// The value of the character at the head of `data` and how many bytes it takes, if this set has it.
    fn value(self, data: &[u8]) -> Option<(u8, usize)> {
        match (self, data) {
            (Set::A, &[byte @ 32..=95, ..]) | (Set::B, &[byte @ 32..=127, ..]) => Some((byte - 32, 1)),
            (Set::A, &[byte @ 0..=31, ..]) => Some((byte + 64, 1)),
            (Set::C, &[tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..]) => Some(((tens - b'0') * 10 + ones - b'0', 2)),
            _ => None,
        }
    }

    /// How `barcoders` is told to start in or switch to this set.
    fn prefix(self) -> char {
        match self {
            Set::A => '\u{C0}',
            Set::B => '\u{181}',
            Set::C => '\u{106}',
        }
    }
}

/// The shortest symbol for that data.
pub fn encode(data: &str) -> Result<Linear, Refusal> {
    if data.is_empty() {
        return Err(Refusal::Empty { symbology: NAME });
    }
    if let Some(character) = data.chars().find(|c| !c.is_ascii()) {
        return Err(Refusal::Character { symbology: NAME, character });
    }
    if data.len() > LONGEST {
        return Err(Refusal::TooLong { symbology: NAME, length: data.len(), most: LONGEST });
    }

    let mut codewords = Vec::with_capacity(data.len() + 4);
    let mut spelled = String::with_capacity(data.len() + 8);
    let mut set = None;
    let mut at = 0;
    for next in plan(data.as_bytes()) {
        if set != Some(next) {
            codewords.push(if set.is_none() { next.start() } else { next.switch() });
            spelled.push(next.prefix());
            set = Some(next);
        }
        let (value, bytes) = next.value(&data.as_bytes()[at..]).expect("the plan uses only sets that have the character");
        codewords.push(value);
        // barcoders takes U+00F7 for DEL.
        spelled.extend(data[at..at + bytes].chars().map(|c| if c == '\x7F' { '\u{F7}' } else { c }));
        at += bytes;
    }
    codewords.push(check(&codewords));

    let bars = Code128::new(&spelled).expect("every character is in the set it is spelled in").encode();
    Ok(Linear { data: data.to_owned(), modules: bars.into_iter().map(|module| module == 1).collect(), codewords })
}

/// The set of each symbol character, start and switches left out, so that with them the symbol is shortest.
fn plan(data: &[u8]) -> Vec<Set> {
    const NEVER: usize = usize::MAX / 2;
    // cheapest[at][set]: characters still to come when `at` bytes are done and that set is the current one.
    let mut cheapest = vec![[NEVER; 3]; data.len() + 1];
    cheapest[data.len()] = [0; 3];
    for at in (0..data.len()).rev() {
        let stay = SETS.map(|set| set.value(&data[at..]).map_or(NEVER, |(_, bytes)| 1 + cheapest[at + bytes][set as usize]));
        let best = stay.into_iter().min().expect("three sets");
        cheapest[at] = stay.map(|cost| cost.min(best + 1));
    }

    let mut chosen = Vec::with_capacity(data.len());
    let mut at = 0;
    while at < data.len() {
        // Staying wins a tie, then C, then B: a switch later is never dearer.
        let rank = |set: &Set| {
            let (_, bytes) = set.value(&data[at..])?;
            let switch = usize::from(chosen.last().is_some_and(|last| last != set));
            Some((1 + cheapest[at + bytes][*set as usize] + switch, switch))
        };
        let (_, next) = SETS
            .into_iter()
            .rev()
            .filter_map(|set| rank(&set).map(|cost| (cost, set)))
            .min_by_key(|(cost, _)| *cost)
            .expect("set A or B has every ASCII character");
        at += next.value(&data[at..]).expect("ranked sets have the character").1;
        chosen.push(next);
    }
    chosen
}

/// The check character over start and data (modulo 103, start weighs 1).
fn check(codewords: &[u8]) -> u8 {
    let sum: usize = codewords.iter().enumerate().map(|(weight, &value)| weight.max(1) * usize::from(value)).sum();
    (sum % 103) as u8
}

#[cfg(test)]
mod tests {
    use super::super::tests::decoder::read_linear;
    use super::*;
    use proptest::prelude::*;

    /// Start to stop.
    fn symbol_characters(data: &str) -> usize {
        encode(data).unwrap().codewords.len() + 1
    }

    #[test]
    fn real_waybill_numbers_take_the_characters_the_standard_tables_give() {
        assert_eq!(symbol_characters("576461413038785752"), 12, "an order id");
        assert_eq!(symbol_characters("RB123456785GB"), 14, "postal S10: start B, R B 1, C, 23 45 67 85, B, G B");
        assert_eq!(symbol_characters("SF1020304050607"), 13, "SF Express");
        assert_eq!(symbol_characters("9632080400200044387500271053820000"), 20, "FedEx");
    }

    #[test]
    fn check_characters_match_published_examples() {
        assert_eq!(encode("RB123456785GB").unwrap().codewords.last(), Some(&56));
        assert_eq!(encode("9632080400200044387500271053820000").unwrap().codewords.last(), Some(&72));
        assert_eq!(encode("1Z999AA10123456784").unwrap().codewords.last(), Some(&2));
    }

    #[test]
    fn every_ascii_byte_alone_and_between_others_scans_as_itself() {
        for byte in 0..128u8 {
            for data in [format!("{}", byte as char), format!("a{}12345\x02", byte as char)] {
                let symbol = encode(&data).unwrap();
                assert_eq!(read_linear(&symbol, QUIET_ZONE).as_deref(), Ok(data.as_str()), "byte {byte}");
            }
        }
    }

    #[test]
    fn bars_are_those_of_the_codewords() {
        // Run lengths of a few symbol characters, and of the stop (ISO/IEC 15417, table 1).
        let widths =
            [(34, "131123"), (50, "231131"), (17, "123221"), (99, "113141"), (23, "312131"), (104, "211214"), (106, "2331112")];
        let symbol = encode("RB123456785GB").unwrap();
        let with_stop = [symbol.codewords.as_slice(), &[106]].concat();
        for (value, widths) in widths {
            let at = with_stop.iter().position(|codeword| *codeword == value).unwrap();
            let end = if value == 106 { symbol.modules.len() } else { (at + 1) * 11 };
            let runs: String = symbol.modules[at * 11..end].chunk_by(|a, b| a == b).map(|run| run.len().to_string()).collect();
            assert_eq!(runs, widths, "value {value}");
        }
    }

    #[test]
    fn what_it_cannot_carry_is_refused_in_a_sentence() {
        assert_eq!(encode("").unwrap_err().to_string(), "a Code 128 symbol needs data: give at least one character.");
        assert_eq!(
            encode("RÉF 1").unwrap_err().to_string(),
            "Code 128 cannot carry \"É\" (U+00C9): use plain letters, digits and signs (ASCII)."
        );
        assert_eq!(
            encode(&"7".repeat(81)).unwrap_err().to_string(),
            "81 bytes are too long for Code 128: shorten the data to 80."
        );
    }

    /// The shortest symbol by trying every way, to hold the planner against.
    fn shortest(data: &[u8], set: Option<Set>) -> usize {
        if data.is_empty() {
            return 0;
        }
        SETS.into_iter()
            .filter_map(|next| {
                let (_, bytes) = next.value(data)?;
                Some(1 + usize::from(set != Some(next)) + shortest(&data[bytes..], Some(next)))
            })
            .min()
            .unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn any_ascii_scans_as_itself(data in "([0-9]{1,12}|[A-Z]{1,4}|[a-z]{1,4}|[\\x00-\\x7f]){1,6}") {
            prop_assume!(data.len() <= LONGEST);
            let symbol = encode(&data).unwrap();
            prop_assert_eq!(symbol.modules.len(), symbol.codewords.len() * 11 + 13);
            prop_assert_eq!(read_linear(&symbol, QUIET_ZONE), Ok(data));
        }

        #[test]
        fn no_other_plan_is_shorter(data in "([0-9]{1,5}|[a-zA-Z]|[\\x00-\\x7f]){1,4}") {
            prop_assume!(data.len() <= 12);
            prop_assert_eq!(symbol_characters(&data), shortest(data.as_bytes(), None) + 2);
        }

        #[test]
        fn nothing_panics(data in any::<String>()) {
            let _ = encode(&data);
        }
    }
}
