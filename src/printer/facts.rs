//! What is remembered of a printer from one day to the next, as JSON in the spool; and how patient to be with it.

use crate::config::PrinterConfig;
use crate::conversation::{Answers, Counter, Echo, Profile, Rules};
use crate::language::Language;
use crate::uri::DeviceUri;
use serde::{Deserialize, Serialize};

/// What one printer taught us of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    status: Word,
    counter: Word,
    errors: Option<bool>,
    echo: Word,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    #[default]
    Unknown,
    Yes,
    No,
    Counts,
    Before,
    After,
}

impl Facts {
    pub fn from_json(text: &str) -> Facts {
        serde_json::from_str(text).unwrap_or_default()
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain words serialise")
    }

    pub fn learn(&mut self, profile: &Profile) {
        self.status = match profile.status {
            Answers::Unknown => Word::Unknown,
            Answers::Yes => Word::Yes,
            Answers::Silent => Word::No,
        };
        self.counter = match profile.counter {
            Counter::Unknown => Word::Unknown,
            Counter::No => Word::No,
            Counter::Answers => Word::Yes,
            Counter::Counts => Word::Counts,
        };
        self.errors = profile.errors;
        self.echo = match profile.echo {
            Echo::Unknown => Word::Unknown,
            Echo::No => Word::No,
            Echo::Heard(_) => Word::Yes,
            Echo::Before => Word::Before,
            Echo::After => Word::After,
        };
    }

    pub fn profile(&self) -> Profile {
        Profile {
            status: match self.status {
                Word::Yes => Answers::Yes,
                Word::No => Answers::Silent,
                _ => Answers::Unknown,
            },
            errors: self.errors,
            counter: match self.counter {
                Word::No => Counter::No,
                Word::Yes => Counter::Answers,
                Word::Counts => Counter::Counts,
                _ => Counter::Unknown,
            },
            echo: match self.echo {
                Word::No => Echo::No,
                Word::Yes => Echo::Heard(0),
                Word::Before => Echo::Before,
                Word::After => Echo::After,
                _ => Echo::Unknown,
            },
            identity: None,
        }
    }
}

/// What is known of a printer: what it taught us, and what its configuration knows better.
pub fn profile(config: &PrinterConfig, facts: &Facts) -> Profile {
    let mut profile = facts.profile();
    match config.echo {
        Some(false) => profile.echo = Echo::No,
        Some(true) if profile.echo == Echo::No => profile.echo = Echo::Unknown,
        // A clone that does not know the command would print it.
        None if config.language == Language::EscPos && profile.echo == Echo::Unknown => profile.echo = Echo::No,
        Some(true) | None => {}
    }
    if !config.counter {
        profile.counter = Counter::No;
    }
    profile
}

/// How patient to be with a printer of that configuration.
pub fn rules(config: &PrinterConfig) -> Rules {
    Rules {
        window: config.window,
        ask: config.asked,
        line_shows_power: config.device.shows_power(),
        line_is_ours: !matches!(config.device, DeviceUri::Tcp { .. }),
        line_rate: match &config.device {
            // Eight bits, a start and a stop bit; parity makes little of a difference.
            DeviceUri::Serial(address) => Some(address.baud / 10),
            _ => None,
        },
        label_time: config.label_time,
        usual_time: config.usual_time,
        ..Rules::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_printer_taught_us_is_known_tomorrow() {
        let profile = Profile {
            status: Answers::Silent,
            errors: Some(true),
            counter: Counter::Counts,
            echo: Echo::After,
            ..Profile::default()
        };
        let mut facts = Facts::default();
        facts.learn(&profile);
        let tomorrow = Facts::from_json(&facts.to_json());
        assert_eq!(tomorrow, facts);
        assert_eq!(tomorrow.profile(), profile);
        assert_eq!(Facts::from_json("{\"status\":"), Facts::default());
    }
}
