//! The threads of the spool: one that writes, two that read, one that moves the log into the tables.
//!
//! The writer takes what waits into one transaction and answers when it is committed, so ten callers share the
//! cost of one flush. All of them sleep until there is something to do, and end when the last handle is dropped.

use super::error::{SpoolError, Trouble};
use super::records::UnixMs;
use super::transaction::Transaction;
use rusqlite::Connection;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot, watch};

/// Requests in one transaction, at most, and how long it may grow: who came first must not wait for all of a crowd.
const GROUP_MAX: usize = 256;
const GROUP_TIME: Duration = Duration::from_millis(5);

/// How long a request that can wait waits for company. The printer loop settles one label and sends the next in
/// the same breath; a flush takes 0.2–10 ms, so sharing it is worth more than answering the first at once.
const COMPANY: Duration = Duration::from_millis(1);

/// The log is moved into the tables each time it has grown by so many pages (4 KB each). Moving flushes the disk too:
/// done after every commit it made a label three times as slow.
const LOG_PAGES: i32 = 1_000;

/// Written to without a pause the log never starts over by itself. From so many pages the writer waits for it once,
/// some milliseconds; a start after a kill reads at most about so much.
const LOG_PAGES_MAX: i32 = 8_000;

/// What to do inside the transaction, if it could be begun; says how to answer once it is known whether that was
/// committed.
type Work = Box<dyn FnOnce(Result<&mut Transaction, SpoolError>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), SpoolError>) + Send>;

/// One request to the writer.
pub(super) struct Request {
    work: Work,
    /// The asker goes on working before it has the answer.
    can_wait: bool,
}

/// One request to a reader; it answers by itself.
pub(super) type Question = Box<dyn FnOnce(&Connection) + Send>;

/// Wakes the printer's loop when there is something new to print.
pub(super) type Wakers = Arc<Mutex<HashMap<String, Arc<Notify>>>>;

/// The answer that comes once the request is on disk, or read.
///
/// The request is on its way when this is returned: awaiting it is only for those who want the answer.
#[derive(Debug)]
pub struct Receipt<T> {
    answer: Result<oneshot::Receiver<Result<T, SpoolError>>, SpoolError>,
}

impl<T> Future for Receipt<T> {
    type Output = Result<T, SpoolError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.get_mut().answer {
            Ok(answer) => Pin::new(answer).poll(context).map(|answer| answer.unwrap_or(Err(Trouble::Closed.into()))),
            Err(error) => Poll::Ready(Err(error.clone())),
        }
    }
}

/// Asks the writer; `work` runs inside the transaction, in the order of asking.
pub(super) fn ask_writer<T: Send + 'static>(
    writer: &SyncSender<Request>,
    can_wait: bool,
    work: impl FnOnce(&mut Transaction) -> Result<T, SpoolError> + Send + 'static,
) -> Receipt<T> {
    let (tell, answer) = oneshot::channel();
    let work = move |tx: Result<&mut Transaction, SpoolError>| -> Answer {
        let result = tx.and_then(|tx| tx.serve(work));
        Box::new(move |committed| {
            // A dropped receipt means that the answer is not wanted.
            let _ = tell.send(result.and_then(|value| committed.map(|()| value)));
        })
    };
    Receipt { answer: sent(writer.try_send(Request { work: Box::new(work), can_wait })).map(|()| answer) }
}

/// Asks a reader; `question` sees one state of the ledger throughout.
pub(super) fn ask_reader<T: Send + 'static>(
    readers: &SyncSender<Question>,
    question: impl FnOnce(&Connection) -> Result<T, SpoolError> + Send + 'static,
) -> Receipt<T> {
    let (tell, answer) = oneshot::channel();
    let question = move |db: &Connection| {
        let result = db.unchecked_transaction().map_err(SpoolError::from).and_then(|snapshot| question(&snapshot));
        let _ = tell.send(result);
    };
    Receipt { answer: sent(readers.try_send(Box::new(question))).map(|()| answer) }
}

/// Requests that may wait for a thread.
pub(super) const REQUESTS_MAX: usize = 1_024;

fn sent<T>(result: Result<(), TrySendError<T>>) -> Result<(), SpoolError> {
    result.map_err(|error| match error {
        TrySendError::Full(_) => Trouble::Busy(REQUESTS_MAX).into(),
        TrySendError::Disconnected(_) => Trouble::Closed.into(),
    })
}

/// The thread that owns the writing connection.
pub(super) struct Writer {
    pub db: Connection,
    pub clock: Arc<dyn Fn() -> UnixMs + Send + Sync>,
    pub latest: watch::Sender<i64>,
    pub wakers: Wakers,
    /// Pages the log holds, as SQLite reports after each commit.
    pub log_pages: Arc<AtomicI32>,
    pub checkpoint: SyncSender<()>,
}

impl Writer {
    pub fn run(self, requests: Receiver<Request>) {
        let mut told_at = 0;
        while let Ok(first) = requests.recv() {
            let mut answers = Vec::new();
            let mut tx = Transaction::new(&self.db, (self.clock)());
            let committed = group(&mut tx, first, &requests, &mut answers);
            if committed.is_ok() {
                self.announce(&tx);
            } else if !self.db.is_autocommit() {
                // A disk that refused the commit may refuse this too; the next group begins with it again.
                let _ = self.db.execute_batch("ROLLBACK");
            }
            for answer in answers {
                answer(committed.clone());
            }
            let pages = self.log_pages.load(Ordering::Relaxed);
            if pages < told_at {
                told_at = 0; // it has started over
            }
            if pages >= told_at + LOG_PAGES {
                told_at = pages;
                // Full means that it has been told already.
                let _ = self.checkpoint.try_send(());
            }
        }
    }

    fn announce(&self, tx: &Transaction) {
        if let Some(seq) = tx.latest {
            self.latest.send_replace(seq);
        }
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        for waker in tx.to_wake.iter().filter_map(|printer| wakers.get(printer)) {
            waker.notify_one();
        }
    }
}

/// Runs the request and those that wait behind it, and commits them together.
fn group(
    tx: &mut Transaction,
    first: Request,
    requests: &Receiver<Request>,
    answers: &mut Vec<Answer>,
) -> Result<(), SpoolError> {
    let began = Instant::now();
    let mut can_wait = true;
    let mut next = Some(first);
    if let Err(error) = begin(tx.db) {
        answers.extend(next.map(|request| (request.work)(Err(error.clone()))));
        return Err(error);
    }
    while let Some(request) = next {
        can_wait &= request.can_wait;
        answers.push((request.work)(Ok(tx)));
        if let Some(error) = tx.broken.take() {
            return Err(error);
        }
        if answers.len() == GROUP_MAX || began.elapsed() > GROUP_TIME {
            break;
        }
        next = requests.try_recv().ok();
        if next.is_none() && can_wait {
            // Timed out, or every handle is gone: either way no request joins this commit.
            next = requests.recv_timeout(COMPANY.saturating_sub(began.elapsed())).ok();
        }
    }
    tx.db.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}

fn begin(db: &Connection) -> Result<(), SpoolError> {
    if !db.is_autocommit() {
        db.execute_batch("ROLLBACK")?;
    }
    db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    Ok(())
}

/// A thread that answers questions until the last handle is dropped.
pub(super) fn answer_questions(db: Connection, questions: Arc<Mutex<Receiver<Question>>>) {
    loop {
        let question = questions.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match question {
            Ok(question) => question(&db),
            Err(_) => return,
        }
    }
}

/// A thread that moves the log into the tables when told, beside the writer and not in its way.
pub(super) fn move_log(db: Connection, told: Receiver<()>, log_pages: Arc<AtomicI32>) {
    while told.recv().is_ok() {
        let moved = checkpoint(&db, "PASSIVE");
        if moved.is_ok() && log_pages.load(Ordering::Relaxed) >= LOG_PAGES_MAX {
            if let Err(error) = checkpoint(&db, "RESTART") {
                tracing::warn!("the ledger's log could not start over: {error}");
            }
        } else if let Err(error) = moved {
            tracing::warn!("the ledger's log could not be moved into its tables: {error}");
        }
    }
}

fn checkpoint(db: &Connection, how: &str) -> rusqlite::Result<()> {
    db.query_row(&format!("PRAGMA wal_checkpoint({how})"), [], |_| Ok(()))
}
