//! The loop that feeds one printer: spool → layout → encoder → conversation → line, and what happened back into the spool.
//!
//! One task. It sleeps until it is woken by the spool, the line or the conversation's time; idle it has no timer. It
//! keeps the order of its parts: [`Queue`] (labels), [`Line`] (bytes), [`Outages`], [`ServiceTasks`] (what an operator
//! asks). Nothing here decides what counts as printed: the conversation does.

mod showing;

use super::Request;
use super::facts::{self, Facts};
use super::identity::{self, Record, Stranger};
use super::line::{Line, LineEvent};
use super::outage::Outages;
use super::queue::{Begun, Queue};
use super::service_tasks::{Next, ServiceTasks, TaskEnd};
use super::trace::Passed;
use super::view::{Stands, View};
use super::words::TaskKind;
use crate::closed_set::ClosedSet;
use crate::config::PrinterConfig;
use crate::conversation::{Answers, Conversation, Doubt, Event, Loss, PrinterState, Profile};
use crate::designs::Designs;
use crate::dots::Dpi;
use crate::label::Label;
use crate::language::{Encoded, Encoder, Language, Options};
use crate::pairing::{Identity, Who};
use crate::spool::{EventKind, LabelKey, Outcome, Spool, UnixMs};
use crate::transport::{Limits, PortStatus, Transport, why_broken};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tracing::{error, info};

/// Beside the time of the labels on the wire, what they may take to be confirmed when the daemon stops.
const FAREWELL: Duration = Duration::from_secs(2);
/// How long another printer at the address is left alone before it is asked again who it is, and how long something that
/// is no label printer: what it is asked may come out of it as text.
const STRANGER_AGAIN: Duration = Duration::from_secs(30);
const SERVICE_AGAIN: Duration = Duration::from_secs(600);
/// An open line is closed for a look at most so often.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// A line that was not used for so long is asked who is there before a label goes over it: it may be half open.
const LONG_IDLE: Duration = Duration::from_secs(60);

/// What one printer's loop is made of.
pub struct Parts {
    pub name: String,
    pub config: PrinterConfig,
    pub spool: Spool,
    pub designs: Arc<Designs>,
    pub transport: Transport,
    pub view: watch::Sender<View>,
    /// For those who listen to the line.
    pub wire: broadcast::Sender<Passed>,
    /// After an outage so long, what waited through it is held.
    pub hold_after: Option<Duration>,
}

/// One printer's loop.
pub struct Feed {
    name: String,
    /// As it goes by what an adopted printer says of its head.
    config: PrinterConfig,
    /// As it stands in the file.
    file_config: PrinterConfig,
    designs: Arc<Designs>,
    spool: Spool,
    view: watch::Sender<View>,
    conversation: Conversation,
    encoder: Encoder,
    line: Line,
    queue: Queue,
    record: Record,
    /// What was learnt of the device, kept under its identity.
    facts: Facts,
    /// Another device is at the address.
    stranger: Option<Stranger>,
    /// How it stood when the line was let go.
    stood: Option<PrinterState>,
    reached_at: Option<UnixMs>,
    not_reached_since: Option<UnixMs>,
    /// The line may have been broken off inside a label, by an earlier run of the daemon or by another program.
    broke_off: bool,
    /// What its port said when it took no more data.
    port: Option<PortStatus>,
    /// Labels handed over whole to a line that has not passed all of them on.
    leaving: Vec<u64>,
    service_tasks: ServiceTasks,
    /// The line is wanted although there is nothing to print.
    look: bool,
    /// It is being looked at, and has not shown how it stands.
    looking: bool,
    /// When its line was last opened for a look.
    looked_at: Option<Instant>,
    outages: Outages,
}

/// What woke the loop.
enum Woke {
    Line(LineEvent),
    Time,
    Queue,
    Request(Option<Request>),
    Stop,
}

impl Feed {
    /// The loop of that printer, with what was learnt of it before.
    pub async fn recall(parts: Parts) -> Feed {
        let Parts { name, config, spool, designs, transport, view, wire, hold_after } = parts;
        let text = recall(&spool, &name, &name).await;
        let record = text.as_deref().map_or_else(Record::default, Record::from_json);
        let file_config = config;
        let config = identity::as_it_says(&file_config, record.identity.as_ref().filter(|_| record.adopted));
        let facts = match recall(&spool, &name, &record.facts_key(&config.device)).await {
            Some(text) => Facts::from_json(&text),
            // An earlier version kept them under the name.
            None if record.identity.is_none() => text.as_deref().map_or_else(Facts::default, Facts::from_json),
            None => Facts::default(),
        };
        Feed {
            conversation: Conversation::new(config.language, facts::rules(&config), facts::profile(&config, &facts)),
            encoder: Encoder::new(config.language, Options::default()),
            line: Line::new(name.clone(), config.device.clone(), transport, wire),
            queue: Queue::new(name.clone(), &config, designs.clone(), spool.clone()),
            record,
            facts,
            stranger: None,
            stood: None,
            reached_at: None,
            not_reached_since: None,
            broke_off: true,
            port: None,
            leaving: Vec::new(),
            service_tasks: ServiceTasks::default(),
            look: false,
            looking: false,
            looked_at: None,
            outages: Outages::new(hold_after, spool.slept(), Instant::now()),
            name,
            config,
            file_config,
            designs,
            spool,
            view,
        }
    }

    /// Feeds the printer until `stop` turns true.
    pub async fn run(mut self, mut requests: mpsc::Receiver<Request>, mut stop: watch::Receiver<bool>) {
        let mut deadline: Option<Instant> = None;
        self.show();
        loop {
            // The sender gone is a stop too.
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
                self.queue.read_ahead().await;
                self.let_line_go().await;
                self.open_line().await;
                self.run_service_tasks();
                self.give_labels().await;
            }
            self.show();
            match self.wait(&mut requests, &mut stop, deadline.filter(|_| stopping)).await {
                Woke::Line(LineEvent::Read(Ok(bytes))) if bytes.is_empty() => self.lose_line("the printer closed it"),
                Woke::Line(LineEvent::Read(Ok(bytes))) => {
                    self.reached();
                    self.conversation.handle_bytes(&bytes, self.line.now());
                }
                Woke::Line(LineEvent::Asked) => self.meet().await,
                Woke::Line(LineEvent::Wrote(Ok(taken))) => self.conversation.wrote(taken, self.line.now()),
                Woke::Line(LineEvent::Read(Err(error)) | LineEvent::Wrote(Err(error))) => self.lose_line(why_broken(&error)),
                Woke::Line(LineEvent::Drained) => self.settle_left(),
                Woke::Line(LineEvent::Retry) | Woke::Queue | Woke::Stop => {}
                Woke::Time => self.conversation.handle_timeout(self.line.now()),
                Woke::Request(request) => self.obey(request).await,
            }
        }
        self.close_line().await;
        self.show();
    }

    /// Sleeps until something happens; `deadline`: until then, when the daemon is stopping.
    async fn wait(
        &mut self,
        requests: &mut mpsc::Receiver<Request>,
        stop: &mut watch::Receiver<bool>,
        deadline: Option<Instant>,
    ) -> Woke {
        let stopping = deadline.is_some();
        let rest = self.service_tasks.poll_timeout().filter(|_| !stopping && self.line.is_open());
        let talking = self.conversation.poll_timeout().filter(|_| self.line.is_open());
        let idle = self.idle_until().filter(|_| !stopping);
        let due = [talking.map(|at| self.line.at(at)), deadline, rest, idle];
        let due = due.into_iter().flatten().min();
        let left = self.conversation.left_of_label();
        let bytes = self.conversation.poll_write();
        let woke = tokio::select! {
            biased;
            _ = stop.changed(), if !stopping => Woke::Stop,
            event = self.line.next(bytes, !self.leaving.is_empty()) => Woke::Line(event),
            () = async { match due { Some(due) => sleep_until(due).await, None => pending().await } } => Woke::Time,
            () = self.queue.changed(), if !stopping => Woke::Queue,
            request = requests.recv(), if !requests.is_closed() => Woke::Request(request),
        };
        if let Woke::Line(event) = &woke {
            self.line.show(event, bytes, left);
        }
        woke
    }

    /// When the line is let go, if nothing is wanted of it: other computers may print.
    fn idle_until(&self) -> Option<Instant> {
        let idle_close = self.config.idle_close?;
        let idle = self.line.is_open() && !self.is_wanted() && self.is_at_rest();
        idle.then(|| self.line.used_at() + idle_close)
    }

    /// Nothing is on the wire, nothing of it is open, and it does not measure its media.
    fn is_at_rest(&self) -> bool {
        self.is_at_rest_but_tasks() && !self.service_tasks.is_busy()
    }

    /// Something is to be printed, asked or settled.
    fn is_wanted(&self) -> bool {
        let printing = !(self.queue.is_empty() || self.record.paused);
        printing || self.look || self.conversation.has_doubts() || self.service_tasks.wait()
    }

    /// Closes a line that was not used for long; asks again who is there before a label goes over one that was kept.
    async fn let_line_go(&mut self) {
        if self.idle_until().is_some_and(|until| until <= Instant::now()) {
            self.rest("nothing is to be printed").await;
        }
        let long_idle = self.line.used_at() + LONG_IDLE <= Instant::now();
        if long_idle && self.line.is_open() && self.is_wanted() && self.is_at_rest_but_tasks() && self.names_itself() {
            self.line.ask_again(self.config.language, self.record.before(&self.config));
        }
    }

    fn is_at_rest_but_tasks(&self) -> bool {
        let tasks_leave_it_alone = !self.service_tasks.is_saying() && self.service_tasks.poll_timeout().is_none();
        self.conversation.open() == 0 && self.leaving.is_empty() && tasks_leave_it_alone
    }

    /// Whether it has said what it is, and does so still.
    fn names_itself(&self) -> bool {
        self.record.identity.is_some() && !self.record.silent && self.config.asked
    }

    /// Closes the line in order; how the printer stood is shown until it is looked at again.
    async fn rest(&mut self, why: &str) {
        self.stood = Some(self.conversation.state().clone());
        self.line.hang_up(why, None).await;
        self.conversation.handle_disconnect(why);
    }

    /// Opens the line when there is something to print and it is not open.
    async fn open_line(&mut self) {
        if !self.is_wanted() || !self.line.may_open() {
            return;
        }
        self.look = false;
        // Only what we cut short ourselves is ended before anybody was asked who is there.
        let resync = if self.reached_at.is_some() { self.conversation.resync() } else { Vec::new() };
        match self.line.open(self.config.language, self.record.before(&self.config), resync).await {
            Ok(()) => self.reached(),
            Err((sentence, news)) => {
                self.looking = false;
                // How it stood then is no news of a printer that cannot be reached.
                self.stood = None;
                self.not_reached_since.get_or_insert(self.spool.now());
                let finished = self.service_tasks.refuse_all(&sentence);
                self.record_finished(finished);
                if news {
                    self.record_event(EventKind::Offline, sentence.trim_end_matches('.'));
                }
            }
        }
    }

    /// It was heard, or took the connection.
    fn reached(&mut self) {
        self.reached_at = Some(self.spool.now());
        self.not_reached_since = None;
    }

    /// The other end has said who it is, or has not: labels go to the printer that is expected there, or to one that
    /// cannot say.
    async fn meet(&mut self) {
        let Some(introduction) = self.line.introduction().filter(|introduction| introduction.is_done()) else { return };
        let (mut who, sgd) = (introduction.who(), introduction.sgd());
        if matches!(who, Who::Silent | Who::Nameless)
            && let Some(device_id) = self.line.device_id().await
            && let Some(identity) = identity::by_device_id(&device_id)
        {
            who = Who::Printer(identity);
        }
        if let Err(stranger) = self.record.judge(&self.name, &self.config, &who) {
            return self.keep_away(stranger, matches!(who, Who::Service(_))).await;
        }
        self.stranger = None;
        let before = self.record.clone();
        match &who {
            Who::Printer(found) => {
                let mut identity = self.record.identity.clone().unwrap_or_default();
                identity.completed_by(found);
                (self.record.identity, self.record.silent) = (Some(identity), false);
            }
            // A printer that is never asked is no news.
            _ => self.record.silent = self.config.asked,
        }
        // One that has answered once does so still, however late.
        if self.record.sgd != Some(true) {
            self.record.sgd = sgd.or(self.record.sgd);
        }
        if self.record != before {
            self.keep_record().await;
        }
        self.recall_device(&before).await;
        let new_head = self.go_by_its_head();
        let went_silent = self.record.silent && before.identity.is_some() && !before.silent;
        if self.line.admit().is_some() {
            if new_head {
                self.line.forget_setup();
            }
            // The connection was in use before: a printer that has gone silent is met on a new one.
            if went_silent {
                self.record = before;
                self.keep_record().await;
                self.lose_line("it does not answer after a long rest");
            }
            return;
        }
        if went_silent {
            let sentence = "it has said before what it is and says nothing now: its labels are sent, and nobody knows to whom";
            tracing::warn!(printer = self.name, "{sentence}");
            self.record_event(EventKind::NotIdentified, sentence);
            // What is in doubt stays so in the ledger: nothing that is there now can settle it.
            let profile = Profile { status: Answers::Silent, ..facts::profile(&self.config, &self.facts) };
            self.conversation = Conversation::new(self.config.language, facts::rules(&self.config), profile);
        }
        if self.config.asked {
            // It was written before the first question.
            self.conversation.resynced();
        }
        let mut options = self.config.options;
        options.zpl.memory_bytes = self.printer_memory();
        options.zpl.slow_line = facts::rules(&self.config).line_rate.is_some();
        self.encoder = Encoder::new(self.config.language, options);
        self.stood = None;
        self.conversation.handle_connected(self.line.now());
    }

    /// An adopted printer is printed for with the resolution it says it has, which it may say later than it was adopted.
    /// Whether that is another than before.
    fn go_by_its_head(&mut self) -> bool {
        let adopted = self.record.identity.as_ref().filter(|_| self.record.adopted);
        let config = identity::as_it_says(&self.file_config, adopted);
        if config.dpi == self.config.dpi {
            return false;
        }
        self.config = config;
        self.queue.make_for(&self.config, self.designs.clone());
        true
    }

    /// Another device is there: nothing is sent to it.
    async fn keep_away(&mut self, stranger: Stranger, is_service: bool) {
        if self.stranger.as_ref() != Some(&stranger) {
            tracing::warn!(printer = self.name, reason = stranger.reason.word(), "{}", stranger.sentence);
            self.record_event(Stands::stopped(stranger.reason, "").event(), &stranger.sentence);
        }
        let finished = self.service_tasks.refuse_all(&stranger.sentence);
        self.record_finished(finished);
        let finished = self.service_tasks.line_lost("another device is there");
        self.record_finished(finished);
        self.looking = false;
        self.stranger = Some(stranger);
        let again = if is_service { SERVICE_AGAIN } else { STRANGER_AGAIN };
        self.line.hang_up("another device is there", Some(Instant::now() + again)).await;
        // A connection that was in use before is over for the conversation too.
        self.conversation.handle_disconnect("another device is there");
    }

    /// What was learnt belongs to the device: another one begins with what is known of that.
    async fn recall_device(&mut self, before: &Record) {
        let key = self.record.facts_key(&self.config.device);
        if key == before.facts_key(&self.config.device) {
            return;
        }
        let text = recall(&self.spool, &self.name, &key).await;
        self.facts = text.as_deref().map_or_else(Facts::default, Facts::from_json);
        self.conversation =
            Conversation::new(self.config.language, facts::rules(&self.config), facts::profile(&self.config, &self.facts));
    }

    /// An operator takes the device that is there, whatever was expected. A sentence: what was taken, or why nothing was.
    async fn adopt(&mut self) -> Result<String, String> {
        let found = match (&self.stranger, self.line.introduction().and_then(|asked| asked.listening_until())) {
            (Some(Stranger { printer: false, sentence, .. }), _) => return Err(sentence.clone()),
            (Some(stranger), _) => stranger.identity.clone(),
            (None, Some(_)) => None,
            (None, None) => {
                let known = self.record.identity.as_ref().map_or_else(|| "nothing else".to_owned(), Identity::to_string);
                return Err(format!("there is nothing to adopt: {known} is expected, and nothing else was found."));
            }
        };
        let before = self.record.clone();
        self.record = Record { paused: before.paused, adopted: true, silent: found.is_none(), sgd: None, identity: found };
        self.keep_record().await;
        self.lose_line("another device was adopted");
        self.go_by_its_head();
        self.recall_device(&before).await;
        self.stranger = None;
        self.stood = None;
        self.look = true;
        self.line.retry_now();
        let taken = match &self.record.identity {
            Some(identity) => format!("adopted {identity}: its labels are made for {} dpi.", self.config.dpi.nominal()),
            None => "adopted the device that is there, which does not say what it is: its labels are sent on.".to_owned(),
        };
        info!(printer = self.name, "{taken}");
        self.record_event(EventKind::Adopted, &taken);
        Ok(taken)
    }

    /// Hears the printer out and closes the line: the daemon is stopping.
    async fn close_line(&mut self) {
        let connection = self.line.take();
        self.conversation.handle_disconnect("waybilld was stopped");
        self.handle_events().await;
        let heard_out = match connection {
            Some(connection) => connection.close(&Limits::default()).await,
            None => false,
        };
        if heard_out { self.settle_left() } else { self.doubt_left("waybilld was stopped") }
    }

    fn lose_line(&mut self, why: &str) {
        if self.line.lose(why) {
            self.doubt_left(why);
            self.broke_off |= self.conversation.open() > 0;
            self.conversation.handle_disconnect(why);
            let finished = self.service_tasks.line_lost(why);
            self.record_finished(finished);
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
    fn run_service_tasks(&mut self) {
        if !self.line.is_open() {
            return;
        }
        if self.service_tasks.is_saying() && self.conversation.poll_write().is_none() {
            let finished = self.service_tasks.said(Instant::now());
            self.record_finished(finished);
        }
        while let Some(next) = self.service_tasks.next(self.has_room(), self.conversation.open(), Instant::now()) {
            match next {
                // It was drawn for the head of the printer that was there before.
                Next::Print(key, label) if label.dpi != self.config.dpi => {
                    let why = "another printer was adopted meanwhile: ask again.".to_owned();
                    let finished = self.service_tasks.settle(key, TaskEnd::NotTaken(why));
                    self.record_finished(finished);
                }
                Next::Print(key, label) => {
                    let Feed { line, encoder, broke_off, config, .. } = self;
                    let encoded = encode(line, encoder, broke_off, config, &label);
                    self.conversation.print(key, encoded, self.line.now());
                }
                Next::Say(bytes) => {
                    self.conversation.say(bytes, self.line.now());
                    // It may have forgotten what it was told about its media.
                    self.line.forget_setup();
                }
            }
        }
    }

    /// Gives the conversation what it has room for.
    async fn give_labels(&mut self) {
        if !self.is_over_outage().await || self.service_tasks.hold_labels() {
            return;
        }
        while !self.record.paused && self.line.is_open() && self.has_room() {
            let had_broken_off = self.broke_off;
            let Feed { line, encoder, broke_off, config, queue, .. } = self;
            match queue.begin(|label| encode(line, encoder, broke_off, config, label)).await {
                Begun::Given(key, encoded) => self.conversation.print(key as u64, encoded, self.line.now()),
                Begun::Refused { go_on } => {
                    // What was encoded never leaves: the printer knows nothing of it.
                    self.line.forget_setup();
                    self.broke_off = had_broken_off;
                    if !go_on {
                        break;
                    }
                }
                Begun::Held => {}
                Begun::Nothing => break,
            }
        }
    }

    /// Notes when the printer can print no more; when it can again, holds what would come out as a flood. Whether labels
    /// may be given.
    async fn is_over_outage(&mut self) -> bool {
        use PrinterState::{NotAnswering, Stalled, Stopped};
        let stands = matches!(self.conversation.state(), Stopped(_) | NotAnswering | Stalled);
        if self.line.why_closed().is_some() || self.stranger.is_some() || stands {
            self.outages.began(Instant::now());
            return true;
        }
        if !self.line.is_open() {
            return true;
        }
        let Some((longer_than, outage)) = self.outages.ended(Instant::now()) else { return true };
        let held = self.queue.hold_stale(longer_than).await;
        if !held {
            self.outages.resume(outage);
        }
        held
    }

    /// Writes down what the conversation learnt.
    async fn handle_events(&mut self) {
        while let Some(event) = self.conversation.poll_event() {
            match event {
                Event::Printed { key, evidence } => self.settle(key, Outcome::Printed { evidence }),
                Event::Sent { key } => {
                    self.leaving.push(key);
                    if self.line.is_drained() {
                        self.settle_left();
                    }
                }
                Event::InDoubt { key, why } => self.settle(key, in_doubt(&why)),
                Event::NotTaken { key, why } => {
                    // It may have been the one that was to store what later labels recall.
                    self.line.forget_setup();
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
                        PrinterState::Stalled => self.line.port_status().await,
                        _ => None,
                    };
                    // A line that is let go, or looked at anew, is no news of the printer.
                    if state != PrinterState::Offline || self.is_busy() {
                        self.record_state(&state);
                    }
                }
                Event::Learnt(profile) => {
                    self.facts.learn(&profile);
                    self.keep_facts().await;
                }
                Event::MemoryLost => self.line.forget_setup(),
                Event::HangUp => self.lose_line("it took no more data"),
            }
        }
    }

    /// Whether another label may be begun: what still lies in this machine counts as on the wire. A printer is set up
    /// when nothing is: labels on their way recall what setting it up deletes.
    fn has_room(&self) -> bool {
        let open = self.conversation.open();
        let has_room = self.conversation.has_room() && open + self.leaving.len() < self.config.window;
        has_room && !(self.line.is_fresh() && open > 0)
    }

    /// All that was handed to the line has left it.
    fn settle_left(&mut self) {
        for key in std::mem::take(&mut self.leaving) {
            self.settle(key, Outcome::Sent);
        }
    }

    /// The line broke with labels in it that had not left this machine.
    fn doubt_left(&mut self, why: &str) {
        for key in std::mem::take(&mut self.leaving) {
            self.settle(key, in_doubt(&Doubt::LineBroke(why.to_owned())));
        }
    }

    /// Records a label's end.
    fn settle(&mut self, key: u64, outcome: Outcome) {
        if ServiceTasks::owns(key) {
            let finished = self.service_tasks.settle(key, task_outcome(outcome));
            return self.record_finished(finished);
        }
        if let Outcome::Printed { .. } | Outcome::Sent = outcome {
            self.line.has_proven_itself();
        }
        self.queue.settle(key as LabelKey, outcome);
    }

    async fn obey(&mut self, request: Option<Request>) {
        let paused = match request {
            Some(Request::Pause) => true,
            Some(Request::Resume) => false,
            Some(Request::Look { anew, tell }) => {
                let looks = self.begin_look(anew).await;
                if let Some(tell) = tell {
                    // The one who asked may be gone.
                    let _ = tell.send(looks);
                }
                return;
            }
            Some(Request::Adopt(tell)) => {
                let adopted = self.adopt().await;
                // The one who asked may be gone.
                let _ = tell.send(adopted);
                return;
            }
            Some(Request::ServiceTask(task)) => {
                info!(printer = self.name, "asked to {}", task.kind.word());
                let asked_by_a_scan = task.kind == TaskKind::Slip;
                self.service_tasks.take(task);
                if let Some(stranger) = self.stranger.as_ref().filter(|_| asked_by_a_scan && self.is_kept_away()) {
                    let finished = self.service_tasks.refuse_all(&stranger.sentence);
                    return self.record_finished(finished);
                }
                // The operator stands there: not in ten seconds.
                self.line.retry_now();
                return;
            }
            None => return,
        };
        if self.record.paused != paused {
            self.record.paused = paused;
            if !paused {
                self.outages.forget();
            }
            let (kind, sentence) =
                if paused { (EventKind::Paused, "paused by an operator") } else { (EventKind::Resumed, "resumed") };
            info!(printer = self.name, "{sentence}");
            self.record_event(kind, sentence);
            self.keep_record().await;
        }
    }

    /// Begins to look at a printer with nothing to print, `anew` on a new line: only that asks how it stands. Whether
    /// there is something to wait for; what is being printed shows how it stands.
    async fn begin_look(&mut self, anew: bool) -> bool {
        let rests = self.is_at_rest() && (self.queue.is_empty() || self.record.paused || !self.line.is_open());
        if !rests || self.is_kept_away() {
            return false;
        }
        if self.line.is_open() {
            if !anew || !self.may_cut() {
                return false;
            }
            self.rest("looked at anew").await;
        }
        self.looked_at = Some(Instant::now());
        self.look = self.line.is_closed();
        self.looking = true;
        self.line.retry_now();
        // Opening the line may take a while.
        self.show();
        true
    }

    /// Whether the open line of a printer with nothing to print may be closed for a look: not again and again, and not
    /// before labels that were only sent are out.
    fn may_cut(&self) -> bool {
        let looked = self.looked_at.is_some_and(|at| at.elapsed() < LOOK_AGAIN);
        let silent = self.record.silent || self.conversation.profile().status == Answers::Silent;
        let may_print = silent && self.line.used_at().elapsed() < LONG_IDLE;
        !looked && !may_print && !self.conversation.has_doubts()
    }

    /// Another device was there, and is left alone for a while.
    fn is_kept_away(&self) -> bool {
        self.stranger.is_some() && self.line.is_closed() && !self.line.may_open()
    }

    async fn keep_record(&self) {
        if let Err(error) = self.spool.keep_printer_facts(&self.name, self.record.to_json()).await {
            error!(printer = self.name, "{error}");
        }
    }

    async fn keep_facts(&self) {
        let key = self.record.facts_key(&self.config.device);
        if let Err(error) = self.spool.keep_printer_facts(&key, self.facts.to_json()).await {
            error!(printer = self.name, "{error}");
        }
    }

    fn is_busy(&self) -> bool {
        self.conversation.open() > 0 || self.service_tasks.is_busy() || (!self.queue.is_empty() && !self.record.paused)
    }
}

/// What the ledger keeps of that printer under that key.
async fn recall(spool: &Spool, name: &str, key: &str) -> Option<String> {
    spool.printer_facts(key).await.unwrap_or_else(|error| {
        error!(printer = name, "{error}");
        None
    })
}

/// The bytes of a label, behind those that set the printer up if it is not.
fn encode(line: &mut Line, encoder: &mut Encoder, broke_off: &mut bool, config: &PrinterConfig, label: &Label) -> Encoded {
    // A few bytes against a power cut that a serial line does not show.
    let always = config.language != Language::Zpl && !config.device.shows_power();
    let mut start = Vec::new();
    if line.is_fresh() || always {
        start = encoder.start(&config.setup, label.size, label.dpi);
        if std::mem::take(broke_off) {
            start.extend(encoder.eject(label.dpi));
        }
        line.set_up();
    }
    encoder.label(label).behind(start)
}

fn in_doubt(why: &Doubt) -> Outcome {
    Outcome::InDoubt { cause: why.cause(), why: why.to_string() }
}

/// The end of a label that is in no spool.
fn task_outcome(outcome: Outcome) -> TaskEnd {
    match outcome {
        Outcome::Printed { .. } => TaskEnd::Printed,
        Outcome::Sent => TaskEnd::Sent,
        Outcome::InDoubt { why, .. } => TaskEnd::InDoubt(why),
        Outcome::Waiting { why } | Outcome::NotSent { why } => TaskEnd::NotTaken(format!("{why}.")),
    }
}
