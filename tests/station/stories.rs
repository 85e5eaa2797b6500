//! The same with a clock we move and a printer that we play ourselves: what the ledger and the station make of a scan.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use waybilld::carrier::number::key;
use waybilld::closed_set::{DoubtCause, Evidence, PaperKind};
use waybilld::config::Config;
use waybilld::designs::Designs;
use waybilld::printer::Printers;
use waybilld::spool::{EventKind, Hash, Hold, HoldCause, NewJob, NewLabel, Number, Outcome, QueuedLabel, Spool, State, UnixMs};
use waybilld::station::{Answer, Code, StationError, Stations, Tone};
use waybilld::text::Fonts;

const CONFIG: &str = "[printers.pack-1]\ndevice = \"tcp://10.0.0.7\"\n[printers.pack-2]\ndevice = \"tcp://10.0.0.8\"\n\
    [stations.bench-1]\nprinter = \"pack-1\"\n[stations.bench-2]\nprinter = \"pack-2\"\nmode = \"ship\"\n";

/// A ledger, its stations, and printers with nobody to feed them: we do.
struct Table {
    dir: TempDir,
    clock: Arc<AtomicI64>,
    spool: Spool,
    stations: Stations,
    _stop: watch::Sender<bool>,
}

impl Table {
    fn new() -> Table {
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(AtomicI64::new(1_000_000_000_000));
        let time = clock.clone();
        let spool = Spool::open(dir.path(), Arc::new(move || time.load(Ordering::Relaxed))).unwrap();
        let config = Config::parse("test", CONFIG).unwrap();
        let designs = Designs::new(Fonts::embedded(), &[]).unwrap();
        let (stop, stopped) = watch::channel(false);
        let stations = Stations::start(&config, &designs, &spool, &Printers::unattended(&config), &stopped);
        Table { dir, clock, spool, stations, _stop: stop }
    }

    fn wait(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }

    fn now(&self) -> UnixMs {
        self.clock.load(Ordering::Relaxed)
    }

    async fn scan_at(&self, station: &str, text: &str) -> Answer {
        // People need a moment between two scans.
        self.wait(3);
        self.stations.scan(station, text, None).await.unwrap()
    }

    async fn scan(&self, text: &str) -> Answer {
        self.scan_at("bench-1", text).await
    }

    #[track_caller]
    fn expect(&self, text: &str, code: Code) -> impl Future<Output = Answer> {
        let place = std::panic::Location::caller();
        async move {
            let answer = self.scan(text).await;
            assert_eq!(answer.code, code, "{text} at {place}: {}", answer.sentence);
            answer
        }
    }

    async fn take(&self, labels: Vec<NewLabel>) {
        let id = format!("wave-{}", labels[0].id);
        let job = NewJob::new(&id, blake3::hash(id.as_bytes()), "pack-1", labels);
        let job = NewJob { reuse_tracking: true, ..job };
        self.spool.take(job).await.unwrap();
    }

    /// The next label of that printer leaves.
    async fn send(&self, printer: &str) -> QueuedLabel {
        let label = self.spool.upcoming(printer, 1).await.unwrap().into_iter().next().expect("a label waits");
        self.spool.sending(printer, vec![(label.key, Hash::from_bytes([1; 32]))]).await.unwrap();
        label
    }

    async fn settle(&self, label: &QueuedLabel, outcome: Outcome) {
        self.spool.settle(label.key, label.attempt, outcome).await.unwrap();
    }

    async fn print(&self) -> String {
        let label = self.send("pack-1").await;
        self.settle(&label, Outcome::Printed { evidence: Evidence::Counter }).await;
        label.id
    }

    async fn printed(labels: Vec<NewLabel>) -> Table {
        let table = Table::new();
        let count = labels.len();
        table.take(labels).await;
        for _ in 0..count {
            table.print().await;
        }
        table
    }

    async fn doubt(&self) -> String {
        let label = self.send("pack-1").await;
        self.settle(&label, Outcome::InDoubt { cause: DoubtCause::LineBroke, why: "line went silent".to_owned() }).await;
        label.id
    }

    async fn state(&self, label: &str) -> State {
        self.spool.label(label).await.unwrap().label.state
    }

    /// Waits until the station asks for that label.
    async fn asked(&self, label: &str) {
        let mut view = self.stations.view("bench-1").unwrap();
        let asked = view.wait_for(|view| view.doubt.as_ref().is_some_and(|doubt| doubt.label.id == label));
        tokio::time::timeout(Duration::from_secs(20), asked).await.expect("it is asked").unwrap();
    }

    /// Writes into the ledger what other doors write.
    fn write(&self, sql: &str) {
        rusqlite::Connection::open(self.dir.path().join("ledger.db")).unwrap().execute_batch(sql).unwrap();
    }

    async fn kinds(&self) -> Vec<EventKind> {
        self.spool.events_after(0, 1000).await.unwrap().into_iter().map(|event| event.kind).collect()
    }
}

fn number(text: &str) -> Number {
    Number { text: text.to_owned(), key: key(text) }
}

fn label(id: &str) -> NewLabel {
    NewLabel {
        order: Some(number(&format!("order {id}"))),
        tracking: Some(number(&format!("RB {id} CN"))),
        ..NewLabel::new(id, format!(r#"{{"id":"{id}"}}"#), Hash::from_bytes([9; 32]))
    }
}

/// A label of a parcel with these goods, that waits for its scan.
fn on_scan(id: &str, ship_by: UnixMs, skus: &[&str]) -> NewLabel {
    NewLabel {
        held: Some(Hold::of(HoldCause::OnScan)),
        on_scan: true,
        ship_by: Some(ship_by),
        skus: skus.iter().map(|sku| sku.to_uppercase()).collect(),
        ..label(id)
    }
}

#[tokio::test]
async fn several_labels_of_one_order_are_offered_and_never_guessed() {
    let of_order = |id: &str| NewLabel { order: Some(number("5764-1")), ..label(id) };
    let table = Table::printed(vec![of_order("a"), of_order("b"), label("c")]).await;
    let answer = table.expect("57641", Code::Choose).await;
    assert_eq!(answer.choices.iter().map(|label| label.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(table.state("a").await, State::Printed);
    assert_eq!(table.expect("XD0PICK3", Code::Choose).await.sentence, "there are only 2 to choose from.");
    assert_eq!(table.expect("XD0PICK2", Code::Reprinting).await.label.unwrap().id, "a");
    table.expect("XD0PICK1", Code::NothingAsked).await;
    // By its own code; and what was offered long ago is offered no more.
    table.expect("5764 1", Code::Choose).await;
    assert_eq!(table.expect("B", Code::Reprinting).await.label.unwrap().id, "b");
    table.expect("57641", Code::Choose).await;
    table.wait(31);
    table.expect("XD0PICK1", Code::NothingAsked).await;
}

#[tokio::test]
async fn a_label_that_was_voided_in_favour_of_another_is_in_nobodys_way() {
    let of_order = |id: &str| NewLabel { order: Some(number("5764")), ..label(id) };
    let table = Table::printed(vec![of_order("old"), of_order("new")]).await;
    table.spool.void("old", "shop").await.unwrap();
    assert_eq!(table.expect("5764", Code::Reprinting).await.label.unwrap().id, "new");
    // Whose label is in hand is not known there: the old one came out too.
    assert_eq!(table.scan_at("bench-2", "5764").await.code, Code::Choose);
    // Its own code says which it is.
    table.expect("RB old CN", Code::RefusedVoided).await;
}

#[tokio::test]
async fn what_must_not_be_used_is_refused_in_a_sentence_for_the_packer() {
    let table = Table::new();
    let soon = table.now() + 3_600_000;
    table.take(vec![label("voided"), NewLabel { expires: Some(soon), ..label("old") }, label("replaced"), label("next")]).await;
    for _ in 0..4 {
        table.print().await;
    }
    let held = NewLabel { held: Some(Hold::asked("the buyer asked to cancel")), ..label("held") };
    table.take(vec![held, label("sending"), label("waiting"), label("canceled")]).await;
    table.send("pack-1").await;
    table.spool.void("voided", "shop").await.unwrap();
    table.spool.void("canceled", "shop").await.unwrap();
    table.write("UPDATE labels SET replaced_by = 'next' WHERE id = 'replaced'");
    table.wait(3_600);
    let said = [
        ("rb voided cn", Code::RefusedVoided, "label voided is voided: do not send this parcel with it."),
        ("canceled", Code::RefusedCanceled, "label canceled is canceled: put the parcel aside."),
        ("old", Code::RefusedExpired, "label old has expired: it needs a new one."),
        ("replaced", Code::RefusedReplaced, "label replaced was replaced: take it off and use label next."),
        ("held", Code::RefusedHeld, "label held is held and has not printed (the buyer asked to cancel)."),
        ("sending", Code::RefusedSending, "label sending is being printed right now."),
        ("waiting", Code::RefusedWaiting, "label waiting has not printed yet: it comes by itself."),
        ("nobody's", Code::Unknown, "no label has this code: check that it is one of ours."),
    ];
    for (text, code, sentence) in said {
        let answer = table.expect(text, code).await;
        assert_eq!((answer.sentence.as_str(), answer.code.tone()), (sentence, Tone::Bad));
    }
    assert_eq!(table.spool.upcoming("pack-1", 10).await.unwrap().len(), 1, "nothing but what waited waits");
    // The ledger itself says no to whoever asks otherwise.
    let reprint = || waybilld::spool::Reprint { reason: "torn".into(), by: "Mei".into(), station: None };
    let refused = table.spool.reprint("old", reprint(), None).await.unwrap_err();
    assert_eq!(refused.to_string(), "label old has expired: it must not be used any more. Send a new job.");
    let refused = table.spool.reprint("replaced", reprint(), None).await.unwrap_err();
    assert_eq!(refused.to_string(), "label replaced was replaced: use label next.");
}

#[tokio::test]
async fn a_doubt_is_asked_at_once_and_one_scan_answers_it() {
    let table = Table::new();
    table.take(vec![label("a"), label("b"), label("c")]).await;
    table.doubt().await;
    table.asked("a").await;
    table.wait(1);
    table.doubt().await;
    let answer = table.expect("XD0CTRLOUT", Code::CameOut).await;
    assert_eq!((answer.label.unwrap().id.as_str(), answer.facts.count), ("a", Some(1)));
    // The trigger pulled twice is no answer to the next question.
    let again = table.stations.scan("bench-1", "XD0CTRLOUT", None).await.unwrap();
    assert_eq!(again.code, Code::Repeated);
    table.asked("b").await;
    table.expect("XD0CTRLNOT", Code::DidNot).await;
    assert_eq!((table.state("a").await, table.state("b").await), (State::Printed, State::Waiting));
    assert_eq!(table.print().await, "b", "it prints again by itself, before those behind it");
    assert_eq!(table.expect("XD0CTRLOUT", Code::NothingAsked).await.sentence, "no label is in doubt here: nothing was asked.");
    assert_eq!(table.kinds().await.iter().filter(|kind| **kind == EventKind::Asked).count(), 2);
    assert_eq!(table.stations.views()[0].doubt, None);
}

#[tokio::test]
async fn a_doubt_that_evidence_settled_is_asked_no_more_and_a_scanned_one_is_asked_at_any_station() {
    let table = Table::new();
    table.take(vec![label("a"), label("b")]).await;
    let first = table.send("pack-1").await;
    table.settle(&first, Outcome::InDoubt { cause: DoubtCause::LineBroke, why: "line went silent".to_owned() }).await;
    table.asked("a").await;
    table.doubt().await;
    table.settle(&first, Outcome::Printed { evidence: Evidence::Counter }).await;
    table.asked("b").await;
    assert_eq!(table.scan_at("bench-2", "b").await.code, Code::RefusedInDoubt);
    let answer = table.scan_at("bench-2", "xd0ctrlout").await;
    assert_eq!((answer.code, table.state("b").await), (Code::CameOut, State::Printed));
}

#[tokio::test]
async fn a_parcel_is_handed_over_once_and_only_with_a_label_that_came_out() {
    let table = Table::printed(vec![label("a"), label("b")]).await;
    table.take(vec![label("late")]).await;
    table.expect("XD0TOSHIP", Code::Mode).await;
    table.expect("XD0IDMei", Code::Badge).await;
    table.expect("RBACN", Code::Shipped).await;
    table.wait(600);
    let again = table.scan_at("bench-2", "rb a cn").await;
    assert_eq!(
        (again.code, again.sentence.as_str()),
        (Code::AlreadyShipped, "label a was handed over already, 10 min ago at bench-1.")
    );
    let never = table.expect("late", Code::NeverPrinted).await;
    assert_eq!(never.sentence, "label late is waiting and has not come out: this parcel cannot be its own.");
    table.spool.void("b", "shop").await.unwrap();
    table.expect("b", Code::RefusedVoided).await;
    let wanted = |on_manifest| waybilld::spool::Shipments { from: 0, until: table.now() + 1, carrier: None, on_manifest };
    let shipped = table.spool.shipped(wanted(Some(false)), 100).await.unwrap();
    assert_eq!(shipped.iter().map(|label| label.id.as_str()).collect::<Vec<_>>(), ["a"]);
    assert!(table.spool.shipped(wanted(Some(true)), 100).await.unwrap().is_empty());
    table.print().await;
    let left = table.spool.not_shipped(0, 100).await.unwrap();
    assert_eq!(left.iter().map(|label| label.id.as_str()).collect::<Vec<_>>(), ["late"], "printed and in nobody's van");
}

#[tokio::test]
async fn a_parcel_whose_label_prints_once_more_is_handed_over_all_the_same() {
    let table = Table::printed(vec![label("a")]).await;
    table.expect("a", Code::Reprinting).await;
    assert_eq!(table.scan_at("bench-2", "a").await.code, Code::Shipped);
}

#[tokio::test]
async fn of_two_articles_that_differ_by_a_sign_or_a_character_the_one_in_hand_prints() {
    let table = Table::new();
    let articles = ["灯笼-红-1", "灯笼-蓝-1", "LN-1-12", "LN-11-2"];
    table.take(articles.iter().zip(1..).map(|(sku, at)| on_scan(&format!("p{at}"), at, &[*sku])).collect()).await;
    table.expect("XD0TOPRINT", Code::Mode).await;
    table.expect("LN112", Code::NothingWaits).await;
    for (sku, id) in [("灯笼-蓝-1", "p2"), ("lnß11ß2", "p4"), ("LN-1-12", "p3")] {
        assert_eq!(table.expect(sku, Code::Printing).await.label.unwrap().id, id);
        assert_eq!(table.print().await, id);
    }
}

#[tokio::test]
async fn a_wave_of_one_article_prints_label_by_label_in_the_order_of_its_deadlines() {
    let table = Table::new();
    let mut labels: Vec<NewLabel> = (1..=5).map(|i| on_scan(&format!("p{i}"), 100 - i, &["LAMP-2"])).collect();
    labels.push(on_scan("two", 1, &["LAMP-2", "BULB-1"]));
    labels.push(on_scan("pair", 1, &["SOCK-9", "SOCK-9"]));
    table.take(labels).await;
    assert!(table.spool.upcoming("pack-1", 10).await.unwrap().is_empty(), "nothing prints before it is scanned");
    table.expect("XD0TOPRINT", Code::Mode).await;
    for (id, left) in [("p5", 4), ("p4", 3), ("p3", 2), ("p2", 1), ("p1", 0)] {
        let answer = table.expect("lamp-2", Code::Printing).await;
        assert_eq!((answer.label.unwrap().id.as_str(), answer.facts.count), (id, Some(left)));
        assert_eq!(table.print().await, id);
    }
    let answer = table.expect("LAMP-2", Code::NothingWaits).await;
    assert_eq!(answer.sentence, "this article is only in orders with more in them (1): scan the order's code.");
    table.expect("SOCK-9", Code::NothingWaits).await;
    assert_eq!(table.expect("order two", Code::Printing).await.label.unwrap().id, "two");
    assert_eq!(table.print().await, "two");
    let answer = table.expect("lamp-2", Code::NothingWaits).await;
    assert_eq!(answer.sentence, "nothing waits for this code; 1 labels wait for another scan.");
    table.expect("p1", Code::AlreadyPrinted).await;
}

#[tokio::test]
async fn what_a_scan_let_print_goes_before_a_wave_and_can_be_taken_back_until_it_leaves() {
    let table = Table::new();
    table.take((1..=9).map(|i| label(&format!("w{i}"))).collect()).await;
    table.take(vec![on_scan("s", 1, &["MUG"])]).await;
    table.expect("XD0TOPRINT", Code::Mode).await;
    table.expect("mug", Code::Printing).await;
    table.expect("mug", Code::NothingWaits).await;
    table.expect("XD0UNDO", Code::Undone).await;
    assert_eq!(table.state("s").await, State::Held);
    table.expect("mug", Code::Printing).await;
    assert_eq!(table.send("pack-1").await.id, "s");
    let late = table.expect("XD0UNDO", Code::NothingToUndo).await;
    assert!(late.sentence.starts_with("it is too late to take that back: label s is sending"), "{}", late.sentence);
}

#[tokio::test]
async fn undo_takes_back_a_reprint_that_waits_a_shipment_and_a_mode() {
    let table = Table::printed(vec![label("a")]).await;
    table.expect("a", Code::Reprinting).await;
    table.expect("XD0UNDO", Code::Undone).await;
    assert_eq!((table.state("a").await, table.spool.upcoming("pack-1", 1).await.unwrap().len()), (State::Printed, 0));
    table.expect("XD0UNDO", Code::NothingToUndo).await;
    table.expect("XD0TOSHIP", Code::Mode).await;
    table.expect("a", Code::Shipped).await;
    table.expect("XD0UNDO", Code::Undone).await;
    assert_eq!(table.spool.label("a").await.unwrap().label.shipped_at, None);
    table.expect("a", Code::Shipped).await;
    table.write("UPDATE labels SET manifest = 'm-1' WHERE id = 'a'");
    let late = table.expect("XD0UNDO", Code::NothingToUndo).await;
    assert_eq!(late.sentence, "it is too late to take that back: label a stands on manifest m-1: it stays handed over.");
    table.expect("XD0TOPRINT", Code::Mode).await;
    table.expect("XD0UNDO", Code::Undone).await;
    table.expect("a", Code::AlreadyShipped).await;
    table.expect("XD0IDMei", Code::Badge).await;
    table.expect("XD0IDBo", Code::Badge).await;
    table.expect("XD0UNDO", Code::Undone).await;
    assert_eq!(table.stations.views()[0].by.as_deref(), Some("Mei"));
}

#[tokio::test]
async fn a_wave_is_canceled_by_two_scans_and_only_what_waits_of_it() {
    let table = Table::new();
    table.take((1..=4).map(|i| label(&format!("a{i}"))).collect()).await;
    table.take(vec![label("other")]).await;
    table.print().await;
    table.send("pack-1").await;
    table.expect("XD0DROPRUN", Code::Confirm).await;
    table.wait(11);
    let asked = table.expect("XD0DROPRUN", Code::Confirm).await;
    assert_eq!(asked.sentence, "2 labels of wave-a1 still wait at pack-1: scan again to cancel them.");
    let again = table.stations.scan("bench-1", "XD0DROPRUN", None).await.unwrap();
    assert_eq!(again.code, Code::Repeated, "one pull of the trigger does not confirm itself");
    let done = table.expect("XD0DROPRUN", Code::WaveCanceled).await;
    assert_eq!(done.facts.count, Some(2));
    let states = [table.state("a1").await, table.state("a2").await, table.state("a3").await, table.state("other").await];
    assert_eq!(states, [State::Printed, State::Sending, State::Canceled, State::Waiting]);
    table.expect("XD0DROPRUN", Code::NothingWaits).await;
}

#[tokio::test]
async fn the_last_label_out_of_the_printer_prints_again_without_its_code() {
    let table = Table::printed(vec![label("a"), label("b")]).await;
    assert_eq!(table.expect("XD0REPRINT", Code::Reprinting).await.label.unwrap().id, "b");
    assert_eq!(table.scan_at("bench-2", "XD0REPRINT").await.code, Code::Unknown);
}

#[tokio::test]
async fn a_label_of_a_paper_is_no_twin_of_the_waybill_of_its_order() {
    let slip =
        NewLabel { order: Some(number("order a")), tracking: None, paper: Some(PaperKind::PackingSlip), ..label("a-slip") };
    let table = Table::printed(vec![label("a"), slip]).await;
    assert_eq!(table.expect("order a", Code::Reprinting).await.label.unwrap().id, "a");
    assert_eq!(table.expect("a-slip", Code::Reprinting).await.label.unwrap().id, "a-slip");
}

#[tokio::test]
async fn a_label_whose_data_is_erased_says_so() {
    let table = Table::printed(vec![label("a")]).await;
    table.wait(3_600);
    table.spool.erase(table.now()).await.unwrap();
    table.expect("a", Code::RefusedErased).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_1200_scans_loses_nothing_and_too_many_at_once_are_told_to_come_again() {
    let table = Arc::new(Table::printed((0..1_200).map(|i| label(&format!("s{i}"))).collect()).await);
    let mut hands = tokio::task::JoinSet::new();
    for hand in 0..100 {
        let table = table.clone();
        hands.spawn(async move {
            let mut turned_away = 0;
            for i in (hand..1_200).step_by(100) {
                loop {
                    match table.stations.scan("bench-1", &format!("RBS{i}CN"), Some("Mei")).await {
                        Ok(answer) => {
                            assert_eq!(answer.code, Code::Reprinting, "{}", answer.sentence);
                            break;
                        }
                        Err(error @ StationError::Busy(_)) => {
                            assert_eq!(error.to_string(), "64 scans wait at bench-1 already: scan again in a moment.");
                            turned_away += 1;
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            turned_away
        });
    }
    let turned_away: usize = hands.join_all().await.into_iter().sum();
    assert!(turned_away > 0, "a hundred hands at one station are too many");
    let counts = table.spool.counts().await.unwrap();
    let waiting = counts.iter().find(|count| count.state == State::Waiting).map(|count| count.labels);
    assert_eq!(waiting, Some(1_200));
    let db = rusqlite::Connection::open(table.dir.path().join("ledger.db")).unwrap();
    let scans: i64 =
        db.query_row("SELECT count(DISTINCT label) FROM scans WHERE answer = 'reprinting'", [], |row| row.get(0)).unwrap();
    assert_eq!(scans, 1_200, "each is on record");
}

#[tokio::test]
async fn a_station_that_is_not_configured_is_named() {
    let table = Table::new();
    let error = table.stations.scan("bench-9", "a", None).await.unwrap_err();
    assert!(error.to_string().starts_with("there is no station bench-9: add a table [stations.bench-9]"), "{error}");
}

#[tokio::test]
async fn an_order_the_buyer_asked_to_cancel_is_neither_printed_nor_reprinted_nor_shipped_until_that_is_decided() {
    let table = Table::printed(vec![label("a")]).await;
    table.take(vec![on_scan("b", 1, &["MUG"])]).await;
    let asked = || waybilld::spool::Cancellation::Asked { why: HoldCause::BuyerAsked.sentence().to_owned() };
    for order in ["ORDERA", "ORDERB"] {
        table.spool.cancel_order(order, asked()).await.unwrap();
    }
    let refused = table.expect("a", Code::RefusedHeld).await;
    assert_eq!(refused.sentence, "the buyer of label a asked to cancel: put the parcel aside until that is decided.");
    assert_eq!(table.scan_at("bench-2", "a").await.code, Code::RefusedHeld);
    table.expect("XD0TOPRINT", Code::Mode).await;
    table.expect("order b", Code::RefusedHeld).await;
    table.expect("mug", Code::NothingWaits).await;
    table.spool.release_order("ORDERB").await.unwrap();
    table.expect("mug", Code::Printing).await;
    table.spool.release_order("ORDERA").await.unwrap();
    assert_eq!(table.scan_at("bench-2", "a").await.code, Code::Shipped);
}

#[tokio::test]
async fn what_was_canceled_on_its_way_is_put_aside_when_it_came_out() {
    let table = Table::new();
    table.take(vec![label("a")]).await;
    table.doubt().await;
    let sure = waybilld::spool::Cancellation::Sure { by: "shop".to_owned(), why: "out of stock".to_owned() };
    table.spool.cancel_order("ORDERA", sure).await.unwrap();
    table.asked("a").await;
    let answer = table.expect("XD0CTRLOUT", Code::CameOut).await;
    assert_eq!(answer.sentence, "label a came out, and was canceled meanwhile: put the parcel aside.");
    table.expect("a", Code::RefusedVoided).await;
}
