//! The durable ledger of every label: what was asked, where each label stands, what happened to it.
//!
//! Jobs go in, checked and sorted by the caller; the printer loop reads what comes next, says *sending* before
//! it writes a byte and settles each label with what it learnt; everybody else reads. A request is answered
//! when it is on disk. Knows no waybill, no printer and no protocol: a label's data is a text it keeps.
//!
//! One SQLite file in the state directory, in its write-ahead mode with full flushes. [`ledger`] says which step
//! a label may take; the rest turns steps into rows.

mod answers;
mod clock;
mod columns;
mod error;
pub mod events;
mod groups;
mod handover;
mod hold;
mod keepsakes;
mod labels;
pub mod ledger;
mod mode;
mod moving;
mod orders;
mod outage;
mod pending;
mod printing;
mod reading;
mod records;
mod replacing;
mod retention;
mod scans;
mod schema;
mod taking;
mod threads;
mod transaction;
mod usable;

pub use answers::{ScanAnswer, Tone};
pub use error::{NoLongerWaiting, OpenError, Refusal, RefusalKind, SpoolError, Trouble};
pub use events::EventKind;
pub use hold::{Hold, HoldCause};
pub use ledger::State;
pub use mode::Mode;
pub use reading::LabelFilter;
pub use records::*;
pub use taking::RUN_LABELS_MAX;
pub use threads::Receipt;

use crate::closed_set::ClosedSet;
use events::{About, Happened};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};
use threads::{Question, Request, Wakers, Writer};
use tokio::sync::{Notify, watch};
use transaction::Transaction;

/// Tells the time; tests hand in their own.
pub type Clock = Arc<dyn Fn() -> UnixMs + Send + Sync>;

/// The time of this machine.
pub fn system_clock() -> Clock {
    Arc::new(|| SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as UnixMs))
}

/// A handle on the ledger. Clones share it; the last one dropped closes it.
#[derive(Clone)]
pub struct Spool {
    inner: Arc<Inner>,
}

struct Inner {
    /// `None` only while closing.
    channels: Option<Channels>,
    latest: watch::Receiver<i64>,
    clock: Clock,
    wakers: Wakers,
    /// Between the newest thing the ledger knew of and its opening, by the wall clock.
    gap_ms: i64,
    threads: Vec<JoinHandle<()>>,
    /// Held as long as the ledger is open: two daemons must never share it.
    _lock: File,
}

struct Channels {
    writer: SyncSender<Request>,
    readers: SyncSender<Question>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.channels = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl Spool {
    /// Opens the ledger in that directory, making both if need be. Labels that were being sent when the daemon
    /// stopped are in doubt from now on.
    pub fn open(dir: &Path, clock: Clock) -> Result<Spool, OpenError> {
        let unusable = |error: std::io::Error| OpenError::Directory { dir: dir.to_owned(), why: error.to_string() };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(unusable)?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(dir.to_owned())),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let log_pages = Arc::new(AtomicI32::new(0));
        let (db, latest, gap_ms) = open_to_write(dir, clock(), &log_pages).map_err(|error| damaged(dir, error))?;
        let readers = [open_to_read(dir)?, open_to_read(dir)?];
        let log_mover = connect(dir, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(unusable)?;

        let (write, requests) = sync_channel(threads::REQUESTS_MAX);
        let (read, questions) = sync_channel(threads::REQUESTS_MAX);
        let (checkpoint, told) = sync_channel(1);
        let (tell_latest, latest) = watch::channel(latest);
        let wakers = Wakers::default();
        let questions = Arc::new(Mutex::new(questions));
        let writer = Writer {
            db,
            clock: clock.clone(),
            latest: tell_latest,
            wakers: wakers.clone(),
            log_pages: log_pages.clone(),
            checkpoint,
        };
        let mut threads = vec![
            spawn("ledger-write", move || writer.run(requests)).map_err(unusable)?,
            spawn("ledger-log", move || threads::move_log(log_mover, told, log_pages)).map_err(unusable)?,
        ];
        for db in readers {
            let questions = questions.clone();
            threads.push(spawn("ledger-read", move || threads::answer_questions(db, questions)).map_err(unusable)?);
        }
        let channels = Some(Channels { writer: write, readers: read });
        Ok(Spool { inner: Arc::new(Inner { channels, latest, clock, wakers, gap_ms, threads, _lock: lock }) })
    }

    /// Takes the job, all of it or nothing: when it answers *new*, every label is on disk.
    pub fn take(&self, job: NewJob) -> Receipt<Taken> {
        self.write(move |tx| taking::take(tx, &job))
    }

    /// Takes the labels of handover manifests, and with them notes which parcel stands on which manifest.
    pub fn take_manifests(&self, job: NewJob, parcels: Vec<(LabelKey, String)>) -> Receipt<Taken> {
        self.write(move |tx| handover::take(tx, &job, &parcels))
    }

    /// The parcels on that manifest, in the order they were handed over.
    pub fn parcels(&self, manifest: &str) -> Receipt<Vec<LabelView>> {
        let manifest = manifest.to_owned();
        self.read(move |db| handover::parcels(db, &manifest))
    }

    /// How a job that was sent before stands; `None` when its id is new. What [`Spool::take`] would answer, without
    /// its labels.
    pub fn known(&self, id: &str, content: Hash) -> Receipt<Option<Taken>> {
        let id = id.to_owned();
        self.read(move |db| taking::known(db, &id, content))
    }

    /// What stands in the way of the job, asked without taking it.
    pub fn conflicts(&self, job: NewJob) -> Receipt<Vec<Conflict>> {
        self.read(move |db| taking::conflicts(db, &job))
    }

    // The printer loop.

    /// The printer's next labels in order, without touching them.
    pub fn upcoming(&self, printer: &str, labels_max: usize) -> Receipt<Vec<QueuedLabel>> {
        let printer = printer.to_owned();
        self.read(move |db| reading::upcoming(db, &printer, labels_max))
    }

    /// Wakes when the printer has something new to print; a wake-up that finds no waiter is kept for the next.
    pub fn wake(&self, printer: &str) -> Arc<Notify> {
        let mut wakers = self.inner.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.entry(printer.to_owned()).or_default().clone()
    }

    /// Records that these labels are about to leave for that printer, each with the digest of its dots. Only after its
    /// answer may the first byte be written. All of them or none: those that wait no more, or for another printer, or were
    /// reissued, are named.
    pub fn sending(&self, printer: &str, labels: Vec<impl Into<ToSend>>) -> Receipt<()> {
        let printer = printer.to_owned();
        let labels: Vec<ToSend> = labels.into_iter().map(Into::into).collect();
        self.write(move |tx| printing::sending(tx, &printer, &labels))
    }

    /// Records what became of a label that was being sent. It shares a commit with a [`Spool::sending`] that is
    /// asked in the next millisecond, so ask for both before awaiting either.
    ///
    /// `attempt` is the one it was queued as: when the label has since been sent again, by another printer perhaps,
    /// what became of the older attempt settles nothing.
    pub fn settle(&self, key: LabelKey, attempt: i64, outcome: Outcome) -> Receipt<()> {
        threads::ask_writer(&self.channels().writer, true, move |tx| printing::settle(tx, key, attempt, &outcome))
    }

    /// Holds what has been waiting for the printer for longer, so that the end of a long outage is no flood; says how
    /// many.
    pub fn hold_stale(&self, printer: &str, longer_than: Duration) -> Receipt<usize> {
        let printer = printer.to_owned();
        self.write(move |tx| outage::hold_stale(tx, &printer, longer_than))
    }

    /// Lets go what was held so, in its order; says how many.
    pub fn release_stale(&self, printer: &str) -> Receipt<usize> {
        let printer = printer.to_owned();
        self.write(move |tx| outage::release_stale(tx, &printer))
    }

    /// How long the ledger was closed before this time: since the last thing it knows of.
    pub fn slept(&self) -> Duration {
        Duration::from_millis(self.inner.gap_ms.max(0) as u64)
    }

    /// How far the clock stood ahead of the newest thing the ledger knew of when it was opened, in milliseconds; less than
    /// 0 when it has gone back.
    pub fn clock_gap(&self) -> i64 {
        self.inner.gap_ms
    }

    /// The wall clock jumped by so many milliseconds: they are no part of the age of what was written before.
    pub fn record_clock_jump(&self, gap_ms: i64) -> Receipt<()> {
        self.write(move |tx| clock::record(tx, gap_ms))
    }

    /// Writes something of no meaning: answers when the ledger could be written.
    pub fn check_writable(&self) -> Receipt<()> {
        self.write(clock::beat)
    }

    /// Gives what waits for a printer, is held or in doubt there to another one, in its order; says how many labels.
    pub fn move_labels(&self, from: &str, to: &str) -> Receipt<usize> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.write(move |tx| moving::move_labels(tx, &from, &to))
    }

    /// How many labels sent to that group wait for the printer, and could be given to another one.
    pub fn movable(&self, printer: &str, group: &str) -> Receipt<usize> {
        let (printer, group) = (printer.to_owned(), group.to_owned());
        self.read(move |db| reading::movable(db, &printer, &group))
    }

    /// Gives the labels of the group that wait for that printer, and were never sent, to others of it, in new runs and
    /// in their order; says how many. What is being sent or in doubt stays.
    pub fn reassign(&self, from: &str, group: &str, to: Vec<String>, why: &str) -> Receipt<usize> {
        let (from, group, why) = (from.to_owned(), group.to_owned(), why.to_owned());
        self.write(move |tx| groups::reassign(tx, &from, &group, &to, &why))
    }

    /// What was last learnt of the printer, a JSON object.
    pub fn printer_facts(&self, printer: &str) -> Receipt<Option<String>> {
        let printer = printer.to_owned();
        self.read(move |db| reading::printer_facts(db, &printer))
    }

    /// Keeps what was learnt of the printer.
    pub fn keep_printer_facts(&self, printer: &str, facts: String) -> Receipt<()> {
        let printer = printer.to_owned();
        self.write(move |tx| keepsakes::keep_printer_facts(tx, &printer, &facts))
    }

    /// Records how a printer stands, or how a service task of it ended.
    pub fn record_printer_event(&self, printer: &str, happened: Happened) -> Receipt<()> {
        let printer = printer.to_owned();
        self.write(move |tx| tx.record_event(About { printer: Some(&printer), ..About::default() }, &happened))
    }

    // What people ask of a label. Each answers with the state it stands in then.

    /// It must not be used: canceled if no copy came out, else voided.
    pub fn void(&self, label: &str, by: &str) -> Receipt<State> {
        let (label, by) = (label.to_owned(), by.to_owned());
        self.write(move |tx| labels::void(tx, &label, &by))
    }

    /// Keeps a waiting label back.
    pub fn hold(&self, label: &str, hold: Hold) -> Receipt<State> {
        let label = label.to_owned();
        self.write(move |tx| labels::hold(tx, &label, &hold))
    }

    /// Lets a held label wait for its turn again.
    pub fn release(&self, label: &str) -> Receipt<State> {
        let label = label.to_owned();
        self.write(move |tx| labels::release(tx, &label))
    }

    /// A person says whether the label in doubt came out; one that did not waits again.
    pub fn outcome(&self, label: &str, came_out: bool, by: &str) -> Receipt<State> {
        let (label, by) = (label.to_owned(), by.to_owned());
        self.write(move |tx| labels::outcome(tx, &label, came_out, &by))
    }

    /// The same label again, on purpose, next in the queue of its printer or of another one.
    pub fn reprint(&self, label: &str, reprint: Reprint, printer: Option<&str>) -> Receipt<State> {
        let (label, printer) = (label.to_owned(), printer.map(str::to_owned));
        self.write(move |tx| labels::reprint(tx, &label, &reprint, printer.as_deref()))
    }

    // What people ask of an order.

    /// Cancels its labels, or keeps back those that wait; says what became of each, the newest first.
    pub fn cancel_order(&self, order: impl Into<Number>, how: Cancellation) -> Receipt<Vec<Canceled>> {
        let order = order.into();
        self.write(move |tx| orders::cancel(tx, &order, &how))
    }

    /// The buyer wants it after all; says what became of each label that changed.
    pub fn release_order(&self, order: impl Into<Number>) -> Receipt<Vec<Canceled>> {
        let order = order.into();
        self.write(move |tx| orders::release(tx, &order))
    }

    /// Reissues a label: in its place, when the new one has its id and no copy can exist; else beside the old one,
    /// which is voided.
    pub fn replace(&self, label: &str, new: NewLabel, by: &str) -> Receipt<Replaced> {
        let (label, by) = (label.to_owned(), by.to_owned());
        self.write(move |tx| replacing::replace(tx, &label, &new, &by))
    }

    // What is scanned at a pack station.

    /// The time the ledger goes by.
    pub fn now(&self) -> UnixMs {
        (self.inner.clock)()
    }

    /// The labels under the first of these words that is the id, tracking key or order key of any, newest first.
    pub fn find_first(&self, words: Vec<String>, labels_max: usize) -> Receipt<Vec<LabelView>> {
        self.read(move |db| scans::find_first(db, &words, labels_max))
    }

    /// What waits for a scan of goods, under the first of these keys that anything waits under.
    pub fn goods_waiting(&self, skus: Vec<String>) -> Receipt<GoodsWaiting> {
        let now = self.now();
        self.read(move |db| scans::goods_waiting(db, &skus, now))
    }

    /// How many labels wait for a scan.
    pub fn awaiting_scan(&self) -> Receipt<usize> {
        self.read(scans::awaiting_scan)
    }

    /// Labels in doubt, those first that have been so the longest.
    pub fn doubts(&self) -> Receipt<Vec<LabelView>> {
        self.read(scans::doubts)
    }

    /// Lets a label print that waited for its scan, next in the queue of that printer.
    pub fn let_print(&self, label: &str, printer: &str, by: &str) -> Receipt<State> {
        let (label, printer, by) = (label.to_owned(), printer.to_owned(), by.to_owned());
        self.write(move |tx| labels::let_print(tx, &label, &printer, &by))
    }

    /// Takes back a reprint that has not been sent: the label stands as it did.
    pub fn take_back_reprint(&self, label: &str, by: &str) -> Receipt<State> {
        let (label, by) = (label.to_owned(), by.to_owned());
        self.write(move |tx| labels::take_back_reprint(tx, &label, &by))
    }

    /// Records that the parcel was handed over at that station.
    pub fn ship(&self, label: &str, by: Option<&str>, station: &str) -> Receipt<()> {
        let (label, by, station) = (label.to_owned(), by.map(str::to_owned), station.to_owned());
        self.write(move |tx| handover::ship(tx, &label, by.as_deref(), &station))
    }

    /// Takes back that the parcel was handed over.
    pub fn unship(&self, label: &str, station: &str) -> Receipt<()> {
        let (label, station) = (label.to_owned(), station.to_owned());
        self.write(move |tx| handover::unship(tx, &label, &station))
    }

    /// Labels handed over, the first first.
    pub fn shipped(&self, wanted: Shipments, labels_max: usize) -> Receipt<Vec<LabelView>> {
        self.read(move |db| handover::shipped(db, &wanted, labels_max))
    }

    /// Waybills taken since then that came out and were not handed over, the newest first.
    pub fn not_shipped(&self, since: UnixMs, labels_max: usize) -> Receipt<Vec<LabelView>> {
        self.read(move |db| handover::not_shipped(db, since, labels_max))
    }

    /// The label that came out of the printer last, if that was lately.
    pub fn last_out(&self, printer: &str) -> Receipt<Option<LabelView>> {
        let printer = printer.to_owned();
        self.read(move |db| scans::last_out(db, &printer))
    }

    /// The job that printer works on.
    pub fn wave(&self, printer: &str) -> Receipt<Option<Wave>> {
        let printer = printer.to_owned();
        self.read(move |db| scans::wave(db, &printer))
    }

    /// Voids what of the job waits for its first print at that printer; says how many.
    pub fn cancel_wave(&self, job: &str, printer: &str, by: &str) -> Receipt<usize> {
        let (job, printer, by) = (job.to_owned(), printer.to_owned(), by.to_owned());
        self.write(move |tx| scans::cancel_wave(tx, &job, &printer, &by))
    }

    /// Keeps what came of a scan, and records the event.
    pub fn note_scan(&self, note: ScanNote) -> Receipt<()> {
        self.write(move |tx| scans::note_scan(tx, &note))
    }

    /// Records that a station asks whether a label in doubt came out.
    pub fn record_question(&self, label: &str, printer: &str, station: &str) -> Receipt<()> {
        let (label, printer, station) = (label.to_owned(), printer.to_owned(), station.to_owned());
        self.write(move |tx| scans::record_question(tx, &label, &printer, &station))
    }

    // Questions.

    pub fn job(&self, id: &str) -> Receipt<JobView> {
        let id = id.to_owned();
        self.read(move |db| reading::job(db, &id))
    }

    /// The newest jobs in numbers, the newest first.
    pub fn newest_jobs(&self, jobs_max: usize) -> Receipt<Vec<JobBrief>> {
        self.read(move |db| reading::newest_jobs(db, jobs_max))
    }

    pub fn label(&self, id: &str) -> Receipt<LabelDetail> {
        let id = id.to_owned();
        self.read(move |db| reading::label(db, &id))
    }

    pub fn labels(&self, filter: LabelFilter) -> Receipt<LabelPage> {
        self.read(move |db| reading::labels(db, &filter))
    }

    /// Every label whose id, tracking key or order key is one of the words, newest first.
    pub fn find(&self, words: Vec<String>, labels_max: usize) -> Receipt<Vec<LabelView>> {
        self.read(move |db| reading::find(db, &words, labels_max))
    }

    /// How many labels stand in each state, for each printer.
    pub fn counts(&self) -> Receipt<Vec<Count>> {
        self.read(reading::counts)
    }

    /// Events after that one, oldest first.
    pub fn events_after(&self, seq: i64, events_max: usize) -> Receipt<Vec<Event>> {
        self.read(move |db| reading::events_after(db, seq, events_max))
    }

    /// The number of the newest event, and word of every newer one.
    pub fn latest_seq(&self) -> watch::Receiver<i64> {
        self.inner.latest.clone()
    }

    // Who is told of events.

    /// The newest event that target has been told of. One that is new to the ledger is told of what happens from now on.
    pub fn webhook_told(&self, name: &str) -> Receipt<i64> {
        let name = name.to_owned();
        self.write(move |tx| keepsakes::webhook_told(tx, &name))
    }

    /// It has been told of everything up to that event.
    pub fn keep_webhook_told(&self, name: &str, told: i64) -> Receipt<()> {
        let name = name.to_owned();
        self.write(move |tx| keepsakes::keep_webhook_told(tx, &name, told))
    }

    // Templates and old data.

    /// Keeps a template's text and returns the hash that labels name it by.
    pub fn keep_template(&self, text: &str) -> Receipt<Hash> {
        let text = text.to_owned();
        self.write(move |tx| keepsakes::keep_template(tx, &text))
    }

    pub fn template(&self, hash: Hash) -> Receipt<Option<Arc<str>>> {
        self.read(move |db| reading::template(db, hash))
    }

    /// Erases the personal data of ended labels that last moved before then, and the events before then; says of
    /// how many labels. The rows and counts remain. Works in small steps, between the requests of others.
    pub async fn erase(&self, before: UnixMs) -> Result<usize, SpoolError> {
        let mut labels = 0;
        let mut from = Some(0);
        self.write(move |tx| clock::forget(tx, before)).await?;
        while let Some(key) = from {
            let erased = self.write(move |tx| retention::erase(tx, before, key)).await?;
            labels += erased.labels;
            from = erased.go_on;
        }
        // By whatever clock they were written, none goes too early.
        let ahead: i64 = self.read(clock::jumps).await?.iter().map(|jump| jump.gap_ms.max(0)).sum();
        let before = before.saturating_sub(ahead);
        while self.write(move |tx| retention::erase_events(tx, before)).await? > 0 {}
        Ok(labels)
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Transaction) -> Result<T, SpoolError> + Send + 'static,
    ) -> Receipt<T> {
        threads::ask_writer(&self.channels().writer, false, work)
    }

    fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, SpoolError> + Send + 'static,
    ) -> Receipt<T> {
        threads::ask_reader(&self.channels().readers, question)
    }

    fn channels(&self) -> &Channels {
        self.inner.channels.as_ref().expect("the channels close when the last handle is gone")
    }
}

/// How many labels stand where, of a ledger that a daemon may have open; `None` when there is none.
pub fn counts_of(dir: &Path) -> Result<Option<Vec<Count>>, OpenError> {
    if !dir.join("ledger.db").exists() {
        return Ok(None);
    }
    Ok(Some(reading::counts(&open_to_read(dir)?)?))
}

/// The printers that are not configured and have labels which wait, are held or in doubt, with their counts.
pub fn orphaned(counts: &[Count], configured: &[&str]) -> Vec<(String, Vec<Count>)> {
    let waits = |count: &&Count| matches!(count.state, State::Waiting | State::Held | State::InDoubt | State::Sending);
    let mut orphaned: Vec<(String, Vec<Count>)> = Vec::new();
    for count in counts.iter().filter(|count| !configured.contains(&count.printer.as_str())).filter(waits) {
        match orphaned.iter_mut().find(|(name, _)| *name == count.printer) {
            Some((_, counts)) => counts.push(count.clone()),
            None => orphaned.push((count.printer.clone(), vec![count.clone()])),
        }
    }
    orphaned
}

/// What became of the labels of a printer that left the configuration, and what to do.
pub fn orphaned_sentence(name: &str, counts: &[Count], configured: &[&str]) -> String {
    let labels: Vec<String> =
        counts.iter().map(|count| format!("{} {}", count.labels, count.state.word().replace('_', " "))).collect();
    let to = if let [only] = configured { only } else { "PRINTER" };
    format!(
        "{name} is not in the configuration any more and has labels: {}. `waybilld move --from {name} --to {to}` moves them.",
        labels.join(", ")
    )
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}

fn connect(dir: &Path, flags: OpenFlags) -> Result<Connection, OpenError> {
    let db = Connection::open_with_flags(dir.join("ledger.db"), flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Only the moving of the log ever makes anybody wait, and that is short.
    db.busy_timeout(Duration::from_secs(5))?;
    db.set_prepared_statement_cache_capacity(64);
    // Else SQLite plans a statement anew for each value bound to it, which doubles the cost of a label.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(db)
}

fn open_to_read(dir: &Path) -> Result<Connection, OpenError> {
    connect(dir, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Opens the writing connection, brings the tables up to date and puts in doubt what was being sent.
fn open_to_write(dir: &Path, now: UnixMs, log_pages: &Arc<AtomicI32>) -> Result<(Connection, i64, i64), OpenError> {
    let mut db = connect(dir, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    // Erased data is overwritten, not only unlinked.
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
         PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;",
    )?;
    schema::migrate(&mut db, dir)?;
    let gap_ms = clock::newest(&db)?.map_or(0, |at| now.saturating_sub(at));
    let opening = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut tx = Transaction::new(&opening, now);
    printing::doubt_what_was_being_sent(&mut tx)?;
    opening.commit()?;
    let latest = reading::latest_seq(&db)?;
    let pages = log_pages.clone();
    db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count| {
        pages.store(count, Ordering::Relaxed);
        Ok(())
    }))?;
    Ok((db, latest, gap_ms))
}

/// A ledger that cannot be read is another matter than a disk that cannot be written.
fn damaged(dir: &Path, error: OpenError) -> OpenError {
    match error {
        OpenError::Trouble(Trouble::Disk(why)) => OpenError::Damaged { dir: dir.to_owned(), why },
        other => other,
    }
}
