//! The conversation with one ZPL printer: labels go in, what became of them comes out.
//!
//! The caller carries the bytes and tells the time, so the same code drives a wire and a test: `print`,
//! `handle_connected`, `handle_bytes`, `handle_timeout`, `handle_disconnect` say what happened; `poll_write` (and
//! `wrote`), `poll_event`, `poll_timeout` say what to do now. Knows no transport, no template and no disk.
//!
//! | when | then |
//! |---|---|
//! | a label is given and nothing is known to stop the printer | its bytes leave at once; no answer is waited for |
//! | `window` labels are on the wire unconfirmed | no more is taken |
//! | a label has left | ~HS, ~HQES and the label counter are asked by turns, one question at a time |
//! | an answer comes | it belongs to the *oldest* open question of its kind, so a late answer can only be too modest; one that was not asked for is dropped |
//! | the counter rose, ~HS was calm, the counter said so again | so many labels are **printed**; no single reply is ever believed, it may be garbled |
//! | there is no counter | by ~HS: a label is **printed** when the printer had all of it, did not count it among its formats in two readings, and has since worked undisturbed for the time of a label for each that may still be before it. The manual does not say whether ~HS counts the label under the head, and firmware may draw the next one meanwhile: two labels are taken to be hidden |
//! | the printer stopped, or fell silent | the counter may have counted a torn label or a feed: until nothing is on the wire and it is read anew, only the rule above counts |
//! | a counter was never seen to rise with our labels | it is not used |
//! | ~HS is not answered | ~HQES is asked; nothing new is begun. Labels on the wire stay, the printer prints the interrupted one again itself (^JZY), we never do |
//! | stopped | asked gently, 1 s growing to 5 s, until it is ready; then on with the next label |
//! | nothing was ever answered | silent: labels are **sent** when their last byte is handed over. A later answer changes that |
//! | the line breaks | no byte that makes it print was offered: not taken. Else **in doubt** |
//! | the line is back and the counter was known | labels in doubt are settled: it did not move and the buffers are empty: not taken. It moved, and the stored graphics prove that the power was not cut: printed |
//! | the line cannot show a power cut (serial) and the printer fell silent | empty buffers prove nothing: in doubt, unless counter or stored graphics say more |
//! | calm and quiet, and the counter did not move | the printer lost the label: not taken |
//! | nothing is on the wire and nothing is open | no timer |

mod doubts;
mod evidence;
mod outbox;
mod questions;

use crate::language::zpl::status::{self, Errors, HostStatus, Reason, Reply, ReplyReader};
use doubts::{Doubts, Memory, Verdict};
use evidence::Witness;
use outbox::{Carried, Outbox};
use questions::{Kind, Questions};
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// How patient and how bold to be with one printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Labels on the wire that nothing is known of.
    pub window: usize,
    /// The longest a label may take from its turn to the slot, at its slowest.
    pub label_time: Duration,
    /// How long an answer may take before the printer counts as silent.
    pub patience: Duration,
    /// The longest pause between two questions while labels are on the wire.
    pub pace: Duration,
    /// Bytes a second of a slow line; its buffers are allowed for. `None`: fast.
    pub line_rate: Option<u32>,
    /// A power cut of the printer breaks the line: true of TCP and USB, not of a serial cable.
    pub line_shows_power: bool,
    /// Nothing taken by the line for so long: stalled.
    pub stall: Duration,
    /// Stalled for so long: the line should be closed and opened again.
    pub stall_max: Duration,
    /// A calm printer that gives no evidence for so long leaves its labels in doubt.
    pub evidence_max: Duration,
    /// Whether to ask at all: `status = "none"` says no.
    pub ask: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            window: 2,
            // 150 mm at 2 inch/s, the slowest usual speed, and as much again for start and backfeed.
            label_time: Duration::from_millis(4500),
            patience: Duration::from_millis(1500),
            pace: Duration::from_millis(250),
            line_rate: None,
            line_shows_power: true,
            stall: Duration::from_secs(5),
            stall_max: Duration::from_secs(3600),
            evidence_max: Duration::from_secs(120),
            ask: true,
        }
    }
}

/// What a printer is known to answer; kept by the caller from one connection to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    pub status: Answers,
    /// ~HQES; `None`: not known.
    pub errors: Option<bool>,
    pub counter: Counter,
    pub identity: Option<status::Identity>,
}

/// Whether it answers ~HS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answers {
    #[default]
    Unknown,
    Yes,
    /// It was asked, in patience, and said nothing.
    Silent,
}

/// Whether it tells how many labels it printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counter {
    #[default]
    Unknown,
    /// It has none, or one that does not count.
    No,
    /// It answers; not yet seen to count our labels.
    Answers,
    /// It was seen to rise by exactly our labels.
    Counts,
}

/// What the printer is doing, as far as known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PrinterState {
    /// No line.
    #[default]
    Offline,
    /// Connected; it has not said anything yet.
    Unknown,
    Ready,
    Stopped(Vec<Reason>),
    /// It has answered before and does not now: stopped, cause unknown.
    NotAnswering,
    /// It never answers.
    Silent,
    /// The line takes no bytes.
    Stalled,
}

/// Why a label counts as printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The printer's label counter.
    Counter,
    /// Empty buffers, and time to print what they held.
    Buffers,
}

/// Something the caller has to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Printed {
        key: u64,
        evidence: Evidence,
    },
    /// Handed to a printer that cannot confirm.
    Sent {
        key: u64,
    },
    InDoubt {
        key: u64,
        why: Doubt,
    },
    /// The printer has not got it and will not print it: it waits again. May follow `InDoubt`, as may `Printed`.
    NotTaken {
        key: u64,
        why: Loss,
    },
    StateChanged(PrinterState),
    /// The profile to keep for next time.
    Learnt(Profile),
    /// What was stored in the printer may be gone: store it again before using it.
    MemoryLost,
    /// The line should be closed and opened again.
    HangUp,
}

/// Why nobody knows what became of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    LineBroke(String),
    /// The printer was out of sight and its buffers are empty now.
    OutOfSight,
    /// Some of the labels on the wire came out, not all.
    SomeCameOut,
    NoEvidence,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::LineBroke(why) => write!(f, "the line broke ({why}) before the printer confirmed it")?,
            Doubt::OutOfSight => f.write_str("the printer fell silent, and now its buffers are empty")?,
            Doubt::SomeCameOut => f.write_str("the printer counted fewer labels than it got")?,
            Doubt::NoEvidence => f.write_str("the printer answers, but not whether it came out")?,
        }
        f.write_str(". Look at the tray, then say \"came out\" or \"did not\".")
    }
}

/// Why a label waits again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Nothing that could print it has left.
    NotSent,
    /// The counter says that it did not come out, and nothing is left that would.
    DidNotComeOut,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loss::NotSent => "the line was gone before it could be sent",
            Loss::DidNotComeOut => "the printer's counter says that it did not come out",
        })
    }
}

/// A label given to us and not begun.
#[derive(Debug)]
struct InHand {
    key: u64,
    bytes: Vec<u8>,
}

/// A label begun, in the order of the wire.
#[derive(Debug)]
struct OnWire {
    key: u64,
    /// How many of its bytes make it print: up to its last ^XZ.
    trigger: usize,
    /// Its last byte was handed over.
    whole: bool,
}

/// The conversation with one printer.
#[derive(Debug)]
pub struct Conversation {
    rules: Rules,
    profile: Profile,
    state: PrinterState,
    connected: bool,
    in_hand: VecDeque<InHand>,
    on_wire: VecDeque<OnWire>,
    /// Labels begun on this connection.
    begun: u64,
    outbox: Outbox,
    reader: ReplyReader,
    questions: Questions,
    witness: Witness,
    memory: Memory,
    doubts: Option<Doubts>,
    asking: Asking,
    events: VecDeque<Event>,
}

/// Where we stand with our questions on this connection.
#[derive(Debug, Default)]
struct Asking {
    /// When to ask next.
    at: Option<Duration>,
    pause: Duration,
    last: Option<Kind>,
    /// Questions since ~HQES was asked.
    turns: u32,
    /// It has answered on this connection.
    heard: bool,
    /// Questions in a row with no answer at all.
    hush: u32,
    /// ~HS went unanswered: nothing new is begun before it is answered.
    suspect: bool,
    /// ~HS in a row unanswered, whatever else was answered.
    status_misses: u32,
    errors_clear: bool,
    tries: [u32; 4],
    /// The window was filled without a counter to rely on: it is emptied first.
    draining: bool,
    /// Until when to try to get hold of the counter while nothing is printed.
    certify_until: Duration,
    /// When evidence must have come, if the printer stays calm.
    evidence_due: Option<Duration>,
    stalled: bool,
    identity: Option<status::Identity>,
    silent_asked: Option<Duration>,
}

/// The first pause between two questions; doubled up to `Rules::pace`.
const PAUSE_MIN: Duration = Duration::from_millis(5);
/// The pauses while the printer is stopped.
const STOPPED_MIN: Duration = Duration::from_secs(1);
const STOPPED_MAX: Duration = Duration::from_secs(5);
/// The same on a line that hides power cuts: often enough to notice one.
const STOPPED_MAX_WATCHED: Duration = Duration::from_secs(2);
/// With a counter, ~HQES is asked at every so manieth turn.
const ERRORS_EVERY: u32 = 8;
/// Questions in a row without an answer that make a silence; also how often a question is tried on a printer that
/// answers others, before it counts as unknown to it.
const TRIES: u32 = 3;
/// ~HS unanswered so often in a row while others are answered: it cannot confirm.
const STATUS_MISSES_MAX: u32 = 10;
/// How often a silent printer is given another chance, when there is something to print.
const SILENT_AGAIN: Duration = Duration::from_secs(60);
/// A counter read longer ago is read again before the first label: somebody else may have printed.
const COUNT_FRESH: Duration = Duration::from_secs(1);

impl Conversation {
    pub fn new(rules: Rules, profile: Profile) -> Conversation {
        let witness = Witness::new(rules.label_time, rules.line_shows_power);
        Conversation {
            rules,
            profile,
            state: PrinterState::Offline,
            connected: false,
            in_hand: VecDeque::new(),
            on_wire: VecDeque::new(),
            begun: 0,
            outbox: Outbox::default(),
            reader: ReplyReader::default(),
            questions: Questions::default(),
            witness,
            memory: Memory::default(),
            doubts: None,
            asking: Asking::default(),
            events: VecDeque::new(),
        }
    }

    pub fn state(&self) -> &PrinterState {
        &self.state
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Labels given to us whose end is not known.
    pub fn open(&self) -> usize {
        self.in_hand.len() + self.on_wire.len()
    }

    /// Whether another label may be given.
    pub fn has_room(&self) -> bool {
        self.connected && self.doubts.is_none() && self.open() < self.rules.window
    }

    /// Prints a label: all it needs, ^XA to ^XZ. The caller has checked `has_room`.
    pub fn print(&mut self, key: u64, bytes: Vec<u8>, now: Duration) {
        if !self.connected {
            self.events.push_back(Event::NotTaken { key, why: Loss::NotSent });
            return;
        }
        self.in_hand.push_back(InHand { key, bytes });
        self.begin_next(now);
        self.plan(now);
    }

    /// The line is open.
    pub fn handle_connected(&mut self, now: Duration) {
        self.connected = true;
        self.begun = 0;
        self.outbox = Outbox::default();
        self.reader.reset();
        self.questions = Questions::default();
        self.witness = Witness::new(self.rules.label_time, self.rules.line_shows_power);
        self.asking = Asking { certify_until: now + self.rules.label_time * 10, ..Asking::default() };
        // What the line hid from us, a power cut may have taken.
        self.memory.out_of_sight();
        self.events.push_back(Event::MemoryLost);
        // Whoever wrote before us may have been cut off inside a format: ~JX cancels the one being received.
        self.outbox.push(b"~JX".to_vec(), Carried::Words, now);
        let silent = !self.rules.ask || self.profile.status == Answers::Silent;
        self.set_state(if silent { PrinterState::Silent } else { PrinterState::Unknown });
        if self.rules.ask {
            self.ask(Kind::Status, now);
        }
    }

    /// The printer wrote.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) {
        if !self.rules.ask {
            return;
        }
        self.reader.feed(bytes);
        while let Some(reply) = self.reader.poll() {
            self.hear(reply, now);
        }
        self.begin_next(now);
        self.plan(now);
    }

    /// It is now that time.
    pub fn handle_timeout(&mut self, now: Duration) {
        if !self.connected {
            return;
        }
        if let Some(kind) = self.questions.overdue(now) {
            self.missed(kind, now);
        }
        self.check_stall(now);
        self.check_evidence(now);
        let free = self.questions.not_before().is_none_or(|until| until <= now);
        if self.asking.at.is_some_and(|at| at <= now) {
            self.asking.at = self.questions.not_before().filter(|_| !free);
            if free && self.wants_answers(now) && self.questions.may_ask() && !self.outbox.holds_words() {
                let kind = self.next_kind();
                self.ask(kind, now);
            }
        }
        self.begin_next(now);
        self.plan(now);
    }

    /// The line is gone; `why` in a few words.
    pub fn handle_disconnect(&mut self, why: &str) {
        if !self.connected {
            return;
        }
        self.connected = false;
        // What makes a label print is its last ^XZ: if that was never offered to the line, it cannot come out.
        let offered = self.outbox.label_offered();
        let mut keys = Vec::new();
        for label in self.on_wire.drain(..) {
            if !label.whole && offered < label.trigger {
                self.events.push_back(Event::NotTaken { key: label.key, why: Loss::NotSent });
            } else {
                keys.push(label.key);
                self.events.push_back(Event::InDoubt { key: label.key, why: Doubt::LineBroke(why.to_owned()) });
            }
        }
        for label in self.in_hand.drain(..) {
            self.events.push_back(Event::NotTaken { key: label.key, why: Loss::NotSent });
        }
        if !keys.is_empty() {
            let none_out = self.witness.count_now().filter(|_| self.profile.counter == Counter::Counts);
            self.doubts = none_out.map(|count| Doubts::new(keys, count, self.witness.tainted()));
        }
        self.outbox = Outbox::default();
        self.asking = Asking::default();
        self.questions = Questions::default();
        self.set_state(PrinterState::Offline);
    }

    /// Bytes to write now. What of them was taken is told by `wrote`.
    pub fn poll_write(&mut self) -> Option<&[u8]> {
        self.outbox.offer()
    }

    /// So many of the bytes of the last `poll_write` were taken by the line.
    pub fn wrote(&mut self, taken: usize, now: Duration) {
        match self.outbox.wrote(taken, now) {
            Some(Carried::Label) => self.label_left(now),
            Some(Carried::Question) => {
                let patience = self.patience();
                self.questions.written(now, patience);
            }
            Some(Carried::Words) | None => {}
        }
        if taken > 0 && self.asking.stalled {
            self.asking.stalled = false;
            self.set_state(if self.asking.suspect { PrinterState::NotAnswering } else { PrinterState::Unknown });
        }
        self.begin_next(now);
        self.plan(now);
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When `handle_timeout` wants to be called; `None`: not before something happens.
    pub fn poll_timeout(&self) -> Option<Duration> {
        if !self.connected {
            return None;
        }
        let stall = self
            .outbox
            .waiting_since()
            .map(|since| since + if self.asking.stalled { self.rules.stall_max } else { self.rules.stall });
        [self.questions.due(), self.asking.at, stall, self.asking.evidence_due].into_iter().flatten().min()
    }

    fn silent(&self) -> bool {
        !self.rules.ask || self.profile.status == Answers::Silent
    }

    fn stopped(&self) -> bool {
        matches!(self.state, PrinterState::Stopped(_) | PrinterState::NotAnswering)
    }

    fn set_state(&mut self, state: PrinterState) {
        if self.state != state {
            self.state = state.clone();
            self.events.push_back(Event::StateChanged(state));
        }
    }

    fn learn(&mut self, change: impl FnOnce(&mut Profile)) {
        let before = self.profile.clone();
        change(&mut self.profile);
        if self.profile != before {
            self.events.push_back(Event::Learnt(self.profile.clone()));
        }
    }
}

/// Labels on their way.
impl Conversation {
    /// Begins the next label, if one is in hand and nothing speaks against it.
    fn begin_next(&mut self, now: Duration) {
        if self.in_hand.is_empty() || self.outbox.holds_label() || !self.may_begin() {
            return;
        }
        self.check_opening_count(now);
        let Some(InHand { key, bytes }) = self.in_hand.pop_front() else { return };
        let trigger = bytes.windows(3).rposition(|end| end == b"^XZ").map_or(bytes.len(), |at| at + 3);
        if self.on_wire.is_empty() {
            self.witness.watch(now);
        }
        self.begun += 1;
        self.on_wire.push_back(OnWire { key, trigger, whole: false });
        self.outbox.push(bytes, Carried::Label, now);
        self.asking.draining |= self.counter_wanted() && self.on_wire.len() >= self.rules.window;
    }

    fn may_begin(&self) -> bool {
        self.silent() || (!self.stopped() && !self.asking.suspect && !self.asking.draining && !self.witness.unsure())
    }

    /// Somebody else may have printed since the counter was read: it is asked again, ahead of the first label.
    fn check_opening_count(&mut self, now: Duration) {
        let idle = self.on_wire.is_empty() && self.witness.has_count();
        if idle && !self.silent() && !self.witness.counted_since(now.saturating_sub(COUNT_FRESH)) {
            if self.questions.may_ask() && !self.outbox.holds_words() {
                self.witness.expect_opening(self.begun);
                self.ask(Kind::Counter, now);
            } else {
                self.witness.forget_count();
            }
        }
    }

    /// The last byte of the label in the outbox was taken.
    fn label_left(&mut self, now: Duration) {
        if let Some(label) = self.on_wire.back_mut() {
            label.whole = true;
        }
        if self.silent() {
            self.send_all();
            let again = self.asking.silent_asked.is_none_or(|at| at + SILENT_AGAIN <= now);
            if self.rules.ask && again {
                self.ask(Kind::Status, now);
            }
            return;
        }
        self.asking.pause = PAUSE_MIN;
        self.asking.at = Some(now);
        self.renew_evidence_limit(now);
    }

    /// The printer cannot confirm: what has left it is sent.
    fn send_all(&mut self) {
        while let Some(label) = self.on_wire.pop_front_if(|label| label.whole) {
            self.events.push_back(Event::Sent { key: label.key });
        }
        self.asking.evidence_due = None;
        self.asking.draining = false;
        self.witness.write_off(self.begun - self.on_wire.len() as u64);
    }

    /// Tells of the labels that evidence shows to be out.
    fn settle_printed(&mut self, now: Duration) {
        let gone = self.begun - self.on_wire.len() as u64;
        let (out, evidence) = self.witness.out(self.profile.counter == Counter::Counts);
        for _ in gone..out {
            let Some(label) = self.on_wire.pop_front_if(|label| label.whole) else { break };
            self.events.push_back(Event::Printed { key: label.key, evidence });
            self.asking.pause = PAUSE_MIN;
            self.asking.at = Some(now);
            self.renew_evidence_limit(now);
            self.asking.certify_until = now + self.rules.label_time * 10;
        }
        self.asking.draining &= !self.on_wire.is_empty() || (self.counter_wanted() && now < self.asking.certify_until);
    }

    /// Labels that the printer had, and that will not come any more by all it says.
    fn settle_lost(&mut self, now: Duration) {
        let sent = self.on_wire.iter().filter(|label| label.whole).count() as u64;
        let all = self.begun - self.on_wire.len() as u64 + sent;
        if sent == 0 || !self.witness.all_quiet(all) {
            return;
        }
        let why = match self.witness.verdict(all, self.profile.counter == Counter::Counts) {
            None => return,
            Some(Verdict::NoneCameOut) => None,
            Some(Verdict::Unclear) if self.witness.unsure() => Some(Doubt::OutOfSight),
            Some(_) => Some(Doubt::SomeCameOut),
        };
        if self.witness.unsure() {
            self.events.push_back(Event::MemoryLost);
        }
        self.give_up(why, now);
    }

    /// The labels that have left are in doubt, or not taken when there is none.
    fn give_up(&mut self, doubt: Option<Doubt>, now: Duration) {
        while let Some(label) = self.on_wire.pop_front_if(|label| label.whole) {
            self.events.push_back(match &doubt {
                Some(why) => Event::InDoubt { key: label.key, why: why.clone() },
                None => Event::NotTaken { key: label.key, why: Loss::DidNotComeOut },
            });
        }
        self.witness.write_off(self.begun - self.on_wire.len() as u64);
        self.asking.evidence_due = None;
        self.asking.certify_until = now + self.rules.label_time * 10;
    }

    fn renew_evidence_limit(&mut self, now: Duration) {
        let waits = !self.silent() && self.on_wire.iter().any(|label| label.whole);
        self.asking.evidence_due = waits.then(|| now + self.rules.evidence_max + self.rules.label_time * 4);
    }

    fn check_evidence(&mut self, now: Duration) {
        if self.asking.evidence_due.is_none_or(|due| due > now) {
            return;
        }
        if self.stopped() || self.asking.suspect {
            return self.renew_evidence_limit(now);
        }
        // A format cut short would hold up the printer for ever.
        self.outbox.push(b"~JX".to_vec(), Carried::Words, now);
        self.give_up(Some(Doubt::NoEvidence), now);
    }

    fn check_stall(&mut self, now: Duration) {
        let Some(since) = self.outbox.waiting_since() else { return };
        if !self.asking.stalled && since + self.rules.stall <= now {
            self.asking.stalled = true;
            self.set_state(PrinterState::Stalled);
        } else if self.asking.stalled && since + self.rules.stall_max <= now {
            self.outbox.waits_from(now);
            self.events.push_back(Event::HangUp);
        }
    }
}

/// Questions and answers.
impl Conversation {
    fn ask(&mut self, kind: Kind, now: Duration) {
        let bytes = match kind {
            Kind::Status => status::ASK_STATUS,
            Kind::Errors => status::ASK_ERRORS,
            Kind::Counter => status::ASK_COUNTER,
            Kind::Identity => status::ASK_IDENTITY,
        };
        self.outbox.push(bytes.to_vec(), Carried::Question, now);
        self.asking.last = Some(kind);
        self.asking.turns = if kind == Kind::Errors { 0 } else { self.asking.turns + 1 };
        if self.silent() {
            // Nothing is waited for; an answer would be news.
            self.asking.silent_asked = Some(now);
            self.questions.ask_in_vain(kind, self.begun, now);
        } else {
            self.questions.ask(kind, self.begun, now);
        }
    }

    /// How long to wait before asking again: an answer may be lost, so a printer gets three questions in its patience.
    fn patience(&self) -> Duration {
        let ahead = self.outbox.unanswered_bytes() as f64;
        let line = self.rules.line_rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(ahead / f64::from(rate.max(1))));
        self.rules.patience / TRIES + line
    }

    /// Whether an answer would be of any use now.
    fn wants_answers(&self, now: Duration) -> bool {
        let first_contact =
            !self.asking.heard || self.probing(Kind::Errors) || self.probing(Kind::Counter) || self.probing(Kind::Identity);
        !self.silent()
            && (!self.on_wire.is_empty()
                || self.doubts.is_some()
                || (!self.in_hand.is_empty() && !self.may_begin())
                || (first_contact && !self.stopped())
                || (self.counter_wanted() && !self.stopped() && now < self.asking.certify_until))
    }

    /// The counter answers, but cannot be relied on yet.
    fn counter_wanted(&self) -> bool {
        match self.profile.counter {
            Counter::Unknown | Counter::No => false,
            Counter::Answers => !self.witness.has_count() || !self.witness.compared() || !self.on_wire.is_empty(),
            Counter::Counts => !self.witness.has_count(),
        }
    }

    /// Whether it is not known yet that the printer knows this question.
    fn probing(&self, kind: Kind) -> bool {
        let unknown = match kind {
            Kind::Status => self.profile.status == Answers::Unknown,
            Kind::Errors => self.profile.errors.is_none(),
            Kind::Counter => self.profile.counter == Counter::Unknown,
            Kind::Identity => self.profile.identity.is_none(),
        };
        unknown && self.asking.tries[kind as usize] < TRIES
    }

    fn next_kind(&self) -> Kind {
        let errors = self.profile.errors != Some(false);
        let last = self.asking.last;
        if !self.asking.heard || self.asking.suspect || self.stopped() {
            let turn = if self.profile.errors == Some(true) && self.asking.heard {
                !(last == Some(Kind::Errors) && self.asking.errors_clear)
            } else {
                errors && last == Some(Kind::Status)
            };
            return if turn { Kind::Errors } else { Kind::Status };
        }
        let by_counter =
            self.profile.counter == Counter::Counts && self.witness.has_count() && !self.witness.seems_done(self.begun);
        let known = |kind| match kind {
            Kind::Status => true,
            // What ~HS does not tell, such as a jam: now and then, where the counter gives the evidence.
            Kind::Errors => self.profile.errors == Some(true) && (!by_counter || self.asking.turns >= ERRORS_EVERY),
            Kind::Counter => !matches!(self.profile.counter, Counter::Unknown | Counter::No),
            // Of no use but to keep one ~HS apart from the next.
            Kind::Identity => {
                self.profile.identity.is_some() && self.profile.errors != Some(true) && self.profile.counter == Counter::No
            }
        };
        let after = last.map_or(0, |kind| kind as usize + 1);
        (after..after + Kind::ALL.len())
            .map(|turn| Kind::ALL[turn % Kind::ALL.len()])
            .find(|kind| known(*kind) || self.probing(*kind))
            .unwrap_or(Kind::Status)
    }

    /// Decides when to ask next, unless an answer is awaited or the time is set.
    fn plan(&mut self, now: Duration) {
        if !self.wants_answers(now) {
            self.asking.at = None;
        } else if self.asking.at.is_none() && self.questions.may_ask() && !self.outbox.holds_words() {
            let stopped = self.stopped();
            let (least, most) = match stopped {
                true if self.rules.line_shows_power => (STOPPED_MIN, STOPPED_MAX),
                true => (STOPPED_MIN, STOPPED_MAX_WATCHED),
                false => (PAUSE_MIN, self.rules.pace),
            };
            let pause = self.asking.pause.clamp(least, most);
            self.asking.at = Some((now + pause).max(self.questions.not_before().unwrap_or_default()));
            self.asking.pause = if stopped { pause * 3 / 2 } else { pause * 2 };
        }
    }

    fn hear(&mut self, reply: Reply, now: Duration) {
        let kind = match &reply {
            Reply::HostStatus(_) => Kind::Status,
            Reply::Errors(_) => Kind::Errors,
            Reply::Counter(_) | Reply::NoSuchVariable => Kind::Counter,
            Reply::Identity(_) => Kind::Identity,
            Reply::Other => return,
        };
        let Some(asked) = self.questions.answered(kind, now) else { return };
        self.outbox.answered();
        self.asking.heard = true;
        self.asking.hush = 0;
        self.asking.tries[kind as usize] = 0;
        if self.witness.seen(asked.at, now, !self.on_wire.is_empty()) {
            self.memory.out_of_sight();
        }
        match reply {
            Reply::HostStatus(status) => self.hear_status(&status, asked, now),
            Reply::Errors(errors) => self.hear_errors(&errors, asked, now),
            Reply::Counter(count) => {
                self.learn(|profile| {
                    if profile.counter == Counter::Unknown {
                        profile.counter = Counter::Answers;
                    }
                });
                if let Some(counts) = self.witness.counted(count, asked, now) {
                    self.learn(|profile| profile.counter = if counts { Counter::Counts } else { Counter::No });
                }
            }
            Reply::NoSuchVariable => self.learn(|profile| profile.counter = Counter::No),
            Reply::Identity(identity) => {
                // Read twice: one reply may be garbled.
                if self.asking.identity.as_ref() == Some(&identity) {
                    self.learn(|profile| profile.identity = Some(identity));
                } else {
                    self.asking.identity = Some(identity);
                }
            }
            Reply::Other => {}
        }
        if self.witness.take_news() {
            // A label came out, or moved up: one more look settles it.
            self.asking.pause = PAUSE_MIN;
            self.asking.at = None;
        }
        self.settle_doubts(now);
        self.settle_printed(now);
        self.settle_lost(now);
    }

    fn hear_status(&mut self, status: &HostStatus, asked: questions::Asked, now: Duration) {
        self.learn(|profile| profile.status = Answers::Yes);
        self.asking.suspect = false;
        self.asking.status_misses = 0;
        if self.memory.stored(status.stored_graphics) {
            self.events.push_back(Event::MemoryLost);
        }
        if self.memory.survived() {
            self.witness.power_was_on();
        }
        let reasons = status.reasons();
        if !reasons.is_empty() {
            return self.stop(reasons, now);
        }
        if self.state != PrinterState::Ready {
            self.asking.pause = PAUSE_MIN;
            self.asking.at = None;
            self.asking.certify_until = now + self.rules.label_time * 10;
            self.renew_evidence_limit(now);
            self.set_state(PrinterState::Ready);
        }
        if status.label_waits {
            self.witness.held_up(asked, now);
        } else {
            self.witness.calm(asked, now, Some(status.waiting()));
        }
    }

    fn hear_errors(&mut self, errors: &Errors, asked: questions::Asked, now: Duration) {
        self.learn(|profile| profile.errors = Some(true));
        self.asking.errors_clear = errors.errors.is_empty();
        if !errors.errors.is_empty() {
            return self.stop(errors.errors.clone(), now);
        }
        if self.stopped() || self.asking.suspect {
            // Whether it is ready is for ~HS to say; where that was never answered, this must do.
            if self.profile.status == Answers::Unknown {
                self.asking.suspect = false;
                self.set_state(PrinterState::Ready);
            }
            self.asking.at = Some(now);
        } else {
            self.witness.calm(asked, now, None);
        }
    }

    fn stop(&mut self, reasons: Vec<Reason>, now: Duration) {
        self.witness.stop();
        if let Some(doubts) = &mut self.doubts {
            doubts.taint();
        }
        self.renew_evidence_limit(now);
        self.set_state(PrinterState::Stopped(reasons));
    }

    /// A question was not answered in time.
    fn missed(&mut self, kind: Kind, now: Duration) {
        let stopped = self.stopped();
        let asking = &mut self.asking;
        asking.hush += 1;
        asking.tries[kind as usize] += 1;
        asking.at = (!stopped).then_some(now);
        match kind {
            Kind::Status => {
                asking.suspect |= self.profile.status == Answers::Yes;
                asking.status_misses += 1;
            }
            Kind::Counter => self.witness.count_missed(),
            Kind::Errors | Kind::Identity => {}
        }
        if self.asking.heard && self.asking.tries[kind as usize] >= TRIES {
            self.learn(|profile| match kind {
                Kind::Errors if profile.errors.is_none() => profile.errors = Some(false),
                Kind::Counter if profile.counter == Counter::Unknown => profile.counter = Counter::No,
                _ => {}
            });
        }
        self.judge_silence(now);
    }

    fn judge_silence(&mut self, now: Duration) {
        let Asking { heard, hush, status_misses, .. } = self.asking;
        let stopped = matches!(self.state, PrinterState::Stopped(_));
        let never = self.profile.status == Answers::Unknown && !stopped && (hush >= TRIES || status_misses >= TRIES);
        let cannot = heard && !stopped && hush < TRIES && status_misses >= STATUS_MISSES_MAX;
        if never || cannot {
            self.learn(|profile| profile.status = Answers::Silent);
            self.asking.suspect = false;
            self.doubts = None;
            self.set_state(PrinterState::Silent);
            self.send_all();
        } else if hush >= TRIES && self.profile.status == Answers::Yes {
            self.asking.suspect = true;
            self.witness.stop();
            if let Some(doubts) = &mut self.doubts {
                doubts.taint();
            }
            self.set_state(PrinterState::NotAnswering);
            self.asking.at = None;
            self.renew_evidence_limit(now);
        }
    }

    /// Labels in doubt since the line broke, if the printer says what became of them.
    fn settle_doubts(&mut self, now: Duration) {
        let Some(doubts) = &self.doubts else { return };
        if let Some(count) = self.witness.settled_count(doubts.keys().len() as u64) {
            let survived = self.memory.survived();
            for (key, printed) in doubts.settle(count, survived) {
                self.events.push_back(if printed {
                    Event::Printed { key, evidence: Evidence::Counter }
                } else {
                    Event::NotTaken { key, why: Loss::DidNotComeOut }
                });
            }
            self.doubts = None;
        } else if !self.stopped() && !self.asking.suspect && now > self.asking.certify_until {
            self.doubts = None;
        }
    }
}

#[cfg(test)]
mod tests;
