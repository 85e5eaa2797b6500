//! The answer to GET_DEVICE_ID: two bytes of length, then `MFG:…;CMD:…;MDL:…;`.

/// The text of it; `None` when the printer says nothing.
///
/// The length counts its own two bytes, high byte first (printer class 1.1, 4.2.1). Some printers write the low byte
/// first or count too much: the order that fits what came is taken, and never more than came.
pub(super) fn text(answer: &[u8]) -> Option<String> {
    let (length, rest) = answer.split_first_chunk::<2>()?;
    let fits = |length: u16| (3..=answer.len()).contains(&usize::from(length)).then(|| usize::from(length) - 2);
    let count = fits(u16::from_be_bytes(*length)).or_else(|| fits(u16::from_le_bytes(*length))).unwrap_or(rest.len());
    let text: String = String::from_utf8_lossy(&rest[..count]).chars().filter(|letter| !letter.is_control()).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn the_length_is_read_in_either_order_and_never_believed_beyond_what_came() {
        let id = b"MFG:Zebra;CMD:ZPL;MDL:ZD420;";
        let say = |length: [u8; 2]| text(&[&length, &id[..]].concat());
        let whole = Some("MFG:Zebra;CMD:ZPL;MDL:ZD420;".to_owned());
        assert_eq!(say([0, 30]), whole);
        assert_eq!(say([30, 0]), whole, "low byte first");
        assert_eq!(say([0, 31]), whole, "one too large");
        assert_eq!(say([0xff, 0xff]), whole);
        assert_eq!(say([0, 12]), Some("MFG:Zebra;".to_owned()), "room behind it is not read");
    }

    #[test]
    fn an_empty_answer_is_no_answer() {
        for answer in [&[][..], &[0], &[0, 2], &[0, 0], &[0, 5, b' ', 0, 0]] {
            assert_eq!(text(answer), None, "{answer:?}");
        }
    }
}
