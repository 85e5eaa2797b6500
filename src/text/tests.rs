use super::*;
use crate::dots::Rect;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

const SPECIMENS: &[(&str, &str)] = &[
    (
        "latin",
        "Jürgen Weißenfels, Straße 105 B\nHamburgefonstiv illI1 0O8B S5 ,.;: ¡Año! €\nRm 1203, Bldg B, Sample Tech Park\nÁÉÍÓÚ Ñandú Łódź Çağ Įš Ğ",
    ),
    ("vietnamese", "Nguyễn Thị Ánh Tuyết\n12 Đường Lê Lợi, Phường Bến Nghé\nThừa Thiên–Huế, ồ ổ ỗ Ấ Ẫ Ộ Ữ ặ"),
    ("greek-cyrillic", "Αθήνα Θεσσαλονίκη Παπαδόπουλος ώύΐ\nМосква, ул. Ленина 12, кв. 5 йё\nКиїв Івано-Франківськ Ґанок"),
    ("thai", "นายสมชาย ใจดี ที่อยู่ ๑๒๓ ถนนสุขุมวิท\nแขวงคลองเตยเหนือ เขตวัฒนา กรุงเทพมหานคร 10110\nปิ่น ป้ำ ผู้ใหญ่ กตัญญู ฐานันดร น้ำ"),
    ("arabic", "شارع الملك فهد، الرياض 12345\nمُحَمَّد عبد الله — جدة\nتهران، خیابان ولیعصر پلاک ۱۲"),
    ("hebrew", "רחוב הרצל 12, תל אביב 6578901\nשָׁלוֹם ירושלים Tel Aviv"),
    ("devanagari-bengali", "श्री राजेश कुमार, क्षेत्र मार्ग ज्ञान\nहिन्दी द्वारा प्रिय ट्रक र्कि\nঢাকা, বাংলাদেশ ক্ষুদ্র স্ত্রী ১২৩"),
    ("georgian-armenian", "თბილისი, რუსთაველის გამზირი 12\nԵրևան, Մաշտոցի պողոտա 5"),
    ("myanmar-khmer-lao", "မြန်မာ ရန်ကုန်မြို့ ဗိုလ်ချုပ်\nភ្នំពេញ រាជធានី ក្រុង\nວຽງຈັນ ນະຄອນຫຼວງ ປະເທດລາວ"),
    (
        "india",
        "தமிழ்நாடு சென்னை ஸ்ரீ\nతెలుగు హైదరాబాద్ క్ష\nಕನ್ನಡ ಬೆಂಗಳೂರು\nമലയാളം തിരുവനന്തപുരം\nગુજરાતી અમદાવાદ\nਪੰਜਾਬੀ ਅੰਮ੍ਰਿਤਸਰ\nଓଡ଼ିଆ ଭୁବନେଶ୍ୱର\nසිංහල කොළඹ ශ්‍රී\nአማርኛ አዲስ አበባ",
    ),
    ("han", "广东省深圳市南山区科技园路12号\n臺北市信義區松仁路100號 龍鬱\n骨直角海令今"),
    ("japanese", "東京都渋谷区神宮前一丁目２−３ メゾン\n髙橋 﨑さん 骨直角海令今 ゆうびん"),
    ("korean", "서울특별시 강남구 테헤란로 152\n홍길동 뷁 꽳 값"),
    ("emoji", "Thanks 🙏 ❤️ 🎁 👍🏽 👨‍👩‍👧 ★ ☆ ✓ ☎ → ① ℃ № 📦 🇩🇪 😀"),
];

fn typesetter() -> Typesetter {
    Typesetter::new(&SHARED)
}

fn style(em: i32) -> Style<'static> {
    Style { size: Dots(em), least: Dots(em), ..Style::default() }
}

fn room(width: i32, height: i32, lines: usize) -> Room {
    Room { width: Dots(width), height: Dots(height), lines }
}

fn set(text: &str, style: &Style, room: &Room) -> Result<Block, NoSet> {
    typesetter().set(text, style, room)
}

fn picture(text: &str) -> Bitmap {
    let mut typesetter = typesetter();
    let block = typesetter.set(text, &style(24), &room(800, 400, 6)).expect("it fits");
    typesetter.draw(&block)
}

/// Fails when a dot of the block's ink lies outside its size, or the block outside its room.
fn assert_inside(typesetter: &mut Typesetter, block: &Block, room: &Room) {
    let (width, height) = (block.size.width, block.size.height);
    assert!(block.x >= Dots(0) && block.x + width <= room.width && height <= room.height, "{block:?}");
    assert!(block.lines.len() <= room.lines);
    let margin = 200;
    let mut moved = block.clone();
    moved.size = Size::new(width + Dots(2 * margin), height + Dots(2 * margin));
    for (_, pen) in &mut moved.glyphs {
        *pen = Point::new(pen.x + Dots(margin), pen.y + Dots(margin));
    }
    let inside = Rect::new(Dots(margin), Dots(margin), width, height);
    assert!(typesetter.draw(&moved).ink().is_none_or(|ink| inside.holds(&ink)), "clipped: {:?}", block.lines);
}

/// Lines of the sample addresses and orders, if they lie beside the project.
fn samples() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the project lies in a folder").join("shared/data");
    let mut lines = BTreeSet::new();
    for file in ["addresses_faker.jsonl", "addresses_opencage.jsonl", "orders_wave50.jsonl"] {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else { continue };
        for line in text.lines() {
            collect(&serde_json::from_str(line).expect("a line of JSON"), &mut lines);
        }
    }
    lines
}

fn collect(value: &serde_json::Value, into: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) => drop(into.insert(text.clone())),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| collect(field, into)),
        _ => {}
    }
}

#[test]
fn every_sample_line_is_set_with_a_glyph_for_every_character() {
    let samples = samples();
    if samples.is_empty() {
        println!("no sample data beside the project: nothing checked");
        return;
    }
    let mut typesetter = typesetter();
    let room = room(760, 400, 8);
    for text in &samples {
        let block = typesetter.set(text, &style(24), &room).unwrap_or_else(|refusal| panic!("{text:?}: {refusal}"));
        assert_inside(&mut typesetter, &block, &room);
    }
}

#[test]
fn no_mark_of_any_script_is_clipped_at_any_resolution() {
    let mut typesetter = typesetter();
    let room = room(2000, 2400, 12);
    for (name, text) in SPECIMENS {
        for (em, bold) in [(24, false), (24, true), (35, false), (71, true)] {
            let block =
                typesetter.set(text, &Style { bold, ..style(em) }, &room).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            assert_eq!(block.em, Dots(em));
            assert_inside(&mut typesetter, &block, &room);
        }
    }
}

#[test]
fn the_largest_size_that_fits_is_found() {
    let text = "Rm 1203, Bldg B, Sample Tech Park, Nanshan District, Shenzhen, Guangdong";
    let room = room(400, 110, 3);
    let block = set(text, &Style { size: Dots(40), least: Dots(14), ..Style::default() }, &room).expect("it fits somewhere");
    assert!(block.em > Dots(20) && block.em < Dots(40), "{:?}", block.em);
    assert!(set(text, &style(block.em.0 + 1), &room).is_err());
    assert_eq!(block.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" "), text);
}

#[test]
fn what_does_not_fit_at_its_least_size_is_refused_with_need_and_room() {
    let style = Style { size: Dots(30), least: Dots(20), ..Style::default() };
    let refusal = |text, room| set(text, &style, &room).expect_err("too long").to_string();
    let lines = refusal("Lange Straße 105 B\nHinterhaus\nNeustadt", room(300, 200, 2));
    assert_eq!(lines, "needs 3 lines at 20 dots high and has 2 lines of 300 dots: shorten it");
    let wide = refusal("576462377512 830000", room(100, 200, 1));
    assert_eq!(wide, "needs 211 dots across at 20 dots high and has 100 dots: shorten it");
    let high = refusal("Lange Straße", room(300, 20, 1));
    assert_eq!(high, "needs 24 dots of height at 20 dots high and has 20 dots: shorten it");
}

#[test]
fn a_long_word_breaks_only_where_there_are_lines_for_it_and_only_at_the_least_size() {
    let word = "Donaudampfschifffahrtsgesellschaftskapitänswitwe";
    let style = Style { size: Dots(30), least: Dots(20), ..Style::default() };
    let block = set(word, &style, &room(300, 200, 4)).expect("broken between letters");
    assert_eq!(block.em, Dots(20));
    assert!(block.lines.len() > 1);
    assert_eq!(block.lines.iter().map(|line| line.text.as_str()).collect::<String>(), word);
    assert!(set(word, &style, &room(300, 200, 1)).is_err());
}

#[test]
fn thai_breaks_between_words() {
    let text = "บ้านเลขที่ถนนสุขุมวิทแขวงคลองเตยเหนือเขตวัฒนากรุงเทพมหานครประเทศไทยโทรศัพท์";
    let words = ["ถนน", "แขวง", "เหนือ", "เขต", "กรุงเทพมหานคร", "ประเทศไทย", "โทรศัพท์"];
    for width in (160..500).step_by(10) {
        let block = set(text, &style(24), &room(width, 800, 20)).expect("room enough");
        for word in words {
            assert!(
                block.lines.iter().any(|line| line.text.contains(word)),
                "{word} is broken at {width} dots: {:?}",
                block.lines
            );
        }
    }
}

#[test]
fn arabic_stands_on_the_right_joined_and_its_numbers_stay_in_order() {
    let room = room(400, 60, 1);
    let mut typesetter = typesetter();
    let mut width = |text| {
        let block = typesetter.set(text, &style(24), &room).expect("it fits");
        assert_eq!(block.x + block.size.width, room.width);
        block.size.width
    };
    assert!(width("بيتنا") < width("ب ي ت ن ا") - Dots(20), "letters join");
    assert_eq!(picture("\u{202E}12345\u{2067}67"), picture("1234567"));
}

#[test]
fn a_block_starts_and_ends_where_its_alignment_says() {
    let set = |align| set("Ab\nLonger line", &Style { align, ..style(24) }, &room(500, 100, 2)).expect("it fits");
    assert_eq!((set(Align::Start).x, set(Align::Start).lines[0].x), (Dots(0), Dots(0)));
    let end = set(Align::End);
    assert_eq!(end.x + end.size.width, Dots(500));
    assert_eq!(end.lines[0].x + end.lines[0].width, end.lines[1].x + end.lines[1].width);
    let center = set(Align::Center);
    assert!((center.x * 2 + center.size.width - Dots(500)).0.abs() <= 1);
}

#[test]
fn scripts_keep_their_least_size_whatever_a_style_asks() {
    let em = |text| set(text, &style(6), &room(400, 60, 1)).expect("it fits").em;
    assert_eq!(em("Straße 5"), Dots(14));
    assert_eq!(em("Nguyễn"), Dots(22));
    assert_eq!(em("ถนนสุขุมวิท"), Dots(22));
    assert_eq!(em("मार्ग"), Dots(22));
    assert_eq!(em("深圳"), Dots(24));
    assert_eq!(em("서울"), Dots(24));
}

#[test]
fn a_character_no_font_has_is_named_or_visibly_replaced() {
    let text = "Herr 𒀀𒀁 \u{E000}";
    let refusal = set(text, &style(24), &room(400, 60, 1)).expect_err("cuneiform is not shipped");
    assert_eq!(refusal, NoSet::NoGlyph { character: '𒀀' });
    assert!(refusal.to_string().contains("U+12000"), "{refusal}");
    let block = set(text, &Style { missing: Missing::Replace, ..style(24) }, &room(400, 60, 1)).expect("replaced");
    assert_eq!((block.lines[0].text.as_str(), block.replaced), ("Herr [?] [?]", 3));
}

#[test]
fn emoji_of_a_note_print_as_themselves() {
    let block = set("Thanks 🙏 👍🏽 ❤️ 👨‍👩‍👧 🇩🇪 ★", &style(24), &room(600, 60, 1)).expect("all have a glyph");
    assert_eq!(block.replaced, 0);
    assert_ne!(picture("🙏"), picture("🎁"));
}

#[test]
fn japanese_text_takes_japanese_forms_and_chinese_text_chinese_ones() {
    let forms = |text, language| {
        let mut typesetter = typesetter();
        let style = Style { language, ..style(24) };
        let block = typesetter.set(text, &style, &room(400, 60, 1)).expect("it fits");
        typesetter.draw(&block)
    };
    assert_ne!(forms("直角", Some("ja-JP")), forms("直角", Some("zh-Hans-CN")));
    assert_eq!(forms("直角", None), forms("直角", Some("zh")));
    assert_eq!(forms("直角の", None), forms("直角の", Some("ja")));
}

#[test]
fn in_a_room_of_one_line_line_ends_become_spaces() {
    let block = set("Ann\r\nLee\n", &style(24), &room(400, 60, 1)).expect("it fits");
    assert_eq!(block.lines[0].text, "Ann Lee");
    assert_eq!(set("Ann\r\n\r\nLee", &style(24), &room(400, 90, 3)).expect("it fits").lines.len(), 2);
}

#[test]
fn without_a_single_font_every_character_is_missing() {
    let refusal = Typesetter::new(&Fonts::new(&[])).set("x", &style(24), &room(400, 60, 1));
    assert_eq!(refusal, Err(NoSet::NoGlyph { character: 'x' }));
}

#[test]
fn a_typesetter_can_move_to_the_thread_that_uses_it() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&typesetter());
}

#[test]
fn nothing_to_say_takes_no_room() {
    for text in ["", " ", "\n\n", "\u{202E}\u{0}"] {
        let block = set(text, &style(24), &room(400, 60, 1)).expect("nothing always fits");
        assert_eq!((block.size, block.lines.len()), (Size::default(), 0));
    }
}

#[test]
fn endless_text_is_refused_at_once() {
    let mut typesetter = typesetter();
    let room = room(760, 200, 6);
    for text in ["x".repeat(10_000), "深".repeat(10_000), "a\u{301}\u{302}".repeat(5_000), format!("e{}", "\u{301}".repeat(900))]
    {
        let started = Instant::now();
        assert!(matches!(typesetter.set(&text, &style(24), &room), Err(NoSet::TooLong { .. })));
        assert!(started.elapsed() < Duration::from_millis(200), "{:?}", started.elapsed());
    }
}

#[test]
fn the_same_text_gives_the_same_dots_every_time() {
    let mut used = typesetter();
    for (_, text) in SPECIMENS {
        let block = used.set(text, &style(24), &room(1200, 600, 12)).expect("it fits");
        let mut fresh = typesetter();
        let again = fresh.set(text, &style(24), &room(1200, 600, 12)).expect("it fits");
        assert_eq!(block.size, again.size);
        assert_eq!(used.draw(&block), fresh.draw(&again));
    }
}

/// A letter of some shipped script, a mark, a control, or anything at all.
fn nasty() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        any::<char>(),
        prop::sample::select(SPECIMENS.iter().flat_map(|(_, text)| text.chars()).collect::<Vec<_>>()),
        prop::sample::select(
            "\u{301}\u{e34}\u{94d}\u{200d}\u{200c}\u{202e}\u{2067}\u{fe0f}\u{0}\n\t ^~_\u{20E3}1\u{1F1E9}"
                .chars()
                .collect::<Vec<_>>()
        ),
    ];
    prop::collection::vec(character, 0..60).prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_text_panics_or_leaves_its_room(
        text in nasty(),
        width in -5..900i32,
        height in -5..300i32,
        lines in 0..7usize,
        size in -1..60i32,
        least in -1..40i32,
        bold in any::<bool>(),
        align in prop::sample::select(vec![Align::Start, Align::Center, Align::End]),
    ) {
        let mut typesetter = Typesetter::new(&SHARED);
        let room = room(width, height, lines);
        for missing in [Missing::Refuse, Missing::Replace] {
            let style = Style { size: Dots(size), least: Dots(least), bold, align, language: None, missing };
            if let Ok(block) = typesetter.set(&text, &style, &room) {
                let picture = typesetter.draw(&block);
                prop_assert_eq!(picture.size(), block.size);
                if !block.lines.is_empty() {
                    assert_inside(&mut typesetter, &block, &room);
                }
            }
        }
    }
}

static SHARED: std::sync::LazyLock<Fonts> = std::sync::LazyLock::new(Fonts::embedded);

/// Writes pictures of every script: `cargo test --lib specimens -- --ignored`, then look at them.
#[test]
#[ignore = "for the eye, not for the machine"]
fn specimens() {
    let mut typesetter = typesetter();
    let folder = std::env::temp_dir().join("waybilld-specimens");
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    for (name, text) in SPECIMENS {
        let mut sheet = Bitmap::new(Size::new(Dots(1200), Dots(1400)));
        let mut y = 4;
        // Reading sizes on 203, 300 and 600 dpi heads.
        for (em, bold) in [(22, false), (24, false), (24, true), (36, false), (71, false)] {
            let style = Style { bold, missing: Missing::Replace, ..style(em) };
            match typesetter.set(text, &style, &room(1190, 1400, 20)) {
                Ok(block) => {
                    sheet.draw(&typesetter.draw(&block), Point::new(Dots(4) + block.x, Dots(y)));
                    y += block.size.height.0 + 8;
                    println!("{name} {em}: {:?} replaced {}", block.size, block.replaced);
                }
                Err(refusal) => println!("{name} {em}: {refusal}"),
            }
        }
        let sheet = sheet.crop(Rect::new(Dots(0), Dots(0), Dots(1200), Dots(y.min(1400))));
        std::fs::write(folder.join(format!("{name}.png")), sheet.to_png()).expect("the temporary folder is writable");
    }
}
