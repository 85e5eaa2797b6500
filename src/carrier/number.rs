//! Tracking numbers: how people search them and how people read them.

/// The number as it is searched: capitals, letters and digits only.
pub fn key(tracking: &str) -> String {
    tracking.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// The number in groups for the human-readable line. A number that brings its own spaces or signs stays as it is.
pub fn spaced(tracking: &str) -> String {
    if !tracking.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return tracking.to_owned();
    }
    let ends: &[usize] = if is_s10(tracking) { &[2, 5, 8, 11, 13] } else { &[] };
    let mut out = String::with_capacity(tracking.len() + tracking.len() / 3);
    for (i, c) in tracking.chars().enumerate() {
        if i > 0 && (ends.contains(&i) || ends.is_empty() && i % 4 == 0) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// Two letters, nine digits, two letters: a postal item number (UPU S10), written `RB 123 456 785 GB`.
fn is_s10(tracking: &str) -> bool {
    tracking.len() == 13
        && tracking.bytes().enumerate().all(|(i, byte)| match i {
            0 | 1 | 11 | 12 => byte.is_ascii_uppercase(),
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postal_number_is_read_in_its_own_groups_and_any_other_in_fours() {
        assert_eq!(spaced("RB123456785GB"), "RB 123 456 785 GB");
        assert_eq!(spaced("1Z999AA10123456784"), "1Z99 9AA1 0123 4567 84");
        assert_eq!(spaced("SF7444404156506"), "SF74 4440 4156 506");
        assert_eq!(spaced("9200 1901-3260"), "9200 1901-3260");
    }

    #[test]
    fn a_number_is_found_however_it_was_typed() {
        assert_eq!(key(" rb 123-456 785gb"), key("RB123456785GB"));
    }
}
