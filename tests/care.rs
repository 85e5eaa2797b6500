//! What an operator asks of a printer beside its jobs, and what comes out.

use crate::support::labels::job_for;
use crate::support::shop::Shop;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;
use waybilld::capture::{self, Line, Side};
use waybilld::language::zpl::status::{Reply, ReplyReader};
use waybilld::spool::EventKind;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_prints_its_name_and_a_test_label_and_its_answers_confirm_both() {
    let shop = Shop::of(1).start().await;
    let said = shop.act("/v1/printers/pack-1/identify").await;
    assert_eq!((said.status.as_u16(), said.body["outcome"].as_str()), (200, Some("printed")), "{}", said.body);
    assert_eq!(said.body["sentence"], "printed its name.");
    let said = shop.act("/v1/printers/pack-1/test").await;
    assert_eq!(said.body["sentence"], "printed the test label.");
    let pieces = shop.pieces(1);
    assert_eq!(pieces.len(), 2);
    assert!(pieces[1].iter().any(|field| field.contains("TEST")), "{pieces:?}");
    let by = shop.printer(1).await["confirms_by"].clone();
    assert!(by == "counter" || by == "buffers", "{by}");

    // Jobs go on as if nothing had been, and the ledger knows of their labels only.
    shop.submit(job_for("pack-1", "wave", 1..=2)).await;
    shop.until("both are out", async |shop| shop.printer(1).await["counts"]["printed"] == 2).await;
    assert_eq!(shop.printed(1), ["TR001", "TR002"]);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_label_goes_between_two_labels_of_a_run_and_breaks_nothing() {
    let shop = Shop::of(1).start().await;
    shop.submit(job_for("pack-1", "wave", 1..=8)).await;
    shop.until("the wave has begun", async |shop| !shop.pieces(1).is_empty()).await;
    assert_eq!(shop.act("/v1/printers/pack-1/test").await.body["outcome"], "printed");
    shop.until("the wave is out", async |shop| shop.printer(1).await["counts"]["printed"] == 8).await;
    assert_eq!(shop.printed(1), (1..=8).map(|number| format!("TR{number:03}")).collect::<Vec<_>>());
    let at = shop.pieces(1).iter().position(|fields| fields.iter().any(|field| field.contains("TEST"))).unwrap();
    assert!((1..8).contains(&at), "it came as number {}", at + 1);
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_labels_on_the_roll_the_asker_is_told_so_and_the_label_comes_with_the_new_roll() {
    let shop = Shop::of(1).start().await;
    shop.machine(1).control("media 0");
    let asked = Instant::now();
    let said = shop.act("/v1/printers/pack-1/identify").await;
    assert_eq!((said.status.as_u16(), said.body["outcome"].as_str()), (202, Some("waiting")), "{}", said.body);
    assert_eq!(
        said.body["sentence"],
        "out of labels: load a roll; printing goes on by itself. It prints its name as soon as it can."
    );
    assert!(asked.elapsed() < Duration::from_secs(14), "nobody is kept waiting for a roll");
    shop.machine(1).control("media 10");
    shop.until("it is out", async |shop| shop.pieces(1).len() == 1).await;
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_is_off_takes_no_order_and_prints_none_of_them_when_it_is_back() {
    // Nobody listens at the address of a printer that is off.
    let shop = Shop::of(1).start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = taken.local_addr().unwrap();
    drop(taken);
    shop.daemon.stop().await;
    let config = format!(
        "state = {:?}\nsocket = {:?}\n[printers.pack-1]\ndevice = \"tcp://{nobody}\"\n[printers.pos]\ndevice = \"tcp://127.0.0.1:1\"\nlanguage = \"escpos\"\nmedia = {{ width = 72, height = 150 }}\n",
        shop.folder.path().join("other"),
        shop.folder.path().join("socket")
    );
    let config = waybilld::config::Config::parse("test", &config).unwrap();
    let daemon = waybilld::daemon::start(config).await.unwrap();
    for order in ["identify", "test", "calibrate"] {
        let said = shop.client.post_answer(&format!("/v1/printers/pack-1/{order}"), String::new()).await.unwrap();
        assert_eq!(said.status.as_u16(), 409, "{}", said.body);
        let detail = said.body["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("pack-1: ")
                && detail.contains("was not taken: ")
                && detail.contains(&format!("refuses port {}", nobody.port()))
                && detail.ends_with("switched off?"),
            "{detail}"
        );
    }
    let said = shop.client.post_answer("/v1/printers/pos/calibrate", String::new()).await.unwrap();
    assert_eq!(
        said.body["detail"],
        "pos: the order to calibrate was not taken: escpos has no command for it: calibrate at the printer itself."
    );
    let said = shop.client.post_answer("/v1/printers/pack-9/test", String::new()).await.unwrap();
    assert_eq!(said.body["detail"], "there is no printer of that name. Did you mean \"pack-1\"?");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_printer_takes_orders_of_care_and_no_labels_and_events_tell_of_them() {
    let shop = Shop::of(1).start().await;
    shop.act("/v1/printers/pack-1/pause").await;
    shop.submit(job_for("pack-1", "wave", 1..=1)).await;
    let mut events = shop.client.events(Some(0)).await.unwrap();
    assert_eq!(shop.act("/v1/printers/pack-1/calibrate").await.body["outcome"], "sent");
    assert_eq!(shop.act("/v1/printers/pack-1/identify").await.body["outcome"], "printed");
    assert_eq!((shop.pieces(1).len(), shop.printed(1).len()), (1, 0));
    assert_eq!(shop.printer(1).await["state"], "paused");
    let mut told = Vec::new();
    while told.len() < 2 {
        let event = events.next().await.unwrap();
        if [EventKind::Calibrate, EventKind::Identify].contains(&event.kind) {
            let data: Value = serde_json::from_str(event.data.get()).unwrap();
            told.push((event.kind, data["outcome"].as_str().map(str::to_owned)));
        }
    }
    let told: Vec<(EventKind, &str)> = told.iter().map(|(kind, outcome)| (*kind, outcome.as_deref().unwrap_or("?"))).collect();
    assert_eq!(told, [(EventKind::Calibrate, "sent"), (EventKind::Identify, "printed")]);
    shop.act("/v1/printers/pack-1/resume").await;
    shop.until("the wave is out", async |shop| shop.printed(1) == ["TR001"]).await;
    shop.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_test_label_looks_like_is_shown_without_printing() {
    let shop = Shop::of(1).start().await;
    let answer: Value = shop.printer(1).await;
    assert_eq!((answer["language"].as_str(), answer["template"].as_str()), (Some("zpl"), Some("waybill-100x150")));
    assert!(shop.get("/v1/printers/pack-1/test.png").await.status.is_success());
    assert_eq!(shop.pieces(1).len(), 0);
    shop.stop().await;
}

/// A trace while two labels print whose names go as the printer's own text.
async fn traced(query: &str) -> String {
    let shop = Shop::of(1).each("native_text = true").start().await;
    let mut trace = shop.client.text(&format!("/v1/printers/pack-1/trace{query}")).await.unwrap();
    shop.submit(job_for("pack-1", "wave", 1..=2)).await;
    shop.until("both are out", async |shop| shop.printer(1).await["counts"]["printed"] == 2).await;
    shop.stop().await;
    let mut text = String::new();
    while let Some(piece) = trace.next().await {
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_reads_as_a_capture_and_names_nobody() {
    let text = traced("").await;
    let header: Vec<&str> = text.lines().take(5).collect();
    for (line, begin) in
        header.iter().zip(["# printer: pack-1, zpl, 203 dpi", "# firmware: ", "# transport: tcp", "# date: ", "# notes: "])
    {
        assert!(line.starts_with(begin), "{header:?}");
    }
    let lines = capture::read(&text);
    assert_eq!(
        lines.iter().filter(|line| matches!(line, Line::Label(told) if told.contains(" bytes, blake3 "))).count(),
        2,
        "{text}"
    );
    let mut replies = ReplyReader::default();
    replies.feed(&capture::said(&text, Side::Printer));
    let replies: Vec<Reply> = std::iter::from_fn(|| replies.poll()).collect();
    // Its serial number is one of them.
    assert!(replies.iter().any(|reply| matches!(reply, Reply::HostStatus(_))), "{replies:?}");
    assert!(replies.iter().any(|reply| matches!(reply, Reply::Identity(_))), "who is there is asked first: {replies:?}");
    assert!(capture::said(&text, Side::Host).windows(3).any(|word| word == b"~HS"));
    for word in ["Example", "Musterweg", "Jena", "TR001", "57646001"] {
        assert!(!text.contains(word), "{word} stands in the trace");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_with_labels_says_that_it_holds_personal_data_and_does() {
    let text = traced("?labels=true").await;
    assert!(text.lines().nth(4).unwrap().contains("HOLDS PERSONAL DATA"), "{text}");
    assert!(text.contains("Musterweg") && text.contains("TR001"));
}
