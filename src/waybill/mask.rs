//! What of a person may stand in a list or a log: enough to recognise, not enough to know.

/// `Jane Doe` → `J*** D**`: the first letter of each word.
pub fn name(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> String {
    let mut letters = word.chars();
    match letters.next() {
        Some(first) if letters.clone().next().is_some() => {
            format!("{first}{}", "*".repeat(letters.filter(|c| c.is_alphanumeric()).count().clamp(1, 3)))
        }
        _ => "*".to_owned(),
    }
}

/// `13884981540` → `138****1540`: the first three and last four digits; nothing of a short number.
pub fn phone(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(|c| c.is_numeric()).collect();
    if digits.len() < 9 {
        return "****".to_owned();
    }
    let (first, last) = (&digits[..3], &digits[digits.len() - 4..]);
    format!("{}****{}", first.iter().collect::<String>(), last.iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_initials() {
        assert_eq!(name("Jane Doe"), "J*** D**");
        assert_eq!(name("张伟"), "张*");
        assert_eq!(name("  Maximilian   X "), "M*** *");
        assert_eq!(name(""), "");
    }

    #[test]
    fn a_phone_keeps_its_ends() {
        assert_eq!(phone("13884981540"), "138****1540");
        assert_eq!(phone("+1 (213) 555-1234"), "121****1234");
        assert_eq!(phone("5551234"), "****");
    }
}
