//! QR code: any text as the smallest square.
//!
//! Plain ASCII goes in the shortest mix of modes. Anything else goes as UTF-8 bytes behind the ECI that says so:
//! left to choose, `qrcode` takes some UTF-8 pairs for Kanji and scanners read mojibake. The mask is chosen here, by the
//! standard's rules: `qrcode` takes ten times as long over it and sums the penalties in 16 bits.

use super::{Matrix, Refusal};
use qrcode::bits::{self, Bits};
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::{Color, EcLevel, QrResult, Version, ec};

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
    let level = level.into();
    let bits = if data.is_ascii() { bits::encode_auto(data.as_bytes(), level) } else { utf_8(data, level) };
    let (side, modules) = bits.and_then(|bits| draw(bits, level)).expect("the largest symbol holds it");
    Ok(Matrix { data: data.to_owned(), side, modules })
}

/// The text as bytes that name their encoding, in the smallest version that takes them.
fn utf_8(data: &str, level: EcLevel) -> QrResult<Bits> {
    let fill = |version: i16| -> QrResult<Bits> {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_eci_designator(UTF_8)?;
        bits.push_byte_data(data.as_bytes())?;
        bits.push_terminator(level)?;
        Ok(bits)
    };
    (1..40).find_map(|version| fill(version).ok()).map_or_else(|| fill(40), Ok)
}

/// Modules in a row and the modules, under the mask with the least penalty.
fn draw(bits: Bits, level: EcLevel) -> QrResult<(usize, Vec<bool>)> {
    const MASKS: [MaskPattern; 8] = [
        MaskPattern::Checkerboard,
        MaskPattern::HorizontalLines,
        MaskPattern::VerticalLines,
        MaskPattern::DiagonalLines,
        MaskPattern::LargeCheckerboard,
        MaskPattern::Fields,
        MaskPattern::Diamonds,
        MaskPattern::Meadow,
    ];
    let version = bits.version();
    let side = version.width() as usize;
    let (data, correction) = ec::construct_codewords(&bits.into_bytes(), version, level)?;
    let mut canvas = Canvas::new(version, level);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    let masked = MASKS.map(|mask| {
        let mut canvas = canvas.clone();
        canvas.apply_mask(mask);
        canvas.into_colors().into_iter().map(|color| color == Color::Dark).collect::<Vec<bool>>()
    });
    let best = masked.into_iter().min_by_key(|modules| penalty(modules, side)).expect("eight masks");
    Ok((side, best))
}

/// How hard a symbol would be to read (ISO/IEC 18004, 7.8.3).
fn penalty(modules: &[bool], side: usize) -> usize {
    let rows = modules.chunks(side).map(|row| line_penalty(row.iter().copied())).sum::<usize>();
    let columns = (0..side).map(|x| line_penalty(modules[x..].iter().step_by(side).copied())).sum::<usize>();
    let squares = modules
        .chunks(side)
        .zip(modules.chunks(side).skip(1))
        .flat_map(|(upper, lower)| upper.windows(2).zip(lower.windows(2)))
        .filter(|(upper, lower)| upper[0] == upper[1] && lower[0] == lower[1] && upper[0] == lower[0])
        .count();
    let dark = modules.iter().filter(|dark| **dark).count();
    // Ten for each full 5 % away from half dark.
    let balance = (dark * 20).abs_diff(modules.len() * 10) / modules.len() * 10;
    rows + columns + squares * 3 + balance
}

/// One row or column: runs of five and more, and what looks like a finder pattern beside four light modules.
fn line_penalty(line: impl Iterator<Item = bool>) -> usize {
    const FINDER: u32 = 0b1011101;
    let mut penalty = 0;
    let (mut last, mut run) = (None, 0);
    // The last fifteen modules: four, a finder pattern of seven, four. Outside the symbol all is light.
    let mut window = 0u32;
    let mut slide = |dark: bool| {
        window = (window << 1 | u32::from(dark)) & 0x7FFF;
        let finder = window >> 4 & 0x7F == FINDER && (window >> 11 == 0 || window & 0xF == 0);
        if finder { 40 } else { 0 }
    };
    for dark in line {
        run = if last == Some(dark) { run + 1 } else { 1 };
        last = Some(dark);
        // Three for the fifth, one for each that follows.
        penalty += match run {
            5 => 3,
            6.. => 1,
            _ => 0,
        };
        penalty += slide(dark);
    }
    penalty + (0..4).map(|_| slide(false)).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::super::tests::decoder::read_matrix;
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

    #[test]
    fn the_symbol_of_the_standard_comes_out_as_printed_there() {
        // ISO/IEC 18004, annex I.
        let rows = [
            "#######..#.##.#######",
            "#.....#..####.#.....#",
            "#.###.#.#.....#.###.#",
            "#.###.#.##....#.###.#",
            "#.###.#.#.###.#.###.#",
            "#.....#.#...#.#.....#",
            "#######.#.#.#.#######",
            "........#..##........",
            "#.#####..#..#.#####..",
            "...#.#.##.#.#..#.##..",
            "..#...##.#.#.#..#####",
            "....#....#.....####..",
            "...######..#.#..#....",
            "........#.#####..##..",
            "#######..##.#.##.....",
            "#.....#.#.#####...#.#",
            "#.###.#.#...#..#.##..",
            "#.###.#.##..#..#.....",
            "#.###.#.#.##.#..#.#..",
            "#.....#........##.##.",
            "#######.####.#..#.#..",
        ];
        let symbol = encode("01234567", Level::M).unwrap();
        let drawn: Vec<String> =
            symbol.modules.chunks(21).map(|row| row.iter().map(|dark| if *dark { '#' } else { '.' }).collect()).collect();
        assert_eq!(drawn, rows);
    }

    #[test]
    fn penalties_are_those_of_the_standard() {
        let line = |text: &str| line_penalty(text.chars().map(|c| c == '#'));
        assert_eq!(line("####.#..#"), 0);
        assert_eq!(line("#####.#"), 3);
        assert_eq!(line("######......."), 4 + 5);
        assert_eq!(line("##.#.###.#....#"), 40);
        assert_eq!(line("##.#.###.#...#"), 0);
        assert_eq!(line("#.###.#"), 40, "light on both sides counts once");
        // All dark: 21 runs each way, 400 squares, and ten times 10 out of balance.
        assert_eq!(penalty(&[true; 21 * 21], 21), 2 * 21 * 19 + 400 * 3 + 100);
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
