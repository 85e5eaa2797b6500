//! Control codes: what a packer says by scanning a code off a printed sheet.
//!
//! Code 128 in capitals and digits. The letters A, M, Q, W, Y and Z are in none of them: those lie elsewhere on a French
//! or German keyboard, and a scanner that types must be understood all the same.

use crate::config::Mode;
use crate::service_label::Code;

/// What every control code begins with; no carrier's number does.
pub const PREFIX: &str = "XD0";
/// A person's badge begins so; the name follows.
pub const BADGE: &str = "XD0ID";
/// Choices a sheet has codes for.
pub const PICKS_MAX: u8 = 9;

/// One thing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// The label in doubt came out.
    CameOut,
    /// It did not: it prints again.
    DidNot,
    /// The label this station printed last, once more.
    ReprintLast,
    /// The station's printer begins no new label.
    Pause,
    Resume,
    /// What still waits of the job this printer works on is voided.
    CancelWave,
    /// Takes back what the last scan did.
    Undo,
    Mode(Mode),
    /// The choice of that number, from 1.
    Pick(u8),
}

impl Control {
    /// Every code of the sheet, in the order it shows them.
    pub const ALL: [Control; 19] = [
        Control::CameOut,
        Control::DidNot,
        Control::ReprintLast,
        Control::Undo,
        Control::Pause,
        Control::Resume,
        Control::CancelWave,
        Control::Mode(Mode::Reprint),
        Control::Mode(Mode::Print),
        Control::Mode(Mode::Ship),
        Control::Pick(1),
        Control::Pick(2),
        Control::Pick(3),
        Control::Pick(4),
        Control::Pick(5),
        Control::Pick(6),
        Control::Pick(7),
        Control::Pick(8),
        Control::Pick(9),
    ];

    /// What its bar code says.
    pub fn code(self) -> String {
        let word = match self {
            Control::CameOut => "CTRLOUT",
            Control::DidNot => "CTRLNOT",
            Control::ReprintLast => "REPRINT",
            Control::Pause => "STOP",
            Control::Resume => "GOON",
            Control::CancelWave => "DROPRUN",
            Control::Undo => "UNDO",
            Control::Mode(Mode::Reprint) => "TOREPRINT",
            Control::Mode(Mode::Print) => "TOPRINT",
            Control::Mode(Mode::Ship) => "TOSHIP",
            Control::Pick(number) => return format!("{PREFIX}PICK{number}"),
        };
        format!("{PREFIX}{word}")
    }

    /// What stands beside it on the sheet, in English and in Chinese.
    pub fn title(self) -> (String, String) {
        let (english, chinese) = match self {
            Control::CameOut => ("It came out", "已出纸"),
            Control::DidNot => ("It did not come out", "未出纸"),
            Control::ReprintLast => ("Reprint the last label", "重印上一张"),
            Control::Pause => ("Pause the printer", "暂停打印机"),
            Control::Resume => ("Resume the printer", "继续打印"),
            Control::CancelWave => ("Cancel the wave (scan twice)", "取消本波次（扫两次）"),
            Control::Undo => ("Undo the last scan", "撤销上一次扫描"),
            Control::Mode(Mode::Reprint) => ("A scan reprints", "扫描重印"),
            Control::Mode(Mode::Print) => ("A scan prints", "扫描打印"),
            Control::Mode(Mode::Ship) => ("A scan ships", "扫描发货"),
            Control::Pick(number) => return (format!("Choice {number}"), format!("选择 {number}")),
        };
        (english.to_owned(), chinese.to_owned())
    }

    /// The sheet's codes, in its order.
    pub fn sheet() -> Vec<Code> {
        Control::ALL.map(|control| Code { text: control.code(), titles: control.title() }).to_vec()
    }

    /// The control of that code, in capitals.
    pub fn from_code(code: &str) -> Option<Control> {
        Control::ALL.into_iter().find(|control| control.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_has_a_code_of_its_own_that_reads_back() {
        for control in Control::ALL {
            assert_eq!(Control::from_code(&control.code()), Some(control));
        }
        assert_eq!(Control::from_code("XD0PICK0"), None);
    }

    #[test]
    fn no_code_holds_a_letter_that_lies_elsewhere_on_another_keyboard() {
        let codes = Control::ALL.map(Control::code).into_iter().chain([BADGE.to_owned()]);
        for code in codes {
            let survives = |c: char| (c.is_ascii_uppercase() || c.is_ascii_digit()) && !"AMQWYZ".contains(c);
            assert!(code.chars().all(survives), "{code}");
        }
    }

    #[test]
    fn no_control_code_could_be_read_as_a_badge() {
        assert!(Control::ALL.iter().all(|control| !control.code().starts_with(BADGE)));
    }
}
