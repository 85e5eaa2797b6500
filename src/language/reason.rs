//! Why a printer stands still, whatever language it says it in.

use strum::IntoStaticStr;

/// Why a printer does not print, or soon will not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Reason {
    MediaEmpty,
    RibbonEmpty,
    CoverOpen,
    CutterFault,
    HeadTooHot,
    HeadTooCold,
    MotorTooHot,
    HeadFault,
    ConfigurationInvalid,
    MediaJam,
    MarkNotFound,
    Paused,
    DiagnosticMode,
    OtherError,
    CalibrateMedia,
    CleanHead,
    ReplaceHead,
    MediaLow,
}

impl Reason {
    /// The keyword, as IPP says it where IPP has a word for it.
    pub fn keyword(self) -> &'static str {
        self.into()
    }
}
