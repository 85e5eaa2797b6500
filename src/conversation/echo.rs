//! The conversation with a printer that says a word of ours back when it comes to it: ESC/POS and TSPL.
//!
//! | when | then |
//! |---|---|
//! | a label is given and nothing is known to stop the printer | its bytes leave at once, and behind them a word that is its own |
//! | `window` labels are on the wire unconfirmed | no more is taken |
//! | labels are on the wire | it is asked how it stands, one question at a time; a printer that reports changes by itself is heard as well |
//! | the word comes back, and the printer says it after printing (`GS ( H` by the manual; `OUT` where it was seen so) | that label and all before it are **printed** |
//! | the word comes back, and it may be said before printing (`OUT` elsewhere) | the printer has them all; they are **printed** when it has since said twice, 0.3 s apart, that it rests and nothing stops it |
//! | which of the two `OUT` is | is learnt from labels sent one at a time: a printer that still prints after its word says it before; one that was seen printing until its word and resting behind it, twice in a row, says it after |
//! | `@LABEL` was seen to rise by exactly our labels | so many are **printed** when two numbers in a row say so |
//! | one reading says that something stops it | nothing is begun and it is asked again at once; two in a row make it stopped. A label that even one of them may have caught is treated as caught |
//! | the printer stops while a label is under the head | TSPL prints it again by itself (SET REPRINT ON), and we never do. ESC/POS goes on in the middle of it: when its word comes it is **in doubt**; those behind it had not begun |
//! | the word does not come from a printer that rests | another word is sent: when that comes back, all before it was come to. When it does not, the labels are **in doubt** |
//! | no word ever came, and the printer rests | it says no words: labels are **sent** when handed over, from then on; an ESC/POS one that said it stopped before, with the label on the wire, leaves it **in doubt** |
//! | it says no words, and answers how it stands | a label is **sent** when it has had its usual time since the one before, and the printer has answered since that nothing stops it; TSPL, which says that it rests: as soon as it does. So a power cut costs no more than the window |
//! | it answers nothing | silent: labels are **sent** when their last byte is handed over |
//! | stopped | asked gently, 1 s growing to 5 s, until it is ready; then on with the next label |
//! | the line breaks | no byte that makes it print was offered: not taken. Else **in doubt** |
//! | the line is back | what was cut short is ended by filler that prints nothing. Where `@LABEL` counts, a number that did not move since, read twice from a printer at rest, says: not taken |
//! | the line cannot show a power cut (serial) and the printer was out of sight for 3 s | words of later labels and rest prove nothing for the ones before: in doubt |
//! | such a line is slow | the next label is not begun before the last is settled: for as long as it takes, nothing can be asked |
//! | nothing is on the wire and nothing is open | no timer |

mod asking;
mod dialect;
mod settling;

pub use dialect::Dialect;

use super::doubts::Doubts;
use super::outbox::{Carried, Outbox};
use super::{Answers, Doubt, Echo, Event, InHand, Loss, PrinterState, Profile, Rules};
use crate::language::reading::Mark;
use crate::language::{Encoded, Reason};
use asking::Asking;
use dialect::Listener;
use settling::Counting;
use std::collections::VecDeque;
use std::time::Duration;

/// A label begun, in the order of the wire.
#[derive(Debug)]
struct OnWire {
    key: u64,
    mark: Mark,
    bytes: usize,
    /// How many of them make it print.
    trigger: usize,
    /// When its last byte was handed over.
    left: Option<Duration>,
    /// When its word came back, or one behind it.
    echoed: Option<Duration>,
    /// The word that came back was its own.
    own_word: bool,
    /// When the printer was last seen to stand still while it was the first of those not come to.
    stopped_in: Option<Duration>,
    /// The printer was out of sight so long that it may have been switched off and on.
    hidden: bool,
    /// It was seen printing since this label left.
    seen_busy: bool,
}

/// The conversation with one printer.
#[derive(Debug)]
pub struct Conversation {
    dialect: Dialect,
    rules: Rules,
    profile: Profile,
    state: PrinterState,
    connected: bool,
    in_hand: VecDeque<InHand>,
    on_wire: VecDeque<OnWire>,
    /// Labels begun on this connection.
    begun: u64,
    /// Words sent in the life of this conversation.
    words: u64,
    outbox: Outbox,
    listener: Listener,
    asking: Asking,
    counting: Counting,
    doubts: Option<Doubts>,
    /// The line broke with labels on it, and nothing was heard since.
    broke_in_doubt: bool,
    /// Bytes of a label that the last line may have left missing, at most.
    missing: usize,
    events: VecDeque<Event>,
}

/// On a line that hides power cuts nothing else is begun while a label takes longer than this to leave.
const BLIND_MAX: Duration = Duration::from_secs(2);

/// Filler for what an unknown sender may have left missing: half a label's picture; on a slow line a second of it.
const UNKNOWN_MISSING: usize = 64 * 1024;

impl Conversation {
    pub fn new(dialect: Dialect, rules: Rules, profile: Profile) -> Conversation {
        Conversation {
            dialect,
            state: PrinterState::Offline,
            connected: false,
            in_hand: VecDeque::new(),
            on_wire: VecDeque::new(),
            begun: 0,
            words: 0,
            outbox: Outbox::default(),
            listener: Listener::new(dialect),
            asking: Asking::default(),
            counting: Counting::default(),
            doubts: None,
            broke_in_doubt: false,
            // Whoever had the line before us may have broken off anywhere.
            missing: rules.line_rate.map_or(UNKNOWN_MISSING, |rate| UNKNOWN_MISSING.min(rate as usize)),
            events: VecDeque::new(),
            rules,
            profile,
        }
    }

    pub fn state(&self) -> &PrinterState {
        &self.state
    }

    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    pub fn open(&self) -> usize {
        self.in_hand.len() + self.on_wire.len()
    }

    pub fn has_room(&self) -> bool {
        self.connected && self.doubts.is_none() && self.open() < self.rules.window
    }

    pub fn has_doubts(&self) -> bool {
        self.doubts.is_some()
    }

    pub fn print(&mut self, key: u64, encoded: Encoded, now: Duration) {
        if !self.connected {
            self.events.push_back(Event::NotTaken { key, why: Loss::NotSent });
            return;
        }
        self.in_hand.push_back(InHand { key, encoded });
        self.begin_next(now);
        self.plan(now);
    }

    /// Writes a command that is neither label nor question. It may feed media, which the counter may count.
    pub fn say(&mut self, bytes: Vec<u8>, now: Duration) {
        if self.connected {
            self.counting.doubt();
            self.outbox.push(bytes, Carried::Words, now);
        }
    }

    pub fn handle_connected(&mut self, now: Duration) {
        self.connected = true;
        self.begun = 0;
        self.outbox = Outbox::default();
        self.listener = Listener::new(self.dialect);
        self.asking = Asking::until(now + self.rules.label_time * 10);
        self.counting = Counting::default();
        self.events.push_back(Event::MemoryLost);
        let opening = self.dialect.opening(std::mem::take(&mut self.missing), self.rules.ask);
        self.outbox.push(opening, Carried::Words, now);
        let silent = self.silent();
        self.set_state(if silent { PrinterState::Silent } else { PrinterState::Unknown });
        if self.rules.ask {
            self.ask_standing(false, now);
        }
        self.plan(now);
    }

    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) {
        if !self.rules.ask {
            return;
        }
        self.listener.feed(bytes);
        while let Some(reply) = self.listener.poll() {
            self.hear(reply, now);
        }
        self.check_sent(now);
        self.begin_next(now);
        self.plan(now);
    }

    pub fn handle_timeout(&mut self, now: Duration) {
        if !self.connected {
            return;
        }
        self.check_answer(now);
        self.check_stall(now);
        self.check_evidence(now);
        self.check_sent(now);
        self.ask_when_due(now);
        self.begin_next(now);
        self.plan(now);
    }

    pub fn handle_disconnect(&mut self, why: &str) {
        if !self.connected {
            return;
        }
        self.connected = false;
        let offered = self.outbox.label_offered();
        // What the line took need not have reached the printer.
        let unheard = self.on_wire.iter().filter(|label| label.echoed.is_none());
        self.missing = unheard.map(|label| label.bytes).max().unwrap_or_default();
        let none_out = self.none_out();
        let mut keys = Vec::new();
        for label in self.on_wire.drain(..) {
            if label.left.is_none() && offered < label.trigger {
                self.events.push_back(Event::NotTaken { key: label.key, why: Loss::NotSent });
            } else {
                keys.push(label.key);
                self.events.push_back(Event::InDoubt { key: label.key, why: Doubt::LineBroke(why.to_owned()) });
            }
        }
        for label in self.in_hand.drain(..) {
            self.events.push_back(Event::NotTaken { key: label.key, why: Loss::NotSent });
        }
        self.broke_in_doubt |= !keys.is_empty();
        if !keys.is_empty() {
            self.doubts = none_out.map(|count| Doubts::new(keys, count, false));
        }
        self.outbox = Outbox::default();
        self.asking = Asking::default();
        self.set_state(PrinterState::Offline);
    }

    pub fn poll_write(&mut self) -> Option<&[u8]> {
        self.outbox.offer()
    }

    pub fn left_of_label(&self) -> Option<usize> {
        self.outbox.left_of_label()
    }

    pub fn wrote(&mut self, taken: usize, now: Duration) {
        match self.outbox.wrote(taken, now) {
            Some(Carried::Label) => self.label_left(now),
            Some(Carried::Question) => self.asking.written(now + self.patience()),
            Some(Carried::Words) | None => {}
        }
        if taken > 0 && self.asking.stalled {
            self.asking.stalled = false;
            if self.state == PrinterState::Stalled {
                self.set_state(if self.asking.suspect { PrinterState::NotAnswering } else { PrinterState::Unknown });
            }
        }
        self.begin_next(now);
        self.plan(now);
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub fn poll_timeout(&self) -> Option<Duration> {
        if !self.connected {
            return None;
        }
        let stall = self
            .outbox
            .waiting_since()
            .map(|since| since + if self.asking.stalled { self.rules.stall_max } else { self.rules.stall });
        let sent = self.due_as_sent();
        [self.asking.due(), self.asking.at, stall, self.asking.evidence_due, sent].into_iter().flatten().min()
    }

    /// Begins the next label, if one is in hand and nothing speaks against it.
    fn begin_next(&mut self, now: Duration) {
        let Some(next) = self.in_hand.front() else { return };
        if self.outbox.holds_label() || !self.may_begin(next.encoded.bytes.len()) || !self.looked_at(now) {
            return;
        }
        let Some(InHand { key, encoded: Encoded { bytes, trigger } }) = self.in_hand.pop_front() else { return };
        let mark = self.new_mark(key);
        self.begun += 1;
        self.counting.label_begun();
        if self.on_wire.is_empty() {
            self.asking.watch(now);
        }
        self.on_wire.push_back(OnWire {
            key,
            mark,
            bytes: bytes.len(),
            trigger,
            left: None,
            echoed: None,
            own_word: false,
            stopped_in: None,
            hidden: false,
            seen_busy: false,
        });
        self.asking.rested = None;
        self.outbox.push(bytes, Carried::Label, now);
        if self.says_words() {
            self.outbox.push(self.dialect.ask_echo(mark), Carried::Words, now);
            self.counting.asked_behind(mark, self.begun);
        }
    }

    fn may_begin(&self, bytes: usize) -> bool {
        if self.silent() {
            return true;
        }
        let proven = self.asking.heard || !self.broke_in_doubt;
        let learning = self.says_words() && !matches!(self.profile.echo, Echo::Before | Echo::After);
        let takes =
            self.rules.line_rate.map_or(Duration::ZERO, |rate| Duration::from_secs(bytes as u64 / u64::from(rate.max(1))));
        let blind = !self.rules.line_shows_power && takes > BLIND_MAX && self.says_words();
        proven
            && !self.stopped()
            && self.asking.stops == 0
            && !self.asking.suspect
            && !self.asking.stalled
            && self.doubts.is_none()
            && if self.on_wire.is_empty() { !self.count_first() } else { !learning && !blind }
    }

    /// A word nobody has heard lately: not after a restart of ours, for keys go on, and not after another try.
    fn new_mark(&mut self, key: u64) -> Mark {
        self.words += 1;
        Mark::new(key.wrapping_mul(16).wrapping_add(self.words % 16))
    }

    /// Whether it may know the command that says a word back.
    fn says_words(&self) -> bool {
        self.rules.ask && !self.silent() && self.profile.echo != Echo::No
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

/// Stops that end a label in the middle. A hot head pauses between rows and goes on.
fn ends_a_label(reasons: &[Reason]) -> bool {
    reasons
        .iter()
        .any(|reason| !matches!(reason, Reason::HeadTooHot | Reason::HeadTooCold | Reason::MotorTooHot | Reason::Paused))
}
