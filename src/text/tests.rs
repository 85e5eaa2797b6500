use super::*;
use crate::dots::Rect;

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
    Typesetter::new(&Fonts::embedded())
}

fn style(em: i32) -> Style<'static> {
    Style { size: Dots(em), least: Dots(em), ..Style::default() }
}

fn room(width: i32, height: i32, lines: usize) -> Room {
    Room { width: Dots(width), height: Dots(height), lines }
}

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
        for (em, bold) in [(18, false), (22, false), (24, false), (24, true), (32, false), (50, true)] {
            let style = Style { size: Dots(em), least: Dots(em), bold, missing: Missing::Replace, ..Style::default() };
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
