//! What a probe found out, in the words of the configuration and of an operator.

use super::question::Question;
use crate::dots::{Dpi, Mm};
use crate::language::{Language, Reason};
use crate::models::Model;
use std::fmt::{self, Write};

/// How it is known what a printer speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It answered.
    Answered,
    /// The operator says so.
    Told,
    /// Its device id or its USB id says so.
    Itself,
    Guessed,
}

/// What one printer answered.
#[derive(Debug, Clone)]
pub struct Findings {
    pub language: Option<(Language, Known)>,
    pub told: Option<Language>,
    /// The model it surely is.
    pub model: Option<&'static Model>,
    /// What it says that it is.
    pub identity: Option<String>,
    /// What it is set to, when it is a Zebra that does not take ZPL now.
    pub other_language: Option<String>,
    pub device_id: Option<String>,
    pub dots_per_mm: Option<u32>,
    pub counter: Option<u64>,
    /// It said a word of ours back.
    pub echo: bool,
    /// Why it would not print now.
    pub reasons: Vec<Reason>,
    /// It took no bytes.
    pub stalled: bool,
    pub asked: Vec<Question>,
    pub answered: Vec<Question>,
}

/// A printer with everything its table says.
#[derive(Debug, Clone)]
pub struct Paired<'a> {
    pub name: &'a str,
    /// Its device URI.
    pub device: &'a str,
    pub findings: &'a Findings,
    pub language: Language,
    known: Known,
    /// What the operator says of its head and its media.
    pub dpi: Option<Dpi>,
    pub media: Option<(Mm, Mm)>,
}

/// Why a printer cannot be paired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It takes no bytes.
    Stalled,
    /// It is a Zebra set to that instead of ZPL.
    Mode(String),
    /// Nothing says what it speaks.
    Unknown { tried: String, serial: bool },
    /// It answers in another language than the operator says.
    Other { told: Language, speaks: Language },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Stalled => f.write_str(
                "it takes no data. Is it out of labels, open or paused? Make it ready, or switch it off and on, and pair it again.",
            ),
            Refusal::Mode(said) => write!(
                f,
                "it is set to {said}, not to ZPL: pair it again with --set-zpl, which sends it `! U1 setvar \"device.languages\" \"zpl\"`, \
                 or set it at the printer."
            ),
            Refusal::Unknown { tried, serial } => {
                write!(f, "it answered nothing ({tried}), so its language is not known: give --language zpl, tspl or escpos.")?;
                if *serial {
                    f.write_str(" Is the line set as the printer is, as in ?baud=19200?")?;
                }
                Ok(())
            }
            Refusal::Other { told, speaks } => {
                write!(f, "it answers as a printer that speaks {}, not {}: leave --language out.", speaks.name(), told.name())
            }
        }
    }
}

impl Findings {
    /// What was asked, as a person writes it.
    pub fn tried(&self) -> String {
        self.asked.iter().map(|question| question.name()).collect::<Vec<_>>().join(", ")
    }

    fn has(&self, question: Question) -> bool {
        self.answered.contains(&question)
    }

    /// The first question that it answered how it stands by.
    fn status(&self) -> Option<&'static str> {
        let status = [Question::HostStatus, Question::HostErrors, Question::State, Question::Flags, Question::Online];
        status.into_iter().find(|question| self.has(*question)).map(Question::name)
    }

    /// What is in the way of its first label, if something is.
    pub fn trouble(&self) -> Option<String> {
        let reasons: Vec<&str> = self.reasons.iter().map(|reason| reason.keyword()).collect();
        (!reasons.is_empty()).then(|| reasons.join(", "))
    }
}

impl<'a> Paired<'a> {
    /// The printer, if enough is known of it.
    pub fn new(name: &'a str, device: &'a str, findings: &'a Findings) -> Result<Paired<'a>, Refusal> {
        if findings.stalled {
            return Err(Refusal::Stalled);
        }
        if let Some(said) = &findings.other_language {
            return Err(Refusal::Mode(said.clone()));
        }
        match (findings.language, findings.told) {
            (Some((speaks, _)), Some(told)) if speaks != told => Err(Refusal::Other { told, speaks }),
            (Some((language, known)), _) => Ok(Paired { name, device, findings, language, known, dpi: None, media: None }),
            (None, _) => Err(Refusal::Unknown { tried: findings.tried(), serial: device.starts_with("serial:") }),
        }
    }

    /// Its table of the configuration, each line with how it is known.
    pub fn table(&self) -> String {
        let Findings { model, identity, device_id, .. } = self.findings;
        let mut table = format!("[printers.{}]\n", self.name);
        let mut line = |key: &str, value: String, why: &str| {
            let said = format!("{key} = {value}");
            // Writing to a string cannot fail.
            let _ = match why {
                "" => writeln!(table, "{said}"),
                why => writeln!(table, "{said:<40} # {why}"),
            };
        };
        line("device", quoted(self.device), "");
        if let Some(model) = model {
            let why = match (identity, device_id) {
                (Some(identity), _) => format!("{}: it says that it is \"{}\"", model.name, plain(identity)),
                (None, Some(said)) => format!("{}: its device id says \"{}\"", model.name, plain(said)),
                (None, None) => format!("{}: by its USB id", model.name),
            };
            line("model", quoted(&model.key), &why);
        }
        let by_name = identity.as_ref().map(|identity| format!(" that it is \"{}\"", plain(identity))).unwrap_or_default();
        let why = match self.known {
            Known::Answered => {
                format!("it answers {}{}", self.first_answer(), if model.is_none() { by_name } else { String::new() })
            }
            Known::Told => "as given with --language; it answered nothing".to_owned(),
            Known::Itself => "its device id or its model says so; it answered nothing".to_owned(),
            Known::Guessed => {
                "a guess by its USB id; it answered nothing. If a test label comes out as text, this is wrong".to_owned()
            }
        };
        line("language", quoted(self.language.name()), &why);
        let (dpi, why) = self.resolution();
        line("dpi", dpi.nominal().to_string(), why);
        let (media, why) = self.media();
        line("media", media, why);
        if self.findings.answered.is_empty() {
            line("status", quoted("none"), &format!("asked {}: no answer", self.findings.tried()));
        } else if let Some((value, why)) = self.confirm() {
            line("confirm", quoted(value), &why);
        }
        table
    }

    /// In a sentence without its name: what it can tell of a label.
    pub fn verdict(&self) -> &'static str {
        let findings = self.findings;
        match self.language {
            _ if findings.answered.is_empty() => "never answers: its labels are called sent, and nobody knows more.",
            Language::Zpl if findings.counter.is_some() => "confirms every label (label counter).",
            Language::Zpl if findings.status().is_some() => "confirms labels by its empty buffers, as long as it answers.",
            Language::Tspl | Language::EscPos if findings.echo => {
                "confirms every label (it says our word back when it comes to it)."
            }
            _ if findings.status().is_some() => "says when it stops, but cannot confirm a label: labels will be called sent.",
            _ => {
                "says what it is, but not how it stands: labels will be called sent. If it is out of labels or open now, make it ready and pair it again."
            }
        }
    }

    fn first_answer(&self) -> &'static str {
        let language = |question: &&Question| **question != Question::Languages;
        self.findings.answered.iter().find(language).map_or("nothing", |question| question.name())
    }

    fn resolution(&self) -> (Dpi, &'static str) {
        // 8, 12 and 24 dots a millimetre (ZPL II guide, ~HI).
        let said =
            self.findings.dots_per_mm.and_then(|dots| Dpi::ALL.into_iter().find(|dpi| dpi.dots_per_mm().round() as u32 == dots));
        let head = match self.findings.model.map(|model| model.heads.as_slice()) {
            Some([head]) => Dpi::from_nominal(u32::from(head.dpi)),
            _ => None,
        };
        match (self.dpi, said, head) {
            (Some(dpi), ..) => (dpi, "as given with --dpi"),
            (_, Some(dpi), _) => (dpi, "it says so to ~HI"),
            (_, _, Some(dpi)) => (dpi, "this model has no other head"),
            (None, None, None) => (Dpi::D203, "the usual one: nothing says it. If a test label comes out too small, it is 300"),
        }
    }

    fn media(&self) -> (String, &'static str) {
        let tracking = if self.language == Language::EscPos { ", tracking = \"continuous\"" } else { "" };
        let table = |(width, height): (Mm, Mm)| format!("{{ width = {}, height = {}{tracking} }}", width.0, height.0);
        match self.media {
            Some(media) => (table(media), "mm, as given with --media"),
            None if self.language == Language::EscPos => {
                (table((Mm(72.0), Mm(150.0))), "mm; what an 80 mm roll prints: give --media if it is another")
            }
            None => (table((Mm(100.0), Mm(150.0))), "mm; the usual waybill: give --media if another is loaded"),
        }
    }

    /// By what it confirms a label; `None`: one that stands still does not show it.
    fn confirm(&self) -> Option<(&'static str, String)> {
        let findings = self.findings;
        let (yes, no, question) = match self.language {
            Language::Zpl => ("counter", "buffers", Question::LabelCounter),
            Language::Tspl => ("echo", "none", Question::Out),
            Language::EscPos => ("echo", "none", Question::ProcessId),
        };
        match findings.counter {
            Some(count) if self.language == Language::Zpl => Some((yes, format!("it told its label counter: {count}"))),
            _ if findings.echo => Some((yes, format!("it said a word back to {}", question.name()))),
            _ if findings.status().is_none() || !findings.reasons.is_empty() => None,
            _ if findings.asked.contains(&question) => Some((no, format!("asked {}: no answer", question.name()))),
            _ => Some((no, format!("not asked {}: it is not known to know it", question.name()))),
        }
    }
}

/// A text of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' | '\\' => quoted.extend(['\\', sign]),
            sign if sign.is_control() => quoted.push('?'),
            sign => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

/// What a printer says, fit for a comment.
fn plain(said: &str) -> String {
    said.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).take(80).collect::<String>().trim().to_owned()
}
