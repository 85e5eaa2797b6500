//! The configuration: one TOML file, read once and checked whole; with no file, a house that stands by itself.
//!
//! ```
//! let text = r#"
//! state = "/var/lib/waybilld"             # the ledger lives here
//! socket = "/run/waybilld/waybilld.sock"
//! templates = "/etc/waybilld/templates"   # *.toml; one named as a shipped one replaces it
//!
//! [printers.pack-1]
//! device = "tcp://192.168.1.50:9100"      # or "usb://0a5f:0166?serial=D1J194700123", "serial:/dev/ttyS0?baud=9600", "virtual:zpl"
//! language = "zpl"
//! dpi = 203                               # 203, 300 or 600
//! media = { width = 100, height = 150, tracking = "gap", gap = 3 }   # mm; gap, mark or continuous
//! width_dots = 832                        # what the head prints; escpos: 72 mm unless this says otherwise
//! template = "waybill-100x150"            # for labels that name none; the variant of it for this media
//! darkness = 18                           # zpl 0 to 30, tspl 0 to 15
//! speed = 4                               # inch/s
//! mode = "tear"                           # tear, peel or cut
//! offset = [0.5, -1.0]                    # mm to the right, mm down
//! upside_down = false                     # true: the last row comes out first
//! mirror = false                          # true: left and right changed over
//! native_text = false                     # true: Latin text in the printer's own font, for slow lines
//! status = "auto"                         # none: it never answers, do not ask
//! window = 2                              # labels on the wire without proof, 1 to 8
//! label_ms = 2500                         # the longest a label takes; without it told from media and speed
//!
//! [senders.shenzhen]
//! name = "Shenzhen Sample Trading Co., Ltd."
//! lines = ["Rm 1203, Bldg B, Sample Tech Park", "Nanshan District"]
//! city = "Shenzhen"
//! region = "Guangdong"
//! postcode = "518000"
//! country = "CN"
//!
//! [limits]
//! run = 50          # labels of one run, at most 50
//! body_mb = 8       # the largest request
//! keep_days = 30    # names and addresses are erased from the ledger after that
//! "#;
//! let config = waybilld::config::Config::parse("config.toml", text).unwrap();
//! assert_eq!(config.printers["pack-1"].dpi.nominal(), 203);
//!
//! let slip = text.replace("language = \"zpl\"", "language = \"zlp\"");
//! let faults = waybilld::config::Config::parse("config.toml", &slip).unwrap_err();
//! assert_eq!(faults[0].to_string(), "config.toml:8: `language` cannot be \"zlp\". Known: zpl, tspl, escpos.");
//! ```

use crate::dots::{Dots, Dpi, Mm};
use crate::fault::FileFault;
use crate::language::{self, Language, PrintMode, Tracking};
use crate::studio::DEFAULT_TEMPLATE;
use crate::toml_file::{self, Table};
use crate::transport::DeviceUri;
use crate::waybill::{Party, Senders, json::Node};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Everything an operator may choose.
#[derive(Debug, Clone)]
pub struct Config {
    pub state: PathBuf,
    pub socket: PathBuf,
    pub templates: Option<PathBuf>,
    pub printers: BTreeMap<String, PrinterConfig>,
    pub senders: Senders,
    pub limits: Limits,
}

/// One printer.
#[derive(Debug, Clone)]
pub struct PrinterConfig {
    pub device: DeviceUri,
    pub language: Language,
    pub dpi: Dpi,
    pub media: (Mm, Mm),
    /// What its head prints, where that is known: never less than the media is wide.
    pub width_dots: Option<Dots>,
    pub template: String,
    pub setup: language::Setup,
    pub native_text: bool,
    /// Whether it is asked for its status at all.
    pub asked: bool,
    pub window: usize,
    /// The longest a label takes from its turn to the slot.
    pub label_time: Duration,
}

/// How much is taken at once, and how long it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub run: usize,
    pub body_bytes: usize,
    pub keep_days: u32,
}

/// Inches a second of a printer nobody set: the slowest usual one.
const SPEED_MIN: u8 = 2;
/// From a format's turn to its first row, with the backfeed of the label before.
const LABEL_START: Duration = Duration::from_millis(500);
/// Between two labels of a roll, when nobody says.
const GAP: Mm = Mm(3.0);
/// What an 80 mm roll printer prints of it.
const ROLL_PRINTS: Mm = Mm(72.0);
/// Labels of one job.
pub const LABELS_MAX: usize = 500;
/// Labels of one run: no configuration goes above it.
pub const RUN_MAX: usize = 50;

impl Default for Limits {
    fn default() -> Limits {
        Limits { run: RUN_MAX, body_bytes: 8 << 20, keep_days: 30 }
    }
}

impl Config {
    /// The house that needs no file: one virtual ZPL printer, the shipped templates, state under the user's own folders.
    pub fn embedded() -> Config {
        // The virtual printer feeds 6 inch/s and needs 1.1 s for a label.
        let text = "[printers.virtual]\ndevice = \"virtual:zpl\"\nlabel_ms = 1200\n";
        Config::parse("the embedded default", text).expect("the embedded default is tested")
    }

    /// Reads a configuration; every fault of it at once.
    pub fn parse(file: &str, text: &str) -> Result<Config, Vec<FileFault>> {
        toml_file::read(file, text, |mut top| {
            let state = top.text("state").map_or_else(default_state, PathBuf::from);
            let socket = top.text("socket").map_or_else(default_socket, PathBuf::from);
            let templates = top.text("templates").map(PathBuf::from);
            let mut printers = BTreeMap::new();
            for (name, mut table) in top.named_tables("printers") {
                if !is_name(name) {
                    table.fault_at(table.line(), format!("a printer's name is letters, digits, - and _; \"{name}\" is not."));
                }
                if let Some(printer) = printer(&mut table) {
                    printers.insert(name.to_owned(), printer);
                }
            }
            for (name, printer) in &printers {
                let twin = printers.iter().find(|(other, twin)| *other < name && twin.device.is_same_device(&printer.device));
                if let Some((twin, _)) = twin.filter(|_| !matches!(printer.device, DeviceUri::Virtual { .. })) {
                    top.fault_at(0, format!("printers {twin} and {name} have the same device: one printer, one name."));
                }
            }
            if !top.has("printers") {
                top.fault_at(0, "no printer is named: add a table such as [printers.pack-1] with a `device`.");
            }
            let mut senders = Vec::new();
            for (name, mut table) in top.named_tables("senders") {
                match Party::parse_sender(&sender(&mut table)) {
                    Ok(party) => senders.push((name.to_owned(), party)),
                    Err(faults) => faults.iter().for_each(|fault| {
                        table.fault_at(table.line(), format!("sender \"{name}\": {fault}"));
                    }),
                }
            }
            let limits = top.table("limits").map_or_else(Limits::default, |mut table| {
                let Limits { run, body_bytes, keep_days } = Limits::default();
                Limits {
                    run: within(&mut table, "run", 1, RUN_MAX as i64).map_or(run, |run| run as usize),
                    body_bytes: within(&mut table, "body_mb", 1, 64).map_or(body_bytes, |mb| (mb as usize) << 20),
                    keep_days: within(&mut table, "keep_days", 1, 3650).map_or(keep_days, |days| days as u32),
                }
            });
            Config { state, socket, templates, printers, senders: senders.into_iter().collect(), limits }
        })
    }
}

fn printer(table: &mut Table<'_>) -> Option<PrinterConfig> {
    table.require(&["device"]);
    let device = table.text("device").and_then(|uri| {
        let parsed: Result<DeviceUri, _> = uri.parse();
        parsed.map_err(|error| table.fault("device", error.to_string())).ok()
    });
    let spoken = match &device {
        Some(DeviceUri::Virtual { language }) => Language::named(language),
        _ => None,
    };
    let written = table.word("language", &Language::ALL.map(|language| (language.name(), language)));
    let language = written.or(spoken).unwrap_or_default();
    if let Some(spoken) = spoken.filter(|spoken| *spoken != language) {
        let (spoken, written) = (spoken.name(), language.name());
        table.fault("device", format!("the virtual printer speaks {spoken}, but `language` is {written}: leave `language` out."));
    }
    let dpi = match table.whole("dpi") {
        Some(dpi) => u32::try_from(dpi).ok().and_then(Dpi::from_nominal).or_else(|| {
            table.fault("dpi", format!("`dpi` is {dpi}. Known: 203, 300, 600."));
            None
        }),
        None => Some(Dpi::D203),
    };
    let mut size = (Mm(100.0), Mm(150.0));
    let mut tracking = Tracking::Gap;
    let mut gap = GAP;
    if let Some(mut media) = table.table("media") {
        media.require(&["width", "height"]);
        size = (Mm(media.number("width").unwrap_or(100.0)), Mm(media.number("height").unwrap_or(150.0)));
        let known = [("gap", Tracking::Gap), ("mark", Tracking::Mark), ("continuous", Tracking::Continuous)];
        tracking = media.word("tracking", &known).unwrap_or(tracking);
        gap = match media.number("gap") {
            Some(wide) if !(0.0..=20.0).contains(&wide) => {
                media.fault("gap", "`gap` is the space between two labels, or the height of the mark, from 0 to 20 mm.");
                GAP
            }
            Some(wide) => Mm(wide),
            None => GAP,
        };
    }
    let offset = match table.numbers("offset").as_deref() {
        None => (Mm(0.0), Mm(0.0)),
        Some(&[right, down]) if right.abs() <= 20.0 && down.abs() <= 20.0 => (Mm(right), Mm(down)),
        Some(_) => {
            table.fault("offset", "`offset` is two lengths in mm, to the right and down, from -20 to 20.");
            (Mm(0.0), Mm(0.0))
        }
    };
    let modes = [("tear", PrintMode::Tear), ("peel", PrintMode::Peel), ("cut", PrintMode::Cut)];
    let setup = language::Setup {
        darkness: darkness(table, language),
        speed: within(table, "speed", 1, 14).map(|speed| speed as u8),
        mode: table.word("mode", &modes).unwrap_or(PrintMode::Tear),
        media: tracking,
        gap: dpi?.dots(gap),
        upside_down: table.boolean("upside_down").unwrap_or(false),
        mirror: table.boolean("mirror").unwrap_or(false),
        offset: crate::dots::Point::new(dpi?.dots(offset.0), dpi?.dots(offset.1)),
    };
    let template = table.text("template").unwrap_or(DEFAULT_TEMPLATE).to_owned();
    let native_text = table.boolean("native_text").unwrap_or(false);
    let asked = table.word("status", &[("auto", true), ("none", false)]).unwrap_or(true);
    let window = within(table, "window", 1, 8).unwrap_or(2) as usize;
    let label_time = within(table, "label_ms", 10, 60_000).map(|ms| Duration::from_millis(ms as u64));
    let label_time = label_time.unwrap_or_else(|| usual_label_time(size.1, setup.speed));
    let width_dots = width_dots(table, language, dpi?, size.0);
    Some(PrinterConfig {
        device: device?,
        language,
        dpi: dpi?,
        media: size,
        width_dots,
        template,
        setup,
        native_text,
        asked,
        window,
        label_time,
    })
}

/// What the head prints; media that is wider would be cut by it and is refused.
fn width_dots(table: &mut Table<'_>, language: Language, dpi: Dpi, media: Mm) -> Option<Dots> {
    let given = within(table, "width_dots", 8, 20_000).map(|width| Dots(width as i32));
    let width = given.or((language == Language::EscPos).then(|| dpi.dots(ROLL_PRINTS)))?;
    if dpi.dots(media) > width {
        let prints = dpi.mm(width);
        table.fault(
            "media",
            format!(
                "the media is {media} wide, but the head prints {prints} ({width} dots): let `media` be what it prints, or \
                 say with `width_dots` that this head is wider."
            ),
        );
    }
    Some(width)
}

fn darkness(table: &mut Table<'_>, language: Language) -> Option<u8> {
    match language.darkness_max() {
        Some(most) => within(table, "darkness", 0, i64::from(most)).map(|darkness| darkness as u8),
        None => {
            if table.has("darkness") {
                table.fault(
                    "darkness",
                    format!("a printer that speaks {} has no such setting: set it at the printer.", language.name()),
                );
            }
            None
        }
    }
}

/// By the speed that is set, else by the slowest usual one, with a quarter to spare.
fn usual_label_time(length: Mm, speed: Option<u8>) -> Duration {
    let inches_a_second = f64::from(speed.unwrap_or(SPEED_MIN));
    Duration::from_secs_f64(length.0 / 25.4 / inches_a_second * 1.25) + LABEL_START
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

fn within(table: &mut Table<'_>, key: &'static str, least: i64, most: i64) -> Option<i64> {
    let value = table.whole(key)?;
    if (least..=most).contains(&value) {
        return Some(value);
    }
    table.fault(key, format!("`{key}` is {value}; it must lie between {least} and {most}."));
    None
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Where the ledger lives when no file says so (XDG base directories).
fn default_state() -> PathBuf {
    match std::env::var_os("XDG_STATE_HOME") {
        Some(home) => PathBuf::from(home).join("waybilld"),
        None => home().join(".local/state/waybilld"),
    }
}

/// Where the socket stands when no file says so.
pub fn default_socket() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(runtime) => PathBuf::from(runtime).join("waybilld.sock"),
        None => default_state().join("waybilld.sock"),
    }
}

fn home() -> PathBuf {
    std::env::var_os("HOME").map_or_else(std::env::temp_dir, PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_without_a_file_has_one_virtual_printer() {
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

    #[test]
    fn a_virtual_printer_is_fed_the_language_it_speaks() {
        let faults = Config::parse("c.toml", "[printers.a]\ndevice = \"virtual:tspl\"\n").unwrap_err();
        assert_eq!(faults[0].message, "the virtual printer speaks tspl, but `language` is zpl: write the same twice.");
    }
}
