//! Countries and territories, as the post knows them: two letters, an English name, how an address is written.
//!
//! A code goes in, a [`Country`] comes out. The table is `countries.tsv`, built in.

use std::fmt;
use std::sync::LazyLock;

static COUNTRIES: LazyLock<Vec<Entry>> =
    LazyLock::new(|| include_str!("countries.tsv").lines().filter_map(Entry::parse).collect());

/// What exports call countries beside the names of the post, in capitals.
const OTHER_NAMES: [(&str, &str); 62] = [
    (
        "GB",
        "UK|U.K.|GREAT BRITAIN|ENGLAND|SCOTLAND|WALES|NORTHERN IRELAND|GBR|VEREINIGTES KÖNIGREICH|ROYAUME-UNI|REGNO UNITO|REINO UNIDO|英国|英國|イギリス",
    ),
    (
        "US",
        "USA|U.S.A.|U.S.|UNITED STATES OF AMERICA|AMERICA|VEREINIGTE STAATEN|ÉTATS-UNIS|STATI UNITI|ESTADOS UNIDOS|美国|美國|アメリカ|アメリカ合衆国|미국|สหรัฐอเมริกา|HOA KỲ|MỸ",
    ),
    ("TH", "THA|ประเทศไทย|ไทย|泰国|泰國|タイ|THÁI LAN|태국"),
    ("VN", "VIETNAM|VIET NAM|VIỆT NAM|VNM|越南|ベトナム|เวียดนาม|베트남"),
    ("MY", "MYS|马来西亚|馬來西亞|マレーシア|มาเลเซีย"),
    ("SG", "SGP|新加坡|シンガポール|สิงคโปร์|SINGAPURA"),
    ("PH", "PHL|THE PHILIPPINES|PILIPINAS|菲律宾|菲律賓|フィリピン|ฟิลิปปินส์"),
    ("ID", "IDN|印度尼西亚|印尼|インドネシア|อินโดนีเซีย"),
    ("JP", "JPN|日本|ญี่ปุ่น|일본|JAPÓN|JAPON|GIAPPONE|NHẬT BẢN"),
    ("KR", "KOREA|SOUTH KOREA|REPUBLIC OF KOREA|KOREA, REPUBLIC OF|KOREA (SOUTH)|KOR|대한민국|한국|韩国|韓国|เกาหลีใต้|HÀN QUỐC"),
    ("CN", "CHN|PEOPLE'S REPUBLIC OF CHINA|PRC|MAINLAND CHINA|中国|中國|จีน|중국"),
    ("TW", "TAIWAN|TWN|TAIWAN, PROVINCE OF CHINA|台湾|台灣|臺灣|台湾省|ไต้หวัน"),
    ("HK", "HKG|HONG KONG SAR|HONG KONG SAR CHINA|香港|中国香港|ฮ่องกง"),
    ("MO", "MACAU|MACAO SAR|澳门|澳門"),
    ("DE", "DEU|DEUTSCHLAND|ALLEMAGNE|GERMANIA|ALEMANIA|ALEMANHA|DUITSLAND|NIEMCY|德国|德國|ドイツ|ГЕРМАНИЯ"),
    ("FR", "FRA|FRANKREICH|FRANCIA|FRANÇA|FRANKRIJK|FRANCJA|法国|法國|フランス"),
    ("IT", "ITA|ITALIA|ITALIEN|ITALIE|ITALIË|WŁOCHY|意大利|義大利|イタリア"),
    ("ES", "ESP|ESPAÑA|SPANIEN|ESPAGNE|SPAGNA|ESPANHA|SPANJE|HISZPANIA|西班牙|スペイン"),
    ("PT", "PRT|葡萄牙"),
    ("IE", "IRL|REPUBLIC OF IRELAND|IRLAND|IRLANDE|IRLANDA|EIRE|ÉIRE|爱尔兰"),
    ("NL", "NLD|THE NETHERLANDS|HOLLAND|NEDERLAND|NIEDERLANDE|PAYS-BAS|PAESI BASSI|PAÍSES BAJOS|荷兰"),
    ("BE", "BEL|BELGIË|BELGIQUE|BELGIEN|比利时"),
    ("AT", "AUT|ÖSTERREICH|AUTRICHE|奥地利"),
    ("CH", "CHE|SCHWEIZ|SUISSE|SVIZZERA|瑞士"),
    ("PL", "POL|POLSKA|POLEN|POLOGNE|波兰"),
    ("CZ", "CZECH REPUBLIC|CZE|ČESKO|ČESKÁ REPUBLIKA|TSCHECHIEN"),
    ("SK", "SVK|SLOVENSKO|SLOVAK REPUBLIC"),
    ("HU", "HUN|MAGYARORSZÁG|UNGARN"),
    ("RO", "ROU|ROMÂNIA|RUMÄNIEN"),
    ("BG", "BGR|БЪЛГАРИЯ|BULGARIEN"),
    ("GR", "GRC|ΕΛΛΆΔΑ|ΕΛΛΑΔΑ|GRIECHENLAND"),
    ("HR", "HRV|HRVATSKA"),
    ("SI", "SVN|SLOVENIJA"),
    ("SE", "SWE|SVERIGE|SCHWEDEN|瑞典"),
    ("NO", "NOR|NORGE|NORWEGEN"),
    ("DK", "DNK|DANMARK|DÄNEMARK"),
    ("FI", "FIN|SUOMI|FINNLAND"),
    ("RU", "RUSSIA|RUS|РОССИЯ|RUSSLAND|俄罗斯|ロシア"),
    ("UA", "UKR|УКРАЇНА|УКРАИНА"),
    ("TR", "TURKEY|TUR|TÜRKIYE|TURKIYE|TÜRKEI|土耳其"),
    ("SA", "SAU|KSA|KINGDOM OF SAUDI ARABIA|السعودية|المملكة العربية السعودية|沙特阿拉伯"),
    ("AE", "UAE|ARE|U.A.E.|الإمارات|الإمارات العربية المتحدة|阿联酋"),
    ("EG", "EGY|مصر"),
    ("IL", "ISR|ישראל"),
    ("IN", "IND|भारत|印度|インド"),
    ("PK", "PAK|پاکستان"),
    ("BD", "BGD|বাংলাদেশ"),
    ("AU", "AUS|AUSTRALIEN|澳大利亚|澳洲|オーストラリア"),
    ("NZ", "NZL|新西兰"),
    ("CA", "CAN|KANADA|加拿大|カナダ"),
    ("MX", "MEX|MÉXICO|MEXIKO|墨西哥"),
    ("BR", "BRA|BRASIL|BRASILIEN|巴西"),
    ("AR", "ARG"),
    ("CL", "CHL"),
    ("CO", "COL"),
    ("PE", "PER|PERÚ"),
    ("ZA", "ZAF|SÜDAFRIKA"),
    ("KZ", "KAZ|КАЗАХСТАН"),
    ("KH", "KHM|កម្ពុជា|柬埔寨"),
    ("LA", "LAOS|LAO|ลาว|老挝"),
    ("MM", "MMR|MYANMAR|BURMA|缅甸"),
    ("LU", "LUX|LUXEMBURG"),
];

struct Entry {
    code: &'static str,
    name: &'static str,
    needs_postcode: bool,
    capitals: &'static str,
    format: &'static str,
    latin_format: Option<&'static str>,
    postcode_pattern: Option<&'static str>,
    postcode_examples: Option<&'static str>,
}

impl Entry {
    fn parse(line: &'static str) -> Option<Entry> {
        let mut columns = line.split('\t');
        let (code, name) = (columns.next()?, columns.next()?);
        let needs_postcode = columns.next()? == "postcode";
        let (capitals, format) = (columns.next()?, columns.next()?);
        let mut optional = || columns.next().filter(|text| *text != "-");
        let (latin_format, postcode_pattern, postcode_examples) = (optional(), optional(), optional());
        Some(Entry { code, name, needs_postcode, capitals, format, latin_format, postcode_pattern, postcode_examples })
    }
}

/// A country or territory with a code of ISO 3166 (or one the posts use beside it: AC, TA, XK).
#[derive(Clone, Copy)]
pub struct Country(&'static Entry);

impl Country {
    /// The country of that two-letter code, in capitals.
    pub fn of(code: &str) -> Option<Country> {
        let at = COUNTRIES.binary_search_by_key(&code, |entry| entry.code).ok()?;
        Some(Country(&COUNTRIES[at]))
    }

    /// Its two letters.
    pub fn code(self) -> &'static str {
        self.0.code
    }

    /// Its English name in capitals, as it stands last on a parcel from abroad.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// The country that is called so: by its code, its English name, or its name in a language of its market.
    pub fn named(text: &str) -> Option<Country> {
        let text = text.trim();
        let upper = text.to_uppercase();
        let other = OTHER_NAMES.iter().find(|(_, names)| names.split('|').any(|name| name == upper)).map(|(code, _)| *code);
        Country::of(other.unwrap_or(&upper)).or_else(|| COUNTRIES.iter().find(|entry| entry.name == upper).map(Country))
    }

    /// All of them, by code.
    pub fn all() -> impl Iterator<Item = Country> {
        COUNTRIES.iter().map(Country)
    }

    /// The pattern of its postcodes and examples with commas between, where they are known.
    pub(super) fn postcodes(self) -> (Option<&'static str>, Option<&'static str>) {
        (self.0.postcode_pattern, self.0.postcode_examples)
    }

    /// Whether its post requires a postcode.
    pub fn needs_postcode(self) -> bool {
        self.0.needs_postcode
    }

    /// Whether its post wants that element (`C` city, `S` region…) in capitals.
    pub(super) fn capitals(self, element: char) -> bool {
        self.0.capitals.contains(element)
    }

    /// How an address is written: `|` between lines, `%` before an element.
    pub(super) fn format(self, latin: bool) -> &'static str {
        self.0.latin_format.filter(|_| latin).unwrap_or(self.0.format)
    }

    /// What to say of a code that is none. The value is not repeated: it may be a misplaced part of an address.
    pub(super) fn refusal(code: &str) -> String {
        let wanted = code.trim().to_uppercase();
        let by_code = Country::of(if wanted == "UK" { "GB" } else { &wanted });
        let by_name = || COUNTRIES.iter().find(|entry| entry.name == wanted).map(Country);
        match by_code.or_else(by_name).or_else(|| Self::near_name(&wanted)) {
            Some(country) => format!("is no country code: use \"{}\" for {}.", country.code(), country.name()),
            None => "is no country code: use two capital letters of ISO 3166, such as \"DE\" for GERMANY.".to_owned(),
        }
    }

    fn near_name(name: &str) -> Option<Country> {
        let names: Vec<&str> = COUNTRIES.iter().map(|entry| entry.name).collect();
        let near = crate::fault::nearest(name, &names)?;
        COUNTRIES.iter().find(|entry| entry.name == near).filter(|_| name.len() > 3).map(Country)
    }
}

impl PartialEq for Country {
    fn eq(&self, other: &Country) -> bool {
        self.code() == other.code()
    }
}

impl Eq for Country {}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_in_order() {
        assert_eq!(COUNTRIES.len(), 252);
        assert!(COUNTRIES.is_sorted_by_key(|entry| entry.code));
        assert!(COUNTRIES.iter().all(|entry| entry.name == entry.name.to_uppercase() && entry.format.contains("%A")));
    }

    #[test]
    fn a_country_knows_its_name_and_whether_it_needs_a_postcode() {
        let needs = |code| Country::of(code).map(|country| (country.name(), country.needs_postcode()));
        assert_eq!(needs("DE"), Some(("GERMANY", true)));
        assert_eq!(needs("VN"), Some(("VIET NAM", false)));
        assert_eq!(needs("IE"), Some(("IRELAND", false)));
        assert_eq!(needs("HK"), Some(("HONG KONG", false)));
        assert_eq!(needs("AE"), Some(("UNITED ARAB EMIRATES", false)));
        assert_eq!(needs("ZZ"), None);
        assert_eq!(needs("de"), None);
    }

    #[test]
    fn a_country_is_found_by_its_name() {
        for (name, code) in [
            ("Germany", "DE"),
            ("deutschland", "DE"),
            ("UK", "GB"),
            ("ประเทศไทย", "TH"),
            ("th", "TH"),
            ("Việt Nam", "VN"),
            ("SPAIN", "ES"),
            ("Türkiye", "TR"),
            ("日本", "JP"),
        ] {
            assert_eq!(Country::named(name).map(Country::code), Some(code), "{name}");
        }
        assert_eq!(Country::named("12 Elm Road").map(Country::code), None);
        assert!(OTHER_NAMES.iter().all(|(code, _)| Country::of(code).is_some()));
    }

    #[test]
    fn a_wrong_code_names_the_right_one() {
        let said = |code: &str| Country::refusal(code);
        assert_eq!(said("de"), "is no country code: use \"DE\" for GERMANY.");
        assert_eq!(said("UK"), "is no country code: use \"GB\" for UNITED KINGDOM.");
        assert_eq!(said("Thailand"), "is no country code: use \"TH\" for THAILAND.");
        assert_eq!(said("Phillipines"), "is no country code: use \"PH\" for PHILIPPINES.");
        assert!(said("12 Elm Road").contains("such as \"DE\""));
    }
}
