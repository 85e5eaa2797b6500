//! Jobs for a group of printers: how they are dealt, and what goes to another printer when one fails.

use super::{Ledger, digest, job, printed};
use proptest::prelude::*;
use waybilld::closed_set::DoubtCause;
use waybilld::spool::{EventKind, Hold, NewJob, Outcome, Refusal, SpoolError, State, Taken};

const PRINTERS: [&str; 2] = ["pack-1", "pack-2"];

fn for_the_table(id: &str, labels: usize) -> NewJob {
    NewJob { printer: "table".to_owned(), group: PRINTERS.map(str::to_owned).to_vec(), ..job(id, labels) }
}

async fn queue(ledger: &Ledger, printer: &str) -> Vec<String> {
    ledger.spool.upcoming(printer, 500).await.unwrap().into_iter().map(|label| label.id).collect()
}

#[tokio::test]
async fn a_job_for_a_group_is_dealt_in_whole_runs_to_whoever_has_the_least_to_do() {
    let ledger = Ledger::new();
    ledger.take(job("own", 60)).await;
    let Taken::New(taken) = ledger.take(for_the_table("wave", 170)).await else { panic!("it is new") };
    assert_eq!(taken.printer, "table");
    let dealt: Vec<_> = taken.runs.iter().map(|run| (run.printer.as_str(), run.labels)).collect();
    // 60 wait for pack-1 already: the first two runs go to pack-2, and then they take turns.
    let mut sorted = dealt.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [("pack-1", 50), ("pack-2", 20), ("pack-2", 50), ("pack-2", 50)]);
    assert_eq!(ledger.counts("pack-1").await[&State::Waiting] + ledger.counts("pack-2").await[&State::Waiting], 230);
    assert!(ledger.counts("table").await.is_empty());
}

#[tokio::test]
async fn what_was_never_sent_goes_to_the_other_printer_in_its_order_and_its_history_says_why() {
    let ledger = Ledger::new();
    ledger.take(for_the_table("wave", 50)).await;
    ledger.take(job("own", 2)).await;
    ledger.print("pack-1").await;
    let sent = ledger.send("pack-1").await;
    let read_ahead = ledger.next("pack-1").await.unwrap();
    assert_eq!(ledger.spool.movable("pack-1", "table").await, Ok(48));
    ledger.at(5_000);
    let moved = ledger.spool.reassign("pack-1", "table", vec!["pack-2".to_owned()], "pack-1 is paused").await;
    assert_eq!(moved, Ok(48));
    assert_eq!(queue(&ledger, "pack-1").await, ["own-1", "own-2"], "a job for one printer stays with it");
    assert_eq!(queue(&ledger, "pack-2").await, (3..=50).map(|number| format!("wave-{number}")).collect::<Vec<_>>());
    assert_eq!(ledger.state(&sent.id).await, State::Sending);

    // The first printer had read some of them ahead: it may not send them any more.
    let late = ledger.spool.sending("pack-1", vec![(read_ahead.key, digest(1))]).await.unwrap_err();
    assert_eq!(late.to_string(), "nothing was sent: label wave-3 waits for pack-2 now. Read the queue again.");

    let known = ledger.spool.label("wave-3").await.unwrap();
    assert_eq!((known.label.printer.as_str(), known.label.position), ("pack-2", 1));
    assert_eq!(known.label.reason, "moved from pack-1: pack-1 is paused");
    assert_eq!(ledger.print("pack-2").await, "wave-3");
    let moves = ledger.spool.label("wave-3").await.unwrap().moves;
    assert_eq!(moves.len(), 1, "it is remembered when the label is out");
    assert_eq!((moves[0].from.as_str(), moves[0].to.as_str(), moves[0].at), ("pack-1", "pack-2", 5_000));
    let job = ledger.spool.job("wave").await.unwrap();
    assert_eq!(
        job.runs.iter().map(|run| (run.printer.as_str(), run.labels)).collect::<Vec<_>>(),
        [("pack-1", 50), ("pack-2", 48)]
    );
}

#[tokio::test]
async fn a_ledger_of_the_first_version_is_read_and_its_labels_stay() {
    let Ledger { dir, clock, spool } = Ledger::new();
    drop(spool);
    let path = dir.path().join("ledger.db");
    std::fs::remove_file(&path).unwrap();
    rusqlite::Connection::open(path).unwrap().execute_batch(include_str!("ledger-1.sql")).unwrap();
    let spool = super::open(dir.path(), &clock).unwrap();
    let ledger = Ledger { dir, clock, spool };
    assert_eq!(ledger.spool.movable("pack-1", "table").await, Ok(0));
    assert_eq!(ledger.print("pack-1").await, "wave-1");
    assert!(ledger.spool.label("wave-1").await.unwrap().moves.is_empty());
}

#[derive(Debug, Clone)]
enum Act {
    SendNext(usize),
    Settle(usize, Outcome),
    Hold(usize),
    Release(usize),
    Reassign(usize),
    Restart,
}

const LABELS: usize = 6;

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let outcome = prop_oneof![
        2 => Just(printed()),
        1 => Just(Outcome::Waiting { why: "not in its buffer".to_owned() }),
        1 => Just(Outcome::NotSent { why: "the line was gone".to_owned() }),
        1 => Just(Outcome::InDoubt { cause: DoubtCause::LineBroke, why: "silent".to_owned() }),
    ];
    let act = prop_oneof![
        5 => (0..2usize).prop_map(Act::SendNext),
        4 => (0..LABELS, outcome).prop_map(|(label, outcome)| Act::Settle(label, outcome)),
        2 => (0..LABELS).prop_map(Act::Hold),
        2 => (0..LABELS).prop_map(Act::Release),
        3 => (0..2usize).prop_map(Act::Reassign),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 1..40)
}

/// Where a label of the group is, told once more from the outside.
#[derive(Debug, Clone)]
struct Model {
    printer: usize,
    state: State,
    attempts: i64,
    /// Attempts of which something left.
    sent: i64,
    moves: usize,
    /// Who has waited longer in a queue goes first.
    turn: usize,
}

async fn follow(acts: Vec<Act>) {
    let mut ledger = Ledger::new();
    // Runs of three: one for each printer.
    let Taken::New(taken) = ledger.take(NewJob { run_limit: 3, ..for_the_table("wave", LABELS) }).await else { panic!("new") };
    let ids: Vec<String> = taken.labels.iter().map(|label| label.id.clone()).collect();
    let keys: Vec<i64> = taken.labels.iter().map(|label| label.key).collect();
    let mut model: Vec<Model> = (0..LABELS)
        .map(|turn| Model { printer: turn / 3, state: State::Waiting, attempts: 0, sent: 0, moves: 0, turn })
        .collect();
    let mut turns = LABELS;
    for act in acts {
        match act {
            Act::SendNext(printer) => {
                let waits = |label: &usize| model[*label].state == State::Waiting && model[*label].printer == printer;
                let first = (0..LABELS).filter(waits).min_by_key(|label| model[*label].turn);
                let next = ledger.next(PRINTERS[printer]).await;
                assert_eq!(next.map(|next| next.key), first.map(|label| keys[label]), "the next label of {}", PRINTERS[printer]);
                if let Some(label) = first {
                    let other = ledger.spool.sending(PRINTERS[1 - printer], vec![(keys[label], digest(1))]).await;
                    assert!(
                        matches!(other, Err(SpoolError::Refusal(Refusal::NotWaiting(_)))),
                        "only its own printer sends a label"
                    );
                    ledger.spool.sending(PRINTERS[printer], vec![(keys[label], digest(1))]).await.unwrap();
                    model[label].state = State::Sending;
                    model[label].attempts += 1;
                    model[label].sent += 1;
                }
            }
            Act::Settle(label, outcome) => {
                let known = &mut model[label];
                let settled = ledger.spool.settle(keys[label], known.attempts, outcome.clone()).await;
                let unsent = matches!(outcome, Outcome::NotSent { .. });
                let after = match (outcome, known.state) {
                    (Outcome::Printed { .. }, State::Sending | State::InDoubt) => Some(State::Printed),
                    (Outcome::Waiting { .. } | Outcome::NotSent { .. }, State::Sending | State::InDoubt) => Some(State::Waiting),
                    (Outcome::InDoubt { .. }, State::Sending) => Some(State::InDoubt),
                    _ => None,
                };
                assert_eq!(settled.is_ok(), after.is_some());
                known.sent -= i64::from(unsent && after.is_some());
                known.state = after.unwrap_or(known.state);
            }
            Act::Hold(label) => {
                let held = ledger.spool.hold(&ids[label], Hold::asked("asked")).await.is_ok();
                assert_eq!(held, model[label].state == State::Waiting);
                model[label].state = if held { State::Held } else { model[label].state };
            }
            Act::Release(label) => {
                let released = ledger.spool.release(&ids[label]).await.is_ok();
                assert_eq!(released, model[label].state == State::Held);
                model[label].state = if released { State::Waiting } else { model[label].state };
            }
            Act::Reassign(from) => {
                let to = 1 - from;
                let mut moved: Vec<usize> = (0..LABELS)
                    .filter(|label| {
                        let Model { printer, state, sent, .. } = model[*label];
                        printer == from && state == State::Waiting && sent == 0
                    })
                    .collect();
                moved.sort_by_key(|label| model[*label].turn);
                let said = ledger.spool.reassign(PRINTERS[from], "table", vec![PRINTERS[to].to_owned()], "it fails").await;
                assert_eq!(said, Ok(moved.len()));
                for label in moved {
                    model[label] = Model { printer: to, moves: model[label].moves + 1, turn: turns, ..model[label] };
                    turns += 1;
                }
            }
            Act::Restart => {
                ledger = ledger.reopen();
                for label in model.iter_mut().filter(|label| label.state == State::Sending) {
                    label.state = State::InDoubt;
                }
            }
        }
    }
    for (label, id) in model.iter().zip(&ids) {
        let known = ledger.spool.label(id).await.unwrap();
        assert_eq!((known.label.state, known.label.attempts), (label.state, label.attempts), "{id}");
        assert_eq!((known.label.printer.as_str(), known.moves.len()), (PRINTERS[label.printer], label.moves), "{id}");
    }
    for (at, printer) in PRINTERS.into_iter().enumerate() {
        for (state, labels) in ledger.counts(printer).await {
            let expected = model.iter().filter(|label| label.printer == at && label.state == state).count();
            assert_eq!(labels as usize, expected, "{state} at {printer}");
        }
    }
    let moved = ledger.kinds().await.iter().filter(|kind| **kind == EventKind::Moved).count();
    assert_eq!(moved, model.iter().map(|label| label.moves).sum::<usize>(), "an event for each move");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_fails_a_label_is_at_one_printer_and_what_was_sent_never_moves(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(follow(acts));
    }
}
