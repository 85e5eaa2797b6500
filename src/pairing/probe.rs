//! The machine that asks: one question at a time, each with a bounded wait.
//!
//! An answer that comes while a later question is open still counts. An answer of bare bytes (`DLE EOT`, `<ESC>!?`)
//! counts when nothing else came with it. What a serial server says by itself when it is called, its telnet options and
//! an echo of our questions are no answers.

use super::findings::{Findings, Known};
use super::introduction::speaks_zpl;
use super::question::Question;
use super::telnet::Telnet;
use crate::language::reading::{Mark, Reply};
use crate::language::{Language, Reason, escpos, tspl, zpl};
use crate::models::{Model, Models, UsbId};
use std::time::Duration;

/// How long an answer may take; a printer that draws something big answers `~HS` late.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Bare bytes are an answer when nothing follows them for so long.
const QUIET: Duration = Duration::from_millis(150);
/// How long a printer may take no bytes at all.
const STALL: Duration = Duration::from_secs(4);
/// Bytes heard to one question, at most; a printer that says more says no answer.
const HEARD_MAX: usize = 4096;
/// A line that greets does so at once; how long is listened for it, and how long for all of it.
const GREETING: Duration = Duration::from_millis(300);
const GREETING_MAX: Duration = Duration::from_millis(1500);
/// Zebra's USB vendor id.
const ZEBRA: u16 = 0x0a5f;
/// A word of ours to be said back.
const MARK: u64 = 40_961_117;

/// What is known of a printer before it is asked.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    pub usb: Option<UsbId>,
    /// Its device id, or what else it says of itself.
    pub said: String,
    /// What the operator says that it speaks.
    pub told: Option<Language>,
    /// What the operator calls it: only the order of the questions goes by that.
    pub name: String,
}

/// Asks one printer.
#[derive(Debug)]
pub struct Probe {
    hints: Hints,
    /// The language from outside, and whether it is certain.
    expected: Option<(Language, bool)>,
    asked: Vec<Question>,
    answered: Vec<Question>,
    open: Option<Open>,
    /// What is said before the first question is a greeting: it is let pass until then.
    greeting_until: Option<Duration>,
    began: Duration,
    telnet: Telnet,
    done: bool,
    /// It takes no bytes.
    stalled: bool,
    heard: Vec<u8>,
    /// The last byte came then.
    heard_at: Duration,
    zpl: zpl::status::ReplyReader,
    tspl: tspl::status::ReplyReader,
    escpos: escpos::status::ReplyReader,
    learnt: Learnt,
}

/// The question that waits for its answer.
#[derive(Debug)]
struct Open {
    question: Question,
    /// All of the question: a line may say it back.
    said: Vec<u8>,
    bytes: Vec<u8>,
    until: Duration,
}

/// What was said beside a plain yes.
#[derive(Debug, Default)]
struct Learnt {
    identity: Option<String>,
    dots_per_mm: Option<u32>,
    counter: Option<u64>,
    /// What it is set to, if it says so.
    languages: Option<String>,
    echo: bool,
    reasons: Vec<Reason>,
    /// The answers to `DLE EOT` 1 to 4.
    parts: [u8; 4],
}

impl Probe {
    pub fn new(hints: Hints, now: Duration) -> Probe {
        let expected = hints.told.map(|told| (told, true)).or_else(|| Models::shipped().language(hints.usb, &hints.said));
        Probe {
            hints,
            expected,
            asked: Vec::new(),
            answered: Vec::new(),
            open: None,
            greeting_until: Some(now + GREETING),
            began: now,
            telnet: Telnet::default(),
            done: false,
            stalled: false,
            heard: Vec::new(),
            heard_at: now,
            zpl: Default::default(),
            tspl: Default::default(),
            escpos: Default::default(),
            learnt: Learnt::default(),
        }
    }

    /// Whether nothing more will be asked.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Bytes to write now.
    pub fn poll_write(&self) -> Option<&[u8]> {
        self.open.as_ref().map(|open| open.bytes.as_slice()).filter(|bytes| !bytes.is_empty())
    }

    /// So many of them were taken.
    pub fn wrote(&mut self, taken: usize, now: Duration) {
        if let Some(open) = &mut self.open {
            open.bytes.drain(..taken.min(open.bytes.len()));
            open.until = now + if open.bytes.is_empty() { PATIENCE } else { STALL };
        }
        self.go_on_if_answered(now);
    }

    /// When `handle_timeout` wants to be called.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if self.greeting_until.is_some() {
            return self.greeting_until;
        }
        let open = self.open.as_ref()?;
        Some(match self.heard.len() {
            _ if self.bare_answer().is_some() => self.heard_at + QUIET,
            // The second byte of two may be on its way.
            1 => open.until.max(self.heard_at + PATIENCE),
            _ => open.until,
        })
    }

    /// It is now that time.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return;
        }
        if self.greeting_until.take().is_some() {
            return self.go_on(now);
        }
        if let Some(question) = self.bare_answer() {
            self.take_bare(question);
            self.go_on_if_answered(now);
        } else if self.poll_write().is_some() {
            self.stalled = true;
            self.open = None;
            self.done = true;
        } else {
            if let Some(question) = self.lone_answer() {
                self.take_bare(question);
            }
            self.go_on(now);
        }
    }

    /// The printer wrote.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) {
        if self.done {
            return;
        }
        let bytes = &self.telnet.strip(bytes)[..];
        if self.greeting_until.is_some() {
            self.greeting_until = Some((now + GREETING).min(self.began + GREETING_MAX));
            return;
        }
        self.heard_at = now;
        // XON and XOFF may stand anywhere on a serial line.
        self.heard.extend(bytes.iter().filter(|byte| !matches!(byte, 0x11 | 0x13)));
        self.heard.truncate(HEARD_MAX);
        if let Some(Open { said, question, .. }) = &self.open {
            if self.heard.starts_with(said) {
                self.heard.drain(..said.len());
            }
            if *question == Question::Languages
                && let Some(said) = languages(&self.heard)
            {
                self.learnt.languages = Some(said).filter(|said| said != "?");
                self.answer(Question::Languages);
            }
        }
        self.zpl.feed(bytes);
        while let Some(reply) = self.zpl.poll() {
            self.take_zpl(reply);
        }
        self.tspl.feed(bytes);
        while let Some(reply) = self.tspl.poll() {
            self.take_tspl(reply);
        }
        // Nearly any text would be an answer of this language.
        if self.language() == Some(Language::EscPos) {
            self.escpos.feed(bytes);
            while let Some(reply) = self.escpos.poll() {
                self.take_escpos(reply);
            }
        }
        self.go_on_if_answered(now);
    }

    /// What was found out.
    pub fn findings(&self) -> Findings {
        let answered = self.answered_in();
        let language = match (answered, self.expected) {
            (Some(language), _) => Some((language, Known::Answered)),
            (None, Some((language, _))) if self.hints.told.is_some() => Some((language, Known::Told)),
            (None, Some((language, true))) => Some((language, Known::Itself)),
            (None, Some((language, false))) => Some((language, Known::Guessed)),
            (None, None) => None,
        };
        Findings {
            language,
            told: self.hints.told,
            model: self.model().filter(|model| language.is_none_or(|(language, _)| language == model.language)),
            identity: self.learnt.identity.clone(),
            other_language: self.other_language().map(str::to_owned),
            device_id: Some(self.hints.said.clone()).filter(|said| !said.is_empty()),
            dots_per_mm: self.learnt.dots_per_mm,
            counter: self.learnt.counter,
            echo: self.learnt.echo,
            reasons: self.reasons(),
            stalled: self.stalled,
            asked: self.asked.clone(),
            answered: self.answered.clone(),
        }
    }

    /// The language that has answered.
    fn answered_in(&self) -> Option<Language> {
        let has = |language: &Language| {
            let mut both = Question::knocks(*language).iter().chain(Question::more(*language));
            both.any(|question| self.answered.contains(question))
        };
        // That which was expected counts more: some clones speak several.
        self.languages().find(has)
    }

    /// The languages in the order they are asked for.
    fn languages(&self) -> impl Iterator<Item = Language> + use<> {
        let first = self.expected.map(|(language, _)| language);
        let rest = [Language::EscPos, Language::Tspl, Language::Zpl].into_iter();
        first.into_iter().chain(rest.filter(move |language| Some(*language) != first))
    }

    /// The language that may be spoken freely.
    fn language(&self) -> Option<Language> {
        let knocked = |language: Language| Question::knocks(language).iter().all(|knock| self.asked.contains(knock));
        let all_silent = || Language::ALL.into_iter().all(knocked);
        let certain = self.expected.filter(|(_, certain)| *certain && all_silent()).map(|(language, _)| language);
        self.answered_in().or(certain)
    }

    fn go_on_if_answered(&mut self, now: Duration) {
        // What was begun is written to its end.
        if self.open.as_ref().is_some_and(|open| open.bytes.is_empty() && self.answered.contains(&open.question)) {
            self.go_on(now);
        }
    }

    /// Asks the next question, if there is one.
    fn go_on(&mut self, now: Duration) {
        self.heard.clear();
        self.open = self.next().map(|question| {
            self.asked.push(question);
            let bytes = question.bytes(Mark::new(MARK));
            Open { question, said: bytes.clone(), bytes, until: now + STALL }
        });
        self.done = self.open.is_none();
    }

    fn next(&self) -> Option<Question> {
        if self.other_language().is_some() {
            return None;
        }
        let may_be_asked = !self.asked.contains(&Question::Languages) && self.answered.is_empty();
        if may_be_asked && self.is_zebra() {
            return Some(Question::Languages);
        }
        let unasked = |questions: &[Question]| questions.iter().copied().find(|question| !self.asked.contains(question));
        match self.language() {
            Some(language) => {
                let more: Vec<Question> =
                    Question::more(language).iter().copied().filter(|question| self.may_ask(*question)).collect();
                unasked(Question::knocks(language)).or_else(|| unasked(&more))
            }
            None => self.languages().find_map(|language| unasked(Question::knocks(language))),
        }
    }

    /// What it is set to, when that is not ZPL.
    fn other_language(&self) -> Option<&str> {
        self.learnt.languages.as_deref().filter(|said| !speaks_zpl(said))
    }

    /// Whether it is a Zebra by its USB id, its own word or what it is called: set to line print, it would print every other
    /// question with the next line.
    fn is_zebra(&self) -> bool {
        let vendor = self.hints.usb.is_some_and(|(vendor, _)| vendor == ZEBRA);
        let named = |text: &str| text.to_ascii_lowercase().contains("zebra");
        vendor || named(&self.hints.said) || named(&self.hints.name)
    }

    /// Whether the printer is not known to take that for something else.
    fn may_ask(&self, question: Question) -> bool {
        let facts = self.model().map(|model| model.facts);
        match question {
            // Its line ends, which would print it on another printer: for one that has answered.
            Question::LabelCounter => !self.answered.is_empty() && facts.is_none_or(|facts| facts.counter),
            Question::Out => facts.is_none_or(|facts| facts.echo != Some(false)),
            // Clones would have it for text.
            Question::ProcessId => facts.is_some_and(|facts| facts.echo == Some(true)),
            _ => true,
        }
    }

    /// The model it surely is, by its own word before its ids.
    fn model(&self) -> Option<&'static Model> {
        let sure = |usb, said: &str| {
            let found = Models::shipped().recognise(usb, said).into_iter().next();
            found.filter(|found| found.sure).map(|found| found.model)
        };
        let answered = self.learnt.identity.as_deref().and_then(|identity| sure(self.hints.usb, identity));
        answered.or_else(|| sure(self.hints.usb, &self.hints.said))
    }

    fn answer(&mut self, question: Question) -> bool {
        let was_asked = self.asked.contains(&question);
        if was_asked && !self.answered.contains(&question) {
            self.answered.push(question);
        }
        was_asked
    }

    fn take_zpl(&mut self, reply: zpl::status::Reply) {
        use zpl::status::Reply as Said;
        match reply {
            Said::Identity(identity) if self.answer(Question::HostIdentity) => {
                self.learnt.dots_per_mm = Some(identity.dots_per_mm);
                self.learnt.identity = Some(identity.model);
            }
            Said::HostStatus(status) if self.answer(Question::HostStatus) => self.learnt.reasons.extend(status.reasons()),
            Said::Errors(errors) if self.answer(Question::HostErrors) => self.learnt.reasons.extend(errors.errors),
            Said::Counter(count) if self.answer(Question::LabelCounter) => self.learnt.counter = Some(count),
            Said::NoSuchVariable => drop(self.answer(Question::LabelCounter)),
            _ => {}
        }
    }

    fn take_tspl(&mut self, reply: Reply) {
        match reply {
            Reply::Reading(reading) if self.answer(Question::State) => self.learnt.reasons.extend(reading.reasons),
            // What another language says has lines too.
            Reply::Identity(text)
                if !self.is_ours(&text) && self.language() == Some(Language::Tspl) && self.answer(Question::Model) =>
            {
                self.learnt.identity = Some(text);
            }
            Reply::Echo(mark) if mark == Mark::new(MARK) && self.answer(Question::Out) => self.learnt.echo = true,
            Reply::Count(count) if self.learnt.echo => self.learnt.counter = Some(count),
            _ => {}
        }
    }

    fn take_escpos(&mut self, reply: Reply) {
        match reply {
            Reply::Reading(_) => drop(self.answer(Question::Reports)),
            Reply::Identity(text) if self.answer(Question::Name) => self.learnt.identity = Some(text),
            Reply::Echo(mark) if mark == Mark::new(MARK) && self.answer(Question::ProcessId) => self.learnt.echo = true,
            _ => {}
        }
    }

    /// Whether it is nothing but our own words, on a line that says everything back.
    fn is_ours(&self, text: &str) -> bool {
        let sent: Vec<u8> = self.asked.iter().flat_map(|question| question.bytes(Mark::new(MARK))).collect();
        sent.windows(text.len().max(1)).any(|window| window == text.as_bytes())
    }

    /// The question that the bare bytes heard answer, if nothing follows them.
    fn bare_answer(&self) -> Option<Question> {
        match *self.heard.as_slice() {
            [one, two] if one == two && is_part(one) => Some(Question::Online),
            [one, two] if one == two => Some(Question::Flags),
            [one] if is_part(one) => match self.open.as_ref()?.question {
                question @ Question::Part(_) => Some(question),
                _ => None,
            },
            _ => None,
        }
        .filter(|question| self.asked.contains(question) && !self.answered.contains(question))
    }

    /// The question that one byte answers which was asked for twice, when no other came: some printers let the second
    /// go. Only where nothing speaks against it.
    fn lone_answer(&self) -> Option<Question> {
        let [byte] = *self.heard.as_slice() else { return None };
        let expected = self.expected.map(|(language, _)| language);
        let question = self.open.as_ref()?.question;
        let counts = match question {
            Question::Online => is_part(byte) && expected.is_none_or(|language| language == Language::EscPos),
            Question::Flags => !is_part(byte) && expected == Some(Language::Tspl),
            _ => false,
        };
        counts.then_some(question)
    }

    fn take_bare(&mut self, question: Question) {
        let byte = self.heard[0];
        self.heard.clear();
        self.answer(question);
        match question {
            Question::Online => self.learnt.parts[0] = byte,
            Question::Part(part) => self.learnt.parts[usize::from(part) - 1] = byte,
            Question::Flags => {
                let mut reader = tspl::status::ReplyReader::default();
                reader.expect_flags();
                reader.feed(&[byte]);
                if let Some(Reply::Reading(reading)) = reader.poll() {
                    self.learnt.reasons.extend(reading.reasons);
                }
            }
            _ => {}
        }
    }

    /// Why it does not print now.
    fn reasons(&self) -> Vec<Reason> {
        let mut reasons = self.learnt.reasons.clone();
        if self.answered.contains(&Question::Online) {
            let mut reader = escpos::status::ReplyReader::default();
            reader.expect(escpos::status::Ask::Printer);
            reader.feed(&self.learnt.parts);
            let read = std::iter::from_fn(|| reader.poll()).find_map(|reply| match reply {
                Reply::Reading(reading) => Some(reading.reasons),
                _ => None,
            });
            reasons.extend(read.unwrap_or_default());
        }
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }
}

/// What stands between the quotes of an answer to `device.languages`.
fn languages(heard: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(heard);
    let mut parts = text.split('"');
    let (said, _) = (parts.nth(1)?, parts.next()?);
    Some(said.chars().filter(|sign| !sign.is_control()).take(64).collect())
}

/// Whether it may be an answer to `DLE EOT`: bits 0, 1, 4 and 7 are fixed.
fn is_part(byte: u8) -> bool {
    byte & 0x93 == 0x12
}
