//! Text that was damaged on its way: what is mended, and what is only asked.
//!
//! Entities and tags of web pages, percent signs of addresses, mail's `=C3=BC` and JSON's `\u5f20` say without doubt what was meant:
//! they are mended, with a remark. UTF-8 that was read as an old encoding is mended where no other reading makes sense, and
//! asked otherwise. Where letters are gone, nothing is made up.

use super::ends::AskKind;
use super::sheet::encoding::MIXED;
use encoding_rs::{
    BIG5, EUC_KR, GB18030, KOI8_R, MACINTOSH, SHIFT_JIS, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253,
    WINDOWS_1254,
};
use std::borrow::Cow;

/// A cell's text after mending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended<'a> {
    pub text: Cow<'a, str>,
    /// What was done, for the preview.
    pub remark: Option<&'static str>,
    /// Why a person is asked, and what the cell itself says.
    pub ask: Option<(AskKind, String)>,
}

/// Entities inside entities: `&amp;#39;` was escaped twice.
const ROUNDS_MAX: usize = 3;

/// Words programs write for nothing.
const NO_VALUE: [&str; 9] = ["nan", "NaN", "null", "NULL", "(null)", "undefined", "<NA>", "NaT", "[object Object]"];

/// Words for nothing that may be right in one column and are no name or place in another.
pub const NOTHING: [&str; 7] = ["None", "none", "NONE", "N/A", "n/a", "NA", "NULL"];

/// Mends a text as far as that is certain.
pub fn mend(text: &str) -> Mended<'_> {
    let plain = Mended { text: Cow::Borrowed(text), remark: None, ask: None };
    if NO_VALUE.contains(&text) {
        let sentence = format!("says \"{text}\", which a program writes for nothing: is there nothing to say?");
        return Mended { text: Cow::Borrowed(""), ask: Some((AskKind::NoValue, sentence)), ..plain };
    }
    if !text.is_ascii() {
        if let Some(mended) = from_1252(text) {
            return Mended {
                // What was read wrongly twice is mended twice.
                text: Cow::Owned(from_1252(&mended).unwrap_or(mended)),
                remark: Some("was UTF-8 read as Windows-1252, and is mended."),
                ask: None,
            };
        }
        if ["锟斤拷", "烫烫烫", "屯屯屯"].iter().any(|lost| text.contains(lost)) {
            let sentence = "holds signs that stand where letters were lost on the way: export it again as UTF-8.".to_owned();
            return Mended { ask: Some((AskKind::LettersLost, sentence)), ..plain };
        }
        if let Some(mended) = from_gbk(text) {
            let sentence = "looks like UTF-8 that was read as Chinese GBK.".to_owned();
            return Mended { text: Cow::Owned(mended), remark: None, ask: Some((AskKind::DamagedText, sentence)) };
        }
        if let Some((mended, name)) = from_others(text) {
            let sentence = format!("looks like UTF-8 that was read as {name}.");
            return Mended { text: Cow::Owned(mended), remark: None, ask: Some((AskKind::DamagedText, sentence)) };
        }
        if text.chars().any(|c| matches!(c, '\u{2500}'..='\u{257f}')) {
            let sentence =
                "holds signs of frames, as DOS shows letters of another encoding: export it again as UTF-8.".to_owned();
            return Mended { ask: Some((AskKind::DamagedText, sentence)), ..plain };
        }
    }
    let signs = text.bytes().any(|byte| matches!(byte, b'&' | b'<' | b'%' | b'=' | b'\\'));
    if !signs {
        return plain;
    }
    if let Some(mended) = from_percent(text) {
        return Mended { text: Cow::Owned(mended), remark: Some("was written as in a web address, and is decoded."), ask: None };
    }
    if let Some(mended) = from_quoted_printable(text) {
        return Mended { text: Cow::Owned(mended), remark: Some("was written as in a mail, and is decoded."), ask: None };
    }
    if let Some(mended) = from_escapes(text) {
        return Mended { text: Cow::Owned(mended), remark: Some("was written as in JSON, and is decoded."), ask: None };
    }
    let mut mended = Cow::Borrowed(text);
    for _ in 0..ROUNDS_MAX {
        match from_entities(&mended) {
            Some(next) => mended = Cow::Owned(next),
            None => break,
        }
    }
    let (untagged, strange) = without_tags(&mended);
    let text = untagged.map_or(mended, Cow::Owned);
    let remark = matches!(text, Cow::Owned(_)).then_some("held signs of a web page, and is decoded.");
    let ask = strange.then(|| (AskKind::DamagedText, "holds a tag of a web page.".to_owned()));
    Mended { text, remark, ask }
}

/// UTF-8 that was read as Windows-1252: `MÃ¼ller`. Every letter beyond ASCII must be part of such a sequence.
fn from_1252(text: &str) -> Option<String> {
    let suspicious = text.chars().any(|c| {
        matches!(
            c,
            'Â' | 'Ã'
                | 'Ä'
                | 'Å'
                | 'â'
                | 'à'
                | 'á'
                | 'Ð'
                | 'Ñ'
                | 'Ø'
                | 'Ù'
                | 'ã'
                | 'ä'
                | 'å'
                | 'æ'
                | 'ç'
                | 'è'
                | 'é'
                | 'ï'
                | 'ê'
                | 'ë'
                | 'ì'
                | 'í'
        )
    });
    if !suspicious {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut room = [0; 4];
    for c in text.chars() {
        // The five bytes that Windows-1252 leaves open stand as controls.
        match c {
            '\u{80}'..='\u{9f}' => bytes.push(c as u8),
            c => {
                let (byte, _, unmappable) = WINDOWS_1252.encode(c.encode_utf8(&mut room));
                if unmappable || byte.len() != 1 {
                    return None;
                }
                bytes.extend_from_slice(&byte);
            }
        }
    }
    // Blanks that were trimmed off or made plain took a byte along.
    let mended = String::from_utf8(bytes).ok()?;
    (mended != text && !mended.chars().any(char::is_control)).then_some(mended)
}

/// UTF-8 that was read as GBK: `寮犱笁`. Two characters of Chinese can happen to be UTF-8, so it is only asked.
fn from_gbk(text: &str) -> Option<String> {
    let is_han = |c: char| matches!(c, '\u{4e00}'..='\u{9fff}');
    let han = text.chars().filter(|c| is_han(*c)).count();
    if han == 0 {
        return None;
    }
    let (bytes, _, unmappable) = GB18030.encode(text);
    let mended = String::from_utf8(bytes.into_owned()).ok().filter(|_| !unmappable)?;
    // One alone is damage only where it stands for a Latin letter: `Se谩n`.
    if han == 1 && !mended.chars().all(|c| c.is_ascii() || matches!(c, '\u{c0}'..='\u{24f}')) {
        return None;
    }
    let letters = mended.chars().filter(|c| !c.is_ascii()).count();
    (letters > 0 && mended.chars().all(|c| c.is_ascii() || c.is_alphanumeric() || "，。、（）：；！？·’–".contains(c)))
        .then_some(mended)
}

/// UTF-8 that was read in another old encoding: `РњСЋР»Р»РµСЂ`, `譁�蟄`, `J√ºrgen`. Every letter beyond ASCII must be part of such a
/// sequence, so it is rare by chance, and only asked.
fn from_others(text: &str) -> Option<(String, &'static str)> {
    let strange = text.chars().filter(|c| !c.is_ascii()).count();
    let encodings =
        [MACINTOSH, WINDOWS_1251, KOI8_R, WINDOWS_1250, WINDOWS_1253, WINDOWS_1254, WINDOWS_874, SHIFT_JIS, BIG5, EUC_KR];
    encodings.into_iter().find_map(|encoding| {
        // Two letters of an alphabet may be such a sequence by chance.
        if strange < 4 && !(encoding == MACINTOSH && text.contains('√')) {
            return None;
        }
        let (bytes, _, unmappable) = encoding.encode(text);
        let mended = String::from_utf8(bytes.into_owned()).ok().filter(|mended| !unmappable && mended != text)?;
        let is_text =
            |c: char| c.is_ascii() || c.is_alphanumeric() || "，。、（）：；！？·’–\u{a0}".contains(c) || is_mark_of_letter(c);
        mended.chars().all(is_text).then_some((mended, encoding.name()))
    })
}

/// Marks of Thai and Indic vowels, and of what is written with combining marks.
fn is_mark_of_letter(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{e31}'..='\u{e4e}' | '\u{900}'..='\u{dff}' | '\u{64b}'..='\u{65f}')
}

/// `%E5%BC%A0` and `Main%20St`: every percent sign begins a byte, and the bytes are UTF-8.
fn from_percent(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let (mut high, mut blanks) = (false, 0);
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [a, b, after @ ..] = rest else { return None };
        let byte = hex(*a)? * 16 + hex(*b)?;
        if byte < 0x20 && byte != b'\n' && byte != b'\r' {
            return None;
        }
        high |= byte >= 0x80;
        blanks += usize::from(byte == b' ');
        bytes.push(byte);
        rest = after;
    }
    let has_blank = text.contains(' ');
    if !high && (blanks == 0 || has_blank) {
        return None;
    }
    let decoded = String::from_utf8(bytes).ok()?;
    Some(if has_blank || !high { decoded } else { decoded.replace('+', " ") })
}

/// `M=C3=BCller`: as mail writes it. Only what holds such a letter is taken for it.
fn from_quoted_printable(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut high = false;
    while let [first, after @ ..] = rest {
        rest = after;
        let coded = match after {
            [a, b, after @ ..] if *first == b'=' && !a.is_ascii_lowercase() && !b.is_ascii_lowercase() => {
                hex(*a).zip(hex(*b)).map(|(a, b)| (a * 16 + b, after))
            }
            _ => None,
        };
        match coded {
            Some((byte, after)) if byte >= 0x20 => {
                high |= byte >= 0x80;
                bytes.push(byte);
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    if high { String::from_utf8(bytes).ok() } else { None }
}

/// `\u5f20`: as JSON writes it, in pairs for what lies beyond.
fn from_escapes(text: &str) -> Option<String> {
    if !text.contains("\\u") {
        return None;
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut room = [0; 2];
    let mut found = false;
    while let Some(c) = rest.chars().next() {
        let code = rest
            .strip_prefix("\\u")
            .and_then(|rest| rest.get(..4))
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match code.and_then(|code| u16::from_str_radix(code, 16).ok()).filter(|unit| *unit >= 0x20) {
            Some(unit) => {
                found = true;
                units.push(unit);
                rest = &rest[6..];
            }
            None => {
                units.extend_from_slice(c.encode_utf16(&mut room));
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    if found { String::from_utf16(&units).ok() } else { None }
}

/// `M&uuml;ller`, `O&#39;Connell`: what has a name or a number and a semicolon.
fn from_entities(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        out.push_str(before);
        let named = entity[1..].split_once(';').filter(|(name, _)| (2..=32).contains(&name.len()));
        match named.and_then(|(name, after)| Some((resolved(name)?, after))) {
            Some((letter, after)) => {
                found = true;
                out.push_str(&letter);
                rest = after;
            }
            None => {
                out.push('&');
                rest = &entity[1..];
            }
        }
    }
    out.push_str(rest);
    found.then_some(out)
}

fn resolved(name: &str) -> Option<String> {
    let known = super::sheet::resolved(name)?;
    Some(if known == "\u{a0}" { " ".to_owned() } else { known })
}

/// A text without the tags everybody knows, and whether another one is left.
fn without_tags(text: &str) -> (Option<String>, bool) {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let (mut found, mut strange) = (false, false);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let inside = tag.split_once('>').map(|(inside, _)| &inside[1..]).filter(|inside| inside.len() <= 200);
        let name: Option<String> = inside.map(|inside| {
            inside
                .trim_start_matches('/')
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect::<String>()
                .to_ascii_lowercase()
        });
        let replacement = match name.as_deref() {
            Some("br" | "p" | "div" | "li" | "tr") => Some("\n"),
            Some(
                "b" | "i" | "u" | "em" | "strong" | "span" | "font" | "a" | "ul" | "ol" | "td" | "small" | "sup" | "sub" | "wbr"
                | "nobr",
            ) => Some(""),
            Some(name) if !name.is_empty() => {
                strange = true;
                None
            }
            _ => None,
        };
        match (replacement, inside) {
            (Some(replacement), Some(inside)) => {
                found = true;
                if !(replacement == "\n" && (out.is_empty() || out.ends_with('\n'))) {
                    out.push_str(replacement);
                }
                rest = &tag[inside.len() + 2..];
            }
            _ => {
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out.push_str(rest);
    (found.then(|| out.trim().to_owned()), strange)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// Whether letters of a name or an address are gone: a question mark inside a word, or several in a row.
pub fn has_lost_letters(text: &str) -> bool {
    let mark = |c: char| matches!(c, '?' | '\u{fffd}' | '□' | '▯');
    let letters: Vec<char> = text.chars().filter(|c| *c != MIXED).collect();
    letters.iter().enumerate().any(|(at, c)| {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        mark(*c)
            && (*c != '?' || after.is_some_and(|c| mark(*c) || c.is_alphanumeric()) || before.is_none_or(|c| c.is_whitespace()))
    })
}

/// Whether letters of free text are gone: `???` may be a person wondering, `K?ln` is not.
pub fn has_lost_letters_in_prose(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let inside = letters.windows(3).any(|three| {
        three[0].is_alphabetic() && matches!(three[1], '?' | '\u{fffd}') && three[2].is_alphabetic() && three[2].is_lowercase()
    });
    let only_marks = text.split_whitespace().filter(|word| word.chars().count() >= 3 && word.chars().all(|c| c == '?')).count();
    let words = text.split_whitespace().count();
    inside || (only_marks > 0 && only_marks * 2 >= words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    }

    fn mended(text: &str) -> String {
        mend(text).text.into_owned()
    }

    #[test]
    fn what_says_without_doubt_what_was_meant_is_mended() {
        for (damaged, meant) in [
            ("Se&#225;n O&#39;Connell", "Seán O'Connell"),
            ("M&uuml;ller &amp; S&ouml;hne", "Müller & Söhne"),
            ("a &amp;amp; b", "a & b"),
            ("O&amp;#39;Neil", "O'Neil"),
            ("Lamp &quot;Heron&quot; 30&nbsp;cm", "Lamp \"Heron\" 30 cm"),
            ("Hauptstr. 5<br>Hinterhaus", "Hauptstr. 5\nHinterhaus"),
            ("<p>a</p><p>b</p>", "a\nb"),
            ("<b>Lamp</b>", "Lamp"),
            ("MÃ¼ller StraÃŸe", "Müller Straße"),
            ("JosÃ© Nuï¿½ez", "José Nu\u{fffd}ez"),
            ("%E5%BC%A0%E4%BC%9F", "张伟"),
            ("Main%20St%205", "Main St 5"),
            ("M=C3=BCller", "Müller"),
            ("\\u5f20\\u4f1f", "张伟"),
            ("\\ud83d\\ude00", "😀"),
        ] {
            assert_eq!(mended(damaged), meant, "{damaged}");
        }
        assert_eq!(mended(&percent("Łódź 5")), "Łódź 5");
    }

    #[test]
    fn what_only_looks_odd_stays_as_it_is() {
        for text in [
            "Tom & Jerry; friends",
            "100% cotton",
            "50%25",
            "a < b > c",
            "R&D",
            "A=B",
            "=C3",
            "5%",
            "Ñuñoa",
            "Château d'Île",
            "Ärztehaus",
            "Åse Ås",
            "C:\\users",
            "\\unknown",
            "张伟",
            "x &; y",
            "AT&T;",
            "'t Haantje",
            "Äpfel à la carte",
            "Çağla",
            "são João",
        ] {
            assert_eq!(mend(text), Mended { text: Cow::Borrowed(text), remark: None, ask: None }, "{text}");
        }
    }

    #[test]
    fn what_is_uncertain_is_asked_and_what_is_lost_is_told() {
        assert_eq!((mended("Se谩n Sample").as_str(), mended("A座 5号").as_str()), ("Seán Sample", "A座 5号"));
        assert_eq!(mend("寮犱笁").ask.map(|(kind, _)| kind), Some(AskKind::DamagedText));
        assert_eq!(mended("寮犱笁"), "张三");
        for (damaged, meant) in [("РњСЋР»Р»РµСЂ", "Мюллер"), ("J√ºrgen", "Jürgen"), ("TrГјmmerweg Г¶5", "Trümmerweg ö5")]
        {
            let mended = mend(damaged);
            assert_eq!(
                (mended.text.as_ref(), mended.ask.map(|(kind, _)| kind)),
                (meant, Some(AskKind::DamagedText)),
                "{damaged}"
            );
        }
        assert_eq!(mend("M├╝ller").ask.map(|(kind, _)| kind), Some(AskKind::DamagedText));
        for sound in
            ["Её", "Москва, ул. Ленина 5", "ถนนสุขุมวิท", "東京都渋谷区", "서울특별시 강남구", "Αθήνα", "Łódź Żółć", "Şişli Çağrı"]
        {
            assert_eq!(mend(sound).ask, None, "{sound}");
        }
        assert_eq!(mend("锟斤拷锟斤拷").ask.map(|(kind, _)| kind), Some(AskKind::LettersLost));
        assert_eq!(mend("nan").ask.map(|(kind, _)| kind), Some(AskKind::NoValue));
        assert_eq!(mend("<script>x</script>").ask.map(|(kind, _)| kind), Some(AskKind::DamagedText));
        for lost in ["Khun ??????", "J?rgen Gro?mann", "K?ln", "?????", "Stra?e 5", "?zlem"] {
            assert!(has_lost_letters(lost), "{lost}");
        }
        for sound in ["Who?", "Musterweg 5", "Café", "Is it here? Yes"] {
            assert!(!has_lost_letters(sound), "{sound}");
        }
        assert!(has_lost_letters_in_prose("Bitte kl?ngeln") && has_lost_letters_in_prose("??? ????"));
        assert!(!has_lost_letters_in_prose("really??? call me") && !has_lost_letters_in_prose("Ring?Twice"));
    }
}
