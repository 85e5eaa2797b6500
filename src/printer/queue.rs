//! The labels of one printer between the ledger and its line: read ahead, laid out, recorded as *sending*, settled.
//!
//! *sending* is on disk before a label is handed out. Knows no line and no printer language.

use super::composing::Composing;
use crate::config::PrinterConfig;
use crate::designs::Designs;
use crate::label::Label;
use crate::language::Encoded;
use crate::spool::{Hold, HoldCause, LabelKey, Outcome, QueuedLabel, Refusal, Spool, SpoolError, ToSend, Trouble};
use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{error, info, warn};

/// Labels read ahead from the spool.
const AHEAD: usize = 8;
/// How often it is said in the log that the ledger cannot be written.
const SAY_AGAIN: Duration = Duration::from_secs(60);
/// Pause before something the ledger refused is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// One printer's labels.
pub struct Queue {
    name: String,
    spool: Spool,
    wake: Arc<Notify>,
    composing: Composing,
    /// Waiting labels in their order; `stale` when the ledger may know better.
    waiting: VecDeque<QueuedLabel>,
    stale: bool,
    /// The ledger refused something: it is asked again then.
    ask_again: Option<Instant>,
    /// Labels handed out, by key, until their end is known.
    given: HashMap<LabelKey, Given>,
    last: Option<(i64, String)>,
    ledger: Arc<LedgerTrouble>,
}

/// Why the ledger could not be written last, and when that was last said in the log.
#[derive(Debug, Default)]
struct LedgerTrouble(Mutex<Option<(String, Instant)>>);

/// What is remembered of a label on its way.
#[derive(Debug, Clone)]
struct Given {
    id: String,
    run: i64,
    attempt: i64,
}

/// What came of the first label that waits.
pub enum Begun {
    /// It is recorded as *sending*: these are its bytes.
    Given(LabelKey, Encoded),
    /// It was encoded, and must not be sent. `go_on`: the next one may be.
    Refused { go_on: bool },
    /// It cannot be printed and is held; the next one may be.
    Held,
    /// None is ready.
    Nothing,
}

impl LedgerTrouble {
    /// The ledger refused to be written: said once a minute, not once a label.
    fn arose(&self, printer: &str, label: Option<&str>, error: &SpoolError) {
        let mut trouble = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let said = trouble.as_ref().map(|(_, said)| *said).filter(|said| now.duration_since(*said) < SAY_AGAIN);
        if said.is_none() {
            error!(printer, label, "{error}");
        }
        *trouble = Some((error.to_string(), said.unwrap_or(now)));
    }

    /// It was written.
    fn passed(&self, printer: &str) {
        if self.0.lock().unwrap_or_else(PoisonError::into_inner).take().is_some() {
            info!(printer, "the ledger can be written again");
        }
    }
}

/// Whether the ledger, and not the label, is in the way.
fn is_ledgers(error: &SpoolError) -> bool {
    matches!(error, SpoolError::Trouble(Trouble::Full | Trouble::Disk(_) | Trouble::Busy(_)))
}

impl Queue {
    pub fn new(name: String, config: &PrinterConfig, designs: Arc<Designs>, spool: Spool) -> Queue {
        Queue {
            wake: spool.wake(&name),
            composing: Composing::new(designs, spool.clone(), config),
            waiting: VecDeque::new(),
            stale: true,
            ask_again: None,
            given: HashMap::new(),
            last: None,
            ledger: Arc::default(),
            name,
            spool,
        }
    }

    /// Whether no label waits, as far as it was read.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The run and id of the label that was last begun.
    pub fn last(&self) -> Option<&(i64, String)> {
        self.last.as_ref()
    }

    /// Why the ledger cannot be written, if it could not be when it was last tried.
    pub fn ledger_trouble(&self) -> Option<String> {
        self.ledger.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(why, _)| why.clone())
    }

    /// The printer prints with another head from now on: what was laid out for the old one is dropped.
    pub fn make_for(&mut self, config: &PrinterConfig, designs: Arc<Designs>) {
        self.composing = Composing::new(designs, self.spool.clone(), config);
        self.stale = true;
    }

    /// Waits until there may be something to do: the ledger has news, a label is laid out, or a refusal is old enough.
    pub async fn changed(&mut self) {
        tokio::select! {
            biased;
            () = self.wake.notified() => self.stale = true,
            () = self.composing.next() => {}
            () = async { match self.ask_again { Some(at) => sleep_until(at).await, None => pending().await } } => {
                self.ask_again = None;
            }
        }
    }

    /// Reads what comes next, when something may have changed.
    pub async fn read_ahead(&mut self) {
        if self.ask_again.is_some() {
            return;
        }
        // A printer that is well does not stand for a disk that was full: nothing else may come to be written.
        if self.ledger_trouble().is_some() {
            match self.spool.check_writable().await {
                Ok(()) => self.ledger.passed(&self.name),
                Err(error) => return self.refused(None, &error),
            }
        }
        if self.stale {
            match self.spool.upcoming(&self.name, AHEAD).await {
                Ok(waiting) => {
                    self.waiting = waiting.into();
                    self.stale = false;
                }
                Err(error) => self.refused(None, &error),
            }
        }
        self.composing.look_ahead(self.waiting.iter());
    }

    /// The ledger refused something: not again before a while.
    fn refused(&mut self, label: Option<&str>, error: &SpoolError) {
        if is_ledgers(error) {
            self.ledger.arose(&self.name, label, error);
        } else {
            error!(printer = self.name, label, "{error}");
        }
        self.stale = true;
        self.ask_again = Some(Instant::now() + ASK_AGAIN);
    }

    /// Hands out the first label that waits, if it is laid out: encoded by `encode`, and on disk as *sending*.
    pub async fn begin(&mut self, encode: impl FnOnce(&Label) -> Encoded) -> Begun {
        // What was refused is read anew first, for it comes before the others.
        if self.ask_again.is_some() || !self.waiting.front().is_some_and(|next| self.composing.is_ready(next)) {
            return Begun::Nothing;
        }
        let Some(queued) = self.waiting.pop_front() else { return Begun::Nothing };
        let Some(composed) = self.composing.take(&queued) else { return Begun::Nothing };
        let expired = queued.expires.is_some_and(|at| at <= self.spool.now());
        let composed = match composed {
            Ok(_) if expired => Err(Hold::of(HoldCause::Expired)),
            composed => composed.map_err(|why| Hold::because(HoldCause::NotPrintable, why)),
        };
        let begun = match composed {
            Ok(composed) => {
                let leaving = ToSend { key: queued.key, digest: composed.digest, revision: Some(queued.revision) };
                let recorded = self.spool.sending(&self.name, vec![leaving]);
                // The disk works while we encode.
                let encoded = encode(&composed.label);
                if let Err(error) = recorded.await {
                    self.stale = true;
                    if !matches!(error, SpoolError::Refusal(Refusal::NotWaiting(_))) {
                        self.refused(Some(&queued.id), &error);
                        return Begun::Refused { go_on: false };
                    }
                    // It was taken away meanwhile.
                    self.read_ahead().await;
                    return Begun::Refused { go_on: true };
                }
                self.ledger.passed(&self.name);
                if queued.digest.is_some_and(|first| first != composed.digest) {
                    warn!(printer = self.name, label = queued.id, "this reprint differs from the first print");
                }
                info!(printer = self.name, run = queued.run, label = queued.id, "sending");
                self.last = Some((queued.run, queued.id.clone()));
                self.given.insert(queued.key, Given { id: queued.id, run: queued.run, attempt: queued.attempt });
                Begun::Given(queued.key, encoded)
            }
            Err(hold) => {
                warn!(printer = self.name, label = queued.id, "held: {}", hold.text);
                if let Err(error) = self.spool.hold(&queued.id, hold).await {
                    self.refused(Some(&queued.id), &error);
                    return Begun::Nothing;
                }
                Begun::Held
            }
        };
        if self.waiting.len() < AHEAD / 2 {
            self.stale = true;
            self.read_ahead().await;
        }
        begun
    }

    /// Holds what has waited for longer: the end of a long outage is no flood. Whether the ledger has done so.
    pub async fn hold_stale(&mut self, longer_than: Duration) -> bool {
        match self.spool.hold_stale(&self.name, longer_than).await {
            Ok(0) => {}
            Ok(labels) => {
                warn!(printer = self.name, labels, "held: they waited through a long outage");
                self.stale = true;
                self.read_ahead().await;
            }
            Err(error) => {
                self.refused(None, &error);
                return false;
            }
        }
        true
    }

    /// Writes a label's end, without waiting: it shares the disk's next commit with what is sent next.
    pub fn settle(&mut self, key: LabelKey, outcome: Outcome) {
        let Some(given) = self.given.remove(&key) else { return };
        if let Outcome::InDoubt { .. } = outcome {
            // Evidence may settle it yet.
            self.given.insert(key, given.clone());
        }
        let Given { id: label, run, attempt } = given;
        let word = match &outcome {
            Outcome::Printed { .. } => "printed",
            Outcome::Sent => "sent",
            Outcome::Waiting { .. } | Outcome::NotSent { .. } => "waiting",
            Outcome::InDoubt { .. } => "in doubt",
        };
        info!(printer = self.name, run, label, "{word}");
        self.stale |= matches!(outcome, Outcome::Waiting { .. } | Outcome::NotSent { .. });
        let receipt = self.spool.settle(key, attempt, outcome.clone());
        let (spool, printer, ledger) = (self.spool.clone(), self.name.clone(), self.ledger.clone());
        tokio::spawn(async move {
            let mut written = receipt.await;
            while let Some(error) = written.as_ref().err().filter(|error| is_ledgers(error)) {
                ledger.arose(&printer, Some(&label), error);
                sleep(ASK_AGAIN).await;
                written = spool.settle(key, attempt, outcome.clone()).await;
            }
            match written {
                Ok(()) => ledger.passed(&printer),
                Err(error) => warn!(printer, label, "{error}"),
            }
        });
    }
}
