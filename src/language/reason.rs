//! Why a printer stands still, whatever language it says it in.

/// Why a printer does not print, or soon will not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
        match self {
            Reason::MediaEmpty => "media-empty",
            Reason::RibbonEmpty => "ribbon-empty",
            Reason::CoverOpen => "cover-open",
            Reason::CutterFault => "cutter-fault",
            Reason::HeadTooHot => "head-too-hot",
            Reason::HeadTooCold => "head-too-cold",
            Reason::MotorTooHot => "motor-too-hot",
            Reason::HeadFault => "head-fault",
            Reason::ConfigurationInvalid => "configuration-invalid",
            Reason::MediaJam => "media-jam",
            Reason::MarkNotFound => "mark-not-found",
            Reason::Paused => "paused",
            Reason::DiagnosticMode => "diagnostic-mode",
            Reason::OtherError => "other-error",
            Reason::CalibrateMedia => "calibrate-media",
            Reason::CleanHead => "clean-head",
            Reason::ReplaceHead => "replace-head",
            Reason::MediaLow => "media-low",
        }
    }
}
