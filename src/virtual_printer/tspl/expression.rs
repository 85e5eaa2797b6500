//! TSPL expressions, as far as a host needs them without a program: strings, numbers, `@LABEL`, `STR$`, `CHR$`, `+`.

use super::stream::{number, split};

/// The value of an expression; `None` for what this printer cannot work out.
pub(super) fn value(expression: &[u8], labels: u64) -> Option<Vec<u8>> {
    split(expression, |byte| byte == b'+')
        .into_iter()
        .map(|term| term_value(term, labels))
        .collect::<Option<Vec<_>>>()
        .map(|parts| parts.concat())
}

/// One term: functions are not nested deeper than a number goes.
fn term_value(term: &[u8], labels: u64) -> Option<Vec<u8>> {
    if let [b'"', inside @ .., b'"'] = term {
        return Some(unescape(inside));
    }
    let capitals = term.to_ascii_uppercase();
    match capitals.as_slice() {
        b"@LABEL" => Some(labels.to_string().into_bytes()),
        [b'S', b'T', b'R', b'$', b'(', inside @ .., b')'] => {
            term_value(inside.trim_ascii(), labels).filter(|_| !inside.contains(&b'('))
        }
        [b'C', b'H', b'R', b'$', b'(', inside @ .., b')'] => {
            number(inside).and_then(|code| u8::try_from(code).ok()).map(|code| vec![code])
        }
        digits => number(digits).map(|number| number.to_string().into_bytes()),
    }
}

/// Inside a string `\["]` is a quote, `\[R]` a CR, `\[L]` an LF (TSPL manual, TEXT).
fn unescape(inside: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(inside.len());
    let mut rest = inside;
    while let [first, tail @ ..] = rest {
        let (byte, after) = match rest {
            [b'\\', b'[', b'"', b']', after @ ..] => (b'"', after),
            [b'\\', b'[', b'R' | b'r', b']', after @ ..] => (b'\r', after),
            [b'\\', b'[', b'L' | b'l', b']', after @ ..] => (b'\n', after),
            _ => (*first, tail),
        };
        plain.push(byte);
        rest = after;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_numbers_and_the_counter_are_joined() {
        let said = |expression: &str| value(expression.as_bytes(), 42).map(|value| String::from_utf8(value).unwrap());
        assert_eq!(said("\"a+b, (\" + STR$(@LABEL)+CHR$(33)").as_deref(), Some("a+b, (42!"));
        assert_eq!(said("\"say \\[\"]x\\[\"]\"").as_deref(), Some("say \"x\""));
        assert_eq!(said("@label").as_deref(), Some("42"));
        assert_eq!(said("A$"), None);
        assert_eq!(said("STR$(STR$(STR$(1)))"), None);
    }
}
