//! The console as a packer meets it: a real browser, the real daemon, a virtual printer, and the keyboard alone.

#[path = "../support/mod.rs"]
mod support;

mod chromium;
mod house;

use chromium::{DOWN, ENTER, ESCAPE, F2, F4, UP};
use house::{House, label};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

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
    house.pictures("media-out").await;
    house.machine.control("media 100");
    page.until("all of them are out", "return document.querySelector('[data-job=wave-1]').dataset.done === '12'").await;
    let cells = page.script("return document.querySelectorAll('[data-job=wave-1] .cell[data-state=printed]').length").await;
    assert_eq!(cells, json!(12));
    assert_eq!(house.machine_pieces(), 12);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubt_is_asked_with_its_picture_and_answered_by_a_key() {
    // Without a counter, nothing but a person can say what became of a label after a power cut.
    let Some(house) = House::open("confirm = \"buffers\"\n[stations.bench-1]").await else { return };
    let page = &house.chromium;
    let ship_by = (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(150)).to_string();
    let labels = (1..=12).map(|number| {
        let mut label = label(number);
        label["ship_by"] = json!(ship_by);
        label
    });
    house.submit("wave-1", labels).await;
    house
        .until("two are out", async |house| house.get("/v1/jobs").await["jobs"][0]["counts"]["printed"].as_i64() >= Some(2))
        .await;
    house.machine.control("power cut");
    page.until("the page asks", "return !document.querySelector('#doubt').hidden").await;
    page.until("the picture is there", "return document.querySelector('#doubt-picture').naturalWidth > 700").await;
    let asked = page.text("#doubt-facts").await;
    let asked = asked.split(' ').next().unwrap();
    assert_eq!(house.state(asked).await, "in_doubt");
    house.machine.control("power on");
    page.until("the question may be answered", "return !document.querySelector('#came-out').disabled").await;
    house.pictures("doubt").await;
    page.type_keys([F2]).await;
    page.until_text("#word", "It came out").await;
    house.until_state(asked, "printed").await;
    // What else was on the wire is asked next; it did not come out, and prints.
    let second = "return document.querySelector('#doubt').hidden || !document.querySelector('#came-out').disabled";
    page.until("the next question may be answered", second).await;
    page.type_keys([F4]).await;
    for number in 1..=12 {
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

/// A house with one station, whose only printer has no need to say how it is.
const STATION: &str = "[stations.bench-1]\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_typed_by_keys_reprints_and_a_voided_label_refuses_in_red_words() {
    let Some(house) = House::open(STATION).await else { return };
    let page = &house.chromium;
    house.submit("wave-1", (1..=3).map(label)).await;
    for number in 1..=3 {
        house.until_state(&format!("pkg-{number}"), "printed").await;
    }
    page.until_text("#modes [aria-pressed=true]", "A scan reprints").await;
    page.scan("TR000002").await;
    page.until_text("#word", "Reprinting").await;
    assert_eq!(page.script("return document.querySelector('#answer').dataset.tone").await, json!("good"));
    house.until("it came out twice", async |house| house.get("/v1/labels/pkg-2").await["copies"] == 2).await;
    let print = house.get("/v1/labels/pkg-2").await["prints"][1]["reprint"].clone();
    assert_eq!(print["station"], "bench-1", "{print}");
    house.pictures("reprinting").await;

    house.post("/v1/labels/pkg-3/void", json!({})).await;
    page.scan("tr 000003").await;
    page.until_text("#word", "Voided").await;
    page.until_text("#tone", "Stop").await;
    page.until_text("#sentence", "label pkg-3 is voided").await;
    let red = page.script("return getComputedStyle(document.querySelector('#word')).color").await;
    assert_eq!(red, json!("rgb(163, 13, 17)"));
    let size = page.script("return parseFloat(getComputedStyle(document.querySelector('#word')).fontSize)").await;
    assert!(size.as_f64().is_some_and(|size| size >= 64.0), "{size}");
    page.scan("nonsense").await;
    page.until_text("#word", "Unknown").await;
    page.scan("TR000003").await;
    page.until_text("#word", "Voided").await;
    house.pictures("voided").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_labels_one_is_chosen_by_its_digit_and_a_number_that_begins_with_a_digit_is_a_scan() {
    let Some(house) = House::open(STATION).await else { return };
    let page = &house.chromium;
    let parcel = |number: usize| {
        let mut label = label(number);
        label["order"] = json!("57646999");
        label
    };
    house.submit("wave-1", [parcel(1), parcel(2), label(3)]).await;
    for number in 1..=3 {
        house.until_state(&format!("pkg-{number}"), "printed").await;
    }
    page.scan("57646999").await;
    page.until_text("#word", "Which one?").await;
    page.until_text("#choices", "pkg-2").await;
    house.pictures("choices").await;
    page.scan("57646003").await;
    page.until_text("#word", "Reprinting").await;
    house.until("pkg-3 came out twice", async |house| house.get("/v1/labels/pkg-3").await["copies"] == 2).await;

    page.scan("57646999").await;
    page.until_text("#word", "Which one?").await;
    let second = page.script("return document.querySelector('#choices li:nth-child(2)').innerText").await;
    let chosen = if second.as_str().unwrap().contains("pkg-1") { "pkg-1" } else { "pkg-2" };
    page.type_keys(['2']).await;
    page.until_text("#word", "Reprinting").await;
    house
        .until("the chosen one came out twice", async |house| house.get(&format!("/v1/labels/{chosen}")).await["copies"] == 2)
        .await;
    assert_eq!(house.machine_pieces(), 5, "three labels, two reprints");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_alone_finds_a_label_holds_releases_voids_and_reprints_it_and_sets_the_mode() {
    let Some(house) = House::open(STATION).await else { return };
    let page = &house.chromium;
    house.submit("wave-1", (1..=2).map(label)).await;
    house.until_state("pkg-2", "printed").await;
    house.post("/v1/printers/pack-1/pause", json!({})).await;
    house.submit("wave-2", (3..=4).map(label)).await;
    page.alt('s').await;
    page.scan("TR000003").await;
    page.until_text("#label", "waiting").await;
    page.until_text("#label", "Z** E***, Jena, DE").await;
    page.until("its picture is there", "return document.querySelector('#label img').naturalWidth > 700").await;
    house.pictures("label").await;
    page.alt('h').await;
    page.until_text("#ask-title", "Why is pkg-3 kept back?").await;
    page.type_keys([DOWN, ENTER]).await;
    house.until_state("pkg-3", "held").await;
    page.until_text("#label dd:nth-of-type(2)", "held: the buyer asked to cancel").await;
    page.alt('l').await;
    house.until_state("pkg-3", "waiting").await;

    // A scan into a question changes nothing: its Enter leaves things as they are.
    page.alt('v').await;
    page.until_text("#ask-title", "Void pkg-3?").await;
    house.picture("void").await;
    page.scan("TR000004").await;
    page.until("the question is gone", "return !document.querySelector('dialog[open]')").await;
    assert_eq!(house.state("pkg-3").await, "waiting");
    page.alt('v').await;
    page.type_keys([UP, ENTER]).await;
    house.until_state("pkg-3", "canceled").await;

    page.type_keys([ESCAPE]).await;
    page.until_text("#overview h2", "Printers").await;
    assert_eq!(page.script("return document.activeElement.id").await, json!("scan"));
    page.alt('s').await;
    page.scan("pkg-1").await;
    page.until_text("#label", "printed").await;
    page.alt('r').await;
    page.type_keys([DOWN, DOWN, ENTER]).await;
    house.until_state("pkg-1", "waiting").await;

    page.alt('o').await;
    page.until_text("#modes [aria-pressed=true]", "A scan prints").await;
    page.until_text("#word", "Mode").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_scans_loses_none_and_answers_each_in_its_order() {
    // A minute of it takes a minute: WAYBILLD_STORM=60.
    let seconds: usize = std::env::var("WAYBILLD_STORM").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(15);
    let Some(house) = House::open(STATION).await else { return };
    let page = &house.chromium;
    house.submit("wave-1", (1..=40).map(label)).await;
    for number in 1..=40 {
        house.until_state(&format!("pkg-{number}"), "printed").await;
    }
    for number in 36..=40 {
        house.post(&format!("/v1/labels/pkg-{number}/void"), json!({})).await;
    }
    // Every answer the page shows, as it shows it.
    page.script(
        "window.told = [];
         new MutationObserver((changes) => changes.forEach(() => {
             const { scan, code, scanned } = document.querySelector('#answer').dataset;
             if (Number(scanned) > told.length) told.push(`${scan} ${code}`);
         })).observe(document.querySelector('#answer'), { attributes: true, attributeFilter: ['data-scanned'] });",
    )
    .await;
    let scans: Vec<String> = (0..seconds * 20)
        .map(|number| match number % 10 {
            // One nobody knows, a voided one, an order, in between those that reprint.
            3 => format!("NOBODY{number:04}"),
            7 => format!("TR{:06}", 36 + number / 10 % 5),
            9 => format!("57646{:03}", 1 + number % 35),
            _ => format!("TR{:06}", 1 + number % 35),
        })
        .collect();
    let began = Instant::now();
    for (number, second) in scans.chunks(20).enumerate() {
        page.storm(second).await;
        tokio::time::sleep_until(began + Duration::from_secs(1 + number as u64)).await;
    }
    let took = began.elapsed();
    let all = format!("return told.length === {}", scans.len());
    page.until("every scan is answered", &all).await;
    println!("{} scans in {took:.1?}, the last answered after {:.1?}", scans.len(), began.elapsed());
    house.picture("storm").await;
    let told = page.script("return told").await;
    let told: Vec<&str> = told.as_array().unwrap().iter().filter_map(|line| line.as_str()).collect();
    let order: Vec<&str> = told.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(order, scans);
    for line in told {
        let (scan, code) = line.split_once(' ').unwrap();
        let known: &[&str] = match scan {
            _ if scan.starts_with("NOBODY") => &["unknown"],
            _ if scan >= "TR000036" => &["refused_voided", "repeated"],
            _ => &["reprinting", "refused_waiting", "refused_sending", "repeated"],
        };
        assert!(known.contains(&code), "{line}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deadlines_turn_amber_and_red_in_words_too_and_a_hostile_name_stays_text() {
    let Some(house) = House::open(STATION).await else { return };
    let page = &house.chromium;
    house.post("/v1/printers/pack-1/pause", json!({})).await;
    let hostile = "<img/src=x/onerror=document.title='owned'>";
    for (number, minutes) in [(1, 400), (2, 130), (3, 30), (4, -5)] {
        let mut label = label(number);
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes);
        label["ship_by"] = json!(at.to_string());
        label["order"] = json!(format!("<b>{number}</b>"));
        label["hold"] = json!(hostile);
        house.submit(&format!("wave-{number}"), [label]).await;
    }
    house.submit(hostile, [label(5)]).await;
    for (number, due, words) in
        [(1, "left", "ship by"), (2, "soon", "soon: ship by"), (3, "urgent", "hurry: ship by"), (4, "past", "late:")]
    {
        page.until_text(&format!("[data-job=wave-{number}] .due"), words).await;
        let is = page.script(&format!("return document.querySelector('[data-job=wave-{number}] .due').dataset.due")).await;
        assert_eq!(is, json!(due));
    }
    page.until_text("[data-job=wave-2] .due", "2 h 9 min left").await;
    house.pictures("deadlines").await;
    page.until_text("#waves", hostile).await;
    page.alt('s').await;
    page.scan("TR000003").await;
    page.until_text("#label", &format!("held: {hostile}")).await;
    page.until_text("#label", "<b>3</b>").await;
    page.type_keys([ESCAPE]).await;
    page.scan(&format!("{hostile}9")).await;
    page.until_text("#word", "Unknown").await;
    page.until_text("#scans", hostile).await;
    assert_eq!(page.script("return document.title").await, json!("waybilld"));
    assert_eq!(page.script("return document.querySelectorAll('img[onerror]').length").await, json!(0));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_checked_at_the_page_and_its_bad_rows_are_named_before_anything_is_taken() {
    let sender = "[senders.shop]\nname = \"Little Lamp Shop\"\nlines = [\"8 Quay Street\"]\ncity = \"Bristol\"\n\
        postcode = \"BS1 4DJ\"\ncountry = \"GB\"\n";
    let Some(house) = House::open(sender).await else { return };
    let page = &house.chromium;
    let orders = include_str!("../../samples/orders.csv");
    let (head, rows) = orders.split_once('\n').unwrap();
    let first = rows.lines().next().unwrap();
    let broken = house.file("broken.csv", &format!("{head}\n{}\n", first.split(',').next().unwrap()));
    let sound = house.file("orders.csv", orders);

    page.alt('i').await;
    page.until("the dialog is open", "return document.querySelector('#importing').open").await;
    page.choose_file("#file", &broken).await;
    page.script("document.querySelector('#import-check').focus()").await;
    page.type_keys([ENTER]).await;
    page.until_text("#import-said", "Nothing is taken yet").await;
    page.until_text("#import-rows [data-end=refuses]", "row 2").await;
    assert_eq!(page.script("return document.querySelector('#import-take').disabled").await, json!(true));
    house.picture("import-faults").await;
    assert_eq!(house.get("/v1/jobs").await["jobs"], json!([]));

    page.choose_file("#file", &sound).await;
    page.script("document.querySelector('#import-check').focus()").await;
    page.type_keys([ENTER]).await;
    page.until_text("#import-said", "3 rows are good, 0 are asked about").await;
    assert_eq!(house.get("/v1/jobs").await["jobs"], json!([]));
    page.script("document.querySelector('#import-take').focus()").await;
    page.type_keys([ENTER]).await;
    page.until_text("#import-said", "were taken as import-").await;
    house.picture("import").await;

    // A question is seen before anything is taken, and its box is the answer.
    let asked = house.file(
        "asked.csv",
        "order,tracking,name,line1,city,postcode,country,item\n\
        Z-1,TRZ1,Jana Muster,Musterweg 5,Jena,7743,DE,Lamp\nZ-2,TRZ2,Max Muster,Musterweg 6,Jena,07743,DE,Lamp\n",
    );
    page.choose_file("#file", &asked).await;
    page.script("document.querySelector('#import-check').focus()").await;
    page.type_keys([ENTER]).await;
    page.until_text("#import-rows [data-end=asks]", "Is it 07743?").await;
    page.until_text("#import-take", "Take the rest: 1 labels").await;
    house.picture("import-asks").await;
    page.script("document.querySelector('[data-answer=\"postcode_zero@2\"]').click()").await;
    page.until_text("#import-take", "Take and print 2 labels").await;
    page.script("document.querySelector('#import-take').focus()").await;
    page.type_keys([ENTER]).await;
    page.until_text("#import-said", "2 labels were taken").await;
    assert_eq!(house.get("/v1/labels/TRZ1").await["tracking"], json!("TRZ1"));
    page.type_keys([ESCAPE]).await;
    page.until_text("#waves", "import-").await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_packers_day_by_keyboard_reprints_voids_ships_and_takes_back_and_the_manifest_agrees() {
    let Some(house) = House::open(STATION).await else { return };
    let page = &house.chromium;
    house.machine.control("media 3");
    house.submit("wave-1", (1..=6).map(label)).await;
    page.until_text("[data-printer=pack-1]", "load a roll").await;
    house.machine.control("media 100");
    page.until("the wave is out", "return document.querySelector('[data-job=wave-1]').dataset.done === '6'").await;
    page.scan("TR000001").await;
    page.until_text("#word", "Reprinting").await;
    house.until("it came out twice", async |house| house.get("/v1/labels/pkg-1").await["copies"] == 2).await;

    page.alt('s').await;
    page.scan("pkg-2").await;
    page.until_text("#label", "printed").await;
    page.alt('v').await;
    page.until_text("#ask-title", "Void pkg-2?").await;
    page.type_keys([UP, ENTER]).await;
    house.until_state("pkg-2", "voided").await;
    page.type_keys([ESCAPE]).await;

    page.alt('o').await;
    page.until_text("#modes [aria-pressed=true]", "A scan prints").await;
    page.alt('o').await;
    page.until_text("#modes [aria-pressed=true]", "A scan ships").await;
    for number in [1, 3, 4, 5] {
        page.scan(&format!("TR00000{number}")).await;
        page.until_text("#sentence", &format!("pkg-{number}")).await;
    }
    page.scan("TR000002").await;
    page.until_text("#word", "Voided").await;
    page.scan("TR000003").await;
    page.until_text("#word", "Shipped before").await;
    house.picture("already-shipped").await;
    // The last parcel goes back to the table.
    page.scan("TR000006").await;
    page.until("it is shipped", "return document.querySelector('#word').innerText.includes('Shipped')").await;
    page.alt('u').await;
    page.until_text("#word", "Undone").await;
    house.picture("undone").await;

    let made = house.post("/v1/manifests", json!({"id": "eod-1"})).await;
    let parcels = made["manifests"].as_array().unwrap().iter().map(|manifest| manifest["parcels"].as_u64().unwrap()).sum::<u64>();
    assert_eq!((parcels, &made["missed"]["labels"][0]["id"]), (4, &json!("pkg-6")), "{made}");
    house.until("the manifest is out", async |house| house.machine_pieces() == 6 + 1 + 1).await;
    house.close().await;
}
