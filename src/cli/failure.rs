//! Why a command ends early: what to tell the operator, and the exit code that tells a script.

use crate::daemon::StartError;

/// The words, a line for each thing that is wrong, and the exit code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Failure {
    pub sentence: String,
    code: u8,
}

impl Failure {
    /// Nothing was done.
    pub fn refused(sentence: impl Into<String>) -> Failure {
        Failure { sentence: sentence.into(), code: 2 }
    }

    /// Some of it was done, or may have been.
    pub fn unfinished(sentence: impl Into<String>) -> Failure {
        Failure { sentence: sentence.into(), code: 1 }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// Nothing was done, and there is more than one reason.
    pub fn refused_for(faults: impl IntoIterator<Item = impl ToString>) -> Failure {
        let lines: Vec<String> = faults.into_iter().map(|fault| fault.to_string()).collect();
        Failure::refused(lines.join("\n"))
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Failure {
        Failure::refused(error.to_string())
    }
}
