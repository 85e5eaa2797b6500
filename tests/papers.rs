//! The papers of a wave as a packer meets them: the real daemon, socket, ledger and TCP, and a virtual printer.

use crate::support::printer::quick;
use crate::support::shop::Shop;
use serde_json::{Value, json};
use std::time::Duration;
use waybilld::virtual_printer::Settings;

const CONFIG: &str = r#"
[stations.bench-1]
printer = "pack-1"
[stations.table]
printer = "pack-1"
mode = "print"
[stations.door]
printer = "pack-1"
mode = "ship"
[senders.lamps]
name = "Sample Lantern 样灯"
lines = ["8 Quay"]
country = "CN"
"#;

async fn open() -> Shop {
    let settings = Settings { start: Duration::from_millis(1), ..quick() };
    Shop::of(1).settings(settings).config(CONFIG).start().await
}

async fn taken(shop: &Shop, path: &str, body: Value) -> Value {
    let answer = shop.post(path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body
}

/// What a scan at that station comes to.
async fn scan(shop: &Shop, station: &str, text: &str) -> String {
    let answer = shop.scan(station, text).await;
    answer["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// What the bars of each piece in the tray say, in the order they fell: the first symbol of each.
fn printed(shop: &Shop) -> Vec<String> {
    // Before the first letter stands how a Code 128 begins, such as `>:`.
    shop.pieces(1).iter().map(|fields| fields[0].chars().skip(2).collect()).collect()
}

fn label(number: usize) -> Value {
    json!({
        "id": format!("pkg-{number}"), "order": format!("57646{number:03}"), "tracking": format!("TR{number:03}"),
        "carrier": if number.is_multiple_of(2) { "Postal Air" } else { "Southlink" }, "sender": "lamps", "parcel": {"weight_g": 250},
        "recipient": {"name": "Zoë Example", "lines": ["Musterweg 5"], "city": "Jena", "postcode": "07743", "country": "DE"},
        "items": [{"sku": "LAMP-2", "name": "Paper lantern 纸灯笼", "quantity": number, "location": "A-01"}],
    })
}

fn job(id: &str, numbers: impl IntoIterator<Item = usize>, papers: &[&str]) -> Value {
    json!({"id": id, "papers": papers, "labels": numbers.into_iter().map(label).collect::<Vec<_>>()})
}

/// The ids of a job's pieces run by run.
fn runs(job: &Value) -> Vec<Vec<String>> {
    let ids =
        |run: &Value| run["labels"].as_array().unwrap().iter().map(|label| label["id"].as_str().unwrap().to_owned()).collect();
    job["runs"].as_array().unwrap().iter().map(ids).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_prints_its_pick_list_and_cover_first_and_each_slip_behind_its_label() {
    let shop = open().await;
    let wave = job("wave-7", [2, 1, 3], &["slips", "cover", "pick_list"]);
    let taken = taken(&shop, "/v1/jobs", wave.clone()).await;
    let order = [
        "wave-7/pick-list-1",
        "wave-7",
        "pkg-2",
        "pkg-2/packing-slip-1",
        "pkg-1",
        "pkg-1/packing-slip-1",
        "pkg-3",
        "pkg-3/packing-slip-1",
    ];
    assert_eq!(runs(&taken), [order.map(str::to_owned).to_vec()]);
    shop.until_state("pkg-3/packing-slip-1", "printed").await;
    assert_eq!(printed(&shop), ["wave-7", "wave-7", "TR002", "57646002", "TR001", "57646001", "TR003", "57646003"]);
    let again = shop.post("/v1/jobs", wave).await;
    assert_eq!((again.status.as_u16(), &again.body["id"]), (200, &json!("wave-7")), "{}", again.body);
    // A scan of the cover's bars finds the cover, and a reprint of it is like any other.
    let cover = shop.label("wave-7").await;
    assert_eq!((&cover["paper"], &cover["order"], &cover["tracking"]), (&json!("cover"), &Value::Null, &Value::Null), "{cover}");
    assert_eq!(shop.post("/v1/labels/wave-7/reprint", json!({"reason": "lost", "by": "mei"})).await.status, 200);
    shop.until_state("wave-7", "printed").await;
    assert_eq!(printed(&shop).len(), 9);
    assert_eq!(shop.get("/v1/labels/pkg-1%2Fpacking-slip-1/preview.png").await.status, 200);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slip_is_held_released_and_canceled_with_its_label_and_never_parted_from_it_by_the_end_of_a_run() {
    let shop = open().await;
    assert_eq!(shop.post("/v1/printers/pack-1/pause", json!({})).await.status, 200);
    let mut wave = job("wave-8", 1..=30, &["pick_list", "slips"]);
    wave["labels"][2]["hold"] = "asked to cancel".into();
    let taken = taken(&shop, "/v1/jobs", wave).await;
    let runs = runs(&taken);
    assert_eq!(runs.iter().map(Vec::len).collect::<Vec<_>>(), [49, 12], "{runs:#?}");
    assert_eq!(runs[1][0], "pkg-25");
    let states = async |slip: &str| shop.label(&format!("{slip}/packing-slip-1")).await["state"].clone();
    assert_eq!(states("pkg-3").await, "held");
    assert_eq!(shop.post("/v1/labels/pkg-3/release", json!({})).await.status, 200);
    assert_eq!(states("pkg-3").await, "waiting");
    assert_eq!(shop.post("/v1/labels/pkg-4/hold", json!({"reason": "stock"})).await.status, 200);
    assert_eq!(states("pkg-4").await, "held");
    assert_eq!(shop.post("/v1/labels/pkg-5/void", json!({})).await.status, 200);
    assert_eq!(states("pkg-5").await, "canceled");
    assert_eq!(states("pkg-6").await, "waiting");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_label_that_waits_for_its_scan_brings_its_slip_along() {
    let shop = open().await;
    let mut wave = job("wave-9", 1..=3, &["slips"]);
    wave["print"] = "on_scan".into();
    taken(&shop, "/v1/jobs", wave).await;
    assert_eq!(shop.label("pkg-2/packing-slip-1").await["state"], "held");
    assert_eq!(scan(&shop, "table", "57646002").await, "printing");
    shop.until_state("pkg-2/packing-slip-1", "printed").await;
    assert_eq!(printed(&shop), ["TR002", "57646002"]);
    assert_eq!(shop.label("pkg-1/packing-slip-1").await["state"], "held");
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_nobody_knows_and_a_wave_whose_id_no_bars_can_carry_are_refused_before_anything_is_taken() {
    let shop = open().await;
    let answer = shop.post("/v1/jobs", job("wave-9", [1], &["covers"])).await;
    assert_eq!(answer.reasons(), ["papers[0]: no paper \"covers\". Did you mean \"cover\"?"]);
    let long = "wave-".repeat(8);
    let answer = shop.post("/v1/jobs", job(&long, [1], &["cover"])).await;
    let said = answer.reasons().join("\n");
    assert!(said.starts_with(&format!("label {long}: wave: block \"wave code\" needs ")), "{said}");
    assert_eq!(shop.get(&format!("/v1/jobs/{long}")).await.status, 404);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_scanned_out_of_the_door_stands_on_one_manifest_a_carrier_and_never_on_two() {
    let shop = open().await;
    taken(&shop, "/v1/jobs", job("wave", 1..=4, &[])).await;
    shop.until_state("pkg-4", "printed").await;
    let nothing = shop.post("/v1/manifests", json!({"id": "eod-0", "printer": "pack-1"})).await;
    assert_eq!(nothing.status, 409);
    assert_eq!(nothing.reasons(), ["nothing was scanned as handed over that stands on no manifest yet."]);
    for number in 1..=3 {
        assert_eq!(scan(&shop, "door", &format!("TR{number:03}")).await, "shipped");
    }
    let request = json!({"id": "eod-1", "printer": "pack-1", "date": "2026-11-26"});
    let made = taken(&shop, "/v1/manifests", request.clone()).await;
    let told = |made: &Value| -> Vec<Value> {
        let each =
            |one: &Value| json!([one["id"], one["carrier"], one["parcels"], one["weight_g"], one["labels"][0]["tracking"]]);
        made["manifests"].as_array().unwrap().iter().map(each).collect()
    };
    let two = [json!(["eod-1-1", "Postal Air", 1, 250, "TR002"]), json!(["eod-1-2", "Southlink", 2, 500, "TR001"])];
    assert_eq!(told(&made), two);
    assert_eq!(
        made["missed"],
        json!({"parcels": 1, "labels": [{"id": "pkg-4", "order": "57646004", "tracking": "TR004", "carrier": "Postal Air"}]})
    );
    shop.until_state("eod-1-2", "printed").await;
    assert_eq!(printed(&shop)[4..], ["eod-1-1", "eod-1-2"]);

    // The same request says the same and prints nothing more; its bars find it.
    let again = shop.post("/v1/manifests", request).await;
    assert_eq!((again.status.as_u16(), told(&again.body)), (200, two.to_vec()));
    assert_eq!(shop.get("/v1/manifests/eod-1").await.body["manifests"], made["manifests"]);
    assert_eq!(scan(&shop, "bench-1", "eod-1-1").await, "reprinting");
    assert_eq!(scan(&shop, "door", "eod-1-2").await, "unknown");

    // The next one takes what came since.
    assert_eq!(scan(&shop, "door", "TR004").await, "shipped");
    let next = taken(&shop, "/v1/manifests", json!({"id": "eod-2", "printer": "pack-1"})).await;
    assert_eq!(told(&next), [json!(["eod-2", "Postal Air", 1, 250, "TR004"])]);
    assert_eq!(next["missed"]["parcels"], 0);

    // Who voids what a driver signed for is told where to cross it out.
    let voided = shop.post("/v1/labels/pkg-1/void", json!({})).await;
    assert_eq!(voided.body, json!({"id": "pkg-1", "state": "voided", "manifest": "eod-1-2"}));
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bag_holds_parcels_of_one_carrier_that_somebody_named() {
    let shop = open().await;
    taken(&shop, "/v1/jobs", job("wave", 1..=4, &[])).await;
    let bag = |labels: &[&str]| json!({"id": "bag-17", "printer": "pack-1", "to": "Shenzhen 深圳", "labels": labels});
    let faults = shop.post("/v1/bags", bag(&["TR001", "pkg-9", "pkg-1"])).await;
    assert_eq!(
        faults.reasons(),
        ["labels[1]: no label has this id or tracking number.", "labels[2]: label pkg-1 is named twice."]
    );
    let mixed = shop.post("/v1/bags", bag(&["pkg-1", "pkg-2"])).await;
    assert_eq!(
        mixed.reasons(),
        ["labels: label pkg-2 goes with \"Postal Air\", label pkg-1 with \"Southlink\": give each carrier its own bag."]
    );
    let made = taken(&shop, "/v1/bags", bag(&["tr 001", "pkg-3"])).await;
    assert_eq!((&made["parcels"], &made["carrier"], &made["weight"]), (&json!(2), &json!("Southlink"), &json!("500 g")));
    assert_eq!(shop.post("/v1/bags", bag(&["tr 001", "pkg-3"])).await.status, 200);
    shop.until_state("bag-17", "printed").await;
    assert_eq!(shop.label("bag-17").await["paper"], "bag");
    assert_eq!(
        shop.post("/v1/bags", json!({"id": "bag-18", "printer": " ", "to": "x"})).await.reasons(),
        ["printer: is missing: name one. Known: pack-1."]
    );
    shop.stop().await;
}
