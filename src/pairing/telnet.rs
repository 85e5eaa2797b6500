//! Telnet options, which serial servers and print servers put between what a printer says: FF, FB to FE, the option.

/// Takes them out of what is heard.
#[derive(Debug, Default)]
pub(super) struct Telnet {
    /// An unfinished option.
    rest: Vec<u8>,
}

impl Telnet {
    /// The bytes without options; one that is cut off waits for its end.
    pub fn strip(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend(bytes);
        let mut plain = Vec::with_capacity(rest.len());
        let mut at = 0;
        while at < rest.len() {
            match rest[at..] {
                [0xFF, 0xFB..=0xFE, _, ..] => at += 3,
                [0xFF] | [0xFF, 0xFB..=0xFE] => {
                    self.rest = rest[at..].to_vec();
                    break;
                }
                _ => {
                    plain.push(rest[at]);
                    at += 1;
                }
            }
        }
        plain
    }
}
