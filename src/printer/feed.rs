//! The loop that feeds one printer: spool → layout → encoder → conversation → line, and what happened back into the spool.
//!
//! One task. It sleeps until its bell rings, the line speaks, or the conversation's time comes; idle it has no timer.
//! *sending* is on disk before the first byte of a label is offered to the line. Nothing here decides what counts as
//! printed: the conversation does.

use super::Order;
use super::composing::Composing;
use super::errands::{Became, Ended, Errands, Next};
use super::facts::Facts;
use super::trace::{Passed, What};
use super::view::{self, View};
use crate::capture::Side;
use crate::config::PrinterConfig;
use crate::conversation::{Answers, Conversation, Counter, Doubt, Echo, Event, Evidence, Loss, PrinterState, Profile, Rules};
use crate::designs::Designs;
use crate::dots::Dpi;
use crate::label::Label;
use crate::language::{Encoded, Encoder, Language, Options, Reason};
use crate::spool::events::{Happened, PrinterTold, TaskEnded};
use crate::spool::{EventKind, Hold, HoldCause, LabelKey, Outcome, QueuedLabel, Refusal, Spool, SpoolError, ToSend, Trouble};
use crate::transport::{Connection, Limits, Plugged, PortStatus, Transport, why_broken};
use crate::uri::DeviceUri;
use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{error, info, warn};

/// Labels read ahead from the spool.
const AHEAD: usize = 8;
/// Bytes offered to the line at once.
const CHUNK: usize = 32 * 1024;
/// Beside the time of the labels on the wire, what they may take to be confirmed when the daemon stops.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long a USB printer may take to say how its port stands.
const PORT_STATUS: Duration = Duration::from_secs(1);
/// Pauses between attempts to open the line.
const RETRY_MIN: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(10);
/// Pause before a settlement the disk refused is written again.
const SETTLE_AGAIN: Duration = Duration::from_secs(1);

/// One printer's loop.
pub struct Feed {
    name: String,
    config: PrinterConfig,
    spool: Spool,
    bell: Arc<Notify>,
    transport: Transport,
    view: watch::Sender<View>,
    /// For whoever listens to the line.
    wire: broadcast::Sender<Passed>,
    epoch: Instant,
    conversation: Conversation,
    encoder: Encoder,
    /// The printer has not been set up on this connection, or lost its memory.
    fresh: bool,
    line: Option<Connection>,
    offline: Option<String>,
    retry: Duration,
    retry_at: Option<Instant>,
    plugged: Plugged,
    /// The ledger refused something: it is asked again then.
    look_again: Option<Instant>,
    facts: Facts,
    /// Waiting labels in their order; `stale` when the spool may know better.
    queue: VecDeque<QueuedLabel>,
    stale: bool,
    composing: Composing,
    /// Labels given to the conversation, by key, until their end is known.
    given: HashMap<LabelKey, Given>,
    /// Whoever had the line before, we ourselves perhaps, may have broken off inside a label.
    broke_off: bool,
    /// What its port said when it took no more data.
    port: Option<PortStatus>,
    /// Labels handed over whole to a line that has not passed all of them on.
    leaving: Vec<u64>,
    last: Option<(i64, String)>,
    errands: Errands,
    /// The line is wanted although there is nothing to print.
    look: bool,
    /// Since when it could not print, as far as anybody knows.
    outage: Option<Outage>,
    /// After an outage so long, what waited through it is held.
    hold_after: Option<Duration>,
}

/// What is remembered of a label on its way.
struct Given {
    id: String,
    run: i64,
    attempt: i64,
}

/// A time in which the printer could not print.
struct Outage {
    began: Instant,
    /// How long nobody was there to see it.
    before: Duration,
}

/// What woke the loop.
enum Woke {
    Read(io::Result<usize>),
    Wrote(io::Result<usize>),
    Time,
    Bell,
    Composed,
    LookAgain,
    Retry,
    /// Something was plugged in: it may be ours.
    Plugged,
    /// What the line held for the printer has left.
    Drained,
    Order(Option<Order>),
    Stop,
}

impl Feed {
    pub fn new(
        name: String,
        config: PrinterConfig,
        spool: Spool,
        designs: Arc<Designs>,
        transport: Transport,
        view: watch::Sender<View>,
        wire: broadcast::Sender<Passed>,
    ) -> Feed {
        Feed {
            bell: spool.wake(&name),
            composing: Composing::new(designs, spool.clone(), &config),
            conversation: Conversation::new(config.language, rules(&config), Facts::default().profile()),
            encoder: Encoder::new(config.language, Options::default()),
            fresh: true,
            line: None,
            offline: None,
            retry: RETRY_MIN,
            retry_at: None,
            plugged: transport.plugged(&config.device),
            look_again: None,
            facts: Facts::default(),
            queue: VecDeque::new(),
            stale: true,
            given: HashMap::new(),
            broke_off: true,
            port: None,
            leaving: Vec::new(),
            last: None,
            errands: Errands::default(),
            look: false,
            hold_after: None,
            outage: Some(Outage { began: Instant::now(), before: spool.slept() }),
            epoch: Instant::now(),
            name,
            config,
            spool,
            transport,
            view,
            wire,
        }
    }

    /// After an outage so long, what waited through it is held.
    pub fn holding_after(self, hold_after: Option<Duration>) -> Feed {
        Feed { hold_after, ..self }
    }

    /// Feeds the printer until `stop` turns true.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>, mut stop: watch::Receiver<bool>) {
        self.recall_facts().await;
        let mut deadline: Option<Instant> = None;
        loop {
            // Who could stop us gone is a stop too.
            let stopping = *stop.borrow() || stop.has_changed().is_err();
            self.handle_events().await;
            if stopping {
                let patience = self.config.label_time * (self.config.window as u32 + 3) + FAREWELL;
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + patience);
                let hopeless = matches!(self.conversation.state(), PrinterState::Stopped(_) | PrinterState::NotAnswering);
                if self.conversation.open() == 0 || hopeless || Instant::now() >= deadline {
                    break;
                }
            } else {
                self.read_ahead().await;
                self.open_line().await;
                self.run_errands();
                self.give_labels().await;
            }
            self.show();
            match self.wait(&mut orders, &mut stop, stopping, deadline).await {
                Woke::Read(Ok(0)) => self.lose_line("the printer closed it"),
                Woke::Read(Err(error)) | Woke::Wrote(Err(error)) => self.lose_line(why_broken(&error)),
                Woke::Read(Ok(_)) | Woke::Composed => {}
                Woke::Wrote(Ok(taken)) => self.conversation.wrote(taken, self.epoch.elapsed()),
                Woke::Time => self.conversation.handle_timeout(self.epoch.elapsed()),
                Woke::Bell => self.stale = true,
                Woke::LookAgain => self.look_again = None,
                Woke::Retry => self.retry_at = None,
                Woke::Plugged => {
                    self.retry = RETRY_MIN;
                    self.retry_at = None;
                }
                Woke::Drained => self.settle_left(),
                Woke::Order(order) => self.obey(order).await,
                Woke::Stop => {}
            }
        }
        let line = self.line.take();
        self.conversation.handle_disconnect("waybilld was stopped");
        self.handle_events().await;
        let heard_out = match line {
            Some(line) => line.close(&Limits::default()).await,
            None => false,
        };
        if heard_out {
            self.settle_left()
        } else {
            self.doubt_left("waybilld was stopped")
        }
        self.show();
    }

    async fn wait(
        &mut self,
        orders: &mut mpsc::Receiver<Order>,
        stop: &mut watch::Receiver<bool>,
        stopping: bool,
        deadline: Option<Instant>,
    ) -> Woke {
        let mut buffer = [0; 4096];
        let chunk = self.conversation.poll_write().map(|bytes| bytes[..bytes.len().min(CHUNK)].to_vec());
        let rest = self.errands.poll_timeout().filter(|_| !stopping);
        let due = [self.conversation.poll_timeout().map(|at| self.epoch + at), deadline, rest];
        let due = due.into_iter().flatten().min();
        let (reader, writer, held) = match &mut self.line {
            Some(line) => (Some(&mut line.reader), Some(&mut line.writer), Some(&line.line)),
            None => (None, None, None),
        };
        let held = held.filter(|_| !self.leaving.is_empty());
        let woke = tokio::select! {
            biased;
            _ = stop.changed(), if !stopping => Woke::Stop,
            read = async { match reader { Some(reader) => reader.read(&mut buffer).await, None => pending().await } } => Woke::Read(read),
            wrote = async {
                match (writer, &chunk) {
                    (Some(writer), Some(chunk)) => writer.write(chunk).await,
                    _ => pending().await,
                }
            } => Woke::Wrote(wrote),
            () = async { match due { Some(due) => sleep_until(due).await, None => pending().await } } => Woke::Time,
            () = self.bell.notified(), if !stopping => Woke::Bell,
            () = self.composing.next(), if !stopping => Woke::Composed,
            () = async { match self.retry_at { Some(at) => sleep_until(at).await, None => pending().await } } => Woke::Retry,
            () = async { match held { Some(line) => line.drained().await, None => pending().await } } => Woke::Drained,
            () = self.plugged.rung(), if self.retry_at.is_some() => Woke::Plugged,
            () = async { match self.look_again { Some(at) => sleep_until(at).await, None => pending().await } } => Woke::LookAgain,
            order = orders.recv(), if !orders.is_closed() => Woke::Order(order),
        };
        match (&woke, &chunk) {
            (Woke::Read(Ok(count @ 1..)), _) => self.pass(|| What::Said(Side::Printer, buffer[..*count].into())),
            (Woke::Wrote(Ok(taken @ 1..)), Some(chunk)) => self.pass(|| {
                let bytes = chunk[..*taken].into();
                match self.conversation.left_of_label() {
                    Some(left) => What::Label { bytes, ends: *taken == left },
                    None => What::Said(Side::Host, bytes),
                }
            }),
            _ => {}
        }
        if let Woke::Read(Ok(count)) = woke {
            self.conversation.handle_bytes(&buffer[..count], self.epoch.elapsed());
        }
        woke
    }

    /// Shows what passes over the line, if anybody looks.
    fn pass(&self, what: impl FnOnce() -> What) {
        if self.wire.receiver_count() > 0 {
            // The last of them may leave meanwhile.
            let _ = self.wire.send(Passed { at: self.epoch.elapsed(), what: what() });
        }
    }

    /// Reads what comes next, when something may have changed.
    async fn read_ahead(&mut self) {
        if self.look_again.is_some() {
            return;
        }
        if self.stale {
            match self.spool.upcoming(&self.name, AHEAD).await {
                Ok(queue) => {
                    self.queue = queue.into();
                    self.stale = false;
                }
                Err(error) => {
                    error!(printer = self.name, "{error}");
                    self.look_again = Some(Instant::now() + SETTLE_AGAIN);
                }
            }
        }
        self.composing.look_ahead(self.queue.iter());
    }

    /// Opens the line when there is something to print and it is not open.
    async fn open_line(&mut self) {
        let printing = !(self.queue.is_empty() || self.facts.paused);
        let wanted = printing || self.look || self.conversation.has_doubts() || self.errands.wait();
        if self.line.is_some() || !wanted || self.retry_at.is_some() {
            return;
        }
        self.look = false;
        match self.transport.open(&self.config.device, &Limits::default()).await {
            Ok(line) => {
                info!(printer = self.name, "connected");
                self.pass(|| What::Connected);
                self.line = Some(line);
                self.offline = None;
                self.fresh = true;
                let mut options = self.config.options;
                options.zpl.memory_bytes = self.printer_memory();
                options.zpl.slow_line = rules(&self.config).line_rate.is_some();
                self.encoder = Encoder::new(self.config.language, options);
                self.conversation.handle_connected(self.epoch.elapsed());
            }
            Err(error) => {
                let ended = self.errands.refuse_all(&error.to_string());
                self.tell_ended(ended);
                let sentence = error.to_string().trim_end_matches('.').to_owned();
                if self.offline.as_ref() != Some(&sentence) {
                    warn!(printer = self.name, "{sentence}");
                    self.tell(EventKind::Offline, &sentence);
                }
                self.offline = Some(sentence);
                self.retry_at = Some(Instant::now() + self.retry);
                self.retry = (self.retry * 2).min(RETRY_MAX);
            }
        }
    }

    /// How much of the printer's memory to use: none where neither its answers nor its line would show that it was
    /// switched off and has lost it.
    fn printer_memory(&self) -> usize {
        let silent = !self.config.asked || self.conversation.profile().status == Answers::Silent;
        if silent && !self.config.device.shows_power() {
            return 0;
        }
        match self.config.dpi {
            Dpi::D203 => 512 << 10,
            Dpi::D300 => 1 << 20,
            Dpi::D600 => 4 << 20,
        }
    }

    /// Does for an operator what can be done now.
    fn run_errands(&mut self) {
        if self.line.is_none() {
            return;
        }
        if self.errands.is_saying() && self.conversation.poll_write().is_none() {
            let ended = self.errands.said(Instant::now());
            self.tell_ended(ended);
        }
        while let Some(next) = self.errands.next(self.has_room(), self.conversation.open(), Instant::now()) {
            match next {
                Next::Print(key, label) => {
                    let encoded = self.encode(&label);
                    self.conversation.print(key, encoded, self.epoch.elapsed());
                }
                Next::Say(bytes) => {
                    self.conversation.say(bytes, self.epoch.elapsed());
                    // It may have forgotten what it was told about its media.
                    self.fresh = true;
                }
            }
        }
    }

    /// The bytes of a label, behind those that set the printer up if it is not.
    fn encode(&mut self, label: &Label) -> Encoded {
        let mut start = Vec::new();
        // A few bytes against a power cut that a serial line does not show.
        self.fresh |= self.config.language != Language::Zpl && !self.config.device.shows_power();
        if self.fresh {
            start = self.encoder.start(&self.config.setup, label.size, label.dpi);
            if std::mem::take(&mut self.broke_off) {
                start.extend(self.encoder.eject(label.dpi));
            }
            self.fresh = false;
        }
        self.encoder.label(label).behind(start)
    }

    /// Gives the conversation what it has room for: on disk as *sending* first.
    async fn give_labels(&mut self) {
        if !self.is_over_outage().await || self.errands.hold_labels() {
            return;
        }
        while !self.facts.paused && self.has_room() {
            let Some(next) = self.queue.front() else { break };
            if !self.composing.is_ready(next) {
                break;
            }
            let Some(queued) = self.queue.pop_front() else { break };
            let composed = match self.composing.take(&queued) {
                Some(Ok(_)) if queued.expires.is_some_and(|at| at <= self.spool.now()) => Some(Err(Hold::of(HoldCause::Expired))),
                composed => composed.map(|composed| composed.map_err(|why| Hold::because(HoldCause::NotPrintable, why))),
            };
            match composed {
                Some(Ok(composed)) => {
                    let revision = Some(queued.revision);
                    let leaving = ToSend { key: queued.key, digest: composed.digest, revision };
                    let recorded = self.spool.sending(&self.name, vec![leaving]);
                    // The disk works while we encode.
                    let encoded = self.encode(&composed.label);
                    if let Err(error) = recorded.await {
                        // What was encoded never leaves: the printer knows nothing of it.
                        self.fresh = true;
                        self.stale = true;
                        if !matches!(error, SpoolError::Refusal(Refusal::NotWaiting(_))) {
                            error!(printer = self.name, label = queued.id, "{error}");
                            self.look_again = Some(Instant::now() + SETTLE_AGAIN);
                            break;
                        }
                        // Somebody took this one away meanwhile: on with the next.
                        self.read_ahead().await;
                        continue;
                    }
                    if queued.digest.is_some_and(|first| first != composed.digest) {
                        warn!(printer = self.name, label = queued.id, "this reprint differs from the first print");
                    }
                    info!(printer = self.name, run = queued.run, label = queued.id, "sending");
                    self.last = Some((queued.run, queued.id.clone()));
                    self.conversation.print(queued.key as u64, encoded, self.epoch.elapsed());
                    self.given.insert(queued.key, Given { id: queued.id, run: queued.run, attempt: queued.attempt });
                }
                Some(Err(hold)) => {
                    warn!(printer = self.name, label = queued.id, "held: {}", hold.text);
                    if let Err(error) = self.spool.hold(&queued.id, hold).await {
                        error!(printer = self.name, label = queued.id, "{error}");
                        self.stale = true;
                        self.look_again = Some(Instant::now() + SETTLE_AGAIN);
                        break;
                    }
                }
                None => break,
            }
            if self.queue.len() < AHEAD / 2 {
                self.stale = true;
                self.read_ahead().await;
            }
        }
    }

    /// Notes when the printer can print no more; when it can again, holds what would come out as a flood. Whether labels
    /// may be given.
    async fn is_over_outage(&mut self) -> bool {
        use PrinterState::{NotAnswering, Stalled, Stopped};
        if self.offline.is_some() || matches!(self.conversation.state(), Stopped(_) | NotAnswering | Stalled) {
            self.outage.get_or_insert(Outage { began: Instant::now(), before: Duration::ZERO });
            return true;
        }
        let Some(longest) = self.hold_after.filter(|_| self.line.is_some()) else { return true };
        let Some(Outage { began, before }) = self.outage.take() else { return true };
        if before + began.elapsed() < longest {
            return true;
        }
        match self.spool.hold_stale(&self.name, longest).await {
            Ok(0) => {}
            Ok(labels) => {
                warn!(printer = self.name, labels, "held: they waited through a long outage");
                self.stale = true;
                self.read_ahead().await;
            }
            Err(error) => {
                error!(printer = self.name, "{error}");
                self.outage = Some(Outage { began, before });
                self.look_again = Some(Instant::now() + SETTLE_AGAIN);
                return false;
            }
        }
        true
    }

    /// Writes down what the conversation learnt.
    async fn handle_events(&mut self) {
        while let Some(event) = self.conversation.poll_event() {
            match event {
                Event::Printed { key, evidence } => {
                    let evidence = match evidence {
                        Evidence::Counter => "the printer's label counter",
                        Evidence::Buffers => "the printer's empty buffers",
                        Evidence::Echo => "the printer's word after printing it",
                        Evidence::Rest => "the printer's word that it has it, and that it rests since",
                    };
                    self.settle(key, Outcome::Printed { evidence: evidence.to_owned() });
                }
                Event::Sent { key } => {
                    self.leaving.push(key);
                    if self.line.as_ref().is_none_or(|line| line.line.unsent() == 0) {
                        self.settle_left();
                    }
                }
                Event::InDoubt { key, why } => self.settle(key, Outcome::InDoubt { why: why.to_string() }),
                Event::NotTaken { key, why } => {
                    // It may have been the one that was to store what later labels recall.
                    self.fresh = true;
                    let sentence = why.to_string();
                    self.settle(
                        key,
                        match why {
                            Loss::NotSent => Outcome::NotSent { why: sentence },
                            Loss::DidNotComeOut => Outcome::Waiting { why: sentence },
                        },
                    );
                }
                Event::StateChanged(state) => {
                    self.port = match state {
                        PrinterState::Stalled => self.port_status().await,
                        _ => None,
                    };
                    self.tell_state(&state);
                }
                Event::Learnt(profile) => {
                    self.facts.learn(&profile);
                    self.keep_facts().await;
                }
                Event::MemoryLost => self.fresh = true,
                Event::HangUp => self.lose_line("it took no more data"),
            }
        }
    }

    /// Whether another label may be begun: what still lies in this machine counts as on the wire. A printer is set up
    /// when nothing is: labels on their way recall what setting it up deletes.
    fn has_room(&self) -> bool {
        let open = self.conversation.open();
        self.conversation.has_room() && open + self.leaving.len() < self.config.window && !(self.fresh && open > 0)
    }

    /// All that was handed to the line has left it.
    fn settle_left(&mut self) {
        for key in std::mem::take(&mut self.leaving) {
            self.settle(key, Outcome::Sent);
        }
    }

    /// What the line held for the printer when it broke is nobody's any more.
    fn doubt_left(&mut self, why: &str) {
        for key in std::mem::take(&mut self.leaving) {
            self.settle(key, Outcome::InDoubt { why: Doubt::LineBroke(why.to_owned()).to_string() });
        }
    }

    /// Writes a label's end, without waiting: it shares the disk's next breath with whatever is sent next.
    fn settle(&mut self, key: u64, outcome: Outcome) {
        if Errands::owns(key) {
            let ended = self.errands.settle(key, became(outcome));
            return self.tell_ended(ended);
        }
        let key = key as LabelKey;
        let Some(Given { id: label, run, attempt }) = self.given.remove(&key) else { return };
        if let Outcome::InDoubt { .. } = outcome {
            // Evidence may settle it yet.
            self.given.insert(key, Given { id: label.clone(), run, attempt });
        }
        if let Outcome::Printed { .. } | Outcome::Sent = outcome {
            // The line has proven itself.
            self.retry = RETRY_MIN;
        }
        let word = match &outcome {
            Outcome::Printed { .. } => "printed",
            Outcome::Sent => "sent",
            Outcome::Waiting { .. } | Outcome::NotSent { .. } => "waiting",
            Outcome::InDoubt { .. } => "in doubt",
        };
        info!(printer = self.name, run, label, "{word}");
        self.stale |= matches!(outcome, Outcome::Waiting { .. } | Outcome::NotSent { .. });
        let receipt = self.spool.settle(key, attempt, outcome.clone());
        let (spool, printer) = (self.spool.clone(), self.name.clone());
        tokio::spawn(async move {
            let mut written = receipt.await;
            while let Err(error @ SpoolError::Trouble(Trouble::Full | Trouble::Disk(_) | Trouble::Busy(_))) = &written {
                error!(printer, label, "{error}");
                sleep(SETTLE_AGAIN).await;
                written = spool.settle(key, attempt, outcome.clone()).await;
            }
            if let Err(error) = written {
                warn!(printer, label, "{error}");
            }
        });
    }

    fn lose_line(&mut self, why: &str) {
        if self.line.take().is_some() {
            warn!(printer = self.name, "line lost: {why}");
            self.pass(|| What::Lost(why.to_owned()));
            self.doubt_left(why);
            self.broke_off |= self.conversation.open() > 0;
            self.conversation.handle_disconnect(why);
            let ended = self.errands.line_lost(why);
            self.tell_ended(ended);
            self.retry_at = Some(Instant::now() + self.retry);
            self.retry = (self.retry * 2).min(RETRY_MAX);
        }
        self.fresh = true;
    }

    async fn obey(&mut self, order: Option<Order>) {
        let paused = match order {
            Some(Order::Pause) => true,
            Some(Order::Resume) => false,
            Some(Order::Look) => {
                // A printer with nothing to print is not asked how it is; a new line asks once.
                let stands = matches!(self.conversation.state(), PrinterState::Stopped(_) | PrinterState::NotAnswering);
                if stands && self.conversation.open() == 0 && !self.errands.is_busy() {
                    self.lose_line("looked at anew");
                }
                self.look = self.line.is_none();
                return;
            }
            Some(Order::Errand(errand)) => {
                info!(printer = self.name, "asked to {}", errand.chore.word());
                self.errands.take(errand);
                // Somebody stands there: not in ten seconds.
                self.retry_at = None;
                return;
            }
            None => return,
        };
        if self.facts.paused != paused {
            self.facts.paused = paused;
            // Who resumes it wants what waits.
            self.outage = None;
            let (kind, sentence) =
                if paused { (EventKind::Paused, "paused by an operator") } else { (EventKind::Resumed, "resumed") };
            info!(printer = self.name, "{sentence}");
            self.tell(kind, sentence);
            self.keep_facts().await;
        }
    }

    async fn recall_facts(&mut self) {
        match self.spool.printer_facts(&self.name).await {
            Ok(Some(text)) => self.facts = Facts::from_json(&text),
            Ok(None) => {}
            Err(error) => error!(printer = self.name, "{error}"),
        }
        self.conversation = Conversation::new(self.config.language, rules(&self.config), profile(&self.config, &self.facts));
    }

    async fn keep_facts(&self) {
        if let Err(error) = self.spool.keep_printer_facts(&self.name, self.facts.to_json()).await {
            error!(printer = self.name, "{error}");
        }
    }

    /// What a USB printer that takes no more data says beside the data.
    async fn port_status(&self) -> Option<PortStatus> {
        let line = self.line.as_ref()?.line.clone();
        tokio::time::timeout(PORT_STATUS, line.port_status()).await.ok()?.ok()?
    }

    /// Its state, and what its port says of it.
    fn standing(&self, state: &PrinterState) -> PrinterState {
        match state {
            PrinterState::Stalled if self.port.is_some_and(|port| port.media_empty) => {
                PrinterState::Stopped(vec![Reason::MediaEmpty])
            }
            state => state.clone(),
        }
    }

    fn tell_state(&mut self, state: &PrinterState) {
        let (word, reasons, sentence) = view::tell(&self.standing(state), self.offline.as_deref(), self.is_busy());
        info!(printer = self.name, state = word, reasons = reasons.join(","), "{sentence}");
        self.tell(view::event_kind(word, &reasons), &sentence);
    }

    /// Says to everybody what became of what an operator asked.
    fn tell_ended(&self, ended: impl IntoIterator<Item = Ended>) {
        for Ended { chore, became } in ended {
            let sentence = became.sentence(chore);
            info!(printer = self.name, outcome = became.word(), "{sentence}");
            let ended = TaskEnded { printer: self.name.clone(), outcome: became.word().to_owned(), sentence };
            drop(self.spool.record_printer_event(&self.name, Happened::Task(chore.event(), ended)));
        }
    }

    /// An event about this printer for whoever listens. Not waited for: it changes nothing.
    fn tell(&self, kind: EventKind, sentence: &str) {
        let told = PrinterTold { printer: self.name.clone(), sentence: sentence.to_owned() };
        drop(self.spool.record_printer_event(&self.name, Happened::Printer(kind, told)));
    }

    fn is_busy(&self) -> bool {
        self.conversation.open() > 0 || self.errands.is_busy() || (!self.queue.is_empty() && !self.facts.paused)
    }

    /// Shows how the printer stands to whoever looks.
    fn show(&self) {
        let busy = self.is_busy();
        let (state, reasons, sentence) = match self.facts.paused && !self.errands.is_busy() {
            true => ("paused", vec!["paused".to_owned()], "paused by an operator: resume it to go on.".to_owned()),
            false => view::tell(&self.standing(self.conversation.state()), self.offline.as_deref(), busy),
        };
        let answers_status = match self.conversation.profile().status {
            Answers::Unknown => None,
            Answers::Yes => Some(true),
            Answers::Silent => Some(false),
        };
        let (run, label) = match &self.last {
            Some((run, label)) if busy => (Some(*run), Some(label.clone())),
            _ => (None, None),
        };
        let confirms_by = match self.config.asked {
            true => view::confirms_by(self.config.language, self.conversation.profile()),
            false => Some("nothing"),
        };
        let view = View { state, reasons, sentence, run, label, answers_status, confirms_by };
        self.view.send_if_modified(|shown| {
            let changed = *shown != view;
            *shown = view;
            changed
        });
    }
}

/// The end of a label that is in no spool.
fn became(outcome: Outcome) -> Became {
    match outcome {
        Outcome::Printed { .. } => Became::Printed,
        Outcome::Sent => Became::Sent,
        Outcome::InDoubt { why } => Became::InDoubt(why),
        Outcome::Waiting { why } | Outcome::NotSent { why } => Became::NotTaken(format!("{why}.")),
    }
}

/// What is known of a printer: what it taught us, and what its configuration knows better.
fn profile(config: &PrinterConfig, facts: &Facts) -> Profile {
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
fn rules(config: &PrinterConfig) -> Rules {
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
