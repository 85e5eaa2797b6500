//! The papers of a wave as a packer meets them: the real daemon, socket, ledger and TCP, and a virtual printer.

use serde_json::{Value, json};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};
use waybilld::cli::client::{Answer, Client, Door};
use waybilld::config::Config;
use waybilld::daemon::{self, Running};
use waybilld::emulator::{Machine, Tray, Voice};
use waybilld::virtual_printer::Settings;

/// A house with one quick printer on a TCP port.
struct House {
    folder: TempDir,
    daemon: Running,
    client: Client,
}

impl House {
    async fn new() -> House {
        let folder = tempfile::tempdir().unwrap();
        let tray = Tray::open(&folder.path().join("tray"), false, Voice::Quiet).unwrap();
        let settings = Settings { speed: Some(14), start: Duration::from_millis(1), ..Settings::default() };
        let machine = Machine::new(settings, tray);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(machine.clone().keep_time());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = machine.serve(stream).await;
            }
        });
        let socket = folder.path().join("socket");
        let config = format!(
            "state = {:?}\nsocket = {socket:?}\n[printers.pack-1]\ndevice = \"tcp://{address}\"\nspeed = 14\n\
             [stations.bench-1]\nprinter = \"pack-1\"\n[stations.table]\nprinter = \"pack-1\"\nmode = \"print\"\n[stations.door]\nprinter = \"pack-1\"\nmode = \"ship\"\n\
             [senders.lamps]\nname = \"Sample Lantern 样灯\"\nlines = [\"8 Quay\"]\ncountry = \"CN\"\n",
            folder.path().join("state")
        );
        let daemon = daemon::start(Config::parse("test", &config).unwrap()).await.unwrap();
        House { folder, daemon, client: Client::new(&Door { socket: Some(socket) }) }
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.client.post(path, body.to_string()).await.unwrap()
    }

    async fn taken(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body
    }

    async fn label(&self, id: &str) -> Value {
        self.client.get(&format!("/v1/labels/{}", id.replace('/', "%2F"))).await.unwrap().body
    }

    async fn until(&self, id: &str, state: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.label(id).await["state"] != state {
            assert!(Instant::now() < deadline, "{id} never came to be {state}: {}", self.label(id).await);
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What a scan at that station comes to.
    async fn scan(&self, station: &str, text: &str) -> String {
        let answer = self.post("/v1/scan", json!({"station": station, "text": text})).await;
        answer.body["code"].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned()
    }

    /// What the bars of each piece in the tray say, in the order they fell: the first symbol of each.
    fn printed(&self) -> Vec<String> {
        let ledger = std::fs::read_to_string(self.folder.path().join("tray/ledger.jsonl")).unwrap_or_default();
        let lines = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        // Before the first letter stands how a Code 128 begins, such as `>:`.
        let first = |piece: Value| piece["fields"][0].as_str().unwrap_or_default().chars().skip(2).collect();
        lines.map(first).collect()
    }
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
    let house = House::new().await;
    let wave = job("wave-7", [2, 1, 3], &["slips", "cover", "pick_list"]);
    let taken = house.taken("/v1/jobs", wave.clone()).await;
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
    house.until("pkg-3/packing-slip-1", "printed").await;
    assert_eq!(house.printed(), ["wave-7", "wave-7", "TR002", "57646002", "TR001", "57646001", "TR003", "57646003"]);
    let again = house.post("/v1/jobs", wave).await;
    assert_eq!((again.status.as_u16(), &again.body["id"]), (200, &json!("wave-7")), "{}", again.body);
    // A scan of the cover's bars finds the cover, and a reprint of it is like any other.
    let cover = house.label("wave-7").await;
    assert_eq!((&cover["paper"], &cover["order"], &cover["tracking"]), (&json!("cover"), &Value::Null, &Value::Null), "{cover}");
    assert_eq!(house.post("/v1/labels/wave-7/reprint", json!({"reason": "lost", "by": "mei"})).await.status, 200);
    house.until("wave-7", "printed").await;
    assert_eq!(house.printed().len(), 9);
    assert_eq!(house.client.get("/v1/labels/pkg-1%2Fpacking-slip-1/preview.png").await.unwrap().status, 200);
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slip_is_held_released_and_canceled_with_its_label_and_never_parted_from_it_by_the_end_of_a_run() {
    let house = House::new().await;
    assert_eq!(house.post("/v1/printers/pack-1/pause", json!({})).await.status, 200);
    let mut wave = job("wave-8", 1..=30, &["pick_list", "slips"]);
    wave["labels"][2]["hold"] = "asked to cancel".into();
    let taken = house.taken("/v1/jobs", wave).await;
    let runs = runs(&taken);
    assert_eq!(runs.iter().map(Vec::len).collect::<Vec<_>>(), [49, 12], "{runs:#?}");
    assert_eq!(runs[1][0], "pkg-25");
    let states = async |slip: &str| house.label(&format!("{slip}/packing-slip-1")).await["state"].clone();
    assert_eq!(states("pkg-3").await, "held");
    assert_eq!(house.post("/v1/labels/pkg-3/release", json!({})).await.status, 200);
    assert_eq!(states("pkg-3").await, "waiting");
    assert_eq!(house.post("/v1/labels/pkg-4/hold", json!({"reason": "stock"})).await.status, 200);
    assert_eq!(states("pkg-4").await, "held");
    assert_eq!(house.post("/v1/labels/pkg-5/void", json!({})).await.status, 200);
    assert_eq!(states("pkg-5").await, "canceled");
    assert_eq!(states("pkg-6").await, "waiting");
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_label_that_waits_for_its_scan_brings_its_slip_along() {
    let house = House::new().await;
    let mut wave = job("wave-9", 1..=3, &["slips"]);
    wave["print"] = "on_scan".into();
    house.taken("/v1/jobs", wave).await;
    assert_eq!(house.label("pkg-2/packing-slip-1").await["state"], "held");
    assert_eq!(house.scan("table", "57646002").await, "printing");
    house.until("pkg-2/packing-slip-1", "printed").await;
    assert_eq!(house.printed(), ["TR002", "57646002"]);
    assert_eq!(house.label("pkg-1/packing-slip-1").await["state"], "held");
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paper_nobody_knows_and_a_wave_whose_id_no_bars_can_carry_are_refused_before_anything_is_taken() {
    let house = House::new().await;
    let answer = house.post("/v1/jobs", job("wave-9", [1], &["covers"])).await;
    assert_eq!(answer.reasons(), ["papers[0]: no paper \"covers\". Did you mean \"cover\"?"]);
    let long = "wave-".repeat(8);
    let answer = house.post("/v1/jobs", job(&long, [1], &["cover"])).await;
    let said = answer.reasons().join("\n");
    assert!(said.starts_with(&format!("label {long}: wave: block \"wave code\" needs ")), "{said}");
    assert_eq!(house.client.get(&format!("/v1/jobs/{long}")).await.unwrap().status, 404);
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_scanned_out_of_the_door_stands_on_one_manifest_a_carrier_and_never_on_two() {
    let house = House::new().await;
    house.taken("/v1/jobs", job("wave", 1..=4, &[])).await;
    house.until("pkg-4", "printed").await;
    let nothing = house.post("/v1/manifests", json!({"id": "eod-0", "printer": "pack-1"})).await;
    assert_eq!(nothing.status, 409);
    assert_eq!(nothing.reasons(), ["nothing was scanned as handed over that stands on no manifest yet."]);
    for number in 1..=3 {
        assert_eq!(house.scan("door", &format!("TR{number:03}")).await, "shipped");
    }
    let request = json!({"id": "eod-1", "printer": "pack-1", "date": "2026-11-26"});
    let made = house.taken("/v1/manifests", request.clone()).await;
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
    house.until("eod-1-2", "printed").await;
    assert_eq!(house.printed()[4..], ["eod-1-1", "eod-1-2"]);

    // The same request says the same and prints nothing more; its bars find it.
    let again = house.post("/v1/manifests", request).await;
    assert_eq!((again.status.as_u16(), told(&again.body)), (200, two.to_vec()));
    assert_eq!(house.client.get("/v1/manifests/eod-1").await.unwrap().body["manifests"], made["manifests"]);
    assert_eq!(house.scan("bench-1", "eod-1-1").await, "reprinting");
    assert_eq!(house.scan("door", "eod-1-2").await, "unknown");

    // The next one takes what came since.
    assert_eq!(house.scan("door", "TR004").await, "shipped");
    let next = house.taken("/v1/manifests", json!({"id": "eod-2", "printer": "pack-1"})).await;
    assert_eq!(told(&next), [json!(["eod-2", "Postal Air", 1, 250, "TR004"])]);
    assert_eq!(next["missed"]["parcels"], 0);

    // Who voids what a driver signed for is told where to cross it out.
    let voided = house.post("/v1/labels/pkg-1/void", json!({})).await;
    assert_eq!(voided.body, json!({"id": "pkg-1", "state": "voided", "manifest": "eod-1-2"}));
    house.daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bag_holds_parcels_of_one_carrier_that_somebody_named() {
    let house = House::new().await;
    house.taken("/v1/jobs", job("wave", 1..=4, &[])).await;
    let bag = |labels: &[&str]| json!({"id": "bag-17", "printer": "pack-1", "to": "Shenzhen 深圳", "labels": labels});
    let faults = house.post("/v1/bags", bag(&["TR001", "pkg-9", "pkg-1"])).await;
    assert_eq!(
        faults.reasons(),
        ["labels[1]: no label has this id or tracking number.", "labels[2]: label pkg-1 is named twice."]
    );
    let mixed = house.post("/v1/bags", bag(&["pkg-1", "pkg-2"])).await;
    assert_eq!(
        mixed.reasons(),
        ["labels: label pkg-2 goes with \"Postal Air\", label pkg-1 with \"Southlink\": give each carrier its own bag."]
    );
    let made = house.taken("/v1/bags", bag(&["tr 001", "pkg-3"])).await;
    assert_eq!((&made["parcels"], &made["carrier"], &made["weight"]), (&json!(2), &json!("Southlink"), &json!("500 g")));
    assert_eq!(house.post("/v1/bags", bag(&["tr 001", "pkg-3"])).await.status, 200);
    house.until("bag-17", "printed").await;
    assert_eq!(house.label("bag-17").await["paper"], "bag");
    assert_eq!(
        house.post("/v1/bags", json!({"id": "bag-18", "printer": " ", "to": "x"})).await.reasons(),
        ["printer: is missing: name one. Known: pack-1."]
    );
    house.daemon.stop().await;
}
