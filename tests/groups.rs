//! What a packing table with two printers notices when one of them fails in the middle of a wave.

use crate::support::table::{Table, job};
use serde_json::json;
use std::collections::BTreeSet;

/// Every label once, whichever of the two it came out of.
async fn all_came_out_once(table: &Table, labels: usize) {
    table
        .until("the wave is out", async |table| {
            let mut printed = 0;
            for number in 1..=2 {
                printed += table.printer(number).await["counts"]["printed"].as_u64().unwrap_or(0) as usize;
            }
            printed == labels
        })
        .await;
    let (one, two) = (table.printed(1), table.printed(2));
    let all: BTreeSet<&String> = one.iter().chain(&two).collect();
    assert_eq!((one.len() + two.len(), all.len()), (labels, labels), "{one:?} {two:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cover_opened_in_the_wave_sends_the_rest_to_the_other_printer_and_each_label_comes_once() {
    let table = Table::of(2, "group = \"table\"", "group_patience = 1").await;
    // One run: all of it is dealt to one printer.
    let taken = table.submit(job("wave", "table", 1..=16)).await;
    assert_eq!((taken["printer"].as_str(), taken["runs"][0]["printer"].as_str()), (Some("table"), Some("pack-1")));
    table.until("the fifth label is out", async |table| table.printed(1).len() >= 5).await;
    table.machines[0].control("cover open");
    table.until("the rest comes out at the other", async |table| table.printed(2).contains(&"TR016".to_owned())).await;
    let mut in_order = table.printed(2);
    in_order.sort();
    assert_eq!(table.printed(2), in_order, "they came in their order");
    // What the first printer had stays with it until the cover is closed.
    table.machines[0].control("cover close");
    all_came_out_once(&table, 16).await;
    assert!(table.printed(1).len() >= 5 && table.printed(2).len() >= 5);

    let last = table.label("pkg-16").await;
    assert_eq!((last["printer"].as_str(), last["moves"][0]["from"].as_str()), (Some("pack-2"), Some("pack-1")), "{last}");
    assert_eq!(last["moves"][0]["why"], "pack-1 has stood still for 1 s (cover-open)");
    table.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_paused_by_an_operator_gives_its_labels_away_at_once_and_takes_none_back() {
    let table = Table::of(2, "group = \"table\"", "group_patience = 3600").await;
    let job = job("wave", "table", 1..=6);
    table.submit(job.clone()).await;
    table.until("it has begun", async |table| !table.printed(1).is_empty()).await;
    table.post("/v1/printers/pack-1/pause").await;
    all_came_out_once(&table, 6).await;
    assert!(table.printed(2).contains(&"TR006".to_owned()));
    table.post("/v1/printers/pack-1/resume").await;
    assert_eq!(table.submit(job).await["counts"], json!({"printed": 6}), "the same job again is harmless");
    table.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_was_off_is_found_again_by_the_next_jobs() {
    let mut table = Table::of(2, "group = \"table\"", "group_patience = 0\nrun = 2").await;
    table.unplug(1).await;
    table.submit(job("one", "table", 1..=4)).await;
    table.until("the other prints all", async |table| table.printed(2).len() == 4).await;
    assert_eq!(table.printer(1).await["state"], "offline");
    table.submit(job("two", "table", 5..=8)).await;
    assert_eq!(table.label("pkg-5").await["printer"], "pack-2", "nothing is dealt to a printer that is off");
    table.plug(1).await;
    // Nobody asks a printer that has nothing to print: this job has it looked at, and the next is dealt to it again.
    table.submit(job("three", "table", 9..=10)).await;
    table.until("it is back", async |table| table.printer(1).await["state"] == "idle").await;
    table.submit(job("four", "table", 11..=18)).await;
    all_came_out_once(&table, 18).await;
    assert!(!table.printed(1).is_empty());
    table.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_named_like_a_printer_and_a_slip_is_told() {
    let table = Table::of(2, "group = \"table\"", "").await;
    assert_eq!(table.printer(1).await["group"], "table");
    let said = table.client.post("/v1/jobs", job("wave", "tabel", 1..=1).to_string()).await.unwrap();
    assert_eq!(said.body["faults"][0]["message"], "no printer \"tabel\". Did you mean \"table\"?");
    table.daemon.stop().await;
}
