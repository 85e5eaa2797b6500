//! Printer models: what is known of a printer before it is asked.
//!
//! The facts are data, `src/models/models.toml`. Adding a printer is one table in that file, and nothing else:
//!
//! ```
//! use waybilld::language::Language;
//! use waybilld::models::Models;
//!
//! let text = r#"
//! [models.acme-420]
//! name = "Acme 420"
//! language = "tspl"                # zpl, tspl or escpos
//! dpi = [203, 300]                 # the heads it is sold with
//! width_dots = [832, 1248]         # what each of them prints
//! usb = ["1a2b:0420"]              # vendor:product, as lsusb prints them
//! device_id = ["ACME 420"]         # a word of its device id, its product string or its answer to ~HI, ~!T or GS I
//! answers = "esc-q"                # ESC !S of the newer firmware stays without an answer
//! sources = ["Acme 420 manual, edition 3, p. 12", "usb.ids 2025.07.26"]
//! "#;
//!
//! let models = Models::read("models.toml", text).unwrap();
//! let found = models.recognise(Some((0x1a2b, 0x0420)), "MFG:Acme;MDL:Acme-420 203dpi;CMD:TSPL;");
//! assert_eq!((found[0].model.name.as_str(), found[0].sure), ("Acme 420", true));
//! assert_eq!(found[0].model.language, Language::Tspl);
//! ```
//!
//! `name`, `language`, `sources` and at least one of `usb` and `device_id` are needed; all else is left out when no
//! source says it. A source is something another person can look up: a manual with its edition and page, a dated
//! list, a repository with its issue. A fact that sets waybilld apart from its habit has the reason as a comment.
//!
//! | key | says | when left out |
//! | --- | --- | --- |
//! | `shared_name = true` | other models say the same of themselves: the words alone are only a guess | the words are enough |
//! | `status = "none"` | it never answers; do not wait for it | it is asked |
//! | `counter = false` | (zpl) it does not tell how many labels it printed | it is asked |
//! | `answers` | (tspl) the question it answers: `esc-s` or `esc-q` | not known |
//! | `echo` | (tspl, escpos) `OUT`, `GS ( H` function 48: it says a word of ours back once the print before it is done | not known |
//! | `page_mode` | (escpos) it draws a whole label in memory first | not known |
//! | `feed` | (escpos) how it goes on to the next label: `roll`, `ff`, `gs-ff` or `fs-l` | not known |
//! | `cut` | (escpos) it has a cutter | not known |
//!
//! Of words that fit two models the longest count, so a TM-T20II is no TM-T20; blanks, dashes and case do not.
//! What a printer says counts more than its USB id.
//!
//! `[usb.<vendor>]` and `[usb."<vendor>:<product>"]` tell of ids that are more or less than one printer's. `shared =
//! true` marks those of chip makers and of firmware sold to many: a printer is then only guessed by them, never
//! known. `language` is what all printers of the vendor speak, `same_serial = true` says that its serial numbers do
//! not tell two printers apart, and `vendor_class` and `no_reattach` are for the USB line: the device does not
//! declare itself a printer; it is not given back to the kernel's driver.
//!
//! Knows no line and opens no file.

mod device_id;

pub use device_id::DeviceId;

use crate::dots::Dots;
use crate::fault::FileFault;
use crate::language::Language;
use crate::language::escpos::Feed;
use crate::toml_file::{self, Table};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Vendor and product.
pub type UsbId = (u16, u16);

/// One printer model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The name of its table, such as `zebra-zd420`.
    pub key: String,
    pub name: String,
    pub language: Language,
    /// The print heads it is sold with; none when no source says.
    pub heads: Vec<Head>,
    pub facts: Facts,
    pub sources: Vec<String>,
    usb: Vec<UsbId>,
    words: Vec<String>,
    shared_name: bool,
}

/// One print head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub dpi: u16,
    pub width: Option<Dots>,
}

/// What to know of a printer before talking to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Whether to ask at all.
    pub asked: bool,
    /// Whether to ask for its counter.
    pub counter: bool,
    pub question: Option<Question>,
    pub echo: Option<bool>,
    pub page_mode: Option<bool>,
    pub feed: Option<Feed>,
    pub cut: Option<bool>,
}

impl Default for Facts {
    fn default() -> Facts {
        Facts { asked: true, counter: true, question: None, echo: None, page_mode: None, feed: None, cut: None }
    }
}

/// The question for its status that a TSPL printer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// `ESC !S`
    EscS,
    /// `ESC !?`
    EscQ,
}

/// What a USB id tells beside the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usb {
    /// Unrelated devices carry it.
    pub shared: bool,
    /// What the vendor's printers speak.
    pub language: Option<Language>,
    /// Its interface declares class FF instead of 07.
    pub vendor_class: bool,
    /// Not to be given back to the kernel's driver.
    pub no_reattach: bool,
    /// Its serial number does not tell it from another.
    pub same_serial: bool,
}

/// A model a printer may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recognised<'a> {
    pub model: &'a Model,
    /// It is this one; else one should ask a person.
    pub sure: bool,
}

/// All models known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Models {
    models: Vec<Model>,
    usb: BTreeMap<(u16, Option<u16>), Usb>,
}

impl Models {
    /// The models waybilld knows.
    pub fn shipped() -> &'static Models {
        static SHIPPED: LazyLock<Models> = LazyLock::new(|| {
            let read = Models::read("src/models/models.toml", include_str!("models/models.toml"));
            read.expect("a test reads the file that is shipped")
        });
        &SHIPPED
    }

    /// Models from the text of such a file, or everything that is wrong with it.
    pub fn read(file: &str, text: &str) -> Result<Models, Vec<FileFault>> {
        toml_file::read(file, text, |mut top| {
            let mut all = Models::default();
            for (name, mut table) in top.named_tables("usb") {
                let told = usb(&mut table);
                match told_id(name) {
                    Some(id) => drop(all.usb.insert(id, told)),
                    None => table.fault_at(
                        table.line(),
                        format!("\"{name}\" is no USB id: give 4 lower-case hexadecimal digits, or 4, a colon and 4."),
                    ),
                }
            }
            for (key, mut table) in top.named_tables("models") {
                if let Some(model) = model(key, &mut table) {
                    all.find_twins(&model, &table);
                    all.models.push(model);
                }
            }
            all
        })
    }

    /// The model of that table.
    pub fn get(&self, key: &str) -> Option<&Model> {
        self.iter().find(|model| model.key == key)
    }

    /// All models, in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Model> {
        self.models.iter()
    }

    /// What that id tells beside the model.
    pub fn usb(&self, id: UsbId) -> Usb {
        let vendor = self.usb.get(&(id.0, None)).copied().unwrap_or_default();
        let device = self.usb.get(&(id.0, Some(id.1))).copied().unwrap_or_default();
        Usb {
            shared: vendor.shared || device.shared,
            language: device.language.or(vendor.language),
            vendor_class: vendor.vendor_class || device.vendor_class,
            no_reattach: vendor.no_reattach || device.no_reattach,
            same_serial: vendor.same_serial || device.same_serial,
        }
    }

    /// The models a printer may be, by its USB id and by what it says of itself: its device id, its product string,
    /// or its answer to a question. The likeliest first; at most that one is sure.
    pub fn recognise(&self, usb: Option<UsbId>, said: &str) -> Vec<Recognised<'_>> {
        let spoken = spoken(said);
        let shared = usb.is_some_and(|id| self.usb(id).shared);
        let mut found: Vec<_> = self
            .models
            .iter()
            .filter_map(|model| {
                let by_id = usb.is_some_and(|id| model.usb.contains(&id));
                let letters = model.words.iter().filter_map(|word| find(&spoken, word)).max();
                let likelihood = match letters {
                    Some(letters) if !model.shared_name => (3, letters, by_id),
                    _ if by_id && !shared => (2, 0, true),
                    Some(letters) => (1, letters, by_id),
                    None if by_id => (0, 0, true),
                    None => return None,
                };
                Some((likelihood, model))
            })
            .collect();
        found.sort_by_key(|&(likelihood, _)| Reverse(likelihood));
        let likeliest = found.first().map(|&(likelihood, _)| likelihood).filter(|likelihood| likelihood.0 >= 2);
        let alone = found.iter().filter(|(likelihood, _)| Some(*likelihood) == likeliest).count() == 1;
        let sure = |likelihood| alone && Some(likelihood) == likeliest;
        found.into_iter().map(|(likelihood, model)| Recognised { model, sure: sure(likelihood) }).collect()
    }

    /// The language a printer speaks, and whether that is sure: as its model does, else as its command set says, else
    /// as the likeliest model or its vendor's printers do.
    pub fn language(&self, usb: Option<UsbId>, said: &str) -> Option<(Language, bool)> {
        let found = self.recognise(usb, said);
        let model = found.first().map(|first| (first.model.language, first.sure));
        let sure = model.filter(|&(_, sure)| sure).or_else(|| Some((language_of(said)?, true)));
        sure.or(model).or_else(|| Some((self.usb(usb?).language?, false)))
    }

    /// Notes a fault for each id and word of the model that another has, and that is not said to be shared.
    fn find_twins(&self, model: &Model, table: &Table<'_>) {
        for &(vendor, product) in model.usb.iter().filter(|&&id| !self.usb(id).shared) {
            if let Some(twin) = self.iter().find(|twin| twin.usb.contains(&(vendor, product))) {
                table.fault(
                    "usb",
                    format!(
                        "{vendor:04x}:{product:04x} is the id of {} too: if both are right, say so in \
                         [usb.\"{vendor:04x}:{product:04x}\"] with `shared = true`.",
                        twin.key
                    ),
                );
            }
        }
        for word in &model.words {
            let same = |twin: &&Model| twin.words.iter().any(|other| letters(other) == letters(word));
            if let Some(twin) = self.iter().filter(|twin| !(twin.shared_name && model.shared_name)).find(same) {
                let both = format!("{} is known by \"{word}\" too: if both are right, give both `shared_name = true`.", twin.key);
                table.fault("device_id", both);
            }
        }
    }
}

impl Model {
    /// The width of the head of so many dots an inch.
    pub fn width_at(&self, dpi: u16) -> Option<Dots> {
        self.heads.iter().find(|head| head.dpi == dpi)?.width
    }
}

/// The language of a device id's command set, if we speak it. Clones are often silent or wrong about it: a model
/// that is sure counts more.
pub fn language_of(device_id: &str) -> Option<Language> {
    DeviceId::parse(device_id).language()
}

/// What in that text names a model: of a device id maker, model and description, else all of it.
fn spoken(said: &str) -> String {
    let id = DeviceId::parse(said);
    match (&id.model, &id.description) {
        (None, None) => device_id::head(said).to_owned(),
        (model, description) => {
            let parts = [id.maker.as_ref(), model.as_ref(), description.as_ref()];
            parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
        }
    }
}

/// How many letters and digits of the word stand in the text, if it stands there on its own.
fn find(text: &str, word: &str) -> Option<usize> {
    let word = letters(word);
    let sign_at = |at: usize| text.as_bytes().get(at).filter(|sign| sign.is_ascii_alphanumeric());
    let stands_at = |start: usize| {
        let mut at = start;
        for wanted in word.bytes() {
            while at > start && matches!(text.as_bytes().get(at), Some(b' ' | b'-' | b'_')) {
                at += 1;
            }
            if !sign_at(at).is_some_and(|sign| sign.eq_ignore_ascii_case(&wanted)) {
                return false;
            }
            at += 1;
        }
        sign_at(at).is_none()
    };
    let starts = (0..text.len()).filter(|&start| start == 0 || sign_at(start - 1).is_none());
    starts.into_iter().any(stands_at).then_some(word.len())
}

/// The letters and digits of a word, all in lower case.
fn letters(word: &str) -> String {
    word.chars().filter(char::is_ascii_alphanumeric).map(|sign| sign.to_ascii_lowercase()).collect()
}

fn model(key: &str, table: &mut Table<'_>) -> Option<Model> {
    table.require(&["name", "language", "sources"]);
    if !key.bytes().all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit() || sign == b'-') {
        table.fault_at(table.line(), format!("a model's table is named in lower-case letters, digits and -; \"{key}\" is not."));
    }
    let name = table.text("name").map(str::to_owned);
    let language = language(table);
    let heads = heads(table);
    let usb = ids(table);
    let words: Vec<String> = table.texts("device_id").unwrap_or_default().into_iter().map(str::to_owned).collect();
    if let Some(short) = words.iter().find(|word| letters(word).len() < 3) {
        table.fault("device_id", format!("\"{short}\" is too little to know a printer by: give 3 letters or digits, or more."));
    }
    if usb.is_empty() && words.is_empty() {
        table.fault("usb", "nothing to know it by: give `usb`, `device_id` or both.");
    }
    let sources: Vec<String> = table.texts("sources").unwrap_or_default().into_iter().map(str::to_owned).collect();
    if table.has("sources") && !sources.iter().any(|source| !source.trim().is_empty()) {
        table.fault("sources", "no source: say where another person can look this up.");
    }
    let shared_name = table.boolean("shared_name").unwrap_or(false);
    let facts = match language {
        Some(language) => facts(language, table),
        // A slip in that word must not make all the others wrong.
        None => Language::ALL.map(|language| facts(language, table))[0],
    };
    Some(Model { key: key.to_owned(), name: name?, language: language?, heads, facts, sources, usb, words, shared_name })
}

/// The facts there are for printers of that language.
fn facts(language: Language, table: &mut Table<'_>) -> Facts {
    let mut facts = Facts { asked: table.word("status", &[("none", false)]).unwrap_or(true), ..Facts::default() };
    match language {
        Language::Zpl => facts.counter = table.boolean("counter").unwrap_or(true),
        Language::Tspl => {
            facts.question = table.word("answers", &[("esc-s", Question::EscS), ("esc-q", Question::EscQ)]);
            facts.echo = table.boolean("echo");
        }
        Language::EscPos => {
            facts.echo = table.boolean("echo");
            facts.page_mode = table.boolean("page_mode");
            facts.feed = table.word("feed", &Feed::NAMES);
            facts.cut = table.boolean("cut");
        }
    }
    facts
}

fn language(table: &mut Table<'_>) -> Option<Language> {
    table.word("language", &Language::ALL.map(|language| (language.name(), language)))
}

fn heads(table: &mut Table<'_>) -> Vec<Head> {
    let dpi = table.numbers("dpi").unwrap_or_default();
    let widths = table.numbers("width_dots");
    if dpi.iter().any(|dpi| !(100.0..=1200.0).contains(dpi) || dpi.fract() != 0.0) {
        table.fault("dpi", "`dpi` is a list of whole numbers from 100 to 1200, one a head.");
    }
    if let Some(widths) = &widths {
        if widths.len() != dpi.len() {
            table.fault("width_dots", "`width_dots` needs one width for each number in `dpi`.");
        }
        if widths.iter().any(|width| !(8.0..=20000.0).contains(width) || width.fract() != 0.0) {
            table.fault("width_dots", "`width_dots` is a list of whole numbers from 8 to 20000, one a head.");
        }
    }
    let width_at = |at: usize| widths.as_ref()?.get(at).map(|&width| Dots(width as i32));
    dpi.iter().enumerate().map(|(at, &dpi)| Head { dpi: dpi as u16, width: width_at(at) }).collect()
}

fn ids(table: &mut Table<'_>) -> Vec<UsbId> {
    let mut ids = Vec::new();
    for text in table.texts("usb").unwrap_or_default() {
        match told_id(text) {
            Some((vendor, Some(product))) => ids.push((vendor, product)),
            _ => table.fault("usb", format!("\"{text}\" is no USB id: give one such as \"0a5f:0062\", as lsusb prints it.")),
        }
    }
    ids
}

fn usb(table: &mut Table<'_>) -> Usb {
    table.require(&["name", "sources"]);
    table.text("name");
    table.texts("sources");
    Usb {
        shared: table.boolean("shared").unwrap_or(false),
        language: language(table),
        vendor_class: table.boolean("vendor_class").unwrap_or(false),
        no_reattach: table.boolean("no_reattach").unwrap_or(false),
        same_serial: table.boolean("same_serial").unwrap_or(false),
    }
}

/// `0a5f` or `0a5f:0062`.
fn told_id(text: &str) -> Option<(u16, Option<u16>)> {
    let number = |digits: &str| {
        let well_formed = digits.len() == 4 && digits.bytes().all(|sign| matches!(sign, b'0'..=b'9' | b'a'..=b'f'));
        well_formed.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    };
    match text.split_once(':') {
        None => Some((number(text)?, None)),
        Some((vendor, product)) => Some((number(vendor)?, Some(number(product)?))),
    }
}

#[cfg(test)]
mod tests;
