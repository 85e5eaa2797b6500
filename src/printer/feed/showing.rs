//! What the loop shows of its printer, and what it records of it.

use super::Feed;
use crate::closed_set::ClosedSet;
use crate::conversation::{Answers, PrinterState};
use crate::language::Reason;
use crate::pairing::Identity;
use crate::printer::identity;
use crate::printer::service_tasks::FinishedTask;
use crate::printer::view::{self, Stands, View};
use crate::printer::words::{self, ConfirmsBy, PrinterReason};
use crate::spool::events::{Happened, PrinterTold, TaskEnded};
use crate::spool::{EventKind, UnixMs};
use tracing::info;

/// A printer that was reached so much later than is shown is shown anew, in milliseconds.
const REACHED_NEWS_MS: UnixMs = 10_000;

impl Feed {
    /// The printer's state, with what its port says of it.
    pub(super) fn state(&self, state: &PrinterState) -> PrinterState {
        match state {
            PrinterState::Stalled if self.port.is_some_and(|port| port.media_empty) => {
                PrinterState::Stopped(vec![Reason::MediaEmpty])
            }
            state => state.clone(),
        }
    }

    pub(super) fn record_state(&mut self, state: &PrinterState) {
        let stands = view::tell(&self.state(state), self.line.why_closed(), self.is_busy());
        let reasons: Vec<&str> = stands.reasons.iter().map(|reason| reason.word()).collect();
        info!(printer = self.name, state = stands.state.word(), reasons = reasons.join(","), "{}", stands.sentence);
        self.record_event(stands.event(), &stands.sentence);
    }

    /// Records what became of what an operator asked.
    pub(super) fn record_finished(&self, finished: impl IntoIterator<Item = FinishedTask>) {
        for FinishedTask { kind, outcome } in finished {
            let sentence = outcome.sentence(kind);
            info!(printer = self.name, outcome = outcome.outcome().word(), "{sentence}");
            let ended = TaskEnded { printer: self.name.clone(), outcome: outcome.outcome(), sentence };
            drop(self.spool.record_printer_event(&self.name, Happened::Task(kind.event(), ended)));
        }
    }

    /// Records an event about this printer. Not waited for: it changes nothing.
    pub(super) fn record_event(&self, kind: EventKind, sentence: &str) {
        let told = PrinterTold { printer: self.name.clone(), sentence: sentence.to_owned() };
        drop(self.spool.record_printer_event(&self.name, Happened::Printer(kind, told)));
    }

    /// How it stands, as it is shown.
    pub(super) fn shown(&self, busy: bool) -> Stands {
        if self.record.paused && !self.service_tasks.is_busy() {
            let sentence = "paused by an operator: resume it to go on.".to_owned();
            return Stands { state: words::PrinterState::Paused, reasons: vec![PrinterReason::Paused], sentence };
        }
        if let Some(trouble) = self.queue.ledger_trouble() {
            return Stands::stopped(
                PrinterReason::LedgerNotWritable,
                format!("the ledger cannot be written: {trouble} Nothing is printed until it can."),
            );
        }
        if let Some(stranger) = &self.stranger {
            return Stands::stopped(stranger.reason, &stranger.sentence);
        }
        if let Some(asked) = self.line.introduction() {
            let known = self.record.identity.as_ref();
            return match (asked.listening_until(), known) {
                _ if asked.is_stalled() => Stands::stopped(
                    PrinterReason::Busy,
                    "it takes no data: another computer may hold it, or it is out of labels or open. Printing goes on by itself.",
                ),
                (Some(_), Some(known)) => Stands::stopped(
                    PrinterReason::NotIdentified,
                    format!(
                        "it was {known} and says nothing now: labels wait {} s for its answer, then they are sent on without knowing \
                         to whom; `waybilld adopt {}` sends them at once.",
                        identity::LISTEN_KNOWN.as_secs(),
                        self.name
                    ),
                ),
                (Some(_), None) => Stands::stopped(
                    PrinterReason::Busy,
                    format!(
                        "it took the connection and says nothing: another computer may hold it, or it never answers. After {} s its \
                         labels are sent on.",
                        identity::LISTEN_FIRST.as_secs()
                    ),
                ),
                (None, _) => {
                    let state = if busy { words::PrinterState::Printing } else { words::PrinterState::Idle };
                    Stands::well(state, "asking the printer what it is.")
                }
            };
        }
        let state = match &self.stood {
            Some(stood @ (PrinterState::Stopped(_) | PrinterState::NotAnswering)) if self.line.is_closed() => stood,
            _ => self.conversation.state(),
        };
        if self.looking && !busy && self.line.why_closed().is_none() && unheard(state) {
            return Stands::well(words::PrinterState::Idle, "being looked at: it has not answered yet.");
        }
        view::tell(&self.state(state), self.line.why_closed(), busy)
    }

    /// Shows the printer's state to those who look at it.
    pub(super) fn show(&mut self) {
        let busy = self.is_busy();
        let stands = self.shown(busy);
        if !unheard(self.conversation.state()) {
            self.looking = false;
        }
        let answers_status = match self.conversation.profile().status {
            Answers::Unknown => None,
            Answers::Yes => Some(true),
            Answers::Silent => Some(false),
        };
        let (run, label) = match self.queue.last() {
            Some((run, label)) if busy => (Some(*run), Some(label.clone())),
            _ => (None, None),
        };
        let confirms_by = match self.config.asked {
            true => view::confirms_by(self.config.language, self.conversation.profile()),
            false => Some(ConfirmsBy::Nothing),
        };
        let identity = self.record.identity.as_ref().filter(|_| !self.record.silent).map(Identity::to_string);
        let shown_at = self.view.borrow().reached_at;
        // Every answer moves it a little; that alone is no news.
        let near = |at: UnixMs, shown: UnixMs| (0..REACHED_NEWS_MS).contains(&(at - shown));
        let reached_at = match (self.reached_at, shown_at) {
            (Some(at), Some(shown)) if near(at, shown) => Some(shown),
            (at, _) => at,
        };
        let (not_reached_since, looking) = (self.not_reached_since, self.looking);
        let adopted_dpi = Some(self.config.dpi).filter(|dpi| *dpi != self.file_config.dpi);
        let view = View {
            stands,
            run,
            label,
            answers_status,
            confirms_by,
            identity,
            reached_at,
            not_reached_since,
            looking,
            adopted_dpi,
        };
        self.view.send_if_modified(|shown| {
            let changed = *shown != view;
            *shown = view;
            changed
        });
    }
}

/// Nothing is known of how it stands now.
fn unheard(state: &PrinterState) -> bool {
    matches!(state, PrinterState::Offline | PrinterState::Unknown)
}
