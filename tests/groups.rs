//! What a packing table with two printers notices when one of them fails in the middle of a wave.

use crate::support::labels::job_for;
use crate::support::shop::Shop;
use serde_json::json;
use std::collections::BTreeSet;

/// Every label once, whichever of the two it came out of.
async fn all_came_out_once(shop: &Shop, labels: usize) {
    shop.until("the wave is out", async |shop| {
        let mut printed = 0;
        for number in 1..=2 {
            printed += shop.printer(number).await["counts"]["printed"].as_u64().unwrap_or(0) as usize;
        }
        printed == labels
    })
    .await;
    let (one, two) = (shop.printed(1), shop.printed(2));
    let all: BTreeSet<&String> = one.iter().chain(&two).collect();
    assert_eq!((one.len() + two.len(), all.len()), (labels, labels), "{one:?} {two:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cover_opened_in_the_wave_sends_the_rest_to_the_other_printer_and_each_label_comes_once() {
    let shop = Shop::of(2).each("group = \"table\"").config("[limits]\ngroup_patience = 1").start().await;
    // One run: all of it is dealt to one printer.
    let taken = shop.submit(job_for("table", "wave", 1..=16)).await;
    assert_eq!((taken["printer"].as_str(), taken["runs"][0]["printer"].as_str()), (Some("table"), Some("pack-1")));
    shop.until("the fifth label is out", async |shop| shop.printed(1).len() >= 5).await;
    shop.machine(1).control("cover open");
    shop.until("the rest comes out at the other", async |shop| shop.printed(2).contains(&"TR016".to_owned())).await;
    let mut in_order = shop.printed(2);
    in_order.sort();
    assert_eq!(shop.printed(2), in_order, "they came in their order");
    // What the first printer had stays with it until the cover is closed.
    shop.machine(1).control("cover close");
    all_came_out_once(&shop, 16).await;
    assert!(shop.printed(1).len() >= 5 && shop.printed(2).len() >= 5);

    let last = shop.label("pkg-16").await;
    assert_eq!((last["printer"].as_str(), last["moves"][0]["from"].as_str()), (Some("pack-2"), Some("pack-1")), "{last}");
    assert_eq!(last["moves"][0]["why"], "pack-1 has stood still for 1 s (cover open)");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_paused_by_an_operator_gives_its_labels_away_at_once_and_takes_none_back() {
    let shop = Shop::of(2).each("group = \"table\"").config("[limits]\ngroup_patience = 3600").start().await;
    let job = job_for("table", "wave", 1..=6);
    shop.submit(job.clone()).await;
    shop.until("it has begun", async |shop| !shop.printed(1).is_empty()).await;
    shop.act("/v1/printers/pack-1/pause").await;
    all_came_out_once(&shop, 6).await;
    assert!(shop.printed(2).contains(&"TR006".to_owned()));
    shop.act("/v1/printers/pack-1/resume").await;
    assert_eq!(shop.submit(job).await["counts"], json!({"printed": 6}), "the same job again is harmless");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_was_off_is_found_again_by_the_next_jobs() {
    let mut shop = Shop::of(2).each("group = \"table\"").config("[limits]\ngroup_patience = 0\nrun = 2").start().await;
    shop.unplug(1).await;
    shop.submit(job_for("table", "one", 1..=4)).await;
    shop.until("the other prints all", async |shop| shop.printed(2).len() == 4).await;
    assert_eq!(shop.printer(1).await["state"], "offline");
    shop.submit(job_for("table", "two", 5..=8)).await;
    assert_eq!(shop.label("pkg-5").await["printer"], "pack-2", "nothing is dealt to a printer that is off");
    shop.plug(1).await;
    // Nobody asks a printer that has nothing to print: this job has it looked at, and the next is dealt to it again.
    shop.submit(job_for("table", "three", 9..=10)).await;
    shop.until("it is back", async |shop| shop.printer(1).await["state"] == "idle").await;
    shop.submit(job_for("table", "four", 11..=18)).await;
    all_came_out_once(&shop, 18).await;
    assert!(!shop.printed(1).is_empty());
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_named_like_a_printer_and_a_slip_is_told() {
    let shop = Shop::of(2).each("group = \"table\"").start().await;
    assert_eq!(shop.printer(1).await["group"], "table");
    let said = shop.post("/v1/jobs", job_for("tabel", "wave", 1..=1)).await;
    assert_eq!(said.body["faults"][0]["message"], "no printer \"tabel\". Did you mean \"table\"?");
    shop.stop().await;
}
