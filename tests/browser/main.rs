//! The console as a packer meets it: a real browser, the real daemon, a virtual printer, and the keyboard alone.

mod chromium;
mod house;

use chromium::{F2, F4};
use house::{House, label};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_prints_and_the_pages_counts_agree_with_the_printers() {
    let Some(house) = House::open("").await else { return };
    let page = &house.chromium;
    page.until_text("#waves", "No wave yet").await;
    house.machine.control("media 4");
    house.submit("wave-1", (1..=12).map(label)).await;
    page.until_text("[data-printer=pack-1]", "stopped").await;
    page.until_text("[data-printer=pack-1]", "load a roll").await;
    let printed = house.get("/v1/jobs").await["jobs"][0]["counts"]["printed"].clone();
    assert!(printed.as_i64().is_some_and(|printed| (3..=4).contains(&printed)), "{printed}");
    page.until_text("[data-job=wave-1]", &format!("{printed} of 12 out")).await;
    house.picture("media-out").await;
    house.machine.control("media 100");
    page.until("all of them are out", "return document.querySelector('[data-job=wave-1]').dataset.done === '12'").await;
    let cells = page.script("return document.querySelectorAll('[data-job=wave-1] .cell[data-state=printed]').length").await;
    assert_eq!(cells, json!(12));
    let status: serde_json::Value = serde_json::from_str(&house.machine.control("status")).unwrap();
    assert_eq!(status["pieces"], 12);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubt_is_asked_with_its_picture_and_answered_by_a_key() {
    // Without a counter, nothing but a person can say what became of a label after a power cut.
    let Some(house) = House::open("confirm = \"buffers\"").await else { return };
    let page = &house.chromium;
    house.submit("wave-1", (1..=6).map(label)).await;
    house
        .until("two are out", async |house| house.get("/v1/jobs").await["jobs"][0]["counts"]["printed"].as_i64() >= Some(2))
        .await;
    house.machine.control("power cut");
    page.until("the page asks", "return !document.querySelector('#doubt').hidden").await;
    page.until("the picture is there", "return document.querySelector('#doubt-picture').naturalWidth > 700").await;
    house.picture("doubt").await;
    let asked = page.text("#doubt-facts").await;
    let asked = asked.split(' ').next().unwrap();
    assert_eq!(house.state(asked).await, "in_doubt");
    house.machine.control("power on");
    page.until("the question may be answered", "return !document.querySelector('#came-out').disabled").await;
    page.type_keys([F2]).await;
    page.until_text("#word", "It came out").await;
    house.until_state(asked, "printed").await;
    // What else was on the wire is asked next; it did not come out, and prints.
    let second = "return document.querySelector('#doubt').hidden || !document.querySelector('#came-out').disabled";
    page.until("the next question may be answered", second).await;
    page.type_keys([F4]).await;
    for number in 1..=6 {
        house.until_state(&format!("pkg-{number}"), "printed").await;
    }
    page.until("nothing is asked any more", "return document.querySelector('#doubt').hidden").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_says_that_the_daemon_is_away_and_comes_back_by_itself() {
    let Some(mut house) = House::open("").await else { return };
    house.submit("wave-1", [label(1)]).await;
    house.until_state("pkg-1", "printed").await;
    house.kill();
    house.chromium.until_text("#lost", "No connection to waybilld").await;
    house.picture("lost").await;
    house.restart().await;
    house.chromium.until("the page is live again", "return document.querySelector('#lost').hidden").await;
    house.submit("wave-2", [label(2)]).await;
    house.chromium.until_text("[data-job=wave-2]", "1 of 1 out").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_speaks_english_and_chinese_and_remembers_which() {
    let Some(house) = House::open("").await else { return };
    let page = &house.chromium;
    page.until_text("#overview h2", "Printers").await;
    page.alt('g').await;
    page.until_text("#overview h2", "打印机").await;
    page.script("location.reload()").await;
    page.until_text("#overview h2", "打印机").await;
    page.until_text("#link", "已连接").await;
    house.picture("chinese").await;
    page.alt('g').await;
    page.until_text("#overview h2", "Printers").await;
    house.close().await;
}
