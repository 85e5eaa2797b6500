//! Who is there: addresses that belong to another device, printers that are renamed, idle printers that are looked at, and
//! lines that are let go. Real TCP, with a small ZPL printer of the test's own.

use crate::support::labels::job_for;
use crate::support::shop::Shop;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::time::{Instant, sleep};
use waybilld::cli::client::{Client, DaemonSocket};
use waybilld::config::Config;
use waybilld::daemon::{self, Running};

/// What stands at an address.
#[derive(Debug, Clone, Default)]
struct Device {
    /// Its answer to ~HI; none: it says nothing of what it is.
    says: Option<&'static str>,
    /// What it answers to everything, instead of being a printer.
    instead: Option<&'static str>,
    cover_open: bool,
    count: u64,
    /// Formats that came whole: labels.
    labels: usize,
    heard: Vec<u8>,
    connections: usize,
    open: usize,
}

#[derive(Clone)]
struct Place {
    address: SocketAddr,
    device: Arc<Mutex<Device>>,
}

impl Place {
    fn with(device: Device) -> Place {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = Place { address: listener.local_addr().unwrap(), device: Arc::new(Mutex::new(device)) };
        let device = place.device.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let device = device.clone();
                std::thread::spawn(move || serve(stream, &device));
            }
        });
        place
    }

    fn zebra(says: &'static str) -> Place {
        Place::with(Device { says: Some(says), ..Device::default() })
    }

    /// Another device gets the address.
    fn becomes(&self, device: Device) {
        *self.device.lock().unwrap() = device;
        // The old one has ended its connections by then.
        std::thread::sleep(Duration::from_millis(200));
    }

    /// The widths of labels it was told (^PW), each once.
    fn widths(&self) -> Vec<String> {
        let heard = self.look(|device| String::from_utf8_lossy(&device.heard).into_owned());
        let widths = heard.split("^PW").skip(1).map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
        widths.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    fn look<T>(&self, look: impl FnOnce(&mut Device) -> T) -> T {
        look(&mut self.device.lock().unwrap())
    }
}

fn serve(mut stream: TcpStream, device: &Mutex<Device>) {
    let (born, mut heard, mut buffer) = (device.lock().unwrap().says, Vec::new(), [0; 4096]);
    stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    {
        let mut device = device.lock().unwrap();
        device.connections += 1;
        device.open += 1;
    }
    loop {
        let read = match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => 0,
            Err(_) => break,
        };
        let mut device = device.lock().unwrap();
        if device.says != born {
            break;
        }
        device.heard.extend(&buffer[..read]);
        heard.extend(&buffer[..read]);
        if let Some(instead) = device.instead {
            if read > 0 && stream.write_all(instead.as_bytes()).is_err() {
                break;
            }
            continue;
        }
        while let Some(answer) = answer(&mut heard, &mut device) {
            if stream.write_all(&answer).is_err() {
                break;
            }
        }
    }
    let mut device = device.lock().unwrap();
    device.open = device.open.saturating_sub(1);
}

/// Takes the first command of what was heard; what is said to it. `None`: nothing is whole.
fn answer(heard: &mut Vec<u8>, device: &mut Device) -> Option<Vec<u8>> {
    let find = |what: &[u8]| heard.windows(what.len()).position(|window| window == what).map(|at| at + what.len());
    let words: [&[u8]; 5] = [b"~HI", b"~HS", b"~HQES", b"\"\r\n", b"^XZ"];
    let (word, end) = words.iter().filter_map(|word| find(word).map(|end| (*word, end))).min_by_key(|(_, end)| *end)?;
    let said: Vec<u8> = heard.drain(..end).collect();
    Some(match word {
        b"~HI" => device.says.map(|says| format!("\x02{says}\x03\r\n").into_bytes()).unwrap_or_default(),
        b"~HS" if device.says.is_some() && !device.cover_open => {
            b"\x02030,0,0,1215,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n".to_vec()
        }
        b"~HQES" if device.says.is_some() => {
            let (flag, bits) = if device.cover_open { (1, 4) } else { (0, 0) };
            format!(
                "\x02\r\n\r\n  PRINTER STATUS\r\n   ERRORS:         {flag} 00000000 {bits:08X}\r\n   WARNINGS:       0 00000000 \
                 00000000\r\n\x03"
            )
            .into_bytes()
        }
        b"\"\r\n" if device.says.is_some() => match said.windows(8).any(|window| window == b"odometer") {
            true => format!("\"{}\"", device.count).into_bytes(),
            false => b"\"?\"".to_vec(),
        },
        b"^XZ" => {
            device.labels += 1;
            device.count += 1;
            Vec::new()
        }
        _ => Vec::new(),
    })
}

struct House {
    folder: TempDir,
    daemon: Option<Running>,
    client: Client,
}

impl House {
    async fn of(printers: &str) -> House {
        let folder = tempfile::tempdir().unwrap();
        let client = Client::new(&DaemonSocket { socket: Some(folder.path().join("socket")) });
        let mut house = House { folder, daemon: None, client };
        house.start(printers).await;
        house
    }

    /// Starts the daemon, or starts it again with other printers.
    async fn start(&mut self, printers: &str) {
        if let Some(daemon) = self.daemon.take() {
            daemon.stop().await;
        }
        let folder = self.folder.path();
        let text = format!("state = {:?}\nsocket = {:?}\n{printers}", folder.join("state"), folder.join("socket"));
        self.daemon = Some(daemon::start(Config::parse("test", &text).unwrap()).await.unwrap());
    }

    async fn submit(&self, id: &str, printer: &str, numbers: std::ops::Range<usize>) {
        let answer = self.client.post_answer("/v1/jobs", job_for(printer, id, numbers).to_string()).await.unwrap();
        assert!(answer.status.is_success(), "{}", answer.body);
    }

    async fn get(&self, path: &str) -> Value {
        self.client.get_answer(path).await.unwrap().body
    }

    async fn printer(&self) -> Value {
        self.get("/v1/printers").await["printers"][0].clone()
    }

    async fn counts(&self, job: &str) -> Value {
        self.get(&format!("/v1/jobs/{job}")).await["counts"].clone()
    }

    async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !holds().await {
            assert!(Instant::now() < deadline, "never happened: {what}\n{:#}", self.get("/v1/printers").await);
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_over(&self, job: &str) {
        let over = async || {
            let counts = self.counts(job).await;
            counts.get("waiting").is_none() && counts.get("sending").is_none()
        };
        self.until(job, over).await;
    }

    async fn until_reason(&self, reason: &str) {
        self.until(reason, async || self.printer().await["reasons"][0] == reason).await;
    }
}

const ZEBRA: &str = "GK420d-200dpi,V61.17.16Z,8,2104KB";

fn at(place: &Place, name: &str) -> String {
    format!("[printers.{name}]\ndevice = \"tcp://{}\"\nlabel_ms = 200\n", place.address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_another_printer_has_gets_no_label_until_it_is_adopted() {
    let place = Place::zebra(ZEBRA);
    let house = House::of(&at(&place, "p")).await;
    house.submit("a", "p", 1..3).await;
    house.until_over("a").await;
    place.becomes(Device { says: Some("ZD421-300dpi,V93.21.07Z,12,8192KB"), ..Device::default() });
    house.submit("b", "p", 3..5).await;
    house.until_reason("other_device").await;
    let printer = house.printer().await;
    let sentence = printer["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("expected GK420d-200dpi, 8 dots/mm, found ZD421-300dpi, 12 dots/mm: nothing is sent"),
        "{sentence}"
    );
    assert_eq!(printer["state"], "stopped");
    place.look(|device| {
        assert_eq!(device.labels, 0);
        let heard = String::from_utf8_lossy(&device.heard);
        assert!(!heard.contains("^XA"), "nothing of a label was sent: {heard}");
    });
    let adopted = house.client.post_answer("/v1/printers/p/adopt", "{}".to_owned()).await.unwrap();
    assert_eq!(adopted.status.as_u16(), 200, "{}", adopted.body);
    house.until_over("b").await;
    assert_eq!(place.look(|device| device.labels), 2);
    // What else it is sent is drawn for its own head too: a label of another width would cut off all after it.
    assert_eq!(house.printer().await["dpi"], 300);
    let named = house.client.post_answer("/v1/printers/p/identify", "{}".to_owned()).await.unwrap();
    assert_eq!(named.status.as_u16(), 200, "{}", named.body);
    assert_eq!(place.widths(), ["1181"], "100 mm at 12 dots a millimetre");
    let again = house.client.post_answer("/v1/printers/p/adopt", "{}".to_owned()).await.unwrap();
    assert_eq!(again.status.as_u16(), 409, "{}", again.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_web_server_at_the_address_gets_no_label_and_cannot_be_adopted() {
    let place = Place::zebra(ZEBRA);
    let house = House::of(&at(&place, "p")).await;
    house.submit("a", "p", 1..2).await;
    house.until_over("a").await;
    place.becomes(Device { instead: Some("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"), ..Device::default() });
    house.submit("b", "p", 2..3).await;
    house.until_reason("other_device").await;
    let sentence = house.printer().await["sentence"].as_str().unwrap().to_owned();
    assert!(sentence.starts_with("a web server is at tcp://"), "{sentence}");
    // What it is asked may come out of it as text: nobody who looks or scans has it asked again before its time.
    let connections = place.look(|device| device.connections);
    house.get("/v1/printers?look=true").await;
    sleep(Duration::from_millis(300)).await;
    assert_eq!(place.look(|device| device.connections), connections);
    let adopted = house.client.post_answer("/v1/printers/p/adopt", "{}".to_owned()).await.unwrap();
    assert_eq!(adopted.status.as_u16(), 409, "{}", adopted.body);
    assert!(!place.look(|device| String::from_utf8_lossy(&device.heard).contains("^XA")));
    assert_eq!(house.counts("b").await["waiting"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_of_a_printer_that_was_renamed_are_named_and_can_be_moved() {
    let place = Place::zebra(ZEBRA);
    let mut house = House::of(&at(&place, "pack-1")).await;
    let paused = house.client.post_answer("/v1/printers/pack-1/pause", "{}".to_owned()).await.unwrap();
    assert!(paused.status.is_success());
    house.submit("a", "pack-1", 1..4).await;
    house.start(&at(&place, "table-1")).await;
    let orphaned = house.get("/v1/printers").await["orphaned"].clone();
    assert_eq!((&orphaned[0]["name"], &orphaned[0]["counts"]["waiting"]), (&"pack-1".into(), &3.into()));
    assert_eq!(
        orphaned[0]["sentence"],
        "pack-1 is not in the configuration any more and has labels: 3 waiting. `waybilld move --from pack-1 --to table-1` moves \
         them."
    );
    let wrong = house.client.post_answer("/v1/printers/pack-9/move", r#"{"to":"table-1"}"#.to_owned()).await.unwrap();
    assert_eq!(wrong.status.as_u16(), 404, "{}", wrong.body);
    let moved = house.client.post_answer("/v1/printers/pack-1/move", r#"{"to":"table-1"}"#.to_owned()).await.unwrap();
    assert_eq!((moved.status.as_u16(), &moved.body["labels"]), (200, &3.into()), "{}", moved.body);
    house.until_over("a").await;
    assert_eq!(place.look(|device| device.labels), 3);
    assert!(house.get("/v1/printers").await.get("orphaned").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_printer_is_not_fine_before_it_was_looked_at() {
    let place = Place::with(Device { says: Some(ZEBRA), cover_open: true, ..Device::default() });
    let house = House::of(&at(&place, "p")).await;
    let up = async || house.client.text("/metrics").await.unwrap().next().await.unwrap();
    let printer = house.printer().await;
    assert!(printer.get("reached_at").is_none() && printer.get("not_reached_since").is_none(), "{printer}");
    assert!(String::from_utf8_lossy(&up().await).contains("waybilld_printer_up{printer=\"p\"} 0"));
    let looked = house.get("/v1/printers?look=true").await["printers"][0].clone();
    assert_eq!(looked["state"], "stopped", "{looked}");
    assert_eq!(looked["reasons"][0].as_str().unwrap().replace('-', "_"), "cover_open", "{looked}");
    assert!(looked["reached_at"].is_string(), "{looked}");
    assert!(String::from_utf8_lossy(&up().await).contains("waybilld_printer_up{printer=\"p\"} 1"));
    let connections = place.look(|device| device.connections);
    house.get("/v1/printers?look=true").await;
    assert_eq!(place.look(|device| device.connections), connections, "not again within ten seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_not_used_is_left_to_other_computers() {
    let place = Place::zebra(ZEBRA);
    let house = House::of(&(at(&place, "p") + "idle_close = 1\n")).await;
    house.submit("a", "p", 1..3).await;
    house.until_over("a").await;
    assert_eq!(place.look(|device| device.open), 1);
    house.until("the line is let go", async || place.look(|device| device.open) == 0).await;
    house.submit("b", "p", 3..5).await;
    house.until_over("b").await;
    assert_eq!(place.look(|device| device.labels), 4);
    assert!(house.counts("b").await.get("in_doubt").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_opens_a_line_and_breaks_none() {
    let place = Place::zebra(ZEBRA);
    let house = House::of(&(at(&place, "p") + "[stations.bench]\nprinter = \"p\"\n")).await;
    let scan = async || {
        let scan = r#"{"station":"bench","text":"NOTHING"}"#.to_owned();
        house.client.post_answer("/v1/scan", scan).await.unwrap();
    };
    scan().await;
    house.until("the line is opened", async || place.look(|device| device.connections) == 1).await;
    house.submit("a", "p", 1..3).await;
    house.until_over("a").await;
    for _ in 0..3 {
        scan().await;
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(place.look(|device| device.connections), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_is_not_let_go_while_the_printer_measures_its_media() {
    let place = Place::zebra(ZEBRA);
    let house = House::of(&(at(&place, "p") + "idle_close = 1\n")).await;
    let told = house.client.post_answer("/v1/printers/p/calibrate", "{}".to_owned()).await.unwrap();
    assert_eq!(told.body["outcome"], "sent", "{}", told.body);
    sleep(Duration::from_millis(2500)).await;
    assert_eq!(place.look(|device| device.open), 1, "labels are told to wait for it on this line");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_adopted_printer_that_names_itself_later_is_printed_for_as_it_is() {
    let place = Place::zebra(ZEBRA);
    let house = House::of(&at(&place, "p")).await;
    house.submit("a", "p", 1..2).await;
    house.until_over("a").await;
    place.becomes(Device { instead: Some("?\r\n"), ..Device::default() });
    house.submit("b", "p", 2..3).await;
    house.until_reason("other_device").await;
    place.becomes(Device::default());
    let adopted = house.client.post_answer("/v1/printers/p/adopt", "{}".to_owned()).await.unwrap();
    assert_eq!(adopted.status.as_u16(), 200, "{}", adopted.body);
    house.until_over("b").await;
    assert_eq!(place.widths(), ["800"]);
    place.becomes(Device { says: Some("ZD421-300dpi,V93.21.07Z,12,8192KB"), ..Device::default() });
    house.submit("c", "p", 3..4).await;
    house.until_over("c").await;
    assert_eq!(place.widths(), ["1181"]);
    assert_eq!(house.printer().await["dpi"], 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_is_switched_off_is_not_shown_as_it_stood_before() {
    let each = "idle_close = 1";
    let mut shop = Shop::of(1).each(each).config("[stations.bench]\nprinter = \"pack-1\"").start().await;
    shop.machine(1).control("cover open");
    shop.get("/v1/printers?look=true").await;
    assert_eq!(shop.printer(1).await["reasons"][0], "cover_open");
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(shop.printer(1).await["reasons"][0], "cover_open", "the line was let go, and nothing else is known");
    shop.unplug(1).await;
    shop.scan("bench", "NOTHING").await;
    shop.until("it is off", async |shop| shop.printer(1).await["state"] == "offline").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_printer_that_takes_long_to_connect_is_not_called_fine_meanwhile() {
    // A queue of connections that is full: whoever comes next hears nothing.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting: Vec<_> = (0..4).map(|_| tokio::spawn(tokio::net::TcpStream::connect(address))).collect();
    sleep(Duration::from_millis(200)).await;
    let house = House::of(&format!("[printers.p]\ndevice = \"tcp://{address}\"\n")).await;
    let looked = house.get("/v1/printers?look=true").await["printers"][0].clone();
    assert_eq!(looked["sentence"], "being looked at: it has not answered yet.", "{looked}");
    house.until("it is off", async || house.printer().await["state"] == "offline").await;
    drop((listener, waiting));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_label_that_was_cut_short_is_ended_before_the_printer_is_asked_who_it_is() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, lines) = std::sync::mpsc::channel::<Vec<u8>>();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let heard = tspl_until_a_picture_begins(stream);
            if tell.send(heard).is_err() {
                return;
            }
        }
    });
    let house = House::of(&format!("[printers.p]\ndevice = \"tcp://{address}\"\nlanguage = \"tspl\"\nlabel_ms = 200\n")).await;
    house.submit("a", "p", 1..4).await;
    let heard = async || {
        let line = lines.try_recv().ok();
        if line.is_none() {
            sleep(Duration::from_millis(20)).await;
        }
        line
    };
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut broken = Vec::new();
    while broken.len() < 2 && Instant::now() < deadline {
        broken.extend(heard().await);
    }
    let at = |line: &[u8], what: &[u8]| line.windows(what.len()).position(|window| window == what);
    assert_eq!(at(&broken[0], b"~!T"), Some(0), "nothing was cut short before");
    let (ended, asked) = (at(&broken[1], b"CLS\r\n").expect("it is ended"), at(&broken[1], b"~!T").expect("it is asked"));
    assert!(ended < asked, "the picture that was cut short has the question: {ended} {asked}");
}

/// A TSPL printer that hangs up in the middle of a label; what it heard.
fn tspl_until_a_picture_begins(mut stream: TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (mut heard, mut answered, mut buffer) = (Vec::new(), 0, [0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        heard.extend(&buffer[..count]);
        let find = |what: &[u8]| heard[answered..].windows(what.len()).position(|window| window == what);
        if find(b"BITMAP").is_some() {
            break;
        }
        let answers: [(&[u8], &[u8]); 2] = [(b"~!T", b"DA210\r\n"), (b"\x1b!S", b"\x02@@@@\x03")];
        for (_, answer) in answers.into_iter().filter(|(question, _)| find(question).is_some()) {
            let _ = stream.write_all(answer);
        }
        answered = heard.len();
    }
    heard
}
