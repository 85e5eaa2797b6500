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
use super::wire::{Begun, Carried, Timer, Wire};
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

impl Begun for OnWire {
    fn key(&self) -> u64 {
        self.key
    }

    fn trigger(&self) -> usize {
        self.trigger
    }

    fn is_whole(&self) -> bool {
        self.left.is_some()
    }
}

/// The conversation with one printer.
#[derive(Debug)]
pub struct Conversation {
    dialect: Dialect,
    wire: Wire,
    on_wire: VecDeque<OnWire>,
    /// Words sent in the life of this conversation.
    words: u64,
    listener: Listener,
    asking: Asking,
    counting: Counting,
    doubts: Option<Doubts>,
    /// Bytes of a label that the last line may have left missing, at most.
    missing: usize,
}

/// On a line that hides power cuts nothing else is begun while a label takes longer than this to leave.
const BLIND_MAX: Duration = Duration::from_secs(2);

/// Filler for what an unknown sender may have left missing: half a label's picture; on a slow line a second of it.
const UNKNOWN_MISSING: usize = 64 * 1024;

impl Conversation {
    pub fn new(dialect: Dialect, rules: Rules, profile: Profile) -> Conversation {
        Conversation {
            dialect,
            on_wire: VecDeque::new(),
            words: 0,
            listener: Listener::new(dialect),
            asking: Asking::default(),
            counting: Counting::default(),
            doubts: None,
            // Whoever had the line before us may have broken off anywhere.
            missing: rules.line_rate.map_or(UNKNOWN_MISSING, |rate| UNKNOWN_MISSING.min(rate as usize)),
            wire: Wire::new(rules, profile),
        }
    }

    pub fn state(&self) -> &PrinterState {
        &self.wire.state
    }

    pub fn profile(&self) -> &Profile {
        &self.wire.profile
    }

    pub fn open(&self) -> usize {
        self.wire.in_hand.len() + self.on_wire.len()
    }

    pub fn has_room(&self) -> bool {
        self.wire.connected && self.doubts.is_none() && self.open() < self.wire.rules.window
    }

    pub fn has_doubts(&self) -> bool {
        self.doubts.is_some()
    }

    pub fn print(&mut self, key: u64, encoded: Encoded, now: Duration) {
        if !self.wire.connected {
            self.wire.tell(Event::NotTaken { key, why: Loss::NotSent });
            return;
        }
        self.wire.in_hand.push_back(InHand { key, encoded });
        self.begin_next(now);
        self.plan(now);
    }

    /// Writes a command that is neither label nor question. It may feed media, which the counter may count.
    pub fn say(&mut self, bytes: Vec<u8>, now: Duration) {
        if self.wire.connected {
            self.counting.doubt();
            self.wire.outbox.push(bytes, Carried::Words, now);
        }
    }

    /// What ends a label that the last line cut short; empty: it cut none.
    pub fn resync(&self) -> Vec<u8> {
        if self.missing > 0 { self.dialect.opening(self.missing, false) } else { Vec::new() }
    }

    /// It was written.
    pub fn resynced(&mut self) {
        self.missing = 0;
    }

    pub fn handle_connected(&mut self, now: Duration) {
        self.wire.connect();
        self.listener = Listener::new(self.dialect);
        self.asking = Asking::default();
        self.wire.timers.set(Timer::Certify, now + self.wire.rules.label_time * 10);
        self.counting = Counting::default();
        let opening = self.dialect.opening(std::mem::take(&mut self.missing), self.wire.rules.ask);
        self.wire.outbox.push(opening, Carried::Words, now);
        if self.wire.rules.ask {
            self.ask_standing(false, now);
        }
        self.plan(now);
    }

    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) {
        if !self.wire.rules.ask {
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
        if !self.wire.connected {
            return;
        }
        self.check_answer(now);
        self.wire.check_stall(now);
        self.check_evidence(now);
        self.check_sent(now);
        self.ask_when_due(now);
        self.begin_next(now);
        self.plan(now);
    }

    pub fn handle_disconnect(&mut self, why: &str) {
        if !self.wire.connected {
            return;
        }
        // What the line took need not have reached the printer.
        let unheard = self.on_wire.iter().filter(|label| label.echoed.is_none());
        self.missing = unheard.map(|label| label.bytes).max().unwrap_or_default();
        let none_out = self.none_out();
        let keys = self.wire.disconnect(self.on_wire.drain(..), why);
        if !keys.is_empty() {
            self.doubts = none_out.map(|count| Doubts::new(keys, count, false));
        }
        self.asking = Asking::default();
    }

    pub fn poll_write(&mut self) -> Option<&[u8]> {
        self.wire.outbox.offer()
    }

    pub fn left_of_label(&self) -> Option<usize> {
        self.wire.outbox.left_of_label()
    }

    pub fn wrote(&mut self, taken: usize, now: Duration) {
        match self.wire.wrote(taken, self.asking.suspect, now) {
            Some(Carried::Label) => self.label_left(now),
            Some(Carried::Question) if self.asking.awaited.is_some() => {
                self.wire.timers.set(Timer::Answer, now + self.patience());
            }
            Some(Carried::Question | Carried::Words) | None => {}
        }
        self.begin_next(now);
        self.plan(now);
    }

    pub fn poll_event(&mut self) -> Option<Event> {
        self.wire.poll_event()
    }

    pub fn poll_timeout(&self) -> Option<Duration> {
        if !self.wire.connected {
            return None;
        }
        self.wire.poll_timeout().into_iter().chain(self.due_as_sent()).min()
    }

    /// Begins the next label, if one is in hand and nothing speaks against it.
    fn begin_next(&mut self, now: Duration) {
        let Some(next) = self.wire.in_hand.front() else { return };
        if self.wire.outbox.holds_label() || !self.may_begin(next.encoded.bytes.len()) || !self.looked_at(now) {
            return;
        }
        let Some(InHand { key, encoded: Encoded { bytes, trigger } }) = self.wire.in_hand.pop_front() else { return };
        let mark = self.new_mark(key);
        self.wire.begun += 1;
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
        self.wire.outbox.push(bytes, Carried::Label, now);
        if self.says_words() {
            self.wire.outbox.push(self.dialect.ask_echo(mark), Carried::Words, now);
            self.counting.asked_behind(mark, self.wire.begun);
        }
    }

    fn may_begin(&self, bytes: usize) -> bool {
        if self.wire.silent() {
            return true;
        }
        let proven = self.asking.heard || !self.wire.broke_in_doubt;
        let learning = self.says_words() && !matches!(self.wire.profile.echo, Echo::Before | Echo::After);
        let takes =
            self.wire.rules.line_rate.map_or(Duration::ZERO, |rate| Duration::from_secs(bytes as u64 / u64::from(rate.max(1))));
        let blind = !self.wire.rules.line_shows_power && takes > BLIND_MAX && self.says_words();
        proven
            && !self.wire.stopped()
            && self.asking.stops == 0
            && !self.asking.suspect
            && !self.wire.is_stalled()
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
        self.wire.rules.ask && !self.wire.silent() && self.wire.profile.echo != Echo::No
    }
}

/// Stops that end a label in the middle. A hot head pauses between rows and goes on.
fn ends_a_label(reasons: &[Reason]) -> bool {
    reasons
        .iter()
        .any(|reason| !matches!(reason, Reason::HeadTooHot | Reason::HeadTooCold | Reason::MotorTooHot | Reason::Paused))
}
