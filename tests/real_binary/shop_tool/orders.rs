//! What a shop notices when an order changes after it was submitted, and after an outage.

use super::start;
use crate::support::labels::{job_for, label};
use crate::support::process::Process;
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

/// Five labels taken and none begun; then the printer goes on.
async fn paused_wave(labels: usize) -> Shop {
    let shop = Shop::of(1).start().await;
    shop.act("/v1/printers/pack-1/pause").await;
    shop.submit(job_for("pack-1", "wave", 1..=labels)).await;
    shop
}

async fn ask(shop: &Shop, path: &str, body: Value) -> (u16, Value) {
    let answer = shop.post(path, body).await;
    (answer.status.as_u16(), answer.body)
}

async fn resume_until_printed(shop: &Shop, labels: u64) {
    shop.act("/v1/printers/pack-1/resume").await;
    shop.until("the rest is out", async |shop| shop.printer(1).await["counts"]["printed"] == labels).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_canceled_order_does_not_print_and_a_request_to_cancel_waits_for_a_decision() {
    let shop = paused_wave(4).await;
    let (status, said) = ask(&shop, "/v1/orders/57%20646%20002/cancel", json!({"by": "shop tool"})).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!((said["labels"][0]["became"].as_str(), said["labels"].as_array().unwrap().len()), (Some("canceled"), 1));
    let (_, said) = ask(&shop, "/v1/orders/57646003/cancel", json!({"requested": true})).await;
    assert_eq!(said["labels"][0]["sentence"], "it does not print before the order is canceled or released.");
    assert_eq!(shop.label("pkg-3").await["cancel_requested"], true);
    resume_until_printed(&shop, 2).await;
    assert_eq!(shop.printed(1), ["TR001", "TR004"]);
    let (_, said) = ask(&shop, "/v1/orders/57646003/release", json!({})).await;
    assert_eq!(said["labels"][0]["became"], "released");
    resume_until_printed(&shop, 3).await;
    let (_, said) = ask(&shop, "/v1/orders/57646001/cancel", json!({})).await;
    assert_eq!(said["labels"][0]["sentence"], "a copy of it is out: throw it away. Scanning it refuses.");
    let (status, said) = ask(&shop, "/v1/orders/999/cancel", json!({})).await;
    assert_eq!((status, said["detail"].as_str()), (404, Some("there is no label of that order: check its number.")));
    let (status, said) = ask(&shop, "/v1/orders/57646001/cancel", json!({"requsted": true})).await;
    assert_eq!((status, said["faults"][0]["field"].as_str()), (422, Some("requsted")));
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_change_prints_the_new_address_once_whether_the_label_waits_or_is_out() {
    let shop = paused_wave(3).await;
    let moved = |number: usize, id: &str| {
        let mut label = label(number);
        label["id"] = id.into();
        label["tracking"] = format!("TR9{number:02}").into();
        label["recipient"]["lines"] = json!(["Neue Gasse 7"]);
        label
    };
    // The wave has been read ahead already: the first label is laid out with the old address.
    let (status, said) = ask(&shop, "/v1/labels/pkg-1/replace", moved(1, "pkg-1b")).await;
    assert_eq!((status, said["use"].as_str(), said["state"].as_str()), (200, Some("pkg-1"), Some("waiting")), "{said}");
    let mut faulty = moved(2, "pkg-2b");
    faulty["recipient"]["postcode"] = Value::Null;
    let (status, said) = ask(&shop, "/v1/labels/pkg-2/replace", faulty).await;
    assert_eq!((status, said["faults"][0]["field"].as_str()), (422, Some("recipient.postcode")), "{said}");
    resume_until_printed(&shop, 3).await;
    assert_eq!(shop.printed(1), ["TR901", "TR002", "TR003"], "in its place");

    let (status, said) = ask(&shop, "/v1/labels/pkg-2/replace", moved(2, "pkg-2")).await;
    assert_eq!(said["faults"][0]["message"], "a copy of label pkg-2 is out, so the new one needs an id of its own.");
    assert_eq!(status, 422);
    let (_, said) = ask(&shop, "/v1/labels/pkg-2/replace", moved(2, "pkg-2b")).await;
    assert_eq!((said["id"].as_str(), said["use"].as_str()), (Some("pkg-2"), Some("pkg-2b")), "{said}");
    shop.until("the new one is out", async |shop| shop.label("pkg-2b").await["state"] == "printed").await;
    assert_eq!(shop.printed(1).last().map(String::as_str), Some("TR902"));
    let old = shop.label("pkg-2").await;
    assert_eq!((old["state"].as_str(), old["replaced_by"].as_str()), (Some("voided"), Some("pkg-2b")));
    let (status, said) = ask(&shop, "/v1/labels/pkg-2/replace", moved(2, "pkg-2b")).await;
    assert_eq!((status, said["use"].as_str()), (200, Some("pkg-2b")), "asked twice, it is done once: {said}");
    assert_eq!(shop.printed(1).len(), 4);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_is_sorted_by_deadline_priority_carrier_and_place_and_equals_stay_as_given() {
    let shop = Shop::of(1).start().await;
    shop.act("/v1/printers/pack-1/pause").await;
    let mut wave = job_for("pack-1", "wave", 1..=6);
    wave["sort"] = json!(["ship_by", "priority", "carrier", "location"]);
    let facts = [
        (None, None, "A", "Z-1"),
        (Some(20), Some(600), "B", "A-2"),
        (Some(20), Some(100), "B", "A-9"),
        (Some(20), Some(600), "B", "A-1"),
        (Some(20), Some(600), "A", "A-9"),
        (Some(20), Some(600), "B", "A-1"),
    ];
    for (at, (hour, priority, carrier, location)) in facts.into_iter().enumerate() {
        let label = &mut wave["labels"][at];
        label["ship_by"] = hour.map_or(Value::Null, |hour| format!("2026-07-14T{hour}:00:00Z").into());
        label["priority"] = json!(priority);
        label["carrier"] = carrier.into();
        label["items"] = json!([{"name": "Lamp", "quantity": 1, "location": location}]);
    }
    let taken = shop.submit(wave).await;
    let order = taken["runs"][0]["labels"].as_array().unwrap().iter().map(|label| label["id"].as_str().unwrap());
    assert_eq!(order.collect::<Vec<_>>(), ["pkg-3", "pkg-5", "pkg-4", "pkg-6", "pkg-2", "pkg-1"]);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_long_outage_the_backlog_is_held_until_somebody_lets_it_go_in_its_order() {
    let mut shop = Shop::of(1).config("[limits]\nhold_after = 1").start().await;
    shop.unplug(1).await;
    shop.submit(job_for("pack-1", "wave", 1..=3)).await;
    shop.until("the printer is missed", async |shop| shop.printer(1).await["state"] == "offline").await;
    sleep(Duration::from_millis(1_500)).await;
    shop.plug(1).await;
    shop.until("the backlog is held", async |shop| shop.printer(1).await["counts"]["held"] == 3).await;
    assert_eq!(shop.label("pkg-1").await["reason"], "waited through a long outage");
    // What comes in now prints at once.
    shop.submit(job_for("pack-1", "late", 4..=4)).await;
    shop.until("the new one is out", async |shop| shop.printed(1) == ["TR004"]).await;
    let (_, said) = ask(&shop, "/v1/printers/pack-1/release", json!({})).await;
    assert_eq!(said, json!({"printer": "pack-1", "labels": 3}));
    shop.until("all are out", async |shop| shop.printed(1).len() == 4).await;
    assert_eq!(shop.printed(1), ["TR004", "TR001", "TR002", "TR003"]);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_roll_that_is_loaded_late_prints_what_was_begun_and_holds_the_rest() {
    let shop = Shop::of(1).config("[limits]\nhold_after = 1").start().await;
    shop.machine(1).control("media 1");
    shop.submit(job_for("pack-1", "wave", 1..=8)).await;
    shop.until("it is out of labels", async |shop| shop.printer(1).await["reasons"][0] == "media_empty").await;
    sleep(Duration::from_millis(1_500)).await;
    shop.machine(1).control("media 100");
    let settled = async |shop: &Shop| {
        let counts = &shop.printer(1).await["counts"];
        let count = |state: &str| counts[state].as_u64().unwrap_or(0);
        count("held") > 0 && count("printed") + count("held") == 8
    };
    shop.until("what was begun is out and the rest held", settled).await;
    let begun = shop.printed(1).len();
    assert!((1..=4).contains(&begun), "{begun} were out or on the wire");
    ask(&shop, "/v1/printers/pack-1/release", json!({})).await;
    shop.until("all are out", async |shop| shop.printed(1).len() == 8).await;
    assert_eq!(shop.printed(1), (1..=8).map(|number| format!("TR{number:03}")).collect::<Vec<_>>());
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_command_line_an_order_is_canceled_and_taken_up_again_in_sentences() {
    let folder = tempfile::tempdir().unwrap();
    let daemon = start(folder.path(), "").await;
    daemon.client.post_answer("/v1/printers/pack-1/pause", String::new()).await.unwrap();
    daemon.client.post_answer("/v1/jobs", job_for("pack-1", "wave", 1..=2).to_string()).await.unwrap();
    let held = "label pkg-1: held, it does not print before the order is canceled or released.\n";
    for (words, code, said) in [
        ("cancel 57646001 --requested", 0, held),
        ("release --order 57646001", 0, "label pkg-1: released, it waits for its turn at the printer.\n"),
        ("release --order 57646001", 0, "no label of that order was kept back.\n"),
        ("cancel 57646002", 0, "label pkg-2: canceled, it will not print.\n"),
        ("cancel 57646002", 0, "label pkg-2: unchanged, it is canceled already.\n"),
        ("cancel 57646009", 2, "there is no label of that order: check its number.\n"),
        ("release --all pack-1", 0, "pack-1: no label is held since an outage.\n"),
    ] {
        let ended = daemon.command(words);
        let text = String::from_utf8_lossy(if code == 0 { &ended.stdout } else { &ended.stderr }).into_owned();
        assert!(ended.status.code() == Some(code) && text.ends_with(said), "{words}: {text}");
    }
}

/// The code word and the sentence of a scan.
async fn scan(daemon: &Process, station: &str, text: &str) -> (String, String) {
    let scan = json!({"station": station, "text": text}).to_string();
    let said = daemon.client.post_answer("/v1/scan", scan).await.unwrap().body;
    let text = |key: &str| said[key].as_str().unwrap_or_else(|| panic!("{said}")).to_owned();
    (text("code"), text("sentence"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_packer_who_scans_learns_that_the_order_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let stations =
        "[stations.print]\nprinter = \"pack-1\"\nmode = \"print\"\n[stations.ship]\nprinter = \"pack-1\"\nmode = \"ship\"\n";
    let daemon = start(folder.path(), stations).await;
    let order = async |order: &str, verb: &str, body: Value| {
        let answer = daemon.client.post_answer(&format!("/v1/orders/{order}/{verb}"), body.to_string()).await.unwrap();
        answer.body["labels"][0]["became"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned()
    };
    let printed = async |id: &str| {
        while daemon.get(&format!("/v1/labels/{id}")).await["state"] != "printed" {
            sleep(Duration::from_millis(20)).await;
        }
    };
    let mut wave = job_for("pack-1", "wave", 1..=2);
    wave["print"] = "on_scan".into();
    daemon.client.post_answer("/v1/jobs", wave.to_string()).await.unwrap();

    assert_eq!(order("57646001", "cancel", json!({"requested": true})).await, "held");
    let (code, sentence) = scan(&daemon, "print", "TR001").await;
    assert!(code == "refused_held" && sentence.contains("buyer asked to cancel"), "{code}: {sentence}");
    assert_eq!(order("57646001", "release", json!({})).await, "unflagged", "it waits for its scan again");
    assert_eq!(daemon.get("/v1/labels/pkg-1").await["state"], "held");
    // Another code: the same one so soon would be a trigger pulled twice.
    assert_eq!(scan(&daemon, "print", "pkg-1").await.0, "printing");
    printed("pkg-1").await;

    assert_eq!(order("57646001", "cancel", json!({"requested": true})).await, "flagged");
    let (code, sentence) = scan(&daemon, "ship", "TR001").await;
    assert_eq!(code, "refused_held");
    assert_eq!(sentence, "the buyer of label pkg-1 asked to cancel: put the parcel aside until that is decided.");
    order("57646001", "release", json!({})).await;
    let mut anew = label(1);
    anew["id"] = "pkg-1b".into();
    anew["recipient"]["lines"] = json!(["Neue Gasse 7"]);
    daemon.client.post_answer("/v1/labels/pkg-1/replace", anew.to_string()).await.unwrap();
    printed("pkg-1b").await;
    assert_eq!(scan(&daemon, "ship", "pkg-1b").await.0, "shipped");
    let (code, sentence) = scan(&daemon, "ship", "pkg-1").await;
    assert_eq!(
        (code.as_str(), sentence.as_str()),
        ("refused_replaced", "label pkg-1 was replaced: take it off and use label pkg-1b.")
    );
    assert_eq!(order("57646001", "cancel", json!({})).await, "shipped", "the parcel has left");
}
