//! What a packer and a shop tool notice while a wave prints: the real daemon, socket, ledger and TCP, and a virtual printer.

use crate::support::labels::job;
use crate::support::shop::Shop;
use serde_json::json;
use std::time::Duration;
use tokio::time::sleep;

fn ids(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("pkg-{number}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_out_holds_the_wave_says_so_and_a_new_roll_goes_on_at_the_right_label() {
    let shop = Shop::of(1).start().await;
    shop.machine(1).control("media 3");
    shop.submit(job("wave", 1..=6)).await;
    shop.until("the printer is out of labels", async |shop| shop.printer(1).await["reasons"][0] == "media_empty").await;
    let printer = shop.printer(1).await;
    assert_eq!(printer["state"], "stopped");
    assert!(printer["sentence"].as_str().unwrap().contains("load a roll"), "{printer}");
    assert_eq!(shop.printed(1).len(), 3);
    shop.machine(1).control("media 100");
    let all = ids(1..=6);
    shop.until_printed(&all).await;
    assert_eq!(shop.printed(1), ["TR001", "TR002", "TR003", "TR004", "TR005", "TR006"]);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cover_opened_in_the_middle_of_a_label_costs_one_torn_piece_and_no_second_label() {
    let shop = Shop::of(1).start().await;
    shop.submit(job("wave", 1..=4)).await;
    shop.until("the first label is out", async |shop| !shop.printed(1).is_empty()).await;
    shop.machine(1).control("cover open");
    shop.until("the cover is seen", async |shop| shop.printer(1).await["reasons"][0] == "cover_open").await;
    shop.machine(1).control("cover close");
    let all = ids(1..=4);
    shop.until_printed(&all).await;
    let mut printed = shop.printed(1);
    printed.dedup();
    assert_eq!(printed, ["TR001", "TR002", "TR003", "TR004"], "each once, in order");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_urgent_label_goes_between_the_labels_of_a_run() {
    let shop = Shop::of(1).start().await;
    shop.submit(job("wave", 1..=20)).await;
    shop.until("the wave has begun", async |shop| !shop.printed(1).is_empty()).await;
    let mut urgent = job("late", [99]);
    urgent["labels"][0]["urgent"] = true.into();
    shop.submit(urgent).await;
    shop.until_printed(&["pkg-99"]).await;
    let at = shop.printed(1).iter().position(|tracking| tracking == "TR099").unwrap();
    assert!(at < 8, "it came as number {}", at + 1);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voided_label_never_prints_and_a_reprint_is_one_more_piece_on_record() {
    let shop = Shop::of(1).start().await;
    assert_eq!(shop.post("/v1/printers/pack-1/pause", json!({})).await.status, 200);
    shop.submit(job("wave", 1..=3)).await;
    assert_eq!(shop.post("/v1/labels/pkg-2/void", json!({})).await.status, 200);
    assert_eq!(shop.printer(1).await["state"], "paused");
    assert_eq!(shop.post("/v1/printers/pack-1/resume", json!({})).await.status, 200);
    shop.until_printed(&["pkg-1", "pkg-3"]).await;
    assert_eq!(shop.state("pkg-2").await, "canceled");
    assert_eq!(shop.post("/v1/labels/pkg-1/reprint", json!({"reason": "torn", "by": "anna"})).await.status, 200);
    shop.until("the reprint is out", async |shop| shop.printed(1).len() == 3).await;
    shop.until_printed(&["pkg-1"]).await;
    assert_eq!(shop.printed(1), ["TR001", "TR003", "TR001"]);
    let told = shop.get("/v1/labels/pkg-1").await.body;
    assert_eq!(told["copies"], 2, "{told}");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn power_cut_at_the_printer_leaves_at_most_a_window_of_doubts_and_answering_them_finishes_the_wave() {
    let shop = Shop::of(1).start().await;
    shop.submit(job("wave", 1..=8)).await;
    shop.until("three are out", async |shop| shop.printed(1).len() >= 3).await;
    shop.machine(1).control("power cut");
    sleep(Duration::from_millis(500)).await;
    shop.machine(1).control("power on");
    shop.until("nothing is on its way", async |shop| {
        let mut open = 0;
        for id in ids(1..=8) {
            open += usize::from(!matches!(shop.state(&id).await.as_str(), "printed" | "in_doubt"));
        }
        open == 0
    })
    .await;
    let mut doubts = 0;
    for number in 1..=8 {
        if shop.state(&format!("pkg-{number}")).await == "in_doubt" {
            doubts += 1;
            let came_out = shop.printed(1).contains(&format!("TR{number:03}"));
            assert_eq!(shop.post(&format!("/v1/labels/pkg-{number}/outcome"), json!({"came_out": came_out})).await.status, 200);
        }
    }
    assert!(doubts <= 2, "{doubts} doubts");
    let all = ids(1..=8);
    shop.until_printed(&all).await;
    let mut printed = shop.printed(1);
    printed.sort();
    assert_eq!(printed, (1..=8).map(|number| format!("TR{number:03}")).collect::<Vec<_>>(), "each exactly once");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_is_off_is_offline_in_a_sentence_and_the_wave_waits_for_it() {
    let shop = Shop::of(1).start().await;
    shop.machine(1).control("power cut");
    shop.submit(job("wave", 1..=2)).await;
    shop.until("it is offline", async |shop| shop.printer(1).await["state"] != "idle").await;
    assert_ne!(shop.state("pkg-1").await, "printed");
    shop.machine(1).control("power on");
    shop.until("both have an end", async |shop| {
        let states = [shop.state("pkg-1").await, shop.state("pkg-2").await];
        states.iter().all(|state| state == "printed" || state == "in_doubt")
    })
    .await;
    shop.stop().await;
}
