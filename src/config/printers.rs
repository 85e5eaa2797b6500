//! `[printers.NAME]`: one printer each; the keys are in the header of [`super`].

use super::DEFAULT_TEMPLATE;
use super::values::{is_name, within};
use crate::dots::{Dots, Dpi, Mm, Point};
use crate::fault::nearest;
use crate::language::{self, Language, Options, PrintMode, Tracking, escpos, zpl};
use crate::models::{Facts, Model, Models};
use crate::toml_file::Table;
use crate::uri::DeviceUri;
use std::collections::BTreeMap;
use std::time::Duration;

/// Inches a second by which the longest time of a label is reckoned without `speed`: the slowest setting in use.
const SPEED_MIN: u8 = 2;
/// Inches a second by which the usual time of a label is reckoned without `speed`: desktop printers ship with 4 to 6.
const SPEED_USUAL: u8 = 5;
/// From the start of a format to its first row of dots, with the backfeed after the label before.
const LABEL_START: Duration = Duration::from_millis(500);
/// Between two labels of a roll, without `gap`.
const GAP: Mm = Mm(3.0);
/// The printable width of an 80 mm roll.
const ROLL_PRINTS: Mm = Mm(72.0);
/// How long the line to a printer on a network is kept when nothing is to be printed.
const IDLE_CLOSE: Duration = Duration::from_secs(30);

/// One printer.
#[derive(Debug, Clone)]
pub struct PrinterConfig {
    pub device: DeviceUri,
    /// The model that the file names.
    pub model: Option<&'static Model>,
    pub language: Language,
    pub dpi: Dpi,
    pub media: (Mm, Mm),
    /// What its head prints, where that is known: never less than the media is wide.
    pub width_dots: Option<Dots>,
    pub template: String,
    pub setup: language::Setup,
    pub native_text: bool,
    /// What it can do. How much of its memory to use is not known here.
    pub options: Options,
    /// Whether it is asked for its status at all.
    pub asked: bool,
    /// (tspl, escpos) Whether it says a word of ours back; `None`: not known.
    pub echo: Option<bool>,
    /// (zpl) Whether it may be asked how many labels it printed.
    pub counter: bool,
    pub window: usize,
    /// The longest a label takes from its turn to the slot.
    pub label_time: Duration,
    /// What a label usually takes while the head keeps moving.
    pub usual_time: Duration,
    /// The printers it shares jobs with.
    pub group: Option<String>,
    /// How long after the last label its line is let go, so that other computers may print; `None`: it is kept.
    pub idle_close: Option<Duration>,
}

/// Every printer of the file by its name, with the faults of their groups and devices.
pub fn read(top: &mut Table<'_>) -> BTreeMap<String, PrinterConfig> {
    let mut printers = BTreeMap::new();
    let mut groups = Vec::new();
    for (name, mut table) in top.named_tables("printers") {
        if !is_name(name) {
            table.fault_at(table.line(), format!("a printer's name is letters, digits, - and _; \"{name}\" is not."));
        }
        if let Some(printer) = printer(&mut table) {
            groups.push((name, table.line_of("group")));
            printers.insert(name.to_owned(), printer);
        }
    }
    for (name, line) in groups {
        if let Some(sentence) = misgrouped(name, &printers) {
            top.fault_at(line, sentence);
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
    printers
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
    let model = model(table);
    let written = table.word("language", &Language::ALL.map(|language| (language.name(), language)));
    let language = written.or(spoken).or(model.map(|model| model.language)).unwrap_or_default();
    if let Some(spoken) = spoken.filter(|spoken| *spoken != language) {
        let (spoken, written) = (spoken.name(), language.name());
        table.fault("device", format!("the virtual printer speaks {spoken}, but `language` is {written}: leave `language` out."));
    }
    // Set to another language, it is another printer.
    let facts = model.filter(|model| model.language == language).map(|model| model.facts).unwrap_or_default();
    let dpi = match table.whole("dpi") {
        Some(dpi) => u32::try_from(dpi).ok().and_then(Dpi::from_nominal).or_else(|| {
            table.fault("dpi", format!("`dpi` is {dpi}. Known: 203, 300, 600."));
            None
        }),
        None => usual_dpi(table, model),
    };
    let mut size = (Mm(100.0), Mm(150.0));
    let mut tracking = Tracking::Gap;
    let mut gap = GAP;
    let (mut right, mut down) = offset(table);
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
        let (more_right, more_down) = offset(&mut media);
        (right, down) = (right + more_right, down + more_down);
    }
    let modes = [("tear", PrintMode::Tear), ("peel", PrintMode::Peel), ("cut", PrintMode::Cut)];
    let setup = language::Setup {
        darkness: darkness(table, language),
        speed: within(table, "speed", 1, 14).map(|speed| speed as u8),
        mode: table.word("mode", &modes).unwrap_or(if facts.cut == Some(true) { PrintMode::Cut } else { PrintMode::Tear }),
        media: tracking,
        gap: dpi?.dots(gap),
        upside_down: table.boolean("upside_down").unwrap_or(false),
        mirror: table.boolean("mirror").unwrap_or(false),
        offset: Point::new(dpi?.dots(Mm(right)), dpi?.dots(Mm(down))),
    };
    let template = table.text("template").unwrap_or(DEFAULT_TEMPLATE).to_owned();
    let native_text = table.boolean("native_text").unwrap_or(false);
    let width_dots = width_dots(table, language, dpi?, size.0, model);
    let escpos = escpos_options(table, language, &facts, width_dots);
    let options = Options { zpl: zpl::Options { native_text, ..zpl::Options::default() }, escpos };
    let asked = table.word("status", &[("auto", true), ("none", false)]).unwrap_or(facts.asked);
    let (echo, counter) = confirm(table, language, &facts);
    let window = within(table, "window", 1, 8).unwrap_or(2) as usize;
    let label_time = within(table, "label_ms", 10, 60_000).map(|ms| Duration::from_millis(ms as u64));
    let label_time = label_time.unwrap_or_else(|| usual_label_time(size.1, setup.speed));
    let group = table.text("group").map(str::to_owned);
    let idle_close = match within(table, "idle_close", 0, 86_400) {
        Some(seconds) => (seconds > 0).then(|| Duration::from_secs(seconds as u64)),
        // A cable is nobody else's.
        None => matches!(device, Some(DeviceUri::Tcp { .. })).then_some(IDLE_CLOSE),
    };
    Some(PrinterConfig {
        device: device?,
        model,
        language,
        dpi: dpi?,
        media: size,
        width_dots,
        template,
        setup,
        native_text,
        options,
        asked,
        echo,
        counter,
        window,
        label_time,
        usual_time: Duration::from_secs_f64(size.1.0 / 25.4 / f64::from(setup.speed.unwrap_or(SPEED_USUAL))).min(label_time),
        group,
        idle_close,
    })
}

/// What the head prints; media that is wider would be cut by it and is refused.
fn width_dots(table: &mut Table<'_>, language: Language, dpi: Dpi, media: Mm, model: Option<&Model>) -> Option<Dots> {
    let given = within(table, "width_dots", 8, 20_000).map(|width| Dots(width as i32));
    let head = model.and_then(|model| model.width_at(dpi.nominal() as u16));
    let width = given.or(head).or((language == Language::EscPos).then(|| dpi.dots(ROLL_PRINTS)))?;
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

/// Why a printer cannot be of the group it names: any printer of a group prints any label of it.
fn misgrouped(name: &str, printers: &BTreeMap<String, PrinterConfig>) -> Option<String> {
    let printer = &printers[name];
    let group = printer.group.as_ref()?;
    if !is_name(group) {
        return Some(format!("a group's name is letters, digits, - and _; \"{group}\" is not."));
    }
    if printers.contains_key(group) {
        return Some(format!("`group` is \"{group}\", which is a printer's name: a job could mean either. Choose another."));
    }
    let (first, like) = printers.iter().find(|(_, other)| other.group.as_ref() == Some(group))?;
    let unlike = [
        ("media", printer.media == like.media && printer.setup.media == like.setup.media),
        ("dpi", printer.dpi == like.dpi),
        ("template", printer.template == like.template),
    ];
    let (what, _) = unlike.into_iter().find(|(_, same)| !same)?;
    Some(format!(
        "{name} has another `{what}` than {first}: printers of a group print each other's labels. Give them the same, or take one \
         out of group \"{group}\"."
    ))
}

/// The model that is named, if one is.
fn model(table: &mut Table<'_>) -> Option<&'static Model> {
    let key = table.text("model")?;
    let found = Models::shipped().get(key);
    if found.is_none() {
        let known: Vec<&str> = Models::shipped().iter().map(|model| model.key.as_str()).collect();
        let hint = match nearest(key, &known) {
            Some(name) => format!(" Did you mean \"{name}\"?"),
            None => " Leave `model` out, and give `language` and `dpi`.".to_owned(),
        };
        table.fault("model", format!("no printer model \"{key}\" is known.{hint}"));
    }
    found
}

/// The resolution of a printer that is given none: that of its model, where all of them have the same.
fn usual_dpi(table: &Table<'_>, model: Option<&Model>) -> Option<Dpi> {
    let Some((model, [head])) = model.map(|model| (model, model.heads.as_slice())) else { return Some(Dpi::D203) };
    let dpi = Dpi::from_nominal(u32::from(head.dpi));
    if dpi.is_none() {
        let known = "labels are drawn for 203, 300 and 600 dpi only: use another printer for them.";
        table.fault("model", format!("the {} has {} dpi, and {known}", model.name, head.dpi));
    }
    dpi
}

/// Right and down, in mm.
fn offset(table: &mut Table<'_>) -> (f64, f64) {
    match table.numbers("offset").as_deref() {
        None => (0.0, 0.0),
        Some(&[right, down]) if right.abs() <= 20.0 && down.abs() <= 20.0 => (right, down),
        Some(_) => {
            table.fault("offset", "`offset` is two lengths in mm, to the right and down, from -20 to 20.");
            (0.0, 0.0)
        }
    }
}

/// What only ESC/POS printers differ in.
fn escpos_options(table: &mut Table<'_>, language: Language, facts: &Facts, width_dots: Option<Dots>) -> escpos::Options {
    let page_mode = table.boolean("page_mode").or(facts.page_mode).unwrap_or(false);
    let feed = table.word("feed", &escpos::Feed::NAMES).or(facts.feed).unwrap_or_default();
    if language == Language::EscPos {
        return escpos::Options { page_mode, feed, width_dots };
    }
    for key in ["page_mode", "feed"].into_iter().filter(|key| table.has(key)) {
        table.fault(key, format!("`{key}` is for printers that speak escpos; this one speaks {}.", language.name()));
    }
    escpos::Options::default()
}

/// Whether it may be asked to say a word back, and for its counter.
fn confirm(table: &mut Table<'_>, language: Language, facts: &Facts) -> (Option<bool>, bool) {
    let auto = (facts.echo, facts.counter);
    let known: [(&str, (Option<bool>, bool)); 3] = match language {
        Language::Zpl => [("auto", auto), ("counter", (None, true)), ("buffers", (None, false))],
        Language::Tspl | Language::EscPos => [("auto", auto), ("echo", (Some(true), false)), ("none", (Some(false), false))],
    };
    table.word("confirm", &known).unwrap_or(auto)
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
