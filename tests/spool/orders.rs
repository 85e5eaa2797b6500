//! What an order that has changed does to its labels, whatever state they stand in.

use super::{Ledger, digest, job, label, number, printed, smudged};
use proptest::prelude::*;
use waybilld::closed_set::DoubtCause;
use waybilld::spool::{
    CancelOutcome, Canceled, Cancellation, EventKind, Hold, HoldCause, NewJob, NewLabel, Number, Outcome, Refusal, Replaced,
    State, ToSend,
};

fn sure() -> Cancellation {
    Cancellation::Sure { by: "shop tool".to_owned(), why: "the order was canceled".to_owned() }
}

fn asked() -> Cancellation {
    Cancellation::Asked { why: "buyer asked to cancel: ordered twice".to_owned() }
}

/// One order in that many labels.
fn order(labels: usize) -> NewJob {
    let mut job = job("wave", labels);
    job.labels.iter_mut().for_each(|label| label.order = Some(number("57 64")));
    job
}

/// What became of each, the first label first.
fn became(labels: Vec<Canceled>) -> Vec<(CancelOutcome, State)> {
    labels.into_iter().rev().map(|canceled| (canceled.became, canceled.label.state)).collect()
}

/// A ledger with an order of which one label is printed, one in doubt, one being sent, one held and one waiting.
async fn in_every_state() -> Ledger {
    let ledger = Ledger::new();
    ledger.take(order(5)).await;
    ledger.print("pack-1").await;
    let doubtful = ledger.send("pack-1").await;
    ledger
        .spool
        .settle(doubtful.key, 1, Outcome::InDoubt { cause: DoubtCause::LineBroke, why: "silent".to_owned() })
        .await
        .unwrap();
    ledger.send("pack-1").await;
    ledger.spool.hold("wave-4", Hold::asked("address is checked")).await.unwrap();
    ledger
}

#[tokio::test]
async fn a_canceled_order_leaves_no_label_that_could_be_used() {
    let mut ledger = in_every_state().await;
    let said = ledger.spool.cancel_order("5764", sure()).await.unwrap();
    assert_eq!(
        became(said),
        [
            (CancelOutcome::Voided, State::Voided),
            (CancelOutcome::Pending, State::InDoubt),
            (CancelOutcome::Pending, State::Sending),
            (CancelOutcome::Canceled, State::Canceled),
            (CancelOutcome::Canceled, State::Canceled),
        ]
    );
    assert!(ledger.next("pack-1").await.is_none());
    // The daemon is killed meanwhile: what was wished is not forgotten.
    ledger = ledger.reopen();
    assert_eq!(ledger.state("wave-3").await, State::InDoubt);
    assert_eq!(ledger.spool.outcome("wave-2", true, "anna").await, Ok(State::Voided));
    assert_eq!(ledger.spool.outcome("wave-3", false, "anna").await, Ok(State::Canceled), "no copy of it came out");
    assert!(ledger.next("pack-1").await.is_none(), "one that did not come out would wait again");
    let said = ledger.spool.cancel_order("5764", sure()).await.unwrap();
    assert!(said.iter().all(|label| label.became == CancelOutcome::Unchanged), "twice is harmless");
    assert_eq!(ledger.counts("pack-1").await.into_iter().filter(|(_, labels)| *labels > 0).count(), 2);
}

#[tokio::test]
async fn evidence_that_comes_after_the_cancel_voids_the_label() {
    let ledger = Ledger::new();
    ledger.take(order(2)).await;
    let (first, second) = (ledger.send("pack-1").await, ledger.send("pack-1").await);
    ledger.spool.cancel_order("5764", sure()).await.unwrap();
    ledger.spool.settle(first.key, 1, printed()).await.unwrap();
    ledger.spool.settle(second.key, 1, Outcome::NotSent { why: "the line was gone".to_owned() }).await.unwrap();
    assert_eq!((ledger.state("wave-1").await, ledger.state("wave-2").await), (State::Voided, State::Canceled));
    let told = ledger.spool.label("wave-1").await.unwrap();
    assert_eq!((told.label.copies, told.prints[0].state), (1, State::Printed), "its print stays in its history");
    assert_eq!(
        ledger.kinds().await[3..],
        [
            EventKind::CancelPending,
            EventKind::CancelPending,
            EventKind::Printed,
            EventKind::Voided,
            EventKind::Waiting,
            EventKind::Canceled
        ],
        "each step is told"
    );
}

#[tokio::test]
async fn a_request_to_cancel_keeps_back_what_waits_and_flags_what_is_out_until_somebody_decides() {
    let ledger = in_every_state().await;
    let said = ledger.spool.cancel_order("5764", asked()).await.unwrap();
    assert_eq!(
        became(said),
        [
            (CancelOutcome::Flagged, State::Printed),
            (CancelOutcome::Pending, State::InDoubt),
            (CancelOutcome::Pending, State::Sending),
            (CancelOutcome::Held, State::Held),
            (CancelOutcome::Held, State::Held),
        ]
    );
    assert_eq!(ledger.spool.outcome("wave-2", false, "anna").await, Ok(State::Held), "it does not print again by itself");
    assert!(ledger.spool.label("wave-1").await.unwrap().label.cancel_requested);

    let said = ledger.spool.release_order("5764").await.unwrap();
    assert_eq!(
        became(said),
        [
            (CancelOutcome::Unflagged, State::Printed),
            (CancelOutcome::Released, State::Waiting),
            (CancelOutcome::Unflagged, State::Sending),
            (CancelOutcome::Unflagged, State::Held),
            (CancelOutcome::Released, State::Waiting),
        ]
    );
    assert_eq!(ledger.spool.label("wave-4").await.unwrap().label.reason, "address is checked", "held for a reason of its own");
    assert_eq!(ledger.print("pack-1").await, "wave-2");
    assert!(ledger.spool.release_order("5764").await.unwrap().is_empty());

    ledger.spool.cancel_order("5764", asked()).await.unwrap();
    let said = ledger.spool.cancel_order("5764", sure()).await.unwrap();
    assert_eq!(became(said).iter().filter(|(became, _)| *became == CancelOutcome::Voided).count(), 2, "the request was granted");
}

#[tokio::test]
async fn an_order_releases_what_is_held_for_its_buyer_whatever_the_words_and_nothing_else_whatever_they_say() {
    let ledger = Ledger::new();
    ledger.take(order(4)).await;
    let hold = async |label, hold| ledger.spool.hold(label, hold).await.unwrap();
    hold("wave-1", Hold::because(HoldCause::BuyerAsked, "the buyer wrote that it is too late")).await;
    hold("wave-2", Hold::asked("buyer asked to cancel")).await;
    hold("wave-3", Hold::asked("waited through a long outage")).await;
    hold("wave-4", Hold::asked("prints when it is scanned")).await;
    let flagged = ledger.spool.label("wave-1").await.unwrap().label;
    assert_eq!((flagged.hold, flagged.cancel_requested), (Some(HoldCause::BuyerAsked), true));

    assert_eq!(became(ledger.spool.release_order("5764").await.unwrap()), [(CancelOutcome::Released, State::Waiting)]);
    assert_eq!(ledger.spool.release_stale("pack-1").await, Ok(0), "no outage has held anything");
    assert_eq!(ledger.spool.awaiting_scan().await, Ok(0));
    assert!(ledger.spool.let_print("wave-4", "pack-1", "Mei").await.is_err(), "a scan is not what it waits for");
    assert_eq!(ledger.print("pack-1").await, "wave-1");
    assert!(ledger.next("pack-1").await.is_none());
}

#[tokio::test]
async fn who_releases_one_label_has_decided_about_it() {
    let ledger = Ledger::new();
    ledger.take(order(1)).await;
    ledger.spool.cancel_order("5764", asked()).await.unwrap();
    assert_eq!(ledger.spool.release("wave-1").await, Ok(State::Waiting));
    let label = ledger.send("pack-1").await;
    ledger.spool.settle(label.key, 1, Outcome::Waiting { why: "not in its buffer".to_owned() }).await.unwrap();
    assert_eq!(ledger.state("wave-1").await, State::Waiting);
}

#[tokio::test]
async fn an_order_nobody_knows_is_told() {
    let ledger = Ledger::new();
    let said = ledger.spool.cancel_order("5764", sure()).await.unwrap_err();
    assert_eq!(said.to_string(), "there is no label of that order: check its number.");
}

/// The label with another address on it.
fn moved(id: &str, tracking: &str) -> NewLabel {
    NewLabel {
        waybill: format!(r#"{{"id":"{id}","recipient":{{"city":"Jena"}}}}"#).into(),
        tracking: Some(number(tracking)),
        ..label(id)
    }
}

async fn replace(ledger: &Ledger, old: &str, new: NewLabel) -> Replaced {
    ledger.spool.replace(old, new, "shop tool").await.unwrap()
}

#[tokio::test]
async fn a_waiting_label_is_replaced_in_its_place_and_what_was_read_ahead_of_it_never_prints() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 3)).await;
    let read_ahead = ledger.next("pack-1").await.unwrap();
    assert_eq!(replace(&ledger, "wave-1", moved("other", "N1")).await, Replaced::Otherwise { in_place: true });
    let Replaced::Done(now) = replace(&ledger, "wave-1", moved("wave-1", "N1")).await else { panic!("it waits") };
    assert_eq!((now.id.as_str(), now.position, now.tracking.as_deref()), ("wave-1", 1, Some("N1")));
    let leaving = ToSend { key: read_ahead.key, digest: digest(1), revision: Some(read_ahead.revision) };
    let said = ledger.spool.sending("pack-1", vec![leaving]).await.unwrap_err();
    assert_eq!(said.to_string(), "nothing was sent: label wave-1 was reissued. Read the queue again.");
    let next = ledger.next("pack-1").await.unwrap();
    assert!(next.key == read_ahead.key && next.waybill.contains("Jena"));

    replace(&ledger, "wave-1", moved("wave-1", "N1")).await;
    assert_eq!(ledger.next("pack-1").await.unwrap().revision, 1, "the same again changes nothing");
    let Replaced::Conflicts(conflicts) = replace(&ledger, "wave-1", moved("wave-1", "rb wave-2 cn")).await else {
        panic!("a conflict")
    };
    assert!(conflicts[0].message.contains("stands under label wave-2"), "{conflicts:?}");
    let of_its_own = replace(&ledger, "wave-2", moved("wave-2", "rb wave-2 cn")).await;
    assert!(matches!(of_its_own, Replaced::Done(_)), "its own number is no conflict");
}

#[tokio::test]
async fn a_printed_label_is_voided_and_the_new_one_goes_before_the_rest_of_the_wave() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 3)).await;
    ledger.print("pack-1").await;
    assert_eq!(replace(&ledger, "wave-1", moved("wave-1", "N1")).await, Replaced::Otherwise { in_place: false });
    let Replaced::Conflicts(conflicts) = replace(&ledger, "wave-1", moved("wave-2", "N1")).await else { panic!("a conflict") };
    assert_eq!((conflicts.len(), conflicts[0].field), (1, "id"));
    let new = moved("wave-1b", "rb wave-1 cn");
    let Replaced::Done(now) = replace(&ledger, "wave-1", new.clone()).await else { panic!("it is printed") };
    assert_eq!((now.id.as_str(), now.job.as_str(), now.state, now.urgent), ("wave-1b", "wave", State::Waiting, true));
    let old = ledger.spool.label("wave-1").await.unwrap().label;
    assert_eq!((old.state, old.replaced_by.as_deref()), (State::Voided, Some("wave-1b")));
    let Replaced::Done(again) = replace(&ledger, "wave-1", new).await else { panic!("asked twice") };
    assert_eq!(again.id, "wave-1b");
    assert_eq!(ledger.print("pack-1").await, "wave-1b");
    assert_eq!(ledger.counts("pack-1").await[&State::Waiting], 2);
    let said = ledger.spool.replace("wave-1", moved("wave-1c", "N3"), "shop tool").await.unwrap_err();
    assert_eq!(said.to_string(), "label wave-1 cannot be replaced; label wave-1b replaces it already: replace that one.");
}

#[tokio::test]
async fn a_reprint_that_waits_has_a_copy_out_so_it_is_voided_too() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 1)).await;
    ledger.print("pack-1").await;
    ledger.spool.reprint("wave-1", smudged(), None).await.unwrap();
    assert!(matches!(replace(&ledger, "wave-1", moved("wave-1b", "N1")).await, Replaced::Done(_)));
    assert_eq!(ledger.state("wave-1").await, State::Voided);
    assert_eq!(ledger.print("pack-1").await, "wave-1b");
}

#[tokio::test]
async fn a_label_on_its_way_is_not_replaced_before_its_fate_is_known() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 1)).await;
    let sent = ledger.send("pack-1").await;
    let said = async |ledger: &Ledger| {
        ledger.spool.replace("wave-1", moved("wave-1b", "N1"), "shop tool").await.unwrap_err().to_string()
    };
    assert!(said(&ledger).await.ends_with("it is being sent: wait until it has its end, then ask again."));
    ledger.spool.settle(sent.key, 1, Outcome::InDoubt { cause: DoubtCause::LineBroke, why: "silent".to_owned() }).await.unwrap();
    assert!(said(&ledger).await.ends_with("look at the tray and say whether it came out, then ask again."));
    assert_eq!(ledger.spool.label("wave-1b").await.unwrap_err(), Refusal::NoLabel("wave-1b".to_owned()).into());
}

#[derive(Debug, Clone)]
enum Act {
    SendNext,
    Settle(usize, Outcome),
    Look(usize, bool),
    Hold(usize),
    Release(usize),
    Reprint(usize),
    Ask,
    Decline,
    Restart,
}

const LABELS: usize = 4;

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let outcome = prop_oneof![
        2 => Just(printed()),
        1 => Just(Outcome::Sent),
        1 => Just(Outcome::Waiting { why: "not in its buffer".to_owned() }),
        1 => Just(Outcome::NotSent { why: "the line was gone".to_owned() }),
        1 => Just(Outcome::InDoubt { cause: DoubtCause::LineBroke, why: "silent".to_owned() }),
    ];
    let act = prop_oneof![
        5 => Just(Act::SendNext),
        5 => (0..LABELS, outcome).prop_map(|(label, outcome)| Act::Settle(label, outcome)),
        2 => (0..LABELS, any::<bool>()).prop_map(|(label, came_out)| Act::Look(label, came_out)),
        1 => (0..LABELS).prop_map(Act::Hold),
        1 => (0..LABELS).prop_map(Act::Release),
        2 => (0..LABELS).prop_map(Act::Reprint),
        1 => Just(Act::Ask),
        1 => Just(Act::Decline),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 0..25)
}

/// Does it, or has it refused: either may be right.
async fn act(ledger: Ledger, act: Act) -> Ledger {
    let id = |label: usize| format!("wave-{}", label + 1);
    match act {
        Act::SendNext => {
            if ledger.next("pack-1").await.is_some() {
                ledger.send("pack-1").await;
            }
        }
        Act::Settle(label, outcome) => {
            let known = ledger.spool.label(&id(label)).await.unwrap().label;
            let _ = ledger.spool.settle(known.key, known.attempts, outcome).await;
        }
        Act::Look(label, came_out) => drop(ledger.spool.outcome(&id(label), came_out, "anna").await),
        Act::Hold(label) => drop(ledger.spool.hold(&id(label), Hold::asked("asked")).await),
        Act::Release(label) => drop(ledger.spool.release(&id(label)).await),
        Act::Reprint(label) => drop(ledger.spool.reprint(&id(label), smudged(), None).await),
        Act::Ask => drop(ledger.spool.cancel_order("5764", asked()).await.unwrap()),
        Act::Decline => drop(ledger.spool.release_order("5764").await.unwrap()),
        Act::Restart => return ledger.reopen(),
    }
    ledger
}

async fn follow(before: Vec<Act>, after: Vec<Act>) {
    let mut ledger = Ledger::new();
    ledger.take(order(LABELS)).await;
    for one in before {
        ledger = act(ledger, one).await;
    }
    ledger.spool.cancel_order("5764", sure()).await.unwrap();
    for one in after {
        ledger = act(ledger, one).await;
        assert!(ledger.next("pack-1").await.is_none(), "nothing of a canceled order waits for the printer");
        for number in 1..=LABELS {
            let label = ledger.spool.label(&format!("wave-{number}")).await.unwrap().label;
            let dead = match label.state {
                State::Canceled => label.copies == 0,
                State::Voided => label.copies > 0,
                state => matches!(state, State::Sending | State::InDoubt),
            };
            assert!(dead, "{} is {} with {} copies", label.id, label.state, label.copies);
        }
    }
    let mut standing = 0;
    for (state, labels) in ledger.counts("pack-1").await {
        assert!(labels >= 0, "{state}: {labels}");
        standing += labels as usize;
    }
    assert_eq!(standing, LABELS);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_before_and_after_a_canceled_label_is_never_used(before in acts(), after in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(follow(before, after));
    }
}

#[tokio::test]
async fn of_two_orders_that_are_looked_for_alike_the_one_that_is_written_so_is_canceled() {
    let ledger = Ledger::new();
    let number = |text: &str| Number { text: text.to_owned(), key: "10011".to_owned() };
    let mut two = job("wave", 2);
    two.labels[0].order = Some(number("1001-1"));
    two.labels[1].order = Some(number("10011"));
    ledger.take(two).await;
    let said = ledger.spool.cancel_order(number("1 0011"), sure()).await.unwrap();
    assert_eq!(said.iter().map(|one| one.label.id.as_str()).collect::<Vec<_>>(), ["wave-2"]);
    let said = ledger.spool.cancel_order(number("100-11"), sure()).await.unwrap_err();
    assert!(said.to_string().starts_with("several orders are looked for by this number"), "{said}");
    assert_eq!(ledger.spool.label("wave-1").await.unwrap().label.state, State::Waiting);
}

#[tokio::test]
async fn a_backlog_that_is_let_go_leaves_out_what_its_buyer_asked_to_cancel() {
    let ledger = Ledger::new();
    ledger.take(order(3)).await;
    ledger.at(3_600_000);
    assert_eq!(ledger.spool.hold_stale("pack-1", std::time::Duration::from_secs(60)).await, Ok(3));
    ledger.spool.cancel_order("5764", asked()).await.unwrap();
    ledger.spool.release_stale("pack-1").await.unwrap();
    assert!(ledger.spool.upcoming("pack-1", 10).await.unwrap().is_empty());
}
