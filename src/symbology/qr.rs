//! QR code: any text as the smallest square.
//!
//! Plain ASCII goes in the shortest mix of modes. Anything else goes as UTF-8 bytes behind the ECI that says so:
//! left to choose, the encoder takes some UTF-8 pairs for Kanji and scanners read mojibake.

use super::{Matrix, Refusal};
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, QrResult, Version};

/// White modules a scanner needs on all four sides (ISO/IEC 18004).
pub const QUIET_ZONE: usize = 4;

/// The ECI designator of UTF-8.
const UTF_8: u32 = 26;

const NAME: &str = "QR";

/// How much of the symbol may be damaged and still be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Level {
    /// 7 %.
    L,
    /// 15 %.
    #[default]
    M,
    /// 25 %.
    Q,
    /// 30 %.
    H,
}

impl Level {
    /// Bytes that the largest symbol holds in the least dense mode (ISO/IEC 18004, table 7), less the ECI.
    fn most(self) -> usize {
        match self {
            Level::L => 2951,
            Level::M => 2329,
            Level::Q => 1661,
            Level::H => 1271,
        }
    }
}

impl From<Level> for EcLevel {
    fn from(level: Level) -> EcLevel {
        match level {
            Level::L => EcLevel::L,
            Level::M => EcLevel::M,
            Level::Q => EcLevel::Q,
            Level::H => EcLevel::H,
        }
    }
}

/// The smallest symbol for that data.
pub fn encode(data: &str, level: Level) -> Result<Matrix, Refusal> {
    if data.is_empty() {
        return Err(Refusal::Empty { symbology: NAME });
    }
    let most = level.most();
    if data.len() > most {
        return Err(Refusal::TooLong { symbology: NAME, length: data.len(), most });
    }
    let code = if data.is_ascii() { QrCode::with_error_correction_level(data, level.into()) } else { utf_8(data, level.into()) };
    let code = code.expect("the largest symbol holds it");
    let side = code.width();
    let modules = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
    Ok(Matrix { data: data.to_owned(), side, modules })
}

/// The text as bytes that name their encoding, in the smallest version that takes them.
fn utf_8(data: &str, level: EcLevel) -> QrResult<QrCode> {
    let fill = |version: i16| -> QrResult<Bits> {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_eci_designator(UTF_8)?;
        bits.push_byte_data(data.as_bytes())?;
        bits.push_terminator(level)?;
        Ok(bits)
    };
    let smallest = (1..40).find_map(|version| fill(version).ok());
    QrCode::with_bits(smallest.map_or_else(|| fill(40), Ok)?, level)
}

#[cfg(test)]
mod tests {
    use super::super::scanner::read_matrix;
    use super::*;
    use proptest::prelude::*;

    const LEVELS: [Level; 4] = [Level::L, Level::M, Level::Q, Level::H];

    #[test]
    fn text_in_any_script_scans_as_itself() {
        for data in
            ["https://example.com/t/RB123456785CN", "Nguyễn Văn Đạt", "ที่อยู่ 12", "深圳市南山区", "東京都 ｱｲｳ", "دبي", "a\x1d91🙂"]
        {
            for level in LEVELS {
                let symbol = encode(data, level).unwrap();
                assert_eq!(read_matrix(&symbol, QUIET_ZONE).as_deref(), Ok(data), "level {level:?}");
            }
        }
    }

    #[test]
    fn the_longest_data_fits_and_one_byte_more_is_refused_in_a_sentence() {
        for level in LEVELS {
            for unit in ["a", "é"] {
                let fits = unit.repeat(level.most() / unit.len());
                assert!(encode(&fits, level).is_ok(), "{level:?}");
                assert!(encode(&"~".repeat(level.most() + 1), level).is_err());
            }
        }
        assert_eq!(
            encode(&"7".repeat(2330), Level::M).unwrap_err().to_string(),
            "2330 bytes are too long for QR: shorten the data to 2329."
        );
        assert_eq!(encode("", Level::M).unwrap_err().to_string(), "a QR symbol needs data: give at least one character.");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(150))]

        #[test]
        fn any_text_scans_as_itself(data in "([0-9]{1,20}|[A-Z0-9 $%*+./:-]{1,20}|[ -~]{1,20}|[\\u{80}-\\u{d7ff}]{1,12}){1,4}", level in 0..4usize) {
            let symbol = encode(&data, LEVELS[level]).unwrap();
            prop_assert_eq!(symbol.modules.len(), symbol.side * symbol.side);
            prop_assert_eq!(read_matrix(&symbol, QUIET_ZONE), Ok(data));
        }
    }
}
