//! `waybilld replay`: holds the trace of a real printer against the conversation, and says what it would have said of
//! each label.
//!
//! What the printer said in the trace is heard at the time at which it said it; what the conversation asks goes nowhere.
//! A label begins where one stands in the trace. Words that a printer says back are matched in their order.

use super::failure::Failure;
use super::say;
use crate::capture::{self, Moment};
use crate::conversation::{Conversation, Event, Profile, Rules};
use crate::language::{Encoded, Language};
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Says what would have been said of each label of a trace.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What `waybilld trace` wrote.
    #[arg(value_name = "TRACE")]
    trace: PathBuf,
    /// What the printer speaks: zpl, tspl or escpos. Without it, what the head of the trace says.
    #[arg(long, value_parser = language)]
    language: Option<Language>,
    /// The longest a label takes, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 4500)]
    label_ms: u64,
}

/// How long is waited behind the end of the trace.
const AFTER: Duration = Duration::from_secs(600);
/// What a hidden label is taken to be: its bytes do not matter to the conversation.
const HIDDEN_LABEL: &[u8] = b"^XA^XZ";

pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let text = std::fs::read_to_string(&args.trace);
    let text = text.map_err(|error| Failure::refused(format!("{}: {error}.", args.trace.display())))?;
    let named = |text: &str| {
        let head = text.lines().find_map(|line| line.strip_prefix("# printer: "))?;
        head.split([',', ' ']).find_map(Language::named)
    };
    let language = args.language.or_else(|| named(&text)).ok_or_else(|| {
        Failure::refused("the head of the trace does not say what the printer speaks: give --language zpl, tspl or escpos.")
    })?;
    for line in replay(&text, language, Duration::from_millis(args.label_ms)) {
        say(&line);
    }
    Ok(ExitCode::SUCCESS)
}

/// A line for each thing that is said.
pub fn replay(text: &str, language: Language, label_time: Duration) -> Vec<String> {
    let rules = Rules { window: usize::MAX, label_time, ..Rules::default() };
    let mut replay = Replay {
        conversation: Conversation::new(language, rules, Profile::default()),
        language,
        now: Duration::ZERO,
        labels: 0,
        said: Vec::new(),
        words: VecDeque::new(),
        known: HashMap::new(),
    };
    let mut connected = false;
    for Moment { at, what } in capture::moments(text) {
        replay.advance(at);
        if !connected && !matches!(what, capture::What::Lost(_)) {
            connected = true;
            replay.conversation.handle_connected(replay.now);
        }
        match what {
            capture::What::Opened => {}
            capture::What::Lost(why) => {
                connected = false;
                replay.say(format!("the line was lost: {why}"));
                replay.conversation.handle_disconnect(&why);
            }
            capture::What::Label => {
                replay.labels += 1;
                let label = Encoded { bytes: HIDDEN_LABEL.to_vec(), trigger: 1 };
                replay.say(format!("label {} leaves", replay.labels));
                replay.conversation.print(replay.labels, label, replay.now);
            }
            capture::What::Printer(bytes) => {
                let bytes = replay.with_our_words(&bytes);
                replay.conversation.handle_bytes(&bytes, replay.now);
            }
            // What was asked then; the conversation asks for itself.
            capture::What::Host => {}
        }
        replay.go_on();
    }
    replay.advance(replay.now + AFTER);
    let open = replay.conversation.open();
    if open > 0 {
        replay.say(format!("{open} labels are still open after {} s", AFTER.as_secs()));
    }
    replay.said
}

struct Replay {
    conversation: Conversation,
    language: Language,
    now: Duration,
    labels: u64,
    said: Vec<String>,
    /// Words that were asked for and not said back, in their order.
    words: VecDeque<Vec<u8>>,
    /// Words of the trace, and ours in their place.
    known: HashMap<Vec<u8>, Vec<u8>>,
}

impl Replay {
    fn say(&mut self, line: String) {
        self.said.push(format!("{:>8.3} s  {line}", self.now.as_secs_f64()));
    }

    /// Lets the time pass, with all that falls due.
    fn advance(&mut self, until: Duration) {
        // A conversation that asks at every turn is bounded all the same.
        for _ in 0..1_000_000 {
            self.go_on();
            match self.conversation.poll_timeout().filter(|due| *due <= until) {
                Some(due) => {
                    self.now = self.now.max(due);
                    self.conversation.handle_timeout(self.now);
                }
                None => break,
            }
        }
        self.now = self.now.max(until);
    }

    /// Takes what the conversation writes, and tells what it says.
    fn go_on(&mut self) {
        while let Some(bytes) = self.conversation.poll_write().map(<[u8]>::to_vec) {
            self.words.extend(words(self.language, &bytes));
            self.conversation.wrote(bytes.len(), self.now);
        }
        while let Some(event) = self.conversation.poll_event() {
            match event {
                Event::Printed { key, evidence } => self.say(format!("label {key} is printed, by its evidence: {evidence:?}")),
                Event::Sent { key } => self.say(format!("label {key} is sent: the printer cannot confirm it")),
                Event::InDoubt { key, why } => self.say(format!("label {key} is in doubt: {why}")),
                Event::NotTaken { key, why } => self.say(format!("label {key} waits again: {why}")),
                Event::StateChanged(state) => self.say(format!("the printer's state: {state:?}")),
                Event::HangUp => self.say("the line would be opened anew: it took no more data".to_owned()),
                _ => {}
            }
        }
    }

    /// What the printer said, with our words in the place of those of the trace.
    fn with_our_words(&mut self, bytes: &[u8]) -> Vec<u8> {
        let (head, length) = match self.language {
            Language::Zpl => return bytes.to_vec(),
            Language::Tspl => (&b"W"[..], 8),
            Language::EscPos => (&b"\x37\x22"[..], 4),
        };
        let mut bytes = bytes.to_vec();
        let mut at = 0;
        while at + head.len() + length <= bytes.len() {
            let word = bytes[at + head.len()..at + head.len() + length].to_vec();
            let plain = self.language == Language::EscPos || word.iter().all(u8::is_ascii_digit);
            if !bytes[at..].starts_with(head) || !plain {
                at += 1;
                continue;
            }
            let ours = self.known.get(&word).cloned().or_else(|| self.words.pop_front()).unwrap_or_else(|| word.clone());
            self.known.insert(word, ours.clone());
            bytes.splice(at + head.len()..at + head.len() + length, ours);
            at += head.len() + length;
        }
        bytes
    }
}

/// The words that are to be said back, in what the conversation writes.
fn words(language: Language, bytes: &[u8]) -> Vec<Vec<u8>> {
    let (head, length) = match language {
        Language::Zpl => return Vec::new(),
        Language::Tspl => (&b"OUT \"W"[..], 8),
        Language::EscPos => (&b"\x1d(H\x06\x0000"[..], 4),
    };
    let found = bytes.windows(head.len() + length).filter(|window| window.starts_with(head));
    found.map(|window| window[head.len()..].to_vec()).collect()
}

fn language(written: &str) -> Result<Language, String> {
    Language::named(written).ok_or_else(|| "known: zpl, tspl, escpos".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printer_that_never_answered_is_told_to_have_been_sent_its_labels() {
        let text = "# printer: p, zpl, 203 dpi\n# the line is open\n> ~HS\n# 3000 ms later\n> <label 8123 bytes, blake3 00>\n";
        let said = replay(text, Language::Zpl, Duration::from_secs(1));
        assert!(said.iter().any(|line| line.contains("label 1 leaves")), "{said:#?}");
        assert!(said.iter().any(|line| line.contains("label 1 is sent")), "{said:#?}");
    }

    #[test]
    fn a_line_that_broke_behind_a_label_leaves_a_doubt() {
        let text =
            "# the line is open\n> <label 8123 bytes, blake3 00>\n# 50 ms later\n# the line is gone: the printer closed it\n";
        let said = replay(text, Language::Tspl, Duration::from_secs(1));
        assert!(
            said.iter().any(|line| line.contains("label 1 is in doubt: the line broke (the printer closed it)")),
            "{said:#?}"
        );
    }
}
