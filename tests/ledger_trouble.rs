//! What a packer notices when the ledger cannot be written for a while: another program holds it.

use crate::support::labels::job_for;
use crate::support::shop::Shop;
use rusqlite::Connection;

/// Holds the ledger of the shop as a backup of the disk does.
fn hold(shop: &Shop) -> Connection {
    let ledger = Connection::open(shop.folder.path().join("state").join("ledger.db")).unwrap();
    ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
    ledger
}

/// A printer that is known, is off, and has so many labels waiting.
async fn shop_with_labels_waiting(labels: usize) -> Shop {
    let mut shop = Shop::of(1).start().await;
    shop.submit(job_for("pack-1", "first", 1..=1)).await;
    shop.until("it is known", async |shop| shop.printed(1) == ["TR001"]).await;
    shop.unplug(1).await;
    shop.submit(job_for("pack-1", "wave", 2..=labels + 1)).await;
    shop
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_keeps_its_order_when_the_ledger_refuses_its_first_label_for_a_while() {
    let mut shop = shop_with_labels_waiting(4).await;
    let held = hold(&shop);
    shop.plug(1).await;
    shop.until("it is told", async |shop| shop.printer(1).await["reasons"][0] == "ledger_not_writable").await;
    held.execute_batch("COMMIT").unwrap();
    shop.until("the run is out", async |shop| shop.printed(1).len() == 5).await;
    assert_eq!(shop.printed(1), ["TR001", "TR002", "TR003", "TR004", "TR005"]);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_without_labels_stands_no_longer_than_the_ledger_is_held() {
    let mut shop = shop_with_labels_waiting(1).await;
    let held = hold(&shop);
    shop.plug(1).await;
    shop.until("it is told", async |shop| shop.printer(1).await["reasons"][0] == "ledger_not_writable").await;
    held.execute_batch("COMMIT").unwrap();
    // It is asked for again a second later: nothing waits any more by then.
    let voided = shop.act("/v1/labels/pkg-2/void").await;
    assert!(voided.status.is_success(), "{}", voided.body);
    shop.until("it is well", async |shop| shop.printer(1).await["state"] == "idle").await;
    assert_eq!(shop.state("pkg-2").await, "canceled");
    shop.stop().await;
}
