//! The configuration: one TOML file, read once and checked whole; with no file, one virtual printer and the defaults.
//!
//! ```
//! let text = r#"
//! state = "/var/lib/waybilld"             # the ledger lives here
//! socket = "/run/waybilld/waybilld.sock"
//! templates = "/etc/waybilld/templates"   # *.toml; one named as a shipped one replaces it
//! maps = "/etc/waybilld/maps"             # the same of field maps, for imports
//!
//! [printers.pack-1]
//! device = "tcp://192.168.1.50:9100"      # or "usb://0a5f:0166?serial=D1J194700123", "serial:/dev/ttyS0?baud=9600", "virtual:zpl"
//! model = "zebra-gk420d"                  # a table of src/models/models.toml, for the keys that are not given here
//! language = "zpl"
//! dpi = 203                               # 203, 300 or 600
//! media = { width = 100, height = 150, tracking = "gap", gap = 3, offset = [0, 0] }   # mm; gap, mark or continuous
//! width_dots = 832                        # what the head prints; escpos: 72 mm unless this or the model says otherwise
//! template = "waybill-100x150"            # for labels that name none; the variant of it for this media
//! darkness = 18                           # zpl 0 to 30, tspl 0 to 15
//! speed = 4                               # inch/s
//! mode = "tear"                           # tear, peel or cut
//! offset = [0.5, -1.0]                    # mm to the right, mm down; that of the media is added
//! upside_down = false                     # true: the last row comes out first
//! mirror = false                          # true: left and right changed over
//! native_text = false                     # true: Latin text in the printer's own font, for slow lines
//! status = "auto"                         # none: it never answers, do not ask
//! confirm = "auto"                        # zpl: counter, buffers; tspl and escpos: echo, none
//! window = 2                              # labels on the wire without proof, 1 to 8
//! label_ms = 2500                         # the longest a label takes; without it reckoned from media and speed
//! idle_close = 30                         # seconds without a label until a network printer is left to others; 0: never
//! group = "table"                         # printers of one media that share the jobs sent to this name
//!
//! [printers.receipts]
//! device = "usb://04b8:0e28?port=1-2"
//! language = "escpos"
//! feed = "roll"                           # (escpos) on to the next label: roll, ff, gs-ff or fs-l
//! page_mode = false                       # (escpos) true: it draws a whole label in memory first
//! media = { width = 72, height = 150, tracking = "continuous" }
//!
//! [senders.shenzhen]
//! name = "Shenzhen Sample Trading Co., Ltd."
//! lines = ["Rm 1203, Bldg B, Sample Tech Park", "Nanshan District"]
//! city = "Shenzhen"
//! region = "Guangdong"
//! postcode = "518000"
//! country = "CN"
//!
//! [stations.bench-1]                      # a pack station: see `config/stations.rs`
//! printer = "pack-1"
//!
//! [webhooks.erp]                          # a program that gets events by HTTP POST
//! url = "http://127.0.0.1:9000/hook"      # this machine, or a private host named in `allow_host`
//! secret_file = "/etc/waybilld/erp.key"   # or `secret`; signs every delivery
//! events = ["printed", "in_doubt"]        # all when left out
//!
//! [limits]
//! run = 50          # labels of one run, at most 50
//! body_mb = 8       # the largest request
//! keep_days = 30    # names and addresses are erased from the ledger after that
//! group_patience = 60   # seconds a printer of a group may stand still before its labels go to another
//! hold_after = 0    # seconds: after an outage so long, labels that waited longer are held; 0: they all print
//!
//! [console]
//! listen = "127.0.0.1:8631"   # the page in this PC's browser; off without this table
//! token_file = "/etc/waybilld/console-token"   # else a token of our making lies beside the ledger
//! "#;
//! let config = waybilld::config::Config::parse("config.toml", text).unwrap();
//! assert_eq!(config.printers["pack-1"].dpi.nominal(), 203);
//!
//! let slip = text.replace("language = \"zpl\"", "language = \"zlp\"");
//! let faults = waybilld::config::Config::parse("config.toml", &slip).unwrap_err();
//! assert_eq!(faults[0].to_string(), "config.toml:10: `language` cannot be \"zlp\". Known: zpl, tspl, escpos.");
//! ```

mod console;
mod paths;
mod printers;
mod stations;
mod values;
pub mod webhooks;

pub use console::ConsoleConfig;
pub use paths::default_socket;
pub use printers::PrinterConfig;
pub use stations::{Mode, StationConfig};
pub use values::is_name;

use crate::fault::FileFault;
use crate::toml_file::{self, Table};
use crate::waybill::{Party, Senders, json::Node};
use paths::default_state;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use values::within;
use webhooks::Webhook;

/// The template of a printer, and of a label, that names none.
pub const DEFAULT_TEMPLATE: &str = "waybill-100x150";

/// Everything an operator may choose.
#[derive(Debug, Clone)]
pub struct Config {
    pub state: PathBuf,
    pub socket: PathBuf,
    pub templates: Option<PathBuf>,
    pub maps: Option<PathBuf>,
    pub printers: BTreeMap<String, PrinterConfig>,
    pub senders: Senders,
    pub stations: BTreeMap<String, StationConfig>,
    pub limits: Limits,
    /// Programs that get events.
    pub webhooks: BTreeMap<String, Webhook>,
    /// The page in the browser, if there is to be one.
    pub console: Option<ConsoleConfig>,
}

/// How much is taken at once, and how long it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub run: usize,
    pub body_bytes: usize,
    pub keep_days: u32,
    /// How long a printer of a group may stand still before its labels go to another.
    pub group_patience: Duration,
    /// After an outage of a printer so long, labels that have waited for longer are held; `None`: they print.
    pub hold_after: Option<Duration>,
}

/// Labels of one job.
pub const LABELS_MAX: usize = 500;
/// Labels of one run: no configuration goes above it.
pub const RUN_MAX: usize = 50;

impl Default for Limits {
    fn default() -> Limits {
        Limits { run: RUN_MAX, body_bytes: 8 << 20, keep_days: 30, group_patience: Duration::from_secs(60), hold_after: None }
    }
}

impl Config {
    /// The configuration without a file: one virtual ZPL printer, the shipped templates, state under the user's own folders.
    pub fn embedded() -> Config {
        // The virtual printer feeds 6 inch/s and needs 1.1 s for a label.
        let text = "[printers.virtual]\ndevice = \"virtual:zpl\"\nlabel_ms = 1200\n";
        Config::parse("the embedded default", text).expect("the embedded default is tested")
    }

    /// The printers of that group, by name; empty when there is no such group.
    pub fn group(&self, group: &str) -> Vec<(&str, &PrinterConfig)> {
        let printers = self.printers.iter().filter(|(_, printer)| printer.group.as_deref() == Some(group));
        printers.map(|(name, printer)| (name.as_str(), printer)).collect()
    }

    /// Reads a configuration; every fault of it at once.
    pub fn parse(file: &str, text: &str) -> Result<Config, Vec<FileFault>> {
        toml_file::read(file, text, |mut top| {
            let state = top.text("state").map_or_else(default_state, PathBuf::from);
            let socket = top.text("socket").map_or_else(default_socket, PathBuf::from);
            let templates = top.text("templates").map(PathBuf::from);
            let maps = top.text("maps").map(PathBuf::from);
            let printers = printers::read(&mut top);
            let mut senders = Vec::new();
            for (name, mut table) in top.named_tables("senders") {
                match Party::parse_sender(&sender(&mut table)) {
                    Ok(party) => senders.push((name.to_owned(), party)),
                    Err(faults) => faults.iter().for_each(|fault| {
                        table.fault_at(table.line(), format!("sender \"{name}\": {fault}"));
                    }),
                }
            }
            let stations = stations::read(&mut top, &printers);
            let webhooks = webhooks::read(&mut top);
            let limits = top.table("limits").map_or_else(Limits::default, |mut table| {
                let Limits { run, body_bytes, keep_days, group_patience, .. } = Limits::default();
                Limits {
                    run: within(&mut table, "run", 1, RUN_MAX as i64).map_or(run, |run| run as usize),
                    body_bytes: within(&mut table, "body_mb", 1, 64).map_or(body_bytes, |mb| (mb as usize) << 20),
                    keep_days: within(&mut table, "keep_days", 1, 3650).map_or(keep_days, |days| days as u32),
                    group_patience: within(&mut table, "group_patience", 0, 86_400)
                        .map_or(group_patience, |seconds| Duration::from_secs(seconds as u64)),
                    hold_after: within(&mut table, "hold_after", 0, 30 * 86_400)
                        .filter(|seconds| *seconds > 0)
                        .map(|seconds| Duration::from_secs(seconds as u64)),
                }
            });
            let console = top.table("console").and_then(|mut table| console::read(&mut table));
            let senders = senders.into_iter().collect();
            Config { state, socket, templates, maps, printers, senders, stations, limits, webhooks, console }
        })
    }
}

/// A sender's table as the object a job would give.
fn sender(table: &mut Table<'_>) -> Node {
    let mut fields = Vec::new();
    for key in ["name", "company", "phone", "city", "region", "postcode", "country"] {
        if let Some(text) = table.text(key) {
            fields.push((key.to_owned(), Node::Text(text.to_owned())));
        }
    }
    if let Some(lines) = table.texts("lines") {
        let lines = lines.into_iter().map(|line| Node::Text(line.to_owned())).collect();
        fields.push(("lines".to_owned(), Node::List(lines)));
    }
    Node::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dots::{Dots, Dpi, Mm, Point};
    use crate::language::{Language, PrintMode, escpos};

    #[test]
    fn without_a_file_there_is_one_virtual_printer() {
        let config = Config::embedded();
        assert_eq!(config.printers.len(), 1);
        assert_eq!(config.printers["virtual"].device.to_string(), "virtual:zpl");
    }

    #[test]
    fn media_wider_than_the_head_is_refused_before_a_label_is_cut() {
        let printer = "[printers.a]\ndevice = \"tcp://10.0.0.9:9100\"\nlanguage = \"escpos\"\n";
        let read = |more: &str| Config::parse("c.toml", &format!("{printer}{more}"));
        assert_eq!(
            read("media = { width = 80, height = 150 }\n").unwrap_err()[0].to_string(),
            "c.toml:4: the media is 80 mm wide, but the head prints 72 mm (576 dots): let `media` be what it prints, or say \
             with `width_dots` that this head is wider."
        );
        assert!(read("").is_err(), "the usual 100 mm are wider too");
        let config = read("media = { width = 72, height = 150, tracking = \"continuous\" }\n").unwrap();
        assert_eq!(config.printers["a"].width_dots, Some(Dots(576)));
        assert!(read("media = { width = 100, height = 150 }\nwidth_dots = 832\n").is_ok());
    }

    #[test]
    fn every_slip_of_a_file_is_told_with_its_line() {
        let text = "sokcet = \"x\"\n[printers.a]\ndevice = \"telepathy:1\"\ndpi = 200\ndarkness = 31\n[limits]\nrun = 51\n";
        let faults = Config::parse("c.toml", text).unwrap_err();
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 3, 4, 5, 7], "{faults:#?}");
        assert!(faults[0].message.contains("Did you mean \"socket\"?"));
    }

    #[test]
    fn printers_on_usb_and_serial_lines_are_taken_and_one_port_has_one_name() {
        let text = "[printers.a]\ndevice = \"usb://0a5f:0166?serial=A\"\n[printers.b]\ndevice = \"serial:/dev/ttyS0\"\n";
        assert_eq!(Config::parse("c.toml", text).expect("no fault").printers["b"].device.to_string(), "serial:/dev/ttyS0");
        let text = format!("{text}[printers.c]\ndevice = \"serial:/dev/ttyS0?baud=19200\"\n");
        let faults = Config::parse("c.toml", &text).unwrap_err();
        assert_eq!(faults[0].message, "printers b and c have the same device: one printer, one name.");
    }

    fn printer(text: &str) -> PrinterConfig {
        let config = Config::parse("c.toml", &format!("[printers.a]\ndevice = \"tcp://10.0.0.7\"\n{text}"));
        config.expect("no fault").printers["a"].clone()
    }

    fn fault(text: &str) -> String {
        let faults = Config::parse("c.toml", &format!("[printers.a]\ndevice = \"tcp://10.0.0.7\"\n{text}")).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults[0].to_string()
    }

    #[test]
    fn a_model_says_what_the_file_does_not_and_the_file_says_it_louder() {
        let narrow = "media = { width = 50, height = 150 }\n";
        let l90 = printer(&format!("model = \"epson-tm-l90\"\n{narrow}"));
        assert_eq!((l90.language, l90.dpi, l90.echo), (Language::EscPos, Dpi::D203, Some(true)));
        let escpos::Options { page_mode, feed, width_dots } = l90.options.escpos;
        assert_eq!((page_mode, feed, width_dots), (true, escpos::Feed::LabelFeed, Some(Dots(576))));
        let more = "page_mode = false\nfeed = \"roll\"\nwidth_dots = 400\nconfirm = \"none\"\n";
        let set = printer(&format!("model = \"epson-tm-l90\"\n{narrow}{more}"));
        let options = escpos::Options { width_dots: Some(Dots(400)), ..escpos::Options::default() };
        assert_eq!((set.options.escpos, set.echo), (options, Some(false)));

        let cutter = printer(&format!("model = \"citizen-ct-s651\"\n{narrow}"));
        assert_eq!(cutter.setup.mode, PrintMode::Cut);
        assert_eq!(printer(&format!("model = \"citizen-ct-s651\"\nmode = \"tear\"\n{narrow}")).setup.mode, PrintMode::Tear);

        let old = printer("model = \"zebra-lp2844-z\"\n");
        assert_eq!((old.language, old.counter, old.asked), (Language::Zpl, false, true));
        assert!(printer("model = \"zebra-lp2844-z\"\nconfirm = \"counter\"\n").counter);
        assert!(!printer("model = \"rongta-rp425\"\n").asked && printer("model = \"rongta-rp425\"\nstatus = \"auto\"\n").asked);
        // Set to another language, its model's facts are of no use.
        assert_eq!(printer(&format!("model = \"epson-tm-l90\"\nlanguage = \"tspl\"\n{narrow}")).echo, None);
    }

    #[test]
    fn a_model_nobody_knows_or_that_no_label_fits_is_refused() {
        let known = fault("model = \"zebra-gk420b\"\n");
        assert_eq!(known, "c.toml:3: no printer model \"zebra-gk420b\" is known. Did you mean \"zebra-gk420d\"?");
        let unknown = fault("model = \"daisywheel\"\n");
        assert!(unknown.ends_with("is known. Leave `model` out, and give `language` and `dpi`."), "{unknown}");
        let coarse = fault("model = \"epson-tm-t88v\"\n");
        assert!(coarse.starts_with("c.toml:3: the Epson TM-T88V has 180 dpi, and labels are drawn for"), "{coarse}");
    }

    #[test]
    fn what_only_some_languages_know_is_refused_for_the_others() {
        assert_eq!(fault("feed = \"ff\"\n"), "c.toml:3: `feed` is for printers that speak escpos; this one speaks zpl.");
        assert_eq!(fault("confirm = \"echo\"\n"), "c.toml:3: `confirm` cannot be \"echo\". Known: auto, counter, buffers.");
    }

    #[test]
    fn a_station_stands_at_the_only_printer_and_must_name_one_of_several() {
        let one = "[printers.a]\ndevice = \"tcp://10.0.0.7\"\n";
        let config = Config::parse("c.toml", &format!("{one}[stations.bench-1]\nmode = \"ship\"\nslip = true\n")).unwrap();
        let station = StationConfig { printer: "a".to_owned(), mode: Mode::Ship, slip: true, scanner: None };
        assert_eq!(config.stations["bench-1"], station);
        let two = format!("{one}[printers.b]\ndevice = \"tcp://10.0.0.8\"\n[stations.x]\n[stations.y]\nprinter = \"c\"\n");
        let faults = Config::parse("c.toml", &two).unwrap_err();
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [5, 7], "{faults:#?}");
    }

    #[test]
    fn a_scanner_reads_for_one_station_and_is_no_printers_port() {
        let one = "[printers.a]\ndevice = \"serial:/dev/ttyS0\"\n";
        let station = |name: &str, scanner: &str| format!("[stations.{name}]\nscanner = \"{scanner}\"\n");
        let twins = station("x", "hid:0c2e:0b61?port=1-2") + &station("y", "hid:0c2e:0b61?port=1-3&layout=de");
        let config = Config::parse("c.toml", &format!("{one}{twins}")).unwrap();
        assert_eq!(config.stations["y"].scanner.as_ref().unwrap().to_string(), "hid:0c2e:0b61?port=1-3&layout=de");
        let same = station("x", "hid:0c2e:0b61") + &station("y", "hid:0c2e:0b61?layout=de");
        let wrong = same + &station("z", "serial:/dev/ttyS0?baud=115200") + &station("zz", "usb://0c2e:0b61");
        let faults = Config::parse("c.toml", &format!("{one}{wrong}")).unwrap_err();
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "c.toml:6: station x has that scanner: give each its own, twins by their `port`.",
                "c.toml:8: that is the port of printer a: name the scanner's.",
                "c.toml:10: usb://0c2e:0b61: not a scanner. Write hid:VENDOR:PRODUCT or serial:/dev/…; `waybilld scanners` lists \
                 what is plugged in.",
            ]
        );
    }

    #[test]
    fn the_offset_of_the_roll_is_added_to_that_of_the_printer() {
        let both = printer("offset = [1, -2]\nmedia = { width = 100, height = 150, offset = [0.5, 1] }\n");
        assert_eq!(both.setup.offset, Point::new(both.dpi.dots(Mm(1.5)), both.dpi.dots(Mm(-1.0))));
    }

    #[test]
    fn a_virtual_printer_is_fed_the_language_it_speaks() {
        let text = "[printers.a]\ndevice = \"virtual:tspl\"\n";
        assert_eq!(Config::parse("c.toml", text).expect("no fault").printers["a"].language, Language::Tspl);
        let faults = Config::parse("c.toml", &format!("{text}language = \"zpl\"\n")).unwrap_err();
        assert_eq!(faults[0].message, "the virtual printer speaks tspl, but `language` is zpl: leave `language` out.");
    }

    #[test]
    fn a_group_of_unlike_printers_or_with_a_printers_name_is_refused_by_line() {
        let printer =
            |name: &str, more: &str| format!("[printers.{name}]\ndevice = \"tcp://10.0.0.1:{}\"\n{more}\n", 9100 + name.len());
        let alike = printer("a", "group = \"table\"") + &printer("bb", "group = \"table\"") + &printer("ccc", "dpi = 300");
        let config = Config::parse("c.toml", &alike).unwrap();
        assert_eq!(config.group("table").iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["a", "bb"]);
        let unlike =
            printer("a", "group = \"table\"") + &printer("bb", "group = \"table\"\ndpi = 300") + &printer("ccc", "group = \"a\"");
        let faults = Config::parse("c.toml", &unlike).unwrap_err();
        let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "c.toml:6: bb has another `dpi` than a: printers of a group print each other's labels. Give them the same, or take \
                 one out of group \"table\".",
                "c.toml:10: `group` is \"a\", which is a printer's name: a job could mean either. Choose another.",
            ]
        );
    }
}
