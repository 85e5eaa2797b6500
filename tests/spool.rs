//! What the ledger keeps, told as stories against real SQLite in temporary directories.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use waybilld::closed_set::{DoubtCause, Evidence};
use waybilld::spool::events::{Happened, PrinterTold};
use waybilld::spool::{
    Clock, EventKind, Hash, Hold, LabelFilter, LabelKey, Mode, NewJob, NewLabel, Number, OpenError, Outcome, QueuedLabel,
    Refusal, Reprint, ScanAnswer, ScanNote, Spool, SpoolError, State, Taken, UnixMs,
};

mod groups;
mod kill;
mod migrating;
mod model;
mod orders;

/// A ledger in a directory of its own, and a clock that stands still until it is told.
struct Ledger {
    dir: TempDir,
    clock: Arc<AtomicI64>,
    spool: Spool,
}

impl Ledger {
    fn new() -> Ledger {
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(AtomicI64::new(1_000));
        let spool = open(dir.path(), &clock).unwrap();
        Ledger { dir, clock, spool }
    }

    /// The daemon stops and starts again.
    fn reopen(self) -> Ledger {
        let Ledger { dir, clock, spool } = self;
        drop(spool);
        let spool = open(dir.path(), &clock).unwrap();
        Ledger { dir, clock, spool }
    }

    fn at(&self, now: UnixMs) {
        self.clock.store(now, Ordering::Relaxed);
    }

    async fn take(&self, job: NewJob) -> Taken {
        self.spool.take(job).await.unwrap()
    }

    async fn next(&self, printer: &str) -> Option<QueuedLabel> {
        self.spool.upcoming(printer, 1).await.unwrap().into_iter().next()
    }

    /// The printer loop prints the next label; says which.
    async fn print(&self, printer: &str) -> String {
        let label = self.send(printer).await;
        self.spool.settle(label.key, label.attempt, printed()).await.unwrap();
        label.id
    }

    async fn send(&self, printer: &str) -> QueuedLabel {
        let label = self.next(printer).await.expect("a label waits");
        self.spool.sending(printer, vec![(label.key, digest(1))]).await.unwrap();
        label
    }

    async fn state(&self, label: &str) -> State {
        self.spool.label(label).await.unwrap().label.state
    }

    async fn counts(&self, printer: &str) -> BTreeMap<State, i64> {
        let counts = self.spool.counts().await.unwrap();
        counts.into_iter().filter(|count| count.printer == printer).map(|count| (count.state, count.labels)).collect()
    }

    async fn kinds(&self) -> Vec<EventKind> {
        self.spool.events_after(0, 1000).await.unwrap().into_iter().map(|event| event.kind).collect()
    }
}

fn open(dir: &Path, clock: &Arc<AtomicI64>) -> Result<Spool, OpenError> {
    let clock = clock.clone();
    let clock: Clock = Arc::new(move || clock.load(Ordering::Relaxed));
    Spool::open(dir, clock)
}

/// A job for pack-1 whose labels are `{id}-1`, `{id}-2`, …
fn job(id: &str, labels: usize) -> NewJob {
    let labels = (1..=labels).map(|number| label(&format!("{id}-{number}"))).collect();
    let sort = vec!["ship_by".to_owned(), "carrier".to_owned()];
    NewJob { sort, ..NewJob::new(id, blake3::hash(id.as_bytes()), "pack-1", labels) }
}

fn label(id: &str) -> NewLabel {
    let waybill = format!(r#"{{"id":"{id}","recipient":{{"name":"Nguyễn Văn An"}}}}"#);
    NewLabel {
        order: Some(number(&format!("order {id}"))),
        tracking: Some(number(&format!("rb {id} cn"))),
        ..NewLabel::new(id, waybill, digest(9))
    }
}

fn number(text: &str) -> Number {
    Number { text: text.to_owned(), key: text.replace(' ', "").to_uppercase() }
}

fn digest(of: u8) -> Hash {
    Hash::from_bytes([of; 32])
}

fn printed() -> Outcome {
    Outcome::Printed { evidence: Evidence::Counter }
}

fn silent() -> Outcome {
    Outcome::InDoubt { cause: DoubtCause::LineBroke, why: "line went silent".to_owned() }
}

fn smudged() -> Reprint {
    Reprint { reason: "smudged".to_owned(), by: "Mei".to_owned(), station: None }
}

// Taking.

#[tokio::test]
async fn a_job_of_500_becomes_ten_runs_of_50_in_the_order_asked() {
    let ledger = Ledger::new();
    let Taken::New(taken) = ledger.take(job("wave", 500)).await else { panic!("it is new") };
    assert_eq!(
        taken.runs.iter().map(|run| (run.number, run.labels)).collect::<Vec<_>>(),
        (1..=10).map(|n| (n, 50)).collect::<Vec<_>>()
    );
    assert_eq!(taken.labels.len(), 500);
    assert_eq!(taken.sort, ["ship_by", "carrier"]);
    let queue = ledger.spool.upcoming("pack-1", 500).await.unwrap();
    let order: Vec<_> = queue.iter().map(|label| label.id.clone()).collect();
    assert_eq!(order, (1..=500).map(|number| format!("wave-{number}")).collect::<Vec<_>>());
    assert_eq!((queue[51].run, queue[51].position, queue[51].run_labels), (2, 2, 50));
    assert_eq!(ledger.counts("pack-1").await, BTreeMap::from([(State::Waiting, 500)]));

    // Runs are numbered on for the printer, whatever limit is asked for.
    let Taken::New(taken) = ledger.take(NewJob { run_limit: 500, ..job("next", 60) }).await else { panic!("it is new") };
    assert_eq!(taken.runs.iter().map(|run| (run.number, run.labels)).collect::<Vec<_>>(), [(11, 50), (12, 10)]);
}

#[tokio::test]
async fn the_same_job_again_answers_with_how_it_stands_and_takes_nothing() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 3)).await;
    ledger.print("pack-1").await;
    let Taken::Same(known) = ledger.take(job("wave", 3)).await else { panic!("it is the same") };
    assert_eq!(
        known.labels.iter().map(|label| label.state).collect::<Vec<_>>(),
        [State::Printed, State::Waiting, State::Waiting]
    );
    assert_eq!(ledger.counts("pack-1").await[&State::Waiting], 2);
}

#[tokio::test]
async fn the_same_job_id_with_other_content_is_a_conflict() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 3)).await;
    let other = NewJob { content: digest(3), ..job("wave", 4) };
    assert!(matches!(ledger.take(other).await, Taken::Conflict));
    assert_eq!(ledger.spool.job("wave").await.unwrap().labels.len(), 3);
}

#[tokio::test]
async fn ids_and_tracking_numbers_that_stand_already_refuse_the_whole_job_by_name() {
    let ledger = Ledger::new();
    ledger.take(job("monday", 2)).await;
    ledger.print("pack-1").await;
    let mut tuesday = job("tuesday", 5);
    tuesday.labels[1].id = "monday-2".to_owned();
    tuesday.labels[2].tracking = Some(number("RB monday-1 CN"));
    tuesday.labels[3].id = "tuesday-1".to_owned();
    tuesday.labels[4].tracking = Some(number("rb tuesday-1 cn"));
    let Taken::Refused(conflicts) = ledger.take(tuesday).await else { panic!("it is refused") };
    let sentences: Vec<_> =
        conflicts.iter().map(|conflict| (conflict.index, conflict.field, conflict.message.as_str())).collect();
    assert_eq!(
        sentences,
        [
            (
                1,
                "id",
                "label monday-2 exists in job monday and is waiting. Choose another id, or reprint that label if it is meant."
            ),
            (
                2,
                "tracking",
                "tracking number RB monday-1 CN stands under label monday-1 of job monday already, which is printed. \
                 Check the number, or allow reused tracking numbers for this job if it is meant."
            ),
            (3, "id", "label id tuesday-1 stands twice in this job, at 1 and 4."),
            (4, "tracking", "tracking number rb tuesday-1 cn stands under label tuesday-1 of this job too. Check both numbers."),
        ]
    );
    assert_eq!(ledger.spool.job("tuesday").await, Err(Refusal::NoJob("tuesday".to_owned()).into()));
    assert_eq!(ledger.spool.upcoming("pack-1", 10).await.unwrap().len(), 1, "nothing of it was taken");
}

#[tokio::test]
async fn a_tracking_number_may_come_again_when_the_caller_says_so_or_its_label_was_canceled() {
    let ledger = Ledger::new();
    ledger.take(job("monday", 2)).await;
    let again = |id: &str, of: &str| {
        let mut again = job(id, 1);
        again.labels[0].tracking = Some(number(&format!("rb {of} cn")));
        again
    };
    assert!(matches!(ledger.take(again("a", "monday-1")).await, Taken::Refused(_)));
    assert!(matches!(ledger.take(NewJob { reuse_tracking: true, ..again("b", "monday-1") }).await, Taken::New(_)));
    ledger.spool.void("monday-2", "Mei").await.unwrap();
    assert!(matches!(ledger.take(again("c", "monday-2")).await, Taken::New(_)));
}

#[tokio::test]
async fn a_label_born_held_waits_for_its_release_and_then_takes_its_old_place() {
    let ledger = Ledger::new();
    let mut wave = job("wave", 3);
    wave.labels[0].held = Some(Hold::asked("the buyer asked to cancel"));
    ledger.take(wave).await;
    let held = ledger.spool.label("wave-1").await.unwrap().label;
    assert_eq!((held.state, held.reason.as_str()), (State::Held, "the buyer asked to cancel"));
    assert_eq!(ledger.print("pack-1").await, "wave-2");
    ledger.spool.release("wave-1").await.unwrap();
    assert_eq!(ledger.print("pack-1").await, "wave-1");
    assert_eq!(ledger.print("pack-1").await, "wave-3");
}

#[tokio::test]
async fn an_urgent_label_goes_between_the_labels_of_a_run() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 500)).await;
    ledger.print("pack-1").await;
    let mut single = job("now", 1);
    single.labels[0].urgent = true;
    ledger.take(single).await;
    assert_eq!(ledger.print("pack-1").await, "now-1");
    assert_eq!(ledger.print("pack-1").await, "wave-2");
}

// The printer loop.

#[tokio::test]
async fn a_label_that_was_voided_meanwhile_is_not_sent_and_neither_is_its_neighbour() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 3)).await;
    let queue = ledger.spool.upcoming("pack-1", 2).await.unwrap();
    ledger.spool.void("wave-2", "Mei").await.unwrap();
    let refused = ledger.spool.sending("pack-1", queue.iter().map(|label| (label.key, digest(1))).collect()).await.unwrap_err();
    assert_eq!(refused.to_string(), "nothing was sent: label wave-2 is canceled. Read the queue again.");
    let SpoolError::Refusal(Refusal::NotWaiting(left)) = refused else { panic!("it says which") };
    assert_eq!(left.iter().map(|label| label.key).collect::<Vec<LabelKey>>(), [queue[1].key]);
    assert_eq!(ledger.state("wave-1").await, State::Waiting);
}

#[tokio::test]
async fn the_printers_evidence_is_kept_with_the_attempt() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 3)).await;
    ledger.at(2_000);
    let label = ledger.send("pack-1").await;
    ledger.at(2_300);
    ledger.spool.settle(label.key, label.attempt, printed()).await.unwrap();
    let known = ledger.spool.label("wave-1").await.unwrap();
    assert_eq!((known.label.state, known.label.attempts, known.label.copies), (State::Printed, 1, 1));
    assert_eq!(known.digest, Some(digest(1)));
    let attempt = &known.prints[0];
    assert_eq!((attempt.number, attempt.state, attempt.sending_at, attempt.settled_at), (1, State::Printed, 2_000, Some(2_300)));
    assert_eq!(attempt.evidence, Some(Evidence::Counter));
    // A printer that cannot confirm never makes a label printed.
    let label = ledger.send("pack-1").await;
    ledger.spool.settle(label.key, label.attempt, Outcome::Sent).await.unwrap();
    assert_eq!(ledger.state("wave-2").await, State::Sent);
    // Settling twice is told.
    let again = ledger.spool.settle(label.key, label.attempt, printed()).await.unwrap_err();
    assert_eq!(again.to_string(), "label wave-2 is sent; only a label that is being sent or in doubt can be settled.");
}

#[tokio::test]
async fn a_label_the_printer_has_not_got_goes_back_to_the_head_of_the_queue() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 3)).await;
    let label = ledger.send("pack-1").await;
    ledger
        .spool
        .settle(label.key, label.attempt, Outcome::Waiting { why: "the printer was switched off first".to_owned() })
        .await
        .unwrap();
    let next = ledger.next("pack-1").await.unwrap();
    assert_eq!((next.id.as_str(), next.attempt, next.copies), ("wave-1", 2, 0));
}

#[tokio::test]
async fn settling_one_label_and_sending_the_next_share_one_commit() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 2)).await;
    let queue = ledger.spool.upcoming("pack-1", 2).await.unwrap();
    ledger.spool.sending("pack-1", vec![(queue[0].key, digest(1))]).await.unwrap();
    let mut latest = ledger.spool.latest_seq();
    let before = *latest.borrow_and_update();
    let settle = ledger.spool.settle(queue[0].key, queue[0].attempt, printed());
    ledger.spool.sending("pack-1", vec![(queue[1].key, digest(1))]).await.unwrap();
    // The number of the newest event is told once a commit.
    assert_eq!(*latest.borrow_and_update(), before + 2);
    settle.await.unwrap();
    assert!(!latest.has_changed().unwrap());
}

#[tokio::test]
async fn a_hundred_callers_at_once_share_their_flushes() {
    let ledger = Ledger::new();
    let commits = {
        let mut latest = ledger.spool.latest_seq();
        tokio::spawn(async move {
            let mut commits = 0;
            while latest.changed().await.is_ok() {
                commits += 1;
                if *latest.borrow_and_update() == 100 {
                    break;
                }
            }
            commits
        })
    };
    let taken: Vec<_> = (0..100).map(|number| ledger.spool.take(job(&format!("job-{number}"), 1))).collect();
    for taken in taken {
        assert!(matches!(taken.await.unwrap(), Taken::New(_)));
    }
    assert!(commits.await.unwrap() < 50);
}

#[tokio::test]
async fn an_idle_loop_sleeps_until_its_own_printer_has_something_to_print() {
    let ledger = Ledger::new();
    let (mine, other) = (ledger.spool.wake("pack-1"), ledger.spool.wake("pack-2"));
    ledger.take(job("wave", 1)).await;
    tokio::time::timeout(Duration::from_secs(5), mine.notified()).await.expect("it rang");
    assert!(tokio::time::timeout(Duration::from_millis(20), other.notified()).await.is_err());
    ledger.print("pack-1").await;
    ledger.spool.reprint("wave-1", smudged(), Some("pack-2")).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), other.notified()).await.expect("it rang");
}

#[tokio::test]
async fn after_a_long_outage_old_labels_are_held_and_new_ones_print() {
    let ledger = Ledger::new();
    ledger.take(job("old", 3)).await;
    ledger.at(90_000);
    ledger.take(job("new", 2)).await;
    assert_eq!(ledger.spool.hold_stale("pack-1", Duration::from_secs(30)).await, Ok(3));
    assert_eq!(ledger.print("pack-1").await, "new-1");
    ledger.spool.release("old-2").await.unwrap();
    assert_eq!(ledger.spool.hold_stale("pack-1", Duration::from_secs(30)).await, Ok(0), "a released one is fresh");
    assert_eq!(ledger.spool.release_stale("pack-1").await, Ok(2));
    assert_eq!(ledger.print("pack-1").await, "old-1", "in their old order");
    assert_eq!(ledger.kinds().await.iter().filter(|kind| **kind == EventKind::BacklogHeld).count(), 1);
}

// Stops and starts.

#[tokio::test]
async fn a_label_that_was_being_sent_when_the_daemon_stopped_is_in_doubt() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 3)).await;
    ledger.send("pack-1").await;
    let ledger = ledger.reopen();
    let known = ledger.spool.label("wave-1").await.unwrap();
    assert_eq!(
        (known.label.state, known.label.reason.as_str()),
        (State::InDoubt, "the daemon restarted while it was being sent")
    );
    assert_eq!(known.prints[0].state, State::InDoubt);
    assert_eq!(ledger.kinds().await, [EventKind::Taken, EventKind::Sending, EventKind::InDoubt]);
    assert_eq!(ledger.counts("pack-1").await, BTreeMap::from([(State::Waiting, 2), (State::InDoubt, 1)]));
    // The printer's counter may still settle it.
    ledger.spool.settle(known.label.key, known.label.attempts, printed()).await.unwrap();
    assert_eq!(ledger.state("wave-1").await, State::Printed);
}

#[tokio::test]
async fn what_became_of_an_older_attempt_settles_nothing() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 1)).await;
    let first = ledger.next("pack-1").await.unwrap();
    ledger.spool.sending("pack-1", vec![(first.key, digest(1))]).await.unwrap();
    ledger
        .spool
        .settle(first.key, first.attempt, Outcome::InDoubt { cause: DoubtCause::LineBroke, why: "the line broke".to_owned() })
        .await
        .unwrap();
    ledger.spool.outcome(&first.id, false, "Mei").await.unwrap();
    let second = ledger.next("pack-1").await.unwrap();
    assert_eq!(second.attempt, 2);
    ledger.spool.sending("pack-1", vec![(second.key, digest(1))]).await.unwrap();
    // The first printer is back and says that the label never came.
    let late = ledger.spool.settle(first.key, first.attempt, Outcome::Waiting { why: "it never came".to_owned() }).await;
    assert!(matches!(late, Err(SpoolError::Refusal(Refusal::Outdated { attempt: 1, .. }))), "{late:?}");
    assert_eq!(ledger.state(&first.id).await, State::Sending);
}

#[tokio::test]
async fn two_daemons_never_share_a_state_directory() {
    let ledger = Ledger::new();
    let second = open(ledger.dir.path(), &ledger.clock).err().expect("it is refused");
    let dir = ledger.dir.path().display();
    assert_eq!(
        second.to_string(),
        format!("state directory {dir} is in use by another waybilld: stop that one, or choose another directory.")
    );
}

#[test]
fn a_ledger_that_is_none_or_too_new_is_refused_in_a_sentence() {
    let dir = TempDir::new().unwrap();
    let clock = Arc::new(AtomicI64::new(0));
    std::fs::write(dir.path().join("ledger.db"), "this was a shopping list. ".repeat(100)).unwrap();
    let refused = open(dir.path(), &clock).err().expect("it is no ledger").to_string();
    assert!(refused.ends_with("restore it from a copy, or move it away to begin a new one."), "{refused}");

    std::fs::remove_file(dir.path().join("ledger.db")).unwrap();
    drop(open(dir.path(), &clock).unwrap());
    let db = rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let refused = open(dir.path(), &clock).err().expect("it is too new").to_string();
    assert!(refused.contains("was written by a newer waybilld (version 99, this one knows "), "{refused}");
}

// People.

#[tokio::test]
async fn a_person_settles_a_label_in_doubt() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 2)).await;
    for _ in 0..2 {
        let label = ledger.send("pack-1").await;
        ledger.spool.settle(label.key, label.attempt, silent()).await.unwrap();
    }
    assert_eq!(ledger.spool.outcome("wave-1", true, "Mei").await, Ok(State::Printed));
    assert_eq!(ledger.spool.outcome("wave-2", false, "Mei").await, Ok(State::Waiting));
    assert_eq!(ledger.print("pack-1").await, "wave-2");
    let known = ledger.spool.label("wave-2").await.unwrap();
    let attempts: Vec<_> = known.prints.iter().map(|print| (print.number, print.state, print.settled_by.as_deref())).collect();
    assert_eq!(attempts, [(1, State::Waiting, Some("Mei")), (2, State::Printed, None)]);
    assert_eq!(known.label.copies, 1);
}

#[tokio::test]
async fn a_reprint_goes_first_and_both_prints_stay_on_record() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 60)).await;
    ledger.print("pack-1").await;
    ledger.spool.reprint("wave-1", smudged(), None).await.unwrap();
    let next = ledger.next("pack-1").await.unwrap();
    assert_eq!((next.id.as_str(), next.attempt, next.copies, next.digest), ("wave-1", 2, 1, Some(digest(1))));
    assert_eq!((next.run, next.position, next.run_labels), (3, 1, 1), "a run of its own");
    ledger.print("pack-1").await;
    let known = ledger.spool.label("wave-1").await.unwrap();
    assert_eq!((known.label.state, known.label.copies), (State::Printed, 2));
    assert_eq!(known.prints.iter().map(|print| print.reprint.clone()).collect::<Vec<_>>(), [None, Some(smudged())]);
    // The event stream names nobody.
    let told = format!("{:?}", ledger.spool.events_after(0, 1000).await.unwrap());
    assert!(!told.contains("Mei") && !told.contains("Nguyễn"), "{told}");
}

#[tokio::test]
async fn a_reprint_may_go_to_another_printer_and_the_counts_follow() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 1)).await;
    ledger.print("pack-1").await;
    ledger.spool.reprint("wave-1", smudged(), Some("pack-2")).await.unwrap();
    assert_eq!(ledger.counts("pack-1").await, BTreeMap::new());
    assert_eq!(ledger.counts("pack-2").await, BTreeMap::from([(State::Waiting, 1)]));
    assert_eq!(ledger.print("pack-2").await, "wave-1");
    let job = ledger.spool.job("wave").await.unwrap();
    assert_eq!(job.runs.iter().map(|run| run.printer.as_str()).collect::<Vec<_>>(), ["pack-1", "pack-2"]);
}

#[tokio::test]
async fn voiding_cancels_what_has_not_printed_and_marks_what_has() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 3)).await;
    assert_eq!(ledger.spool.void("wave-3", "Mei").await, Ok(State::Canceled));
    ledger.print("pack-1").await;
    assert_eq!(ledger.spool.void("wave-1", "Mei").await, Ok(State::Voided));
    // A queued reprint of a label that has come out before is voided too, not canceled.
    ledger.print("pack-1").await;
    ledger.spool.reprint("wave-2", smudged(), None).await.unwrap();
    assert_eq!(ledger.spool.void("wave-2", "Mei").await, Ok(State::Voided));
    assert_eq!(ledger.next("pack-1").await, None);
    let refused = ledger.spool.reprint("wave-1", smudged(), None).await.unwrap_err();
    assert_eq!(refused.to_string(), "label wave-1 is voided; it must not be used any more: send a new job.");
    assert_eq!(ledger.spool.void("pkg-9", "Mei").await.unwrap_err().to_string(), "there is no label pkg-9: check the id.");
}

// Looking things up.

#[tokio::test]
async fn labels_are_found_by_number_state_and_time_in_pages() {
    let ledger = Ledger::new();
    ledger.take(job("monday", 5)).await;
    ledger.print("pack-1").await;
    ledger.at(50_000);
    ledger.take(job("tuesday", 5)).await;
    let list = async |filter: LabelFilter| {
        let page = ledger.spool.labels(LabelFilter { limit: 3, ..filter }).await.unwrap();
        (page.labels.iter().map(|label| label.id.clone()).collect::<Vec<_>>(), page.next)
    };
    let (ids, next) = list(LabelFilter::default()).await;
    assert_eq!(ids, ["tuesday-5", "tuesday-4", "tuesday-3"]);
    let (ids, _) = list(LabelFilter { cursor: next, ..Default::default() }).await;
    assert_eq!(ids, ["tuesday-2", "tuesday-1", "monday-5"]);
    assert_eq!(
        list(LabelFilter { state: Some(State::Printed), ..Default::default() }).await,
        (vec!["monday-1".to_owned()], None)
    );
    let since = LabelFilter { since: Some(50_000), state: Some(State::Waiting), ..Default::default() };
    let (ids, next) = list(since.clone()).await;
    assert_eq!(ids, ["tuesday-5", "tuesday-4", "tuesday-3"]);
    assert_eq!(list(LabelFilter { cursor: next, ..since }).await, (vec!["tuesday-2".to_owned(), "tuesday-1".to_owned()], None));
    assert_eq!(list(LabelFilter { since: Some(50_001), ..Default::default() }).await, (vec![], None));
    let tracked = LabelFilter { tracking: Some("RBMONDAY-3CN".to_owned()), ..Default::default() };
    assert_eq!(list(tracked).await, (vec!["monday-3".to_owned()], None));
    let ordered = LabelFilter { order: Some("ORDERMONDAY-2".to_owned()), state: Some(State::Held), ..Default::default() };
    assert_eq!(list(ordered).await, (vec![], None));

    let words = ["monday-4", "RBTUESDAY-1CN", "ORDERMONDAY-4", "nothing"].map(str::to_owned).to_vec();
    let found = ledger.spool.find(words, 10).await.unwrap();
    assert_eq!(found.iter().map(|label| label.id.as_str()).collect::<Vec<_>>(), ["tuesday-1", "monday-4"]);
}

#[tokio::test]
async fn events_are_numbered_and_a_reader_goes_on_where_it_stopped() {
    let ledger = Ledger::new();
    let mut latest = ledger.spool.latest_seq();
    assert_eq!(*latest.borrow_and_update(), 0);
    ledger.take(job("wave", 2)).await;
    ledger.print("pack-1").await;
    let told = PrinterTold { printer: "pack-1".to_owned(), sentence: "out of labels.".to_owned() };
    ledger.spool.record_printer_event("pack-1", Happened::Printer(EventKind::MediaEmpty, told)).await.unwrap();
    latest.changed().await.unwrap();
    assert_eq!(*latest.borrow_and_update(), 4);
    assert_eq!(ledger.kinds().await, [EventKind::Taken, EventKind::Sending, EventKind::Printed, EventKind::MediaEmpty]);
    let rest = ledger.spool.events_after(2, 10).await.unwrap();
    assert_eq!((rest[0].seq, rest[0].label.as_deref(), rest[0].job.as_deref()), (3, Some("wave-1"), Some("wave")));
    assert_eq!(rest[0].data, r#"{"run":1,"position":1}"#);
    assert_eq!(*ledger.reopen().spool.latest_seq().borrow(), 4);
}

#[tokio::test]
async fn templates_and_what_was_learnt_of_a_printer_are_kept() {
    let ledger = Ledger::new();
    let hash = ledger.spool.keep_template("[template]\nname = \"plain\"\n").await.unwrap();
    assert_eq!(ledger.spool.keep_template("[template]\nname = \"plain\"\n").await, Ok(hash));
    ledger.spool.keep_printer_facts("pack-1", r#"{"answers_status":true}"#.to_owned()).await.unwrap();
    ledger.spool.keep_printer_facts("pack-1", r#"{"answers_status":false}"#.to_owned()).await.unwrap();
    let ledger = ledger.reopen();
    assert_eq!(ledger.spool.template(hash).await.unwrap().as_deref(), Some("[template]\nname = \"plain\"\n"));
    assert_eq!(ledger.spool.printer_facts("pack-1").await.unwrap().as_deref(), Some(r#"{"answers_status":false}"#));
    assert_eq!(ledger.spool.printer_facts("pack-2").await, Ok(None));
}

#[tokio::test]
async fn personal_data_of_ended_labels_is_erased_from_the_disk_and_their_rows_remain() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 1_200)).await;
    for _ in 0..12 {
        let labels = ledger.spool.upcoming("pack-1", 100).await.unwrap();
        ledger.spool.sending("pack-1", labels.iter().map(|label| (label.key, digest(1))).collect()).await.unwrap();
        let settled: Vec<_> =
            labels.iter().skip(1).map(|label| ledger.spool.settle(label.key, label.attempt, printed())).collect();
        for settle in settled {
            settle.await.unwrap();
        }
    }
    let scan = ScanNote {
        station: "bench-1".to_owned(),
        printer: "pack-1".to_owned(),
        by: Some("Xiulan Example".to_owned()),
        label: None,
        mode: Mode::Reprint,
        answer: ScanAnswer::Unknown,
    };
    ledger.spool.note_scan(scan).await.unwrap();
    ledger.at(9_000);
    ledger.take(job("fresh", 2)).await;
    let print = ledger.print("pack-1").await;
    assert_eq!(ledger.spool.erase(5_000).await, Ok(1_188));
    assert_eq!(ledger.spool.erase(5_000).await, Ok(0));
    assert_eq!(ledger.spool.label("wave-2").await.unwrap().waybill, None);
    assert_eq!(ledger.counts("pack-1").await[&State::Printed], 1_189);
    for kept in ["wave-1", print.as_str()] {
        assert!(ledger.spool.label(kept).await.unwrap().waybill.is_some(), "{kept} is still needed");
    }
    assert_eq!(ledger.kinds().await, [EventKind::Taken, EventKind::Sending, EventKind::Printed], "those of the second job");
    let refused = ledger.spool.reprint("wave-2", smudged(), None).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "label wave-2 cannot print again: its data was erased after the days it is kept. Send it in a new job under another id, with \"reuse_tracking\": true."
    );
    let Ledger { dir, spool, .. } = ledger;
    drop(spool);
    let file = std::fs::read(dir.path().join("ledger.db")).unwrap();
    assert!(!file.windows(10).any(|bytes| bytes == b"\"wave-1000"), "the bytes are gone from the file too");
    assert!(!file.windows(14).any(|bytes| bytes == b"Xiulan Example"), "and who scanned");
}

#[tokio::test]
async fn a_hundred_thousand_labels_of_history_slow_neither_the_start_nor_the_next_label() {
    let ledger = Ledger::new();
    for wave in 0..200 {
        ledger.take(job(&format!("wave-{wave}"), 500)).await;
        let labels = ledger.spool.upcoming("pack-1", 500).await.unwrap();
        ledger.spool.sending("pack-1", labels.iter().map(|label| (label.key, digest(1))).collect()).await.unwrap();
        let settled: Vec<_> = labels.iter().map(|label| ledger.spool.settle(label.key, label.attempt, printed())).collect();
        for settle in settled {
            settle.await.unwrap();
        }
    }
    ledger.take(job("today", 2)).await;
    let Ledger { dir, clock, spool } = ledger;
    drop(spool);
    let began = Instant::now();
    let spool = open(dir.path(), &clock).unwrap();
    let opened = began.elapsed();
    spool.upcoming("pack-1", 2).await.unwrap();
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(spool.upcoming("pack-1", 2).await.unwrap().len(), 2);
    }
    let next = began.elapsed() / 100;
    println!("100,000 labels of history: opened in {opened:?}, next labels in {next:?}");
    assert!(opened < Duration::from_millis(100), "{opened:?}");
    assert!(next < Duration::from_millis(2), "{next:?}");
}
