//! Which encoding a text file is written in, by evidence over the whole file.
//!
//! Bytes go in; text comes out with the encoding's name and, where the evidence does not decide, the other reading
//! beside it. Evidence is: a byte order mark; what the bytes can be at all; whether the letters are those that people
//! write in names and addresses; the countries the file itself names; and what chardetng says of the frequencies. Two
//! judges must agree, or a person is asked. Knows no columns.

use super::SheetError;
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, ISO_2022_JP, KOI8_R, MACINTOSH, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874,
    WINDOWS_1250, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};

/// Stands at the start of a line that was written otherwise than the rest of the file; no text holds it.
pub const MIXED: char = '\u{fdd0}';
/// So much of a file is scored; the guess of the frequencies takes all of it.
const SCORED: usize = 256 << 10;
/// From this score on, letters are those people write in names and addresses; found with the files of the tests.
const TYPICAL: f64 = 0.45;
/// The best reading must be that much better than the next, or a person is asked.
const MARGIN: f64 = 0.12;
/// What a country named in the file counts for.
const COUNTRY: f64 = 0.25;
/// Lines shown of each reading.
const SHOWN_LINES: usize = 2;
const SHOWN_CHARS: usize = 120;

/// A text, and how it was read.
pub struct Decoded {
    pub text: String,
    pub name: &'static str,
    pub doubt: Option<Doubt>,
}

/// Two readings that the evidence does not tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub taken: &'static str,
    pub other: &'static str,
    /// The same lines, each way.
    pub as_taken: Vec<String>,
    pub as_other: Vec<String>,
}

/// What a file may be that is not UTF-8, with the countries whose computers write it.
const CANDIDATES: [(&Encoding, &[&str]); 17] = [
    (GB18030, &["CN", "CHINA", "中国"]),
    (EUC_KR, &["KR", "KOREA", "SOUTH KOREA"]),
    (BIG5, &["TW", "HK", "TAIWAN", "HONG KONG"]),
    (SHIFT_JIS, &["JP", "JAPAN"]),
    (EUC_JP, &["JP", "JAPAN"]),
    (WINDOWS_874, &["TH", "THAILAND"]),
    (WINDOWS_1251, &["RU", "UA", "BG", "BY", "RS", "KZ", "RUSSIA", "UKRAINE"]),
    (KOI8_R, &["RU", "RUSSIA"]),
    (WINDOWS_1252, &["DE", "AT", "CH", "FR", "ES", "IT", "PT", "NL", "BE", "GB", "IE", "SE", "NO", "DK", "FI", "US", "BR", "MX"]),
    (WINDOWS_1250, &["PL", "CZ", "SK", "HU", "RO", "SI", "HR", "POLAND"]),
    (WINDOWS_1253, &["GR", "GREECE"]),
    (WINDOWS_1254, &["TR", "TURKEY"]),
    (WINDOWS_1255, &["IL", "ISRAEL"]),
    (WINDOWS_1256, &["SA", "AE", "EG", "SAUDI ARABIA"]),
    (WINDOWS_1257, &["LT", "LV", "EE"]),
    (WINDOWS_1258, &["VN", "VIETNAM"]),
    (MACINTOSH, &[]),
];

/// Reads the bytes in the encoding that was told, or in the one the evidence is for.
pub fn decode(bytes: &[u8], told: Option<&'static Encoding>) -> Result<Decoded, SheetError> {
    let sure = |text: String, name| Decoded { text, name, doubt: None };
    if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(&bytes[bom..]);
        // A stray half of a character in UTF-16 damages one cell, which says so.
        if !broken || encoding != UTF_8 {
            return Ok(sure(text.into_owned(), encoding.name()));
        }
        return decode_mixed(&bytes[bom..]);
    }
    if let Some(encoding) = told {
        let (text, broken) = encoding.decode_without_bom_handling(bytes);
        return if broken {
            Err(SheetError::OtherEncoding(encoding.name()))
        } else {
            Ok(sure(text.into_owned(), encoding.name()))
        };
    }
    if let Some(encoding) = utf16_without_mark(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(bytes);
        if !broken {
            return Ok(sure(text.into_owned(), encoding.name()));
        }
    }
    if [&b"\x1b$B"[..], b"\x1b$@", b"\x1b(J"].iter().any(|escape| bytes.windows(3).any(|window| window == *escape)) {
        let (text, broken) = ISO_2022_JP.decode_without_bom_handling(bytes);
        if !broken {
            return Ok(sure(text.into_owned(), ISO_2022_JP.name()));
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(sure(text.to_owned(), UTF_8.name()));
    }
    let is_mixed = bytes.split(|byte| *byte == b'\n').any(|line| !line.is_ascii() && std::str::from_utf8(line).is_ok());
    if is_mixed && let Ok(decoded) = decode_mixed(bytes) {
        return Ok(decoded);
    }
    guess(bytes)
}

/// UTF-16 without its mark: in the letters of a table's signs every second byte is zero.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(4096) & !1];
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let half = head.len() / 2;
    match (even * 10 > half * 2, odd * 10 > half * 2) {
        (false, true) if even == 0 && bytes.len().is_multiple_of(2) => Some(UTF_16LE),
        (true, false) if odd == 0 && bytes.len().is_multiple_of(2) => Some(UTF_16BE),
        _ => None,
    }
}

/// Lines of UTF-8 and lines that are not: each of the latter is marked.
fn decode_mixed(bytes: &[u8]) -> Result<Decoded, SheetError> {
    let is_utf8 = |line: &&[u8]| std::str::from_utf8(line).is_ok();
    let others: Vec<u8> = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_utf8(line)).flatten().copied().collect();
    let utf8 = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_ascii() && is_utf8(line)).count();
    let strange = bytes.split(|byte| *byte == b'\n').filter(|line| !is_utf8(line)).count();
    // One or two lines of Chinese may happen to be UTF-8; a file of both has a good part of each.
    if utf8 * 4 < strange {
        return Err(SheetError::Encoding);
    }
    let encoding = best(&others).map(|(encoding, ..)| encoding).ok_or(SheetError::Encoding)?;
    let mut text = String::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match std::str::from_utf8(line) {
            Ok(line) => text.push_str(line),
            Err(_) => {
                text.push(MIXED);
                text.push_str(&encoding.decode_without_bom_handling(line).0);
            }
        }
    }
    Ok(Decoded { text, name: "UTF-8, with lines that are not", doubt: None })
}

/// The best reading, its score, and the next that reads otherwise with its score.
type Best = (&'static Encoding, f64, Option<(&'static Encoding, f64)>);

fn best(bytes: &[u8]) -> Option<Best> {
    // Cut between lines, or a character of two bytes is torn.
    let end = match bytes.len() <= SCORED {
        true => bytes.len(),
        false => bytes[..SCORED].iter().rposition(|byte| *byte == b'\n').map_or(SCORED, |at| at + 1),
    };
    let head = &bytes[..end];
    let mut readings: Vec<(&'static Encoding, f64, String)> = Vec::new();
    for (encoding, countries) in CANDIDATES {
        let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(head) else { continue };
        let named = names_country(&text, countries);
        let score = typicality(&text) + if named { COUNTRY } else { 0.0 };
        readings.push((encoding, score, text.into_owned()));
    }
    readings.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (encoding, score, text) = readings.first()?;
    let next = readings.iter().skip(1).find(|(.., other)| other != text).map(|(encoding, score, _)| (*encoding, *score));
    Some((encoding, *score, next))
}

fn guess(bytes: &[u8]) -> Result<Decoded, SheetError> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guessed = detector.guess(None, Utf8Detection::Deny);
    let (encoding, score, next) = best(bytes).ok_or(SheetError::Encoding)?;
    let same = |a: &'static Encoding, b: &'static Encoding| {
        a == b || decoded(bytes, a).is_some_and(|text| decoded(bytes, b) == Some(text))
    };
    let agreed = same(encoding, guessed) || (is_chinese(encoding) && is_chinese(guessed));
    let ahead = next.is_none_or(|(_, other)| score - other >= MARGIN);
    let text = decoded(bytes, encoding).ok_or(SheetError::Encoding)?;
    // Bytes of DOS and of the old Macintosh are letters in either; a person sees which.
    let is_sure = encoding != MACINTOSH;
    if is_sure && score >= TYPICAL && ahead && (agreed || next.is_none_or(|(_, other)| score - other >= 3.0 * MARGIN)) {
        return Ok(Decoded { text, name: encoding.name(), doubt: None });
    }
    let other = if agreed { next.map(|(other, _)| other) } else { Some(guessed) };
    let other = other.and_then(|other| Some((other, decoded(bytes, other)?))).or_else(|| {
        let (other, _) = next?;
        Some((other, decoded(bytes, other)?))
    });
    let Some((other, other_text)) = other else {
        // Nothing else can be read from it, but it does not look like a text either.
        return if is_sure && score >= TYPICAL {
            Ok(Decoded { text, name: encoding.name(), doubt: None })
        } else {
            Err(SheetError::Encoding)
        };
    };
    let (as_taken, as_other) = shown(&text, &other_text);
    let doubt = Doubt { taken: encoding.name(), other: other.name(), as_taken, as_other };
    Ok(Decoded { text, name: encoding.name(), doubt: Some(doubt) })
}

fn decoded(bytes: &[u8], encoding: &'static Encoding) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}

fn is_chinese(encoding: &'static Encoding) -> bool {
    encoding == GB18030 || encoding == encoding_rs::GBK
}

/// The first lines that differ.
fn shown(taken: &str, other: &str) -> (Vec<String>, Vec<String>) {
    let short = |line: &str| line.chars().take(SHOWN_CHARS).collect::<String>();
    let lines = taken.lines().zip(other.lines()).filter(|(taken, other)| taken != other).take(SHOWN_LINES);
    lines.map(|(taken, other)| (short(taken), short(other))).unzip()
}

/// Whether a cell of the text is one of those names.
fn names_country(text: &str, names: &[&str]) -> bool {
    text.split([',', ';', '\t', '\n', '\r', '"']).any(|cell| {
        let cell = cell.trim();
        (2..=12).contains(&cell.len()) && names.iter().any(|name| name.eq_ignore_ascii_case(cell))
    })
}

/// Syllables and characters of names and addresses, so many that most of a line is made of them.
const HANGUL: &str = "가각간갈감강개거건걸검견결경계고곡골공과관광교구국군궁권규그근금기길김나남내너노농누는다단달담당대더덕도독동두둔드들등라람래량러려력련렬령례로록론룡루류륜률리린림마만말매면명모목몽무묵문물미민바박반발방배백버번범법변별병보복본봉부북분불비빈빌사산삼상새생서석선설섭성세소속손솔송수숙순승시식신실심아안암앙애야약양어언엄에여연열염영예오옥온올옹와완왕외요용우욱운울원월위유육윤율은음응의이익인일임입자작장재저전절점정제조종좌주준중즉증지직진집차찬창채처천철청체초촌총최추축춘출충치칠타탄탑태택터통특파판팔평포표푸풍피필하학한함합항해행향허헌혁현형혜호홍화환활황회효후훈휘흥희층앞놓주세요문번지택배상품주문수령부재시경비실맡겨";
const HAN: &str = "的一不在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多天能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联言权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴省县镇乡村街巷弄号楼栋座室层单元幢园苑厦城浙粤苏沪深圳杭州广福建湖川渝陕河赵钱孙吴郑冯陈褚卫蒋沈韩杨朱秦尤何吕施孔曹严魏陶姜戚谢邹喻柏窦章潘葛范彭郎鲁韦昌苗凤俞柳唐罗薛雷贺倪汤殷毕郝邬常乐于傅齐康伍余顾孟穆萧尹姚邵湛汪祁禹狄米贝臧戴宋庞熊纪舒屈项祝董梁杜阮蓝闵席季麻娄童颜郭梅盛刁钟徐邱骆高夏蔡田樊胡凌霍虞卢莫柯管邓洪左石崔龚程邢裴陆荣翁荀惠曲焦侯伊宫宁仇刘景叶黎伟芳娜敏静丽磊洋艳勇军杰娟涛超霞刚桂玲凯欣婷雪倩宇辰轩浩然子涵灯笼壳线手机";
const HAN_TRADITIONAL: &str = "號區樓臺灣縣鄉鎮鄰裡裏巷弄段街路市室陳張黃劉楊吳鄭謝許曾廖賴蕭葉鍾盧蘇韓蔣閻鄧馮錢孫趙陸顏魏薛龍樣東國際寶貝電燈線機訂單編碼買賣備註貨運費價數量規格顏色義興華豐榮慶豪傑偉軒雅惠淑玲婷怡君家維宗翰宜靜嘉冠廷承恩詠晴筑安新北高雄桃園台中南基隆竹苗栗彰化投雲林義屏宜蘭花蓮澎湖金門馬祖信仁愛忠孝和平復興民權民生中山中正大安文萬松士內湖港板橋三重永莊店土城蘆洲汐止淡水龍潭蘆竹八德平鎮楊梅香九尖沙咀旺角銅鑼觀塘荃屯門沙田";
const KANJI: &str = "県市区町村丁目番地号室都道府京東大阪横浜名古屋福岡札幌神戸川崎埼玉千葉北海青森岩手宮城秋田山形島茨栃木群馬新潟富石井梨長野岐阜静愛知三重滋賀兵庫奈良和歌鳥取根広口徳香媛高佐熊分崎鹿児沖縄佐藤鈴木高橋田中伊渡辺山本中村小林加吉太郎一次二郎花子美恵子様電球見本坂渋谷新宿港品目黒世田谷池袋上野浅草";

/// How much the letters are those that people write in names and addresses: 1 is all of them, below 0 is none.
fn typicality(text: &str) -> f64 {
    let mut total = 0.0;
    let mut count = 0usize;
    let mut before = '\n';
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        if !c.is_ascii() {
            count += 1;
            total += weight(c, before, letters.peek().copied().unwrap_or('\n'));
        }
        before = c;
    }
    if count == 0 { 0.0 } else { total / count as f64 }
}

fn weight(c: char, before: char, after: char) -> f64 {
    let beside = |test: fn(char) -> bool| test(before) || test(after);
    match c {
        '\u{ac00}'..='\u{d7a3}' => {
            if HANGUL.contains(c) {
                1.0
            } else {
                0.1
            }
        }
        '\u{4e00}'..='\u{9fff}' => {
            let near_kana = beside(|c| matches!(c, '\u{3040}'..='\u{30ff}'));
            let common = HAN.contains(c) || HAN_TRADITIONAL.contains(c) || KANJI.contains(c);
            match (common, near_kana) {
                (true, _) => 1.0,
                (false, true) => 0.4,
                (false, false) => 0.0,
            }
        }
        '\u{3040}'..='\u{30ff}' => 0.9,
        '\u{ff61}'..='\u{ff9f}' => -0.2,
        '\u{3000}'..='\u{303f}' | '\u{ff01}'..='\u{ff5e}' => 0.3,
        // A vowel or tone mark of Thai stands on a consonant.
        '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' => {
            if matches!(before, '\u{e01}'..='\u{e4e}') {
                0.9
            } else {
                -1.0
            }
        }
        '\u{e01}'..='\u{e5b}' => {
            if beside(|c| matches!(c, '\u{e01}'..='\u{e5b}')) {
                0.8
            } else {
                -0.5
            }
        }
        '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{4ff}' => {
            let alone = !beside(|c| matches!(c, '\u{370}'..='\u{4ff}'));
            // Capitals inside a word are KOI8-R read as windows-1251 and the other way round.
            let odd_capital = c.is_uppercase() && before.is_lowercase();
            let rare = !matches!(c, 'А'..='я' | 'ё' | 'Ё' | 'і' | 'ї' | 'є' | 'ґ' | 'Α'..='ώ' | 'Ά'..='Ώ');
            if alone || odd_capital || rare { -0.5 } else { 0.8 }
        }
        '\u{590}'..='\u{5ff}' | '\u{600}'..='\u{6ff}' => {
            if beside(|c| matches!(c, '\u{590}'..='\u{6ff}')) {
                0.8
            } else {
                -0.5
            }
        }
        c if c.is_alphabetic() && c <= '\u{24f}' => {
            let in_word = beside(|c| c.is_ascii_alphabetic());
            let odd_capital = c.is_uppercase() && before.is_lowercase();
            let rare = matches!(c, 'þ' | 'ð' | 'Þ' | 'Ð' | 'ª' | 'º' | 'ƒ' | 'Ÿ' | 'µ');
            match (in_word, odd_capital, rare) {
                (_, true, _) => -0.5,
                (_, _, true) => 0.1,
                (true, ..) => 0.8,
                _ => 0.0,
            }
        }
        '\u{300}'..='\u{36f}' => {
            if before.is_alphabetic() && before.is_ascii() || "âăêôơưÂĂÊÔƠƯ".contains(before) {
                0.6
            } else {
                -0.5
            }
        }
        '’' | '‘' | '“' | '”' | '–' | '—' | '€' | '№' | '°' | '\u{a0}' | '…' => 0.1,
        _ => -0.7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(country: &str, name: &str, street: &str, item: &str) -> String {
        format!("order,tracking,name,line1,country,item,quantity\nF-1,T1,{name},{street},{country},{item},1\n")
    }

    #[test]
    fn the_old_encodings_of_the_markets_are_found_or_asked_and_never_read_as_another() {
        for (encoding, country, name, street, item) in [
            (EUC_KR, "KR", "김민수", "서울특별시 강남구 테헤란로 12", "전등"),
            (EUC_KR, "KR", "박서연", "부산광역시 해운대구 달맞이길 30", "문 앞에 놓아주세요"),
            (GB18030, "CN", "张伟", "广东省深圳市南山区科技园一号楼", "手机壳"),
            (GB18030, "CN", "劉冠廷", "臺北市信義區樣本路十二號", "燈"),
            (BIG5, "TW", "陳小明", "台北市信義區樣本路12號", "燈"),
            (SHIFT_JIS, "JP", "山田太郎", "東京都渋谷区見本坂12", "電球"),
            (EUC_JP, "JP", "サンプル花子", "大阪府大阪市北区見本町1丁目", "ランプ"),
            (KOI8_R, "RU", "Иван Примеров", "ул. Образцовая, дом 5, Москва", "Лампа"),
            (WINDOWS_1251, "RU", "Иван Примеров", "ул. Образцовая, дом 5, Москва", "Лампа"),
            (WINDOWS_874, "TH", "สมชาย ตัวอย่าง", "ถนนตัวอย่าง แขวงบางรัก", "โคมไฟ"),
            (WINDOWS_1252, "DE", "Jürgen Großmann", "Weißgerberstraße 27", "Lämpchen"),
            (WINDOWS_1250, "PL", "Łucja Żółć", "ul. Przykładowa 5, Łódź", "Świeca"),
            (WINDOWS_1253, "GR", "Γιώργος Παράδειγμα", "Οδός Δείγματος 5", "Λάμπα"),
            (WINDOWS_1254, "TR", "Ayşe Örnek", "Güneş Sokağı 5, Beşiktaş", "Işık"),
            (WINDOWS_1255, "IL", "דנה דוגמה", "רחוב דוגמה 5", "מנורה"),
            (WINDOWS_1256, "SA", "محمد نموذج", "شارع المثال 5", "مصباح"),
        ] {
            let text = file(country, name, street, item);
            let (bytes, _, broken) = encoding.encode(&text);
            assert!(!broken, "{}", encoding.name());
            let decoded = decode(&bytes, None).unwrap_or_else(|error| panic!("{} {error}", encoding.name()));
            assert!(
                decoded.text == text || decoded.doubt.is_some(),
                "{} read as {}: {}",
                encoding.name(),
                decoded.name,
                decoded.text
            );
            println!(
                "{:14} {country} {:14} {}",
                encoding.name(),
                decoded.name,
                if decoded.doubt.is_some() { "asks" } else { "reads" }
            );
        }
    }

    #[test]
    fn a_text_without_its_mark_and_lines_of_two_encodings_are_read_for_what_they_are() {
        let text = file("DE", "Jürgen", "Weg 5", "Lampe");
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let decoded = decode(&utf16, None).expect("UTF-16");
        assert_eq!((decoded.text.as_str(), decoded.name), (text.as_str(), "UTF-16LE"));
        let (latin, ..) = WINDOWS_1252.encode("F-2,T2,Käthe Groß,Größenweg 5,DE,Lämpchen,1\n");
        let mixed = [text.as_bytes(), &latin].concat();
        let decoded = decode(&mixed, None).expect("mixed");
        assert!(decoded.text.ends_with(&format!("{MIXED}F-2,T2,Käthe Groß,Größenweg 5,DE,Lämpchen,1\n")), "{}", decoded.text);
    }

    #[test]
    fn an_encoding_that_was_told_is_used_or_refused() {
        let (bytes, ..) = EUC_KR.encode("이름,김민수");
        assert_eq!(decode(&bytes, Some(EUC_KR)).map(|decoded| decoded.text).ok().as_deref(), Some("이름,김민수"));
        assert!(matches!(decode(&bytes, Some(UTF_8)), Err(SheetError::OtherEncoding("UTF-8"))));
    }
}
