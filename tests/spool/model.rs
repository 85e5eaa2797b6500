//! Any sequence of requests leaves the ledger as a few lines of Rust say it should.

use super::{Ledger, digest, job, printed, silent, smudged};
use proptest::prelude::*;
use std::collections::BTreeMap;
use waybilld::spool::{Hold, Outcome, Refusal, SpoolError, State};

const LABELS: usize = 4;

#[derive(Debug, Clone)]
enum Act {
    SendNext,
    Settle(usize, Outcome),
    Void(usize),
    Hold(usize),
    Release(usize),
    Outcome(usize, bool),
    Reprint(usize),
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let label = 0..LABELS;
    let settled = prop_oneof![
        4 => Just(printed()),
        1 => Just(Outcome::Sent),
        1 => Just(Outcome::Waiting { why: "not in its buffer".to_owned() }),
        2 => Just(silent()),
    ];
    let act = prop_oneof![
        6 => Just(Act::SendNext),
        6 => (label.clone(), settled).prop_map(|(label, outcome)| Act::Settle(label, outcome)),
        1 => label.clone().prop_map(Act::Void),
        2 => label.clone().prop_map(Act::Hold),
        2 => label.clone().prop_map(Act::Release),
        3 => (label.clone(), any::<bool>()).prop_map(|(label, came_out)| Act::Outcome(label, came_out)),
        2 => label.prop_map(Act::Reprint),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 1..40)
}

/// The table of a label's life once more, told from the outside.
#[derive(Debug, Clone, PartialEq)]
struct Model {
    state: State,
    attempts: i64,
    copies: i64,
    /// Which comes first in the queue: reprints, in the order they were asked for, then places.
    turn: (bool, usize),
}

impl Model {
    /// What the act does to this label; `None` when it must be refused.
    fn after(&self, act: &Act, reprints: usize) -> Option<Model> {
        let to = |state| Some(Model { state, ..self.clone() });
        let out = |state| Some(Model { state, copies: self.copies + 1, ..self.clone() });
        match (act, self.state) {
            (Act::Settle(_, Outcome::Printed { .. }), State::Sending | State::InDoubt) => out(State::Printed),
            (Act::Settle(_, Outcome::Sent), State::Sending) => out(State::Sent),
            (Act::Settle(_, Outcome::Waiting { .. }), State::Sending | State::InDoubt) => to(State::Waiting),
            (Act::Settle(_, Outcome::InDoubt { .. }), State::Sending) => to(State::InDoubt),
            (Act::Void(_), State::Waiting | State::Held) if self.copies == 0 => to(State::Canceled),
            (Act::Void(_), State::Waiting | State::Held | State::Printed | State::Sent) => to(State::Voided),
            (Act::Hold(_), State::Waiting) => to(State::Held),
            (Act::Release(_), State::Held) => to(State::Waiting),
            (Act::Outcome(_, true), State::InDoubt) => out(State::Printed),
            (Act::Outcome(_, false), State::InDoubt) => to(State::Waiting),
            (Act::Reprint(_), State::Printed | State::Sent) => {
                Some(Model { state: State::Waiting, turn: (false, reprints), ..self.clone() })
            }
            _ => None,
        }
    }
}

async fn follow(acts: Vec<Act>) {
    let mut ledger = Ledger::new();
    ledger.take(job("wave", LABELS)).await;
    let mut model: Vec<Model> =
        (0..LABELS).map(|place| Model { state: State::Waiting, attempts: 0, copies: 0, turn: (true, place) }).collect();
    let ids: Vec<String> = (1..=LABELS).map(|number| format!("wave-{number}")).collect();
    let keys: Vec<i64> = ledger.spool.job("wave").await.unwrap().labels.iter().map(|label| label.key).collect();
    let mut reprints = 0;
    for act in acts {
        let (label, result) = match &act {
            Act::SendNext => {
                let first =
                    (0..LABELS).filter(|&label| model[label].state == State::Waiting).min_by_key(|&label| model[label].turn);
                let next = ledger.next("pack-1").await;
                assert_eq!(next.map(|next| next.key), first.map(|label| keys[label]), "the next label");
                if let Some(label) = first {
                    ledger.spool.sending("pack-1", vec![(keys[label], digest(1))]).await.unwrap();
                    model[label].state = State::Sending;
                    model[label].attempts += 1;
                }
                continue;
            }
            Act::Restart => {
                ledger = ledger.reopen();
                for label in model.iter_mut().filter(|label| label.state == State::Sending) {
                    label.state = State::InDoubt;
                }
                continue;
            }
            Act::Settle(label, outcome) => {
                (*label, ledger.spool.settle(keys[*label], model[*label].attempts, outcome.clone()).await)
            }
            Act::Void(label) => (*label, ledger.spool.void(&ids[*label], "Mei").await.map(drop)),
            Act::Hold(label) => (*label, ledger.spool.hold(&ids[*label], Hold::asked("asked")).await.map(drop)),
            Act::Release(label) => (*label, ledger.spool.release(&ids[*label]).await.map(drop)),
            Act::Outcome(label, came_out) => (*label, ledger.spool.outcome(&ids[*label], *came_out, "Mei").await.map(drop)),
            Act::Reprint(label) => (*label, ledger.spool.reprint(&ids[*label], smudged(), None).await.map(drop)),
        };
        match model[label].after(&act, reprints) {
            Some(after) => {
                assert_eq!(result, Ok(()), "{act:?} on {:?}", model[label]);
                reprints += usize::from(matches!(act, Act::Reprint(_)));
                model[label] = after;
            }
            None => assert!(
                matches!(result, Err(SpoolError::Refusal(Refusal::NotAllowed(_) | Refusal::Held { .. }))),
                "{act:?} on {:?}: {result:?}",
                model[label]
            ),
        }
    }
    let mut counts = BTreeMap::new();
    for (label, id) in model.iter().zip(&ids) {
        let known = ledger.spool.label(id).await.unwrap();
        assert_eq!((known.label.state, known.label.attempts, known.label.copies), (label.state, label.attempts, label.copies));
        assert_eq!(known.prints.len() as i64, label.attempts, "one row a physical attempt");
        let out = known.prints.iter().filter(|print| matches!(print.state, State::Printed | State::Sent)).count();
        assert_eq!(out as i64, label.copies);
        *counts.entry(label.state).or_insert(0) += 1;
    }
    assert_eq!(ledger.counts("pack-1").await, counts);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_the_ledger_stands_where_the_table_says(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(follow(acts));
    }
}
