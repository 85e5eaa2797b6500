//! A ledger of the version before opens and says the same in words of closed sets.

use super::{digest, open};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tempfile::TempDir;
use waybilld::closed_set::{DoubtCause, Evidence, PaperKind};
use waybilld::spool::{EventKind, HoldCause, Spool, State, UnixMs};

const BEFORE: &str = include_str!("ledger-3.sql");
/// After everything in it.
const NOW: UnixMs = 1_796_200_000_000;

/// The old ledger, opened by this version.
fn opened() -> (TempDir, Spool) {
    let dir = TempDir::new().unwrap();
    rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap().execute_batch(BEFORE).unwrap();
    let spool = open(dir.path(), &Arc::new(AtomicI64::new(NOW))).unwrap();
    (dir, spool)
}

#[tokio::test]
async fn every_label_held_before_has_its_cause_and_keeps_its_words() {
    let (_dir, spool) = opened();
    let held = [
        ("pkg-2", HoldCause::BuyerAsked, "the buyer asked to cancel"),
        ("pkg-3", HoldCause::BuyerAsked, "buyer asked to cancel: ordered twice"),
        ("pkg-4", HoldCause::Asked, "the address is in question"),
        ("pkg-6", HoldCause::OnScan, "prints when it is scanned"),
        ("pkg-7", HoldCause::Expired, "it has expired: it must not be used any more."),
        ("pkg-8", HoldCause::LongOutage, "waited through a long outage"),
        ("pkg-9", HoldCause::BuyerAsked, "buyer asked to cancel"),
    ];
    for (id, cause, reason) in held {
        let label = spool.label(id).await.unwrap().label;
        assert_eq!((label.state, label.hold, label.reason.as_str()), (State::Held, Some(cause), reason), "{id}");
    }
    let out = spool.label("pkg-1").await.unwrap().label;
    assert_eq!((out.state, out.hold, out.cancel_requested), (State::Printed, None, true), "its buyer asked when it was out");
    assert_eq!(spool.label("pkg-5").await.unwrap().label.hold, None);
}

#[tokio::test]
async fn what_was_held_before_is_let_go_as_it_would_be_now() {
    let (_dir, spool) = opened();
    assert_eq!(spool.release_stale("pack-1").await, Ok(1), "pkg-8 waited through the outage");
    spool.let_print("pkg-6", "pack-1", "Mei").await.unwrap();
    for order in ["57646002", "57646003", "57646009"] {
        assert_eq!(spool.release_order(order).await.unwrap().len(), 1, "{order}");
    }
    let waiting: Vec<String> = spool.upcoming("pack-1", 10).await.unwrap().into_iter().map(|label| label.id).collect();
    assert_eq!(waiting, ["pkg-6", "pkg-2", "pkg-3", "pkg-5", "pkg-8", "pkg-9"]);
    let next = spool.upcoming("pack-1", 1).await.unwrap();
    spool.sending("pack-1", vec![(next[0].key, digest(1))]).await.unwrap();
}

#[tokio::test]
async fn the_events_of_before_are_still_told() {
    let (_dir, spool) = opened();
    let kinds: Vec<EventKind> = spool.events_after(0, 1000).await.unwrap().into_iter().map(|event| event.kind).collect();
    assert_eq!(kinds.len(), 19);
    for kind in [EventKind::CancelRequested, EventKind::BacklogHeld, EventKind::MediaEmpty, EventKind::Paused] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
}

#[tokio::test]
async fn evidence_doubts_and_papers_of_before_have_their_words_too() {
    let dir = TempDir::new().unwrap();
    let ledger = rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap();
    ledger.execute_batch(BEFORE).unwrap();
    let doubts = [
        ("pkg-2", "the line broke (Broken pipe) before the printer confirmed it. Look at the tray.", DoubtCause::LineBroke),
        ("pkg-3", "the printer counted fewer labels than it got. Look at the tray.", DoubtCause::SomeCameOut),
        ("pkg-4", "the daemon restarted while it was being sent", DoubtCause::Restarted),
        ("pkg-5", "a sentence of a version that nobody remembers", DoubtCause::NoEvidence),
    ];
    for (id, reason, _) in doubts {
        let moved = "UPDATE labels SET state = 'in_doubt', reason = ?2 WHERE id = ?1";
        assert_eq!(ledger.execute(moved, [id, reason]).unwrap(), 1);
    }
    ledger.execute("UPDATE labels SET paper = 'packing-slip' WHERE id = 'pkg-6'", []).unwrap();
    drop(ledger);

    let spool = open(dir.path(), &Arc::new(AtomicI64::new(NOW))).unwrap();
    for (id, reason, cause) in doubts {
        let label = spool.label(id).await.unwrap().label;
        assert_eq!((label.doubt, label.reason.as_str()), (Some(cause), reason), "{id}");
    }
    let printed = spool.label("pkg-1").await.unwrap();
    assert_eq!((printed.prints[0].evidence, printed.label.doubt), (Some(Evidence::Buffers), None));
    assert_eq!(spool.label("pkg-6").await.unwrap().label.paper, Some(PaperKind::PackingSlip));
}
