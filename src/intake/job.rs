//! A job as a caller writes it, read whole: every fault of every label at once.
//!
//! JSON and the [`Rules`] go in; out come orders in the order they are to print, each with its design, and the faults.
//! A single label without a job around it is a job too, where only a picture is wanted. Asks no spool.
//!
//! ```json
//! {"id": "wave-0712", "printer": "pack-1", "sort": ["ship_by", "carrier"], "labels": [ … ]}
//! ```

use super::Rules;
use crate::closed_set::ClosedSet;
use crate::config::DEFAULT_TEMPLATE;
use crate::config::PrinterConfig;
use crate::dots::Dpi;
use crate::fault::{Code, Fault, hint};
use crate::papers::Want;
use crate::template::Template;
use crate::waybill::Waybill;
use crate::waybill::clean::Kind;
use crate::waybill::fields::Fields;
use crate::waybill::json::Node;
use crate::waybill::sort::{self, Sort};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use strum::VariantArray;

/// What a job may say.
pub const JOB_FIELDS: [&str; 10] =
    ["id", "printer", "template", "sender", "sort", "urgent", "reuse_tracking", "papers", "print", "labels"];

/// Whether a job is to be taken, or only looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    Take,
    Draw,
}

/// A job that was read.
pub struct Job {
    pub aim: Aim,
    /// Its id, if it has one that can be one.
    pub id: String,
    /// The printer, or the group and any printer of it.
    pub printer: Option<(String, PrinterConfig)>,
    pub sort: Vec<Sort>,
    /// The caller says that a tracking number may stand under another label too.
    pub reuse_tracking: bool,
    /// What is to print beside the labels.
    pub wants: Vec<Want>,
    /// The design of labels that name none.
    pub usual: Option<Arc<Template>>,
    /// The head it is drawn for, when that is not its printer's.
    pub dpi: Option<Dpi>,
    /// Its labels print when they, their order or their goods are scanned.
    pub on_scan: bool,
    /// As they are to print; those with a fault are left out.
    pub orders: Vec<Order>,
    pub faults: Vec<Fault>,
    /// Where each label stands in the caller's list.
    places: HashMap<String, usize>,
}

/// One label of it.
pub struct Order {
    pub waybill: Waybill,
    pub template: Arc<Template>,
}

/// The job's id, if it has one that can be one.
pub fn id_of(node: &Node) -> Option<&str> {
    let can_be = |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    node.get("id").and_then(Node::as_text).filter(can_be)
}

/// How many labels the caller's list holds.
pub fn count(job: &Node) -> usize {
    match job.get("labels") {
        Some(Node::List(labels)) => labels.len(),
        _ => 0,
    }
}

impl Job {
    /// Reads it and gathers what is wrong with it.
    pub fn read(mut node: Node, rules: &Rules, aim: Aim) -> Job {
        if aim == Aim::Draw && node.get("labels").is_none() {
            node = Node::Object(vec![("labels".to_owned(), Node::List(vec![node]))]);
        }
        let id = id_of(&node).unwrap_or_default().to_owned();
        let labels = take(&mut node, "labels");
        let faults = RefCell::default();
        let mut job = Job {
            aim,
            id,
            printer: None,
            sort: Vec::new(),
            reuse_tracking: false,
            wants: Vec::new(),
            usual: None,
            dpi: None,
            on_scan: false,
            orders: Vec::new(),
            faults: Vec::new(),
            places: HashMap::new(),
        };
        if let Some(fields) = Fields::of(&node, "", &JOB_FIELDS, &faults) {
            if aim == Aim::Take && id_of(&node).is_none() {
                fields.fault(
                    Code::BadFormat,
                    "id",
                    "must be 1 to 128 visible ASCII characters: the same id sent again is the same job.",
                );
            }
            job.printer = read_printer(&fields, rules, aim);
            job.sort = read_sort(&fields);
            job.reuse_tracking = fields.boolean("reuse_tracking");
            job.wants = read_wants(&fields);
            job.on_scan = read_print(&fields);
            let labels = read_list(&fields, labels, rules.labels_max);
            job.read_labels(labels, &fields, rules, &faults);
        }
        job.faults = faults.into_inner();
        let Job { orders, sort, .. } = &mut job;
        orders.sort_by(|a, b| sort::compare(sort, &a.waybill, &b.waybill));
        job
    }

    fn read_labels(&mut self, labels: Vec<Node>, job: &Fields<'_>, rules: &Rules, faults: &RefCell<Vec<Fault>>) {
        let urgent = job.boolean("urgent");
        // Where only one is configured there is nothing to choose.
        let only = match rules.config.senders.names().as_slice() {
            [only] => Some(Node::text(*only)),
            _ => None,
        };
        let sender = job.get("sender").or(only.as_ref());
        let printer = self.printer.clone();
        let designs = Designs { rules, printer: printer.as_ref() };
        let usual = designs.usual(job.text("template", 64, Kind::Plain));
        self.usual = usual.map_err(|message| job.fault(Code::UnknownValue, "template", message)).ok();
        for (at, mut label) in labels.into_iter().enumerate() {
            if let (Some(sender), None | Some(Node::Null)) = (sender, label.get("sender")) {
                put(&mut label, "sender", sender);
            }
            if let Some(id) = label.get("id").and_then(Node::as_text) {
                self.places.entry(id.trim().to_owned()).or_insert(at);
            }
            let mut waybill = match Waybill::parse(&label, &rules.config.senders) {
                Ok(waybill) => waybill,
                Err(found) => {
                    faults.borrow_mut().extend(found.into_iter().map(|fault| placed(fault, at)));
                    continue;
                }
            };
            waybill.urgent |= urgent;
            let template = match &waybill.template {
                Some(name) => designs.named(name).map_err(|message| {
                    faults.borrow_mut().push(Fault::new(Code::UnknownValue, "template", message).of_label(&waybill.id));
                }),
                None => self.usual.clone().ok_or(()),
            };
            self.orders.extend(template.ok().map(|template| Order { waybill, template }));
        }
    }

    /// Lays out every label once, and notes what stops it.
    pub fn check(&mut self, rules: &Rules) {
        let dpi = self.printer.as_ref().map(|(_, printer)| printer.dpi).unwrap_or_default();
        let orders = self.orders.iter().map(|order| (order.template.clone(), dpi, &order.waybill));
        let faults = rules.designs.check(&orders.collect::<Vec<_>>());
        self.found(faults);
    }

    /// Adds what was found by laying out or in the ledger, and puts all faults in the caller's order.
    pub fn found(&mut self, more: impl IntoIterator<Item = Fault>) {
        self.faults.extend(more);
        let places = &self.places;
        self.faults.sort_by_key(|fault| fault.label.as_ref().and_then(|label| places.get(label)));
    }
}

/// Takes the value of that key out of an object.
fn take(node: &mut Node, key: &str) -> Option<Node> {
    let Node::Object(entries) = node else { return None };
    let at = entries.iter().position(|(name, _)| name == key)?;
    Some(entries.remove(at).1)
}

/// Sets the value of that key of an object.
fn put(node: &mut Node, key: &str, value: &Node) {
    if let Node::Object(entries) = node {
        entries.retain(|(name, _)| name != key);
        entries.push((key.to_owned(), value.clone()));
    }
}

/// A label that has no id to be named by is named by its place.
fn placed(fault: Fault, at: usize) -> Fault {
    match (&fault.label, fault.field.as_str()) {
        (Some(_), _) => fault,
        (None, "") => Fault { field: format!("labels[{at}]"), ..fault },
        (None, field) => Fault { field: format!("labels[{at}].{field}"), ..fault },
    }
}

fn read_list(job: &Fields<'_>, labels: Option<Node>, max: usize) -> Vec<Node> {
    let wrong = match labels {
        Some(Node::List(labels)) => match labels.len() {
            1.. if labels.len() <= max => return labels,
            0 => (Code::Missing, "is empty: give at least one label.".to_owned()),
            count => (Code::TooMany, format!("holds {count} labels and may hold {max}: split the job.")),
        },
        Some(Node::Null) | None => (Code::Missing, "is missing: give the labels to print, in brackets.".to_owned()),
        Some(_) => (Code::WrongType, "must be a list of labels in brackets.".to_owned()),
    };
    job.fault(wrong.0, "labels", wrong.1);
    Vec::new()
}

/// The printer or group a request names, or the only one there is.
pub fn read_printer(job: &Fields<'_>, rules: &Rules, aim: Aim) -> Option<(String, PrinterConfig)> {
    let printers = &rules.config.printers;
    let known: Vec<&str> = printers.keys().map(String::as_str).collect();
    let name = match job.text("printer", 64, Kind::Plain) {
        Some(name) => name,
        None if known.len() == 1 && job.get("printer").is_none() => known[0].to_owned(),
        None => {
            // A blank name is none.
            job.need("printer", aim == Aim::Draw, &format!("name one. Known: {}.", known.join(", ")));
            return None;
        }
    };
    // Printers of a group are alike: what one can print they all can.
    let config = printers.get(&name).or_else(|| rules.config.group(&name).first().map(|(_, printer)| *printer));
    if config.is_none() {
        let groups = printers.values().filter_map(|printer| printer.group.as_deref());
        let known: Vec<&str> = known.into_iter().chain(groups).collect();
        job.fault(Code::UnknownValue, "printer", format!("no printer \"{name}\".{}", hint(&name, &known)));
    }
    Some((name, config?.clone()))
}

/// Whether its labels wait for a scan.
fn read_print(job: &Fields<'_>) -> bool {
    match job.text("print", 20, Kind::Plain).as_deref() {
        None | Some("now") => false,
        Some("on_scan") => true,
        Some(_) => {
            job.fault(Code::UnknownValue, "print", "must be \"now\" or \"on_scan\".");
            false
        }
    }
}

fn read_sort(job: &Fields<'_>) -> Vec<Sort> {
    let known = Sort::words();
    let words = job.list("sort", known.len());
    let mut keys = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let field = format!("sort[{at}]");
        match word.as_text().map(|word| (word, Sort::from_word(word))) {
            Some((_, Some(key))) => keys.push(key),
            Some((word, None)) => {
                let word: String = word.chars().filter(|c| !c.is_control()).take(40).collect();
                job.fault(Code::UnknownValue, &field, format!("no key \"{word}\" to sort by.{}", hint(&word, &known)));
            }
            None => job.fault(Code::WrongType, &field, "must be a text in quotes."),
        }
    }
    keys
}

fn read_wants(job: &Fields<'_>) -> Vec<Want> {
    let mut wants = Vec::new();
    for (at, word) in job.list("papers", Want::VARIANTS.len()).iter().enumerate() {
        let field = format!("papers[{at}]");
        match word.as_text().map(|word| (word, Want::from_word(word))) {
            Some((_, Some(want))) => wants.push(want),
            Some((word, None)) => {
                let word: String = word.chars().filter(|c| !c.is_control()).take(40).collect();
                job.fault(Code::UnknownValue, &field, format!("no paper \"{word}\".{}", hint(&word, &Want::words())));
            }
            None => job.fault(Code::WrongType, &field, "must be a text in quotes."),
        }
    }
    wants
}

/// The configured designs, as that printer can use them.
struct Designs<'a> {
    rules: &'a Rules,
    printer: Option<&'a (String, PrinterConfig)>,
}

impl Designs<'_> {
    /// The design of labels that name none.
    fn usual(&self, given: Option<String>) -> Result<Arc<Template>, String> {
        let of_printer = self.printer.map(|(_, printer)| printer.template.as_str());
        self.named(given.as_deref().or(of_printer).unwrap_or(DEFAULT_TEMPLATE))
    }

    /// The design of that name, or its variant for the printer's media.
    fn named(&self, name: &str) -> Result<Arc<Template>, String> {
        let designs = &self.rules.designs;
        if designs.design(name)?.template.paper.is_some() {
            return Err(format!("\"{name}\" is a template of a paper: name one of a waybill."));
        }
        let design = match self.printer {
            Some((printer, config)) => {
                designs.design_for(name, config.media).map_err(|sentence| format!("{printer}: {sentence}"))?
            }
            None => designs.design(name)?,
        };
        Ok(design.template.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::text::Fonts;
    use crate::waybill::json;

    fn job(text: &str) -> Job {
        let config = Config::embedded();
        let designs = Arc::new(crate::designs::Designs::new(Fonts::embedded(), &[]).expect("the shipped designs"));
        Job::read(json::parse(text.as_bytes()).expect("JSON"), &Rules::without_printers(config, designs), Aim::Draw)
    }

    #[test]
    fn the_sender_and_template_of_a_job_are_those_of_labels_that_name_none() {
        let job =
            job(r#"{"template": "waybill-80", "sender": {"name": "Lamp Shop", "lines": ["8 Quay"], "country": "HK"}, "labels": [
            {"id": "a", "order": "1", "tracking": "T1", "recipient": {"name": "Ann Lee", "lines": ["1 Elm"], "country": "HK"}},
            {"id": "b", "order": "2", "tracking": "T2", "recipient": {"name": "Ann Lee", "lines": ["1 Elm"], "country": "HK"},
             "template": "address-100x150"}]}"#);
        let templates: Vec<&str> = job.orders.iter().map(|order| order.template.name.as_str()).collect();
        assert_eq!((templates, job.faults), (vec!["waybill-80", "address-100x150"], Vec::new()));
        assert!(job.orders.iter().all(|order| order.waybill.sender.name == "Lamp Shop"));
    }

    #[test]
    fn a_label_without_an_id_is_told_by_its_place() {
        let said: Vec<String> = job("{}").faults.iter().map(ToString::to_string).collect();
        assert!(said[0].starts_with("labels[0].id: is missing"), "{said:?}");
        assert!(said[1].starts_with("labels[0].order: is missing"), "{said:?}");
    }
}
