//! What a shop tool may ask to be printed, parsed into a type that cannot be wrong.
//!
//! JSON goes in, a [`Waybill`] or every fault of the label comes out. Field names are those of the API, and
//! [`Waybill::to_json`] is what the spool keeps. Beside it: address lines in the order of the destination
//! ([`address`]) and what a log may show ([`mask`]). Knows no template, printer or clock.
//!
//! ```
//! use waybilld::waybill::{Senders, Waybill, json};
//!
//! let label = json::parse(br#"{
//!     "id": "pkg-1", "order": "576462", "tracking": "RB123456785GB",
//!     "sender": {"name": "Little Lamp Shop", "lines": ["8 Quay Street", "Bristol BS1 4DJ"], "country": "GB"},
//!     "recipient": {"name": "Zoe Example", "lines": ["Musterweg 5"], "city": "Jena", "country": "DE"}
//! }"#).expect("JSON");
//! let faults = Waybill::parse(&label, &Senders::default()).unwrap_err();
//! assert_eq!(faults[0].to_string(), "label pkg-1: recipient.postcode: is missing: GERMANY needs one.");
//! ```

pub mod address;
pub mod clean;
pub mod country;
pub mod fields;
pub mod json;
pub mod mask;
mod party;
pub mod postcode;
mod ship_by;
pub mod sort;
pub mod spec;

pub use country::Country;
pub use party::{Party, Senders};
pub use ship_by::ShipBy;
pub use spec::{COD_FIELDS, ITEM_FIELDS, LABEL_FIELDS, PARCEL_FIELDS, PARTY_FIELDS};

use crate::carrier::number;
use crate::fault::{Code, Fault, hint};
use fields::Fields;
use json::Node;
use party::Role;
use std::cell::RefCell;
use std::fmt;

/// One label as the shop tool asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Waybill {
    /// The caller's own name for this label.
    pub id: String,
    pub order: String,
    pub tracking: String,
    pub carrier: Option<String>,
    pub service: Option<String>,
    /// The carrier's sort code, printed large.
    pub routing: Option<String>,
    pub sender: Party,
    pub recipient: Party,
    pub parcel: Parcel,
    pub items: Vec<Item>,
    pub cod: Option<Cod>,
    pub ship_by: Option<ShipBy>,
    /// Lower goes first, where a job is sorted by it.
    pub priority: Option<u32>,
    /// It must not be used from then on.
    pub expires: Option<ShipBy>,
    /// The buyer's own words; may have several lines.
    pub note: Option<String>,
    /// The shop's own words to find it by.
    pub reference: Option<String>,
    /// The template asked for, when it is not the printer's usual one.
    pub template: Option<String>,
    /// Goes between the labels of a run.
    pub urgent: bool,
    /// Taken, but not printed until released, and why.
    pub hold: Option<String>,
    /// The buyer asked to cancel: held until its order is canceled or released.
    pub cancel_requested: bool,
}

/// What is known of the parcel itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parcel {
    pub weight_g: Option<u32>,
    /// This is parcel `number` of `of`.
    pub number: Option<u32>,
    pub of: Option<u32>,
}

/// One line of goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub sku: Option<String>,
    pub name: String,
    pub quantity: u32,
    pub location: Option<String>,
    pub variant: Option<String>,
}

/// Cash on delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cod {
    /// A decimal number as it was written: `185.00`.
    pub amount: String,
    /// Three capitals of ISO 4217.
    pub currency: String,
}

/// 180 → "180 g", 1250 → "1.25 kg".
pub fn weight(grams: u64) -> String {
    match grams {
        0..1000 => format!("{grams} g"),
        _ => format!("{} kg", (grams as f64 / 10.0).round() / 100.0),
    }
}

/// Optional texts that templates see under their own names; one that is not there is empty.
pub const OPTIONAL_TEXTS: [&str; 5] = ["carrier", "service", "routing", "note", "reference"];

impl Waybill {
    /// Reads one label, or tells everything that is wrong with it.
    pub fn parse(node: &Node, senders: &Senders) -> Result<Waybill, Vec<Fault>> {
        let faults = RefCell::default();
        let waybill = Waybill::read(node, senders, &faults).filter(|_| faults.borrow().is_empty());
        waybill.ok_or_else(|| {
            let id = node.get("id").and_then(Node::as_text).map(str::trim).filter(|id| is_id(id));
            let faults = faults.into_inner().into_iter();
            faults.map(|fault| Fault { label: id.map(str::to_owned), ..fault }).collect()
        })
    }

    fn read(node: &Node, senders: &Senders, faults: &RefCell<Vec<Fault>>) -> Option<Waybill> {
        if node.get("document").is_some() {
            let message = "documents (PDF, PNG, ZPL) are not taken yet: send the label's fields.";
            faults.borrow_mut().push(Fault::new(Code::Unsupported, "document", message));
            return None;
        }
        let fields = Fields::listed(node, "", &spec::LABEL, faults)?;
        let id = fields.said("id");
        if id.as_deref().is_some_and(|id| !is_id(id)) {
            fields.fault(Code::BadFormat, "id", "may hold Latin letters, digits and - _ . : / only.");
        }
        let order = fields.said("order");
        let tracking = fields.said("tracking");
        if tracking.as_deref().is_some_and(|tracking| !tracking.bytes().all(|byte| matches!(byte, b' '..=b'~'))) {
            fields.fault(
                Code::BadFormat,
                "tracking",
                "holds a character the barcode cannot carry: use plain Latin letters, digits and signs.",
            );
        } else if tracking.as_deref().is_some_and(|tracking| number::key(tracking).is_empty()) {
            fields.fault(Code::BadFormat, "tracking", "needs at least one letter or digit.");
        }
        fields.need("id", id.is_some(), "give each label a name of its own, such as the package id.");
        fields.need("order", order.is_some(), "give the order number.");
        fields.need("tracking", tracking.is_some(), "give the carrier's tracking number.");
        let sender = read_sender(&fields, senders, faults);
        let recipient = match fields.get("recipient") {
            Some(node) => Party::read(node, "recipient", Role::Recipient, faults),
            None => None,
        };
        fields.need("recipient", fields.get("recipient").is_some(), "say who gets the parcel.");
        let parcel = read_parcel(&fields, faults);
        let items = read_items(&fields, faults);
        let cod = fields.get("cod").and_then(|node| read_cod(node, faults));
        let cancel_requested = fields.boolean("cancel_requested");
        let asked = || cancel_requested.then(|| "buyer asked to cancel".to_owned());
        Some(Waybill {
            carrier: fields.said("carrier"),
            service: fields.said("service"),
            routing: fields.said("routing"),
            parcel,
            items,
            cod,
            ship_by: read_time(&fields, "ship_by"),
            priority: fields.number("priority"),
            expires: read_time(&fields, "expires"),
            note: fields.said("note"),
            template: fields.said("template"),
            reference: fields.said("reference"),
            urgent: fields.boolean("urgent"),
            hold: fields.said("hold").or_else(asked),
            cancel_requested,
            id: id?,
            order: order?,
            tracking: tracking?,
            sender: sender?,
            recipient: recipient?,
        })
    }

    /// The texts of [`OPTIONAL_TEXTS`], in their order.
    pub fn optional_texts(&self) -> [&Option<String>; OPTIONAL_TEXTS.len()] {
        [&self.carrier, &self.service, &self.routing, &self.note, &self.reference]
    }

    /// Whether the parcel crosses a border.
    pub fn is_cross_border(&self) -> bool {
        self.sender.country != self.recipient.country
    }

    /// The label as JSON in a fixed order, the sender written out. Reads back equal.
    pub fn to_json(&self) -> String {
        self.to_node().to_json()
    }

    fn to_node(&self) -> Node {
        let items: Vec<Node> = self.items.iter().map(Item::to_node).collect();
        let time = |at: ShipBy| Node::Text(at.to_string());
        object([
            ("id", Some(Node::text(&self.id))),
            ("order", Some(Node::text(&self.order))),
            ("tracking", Some(Node::text(&self.tracking))),
            ("carrier", self.carrier.as_ref().map(Node::text)),
            ("service", self.service.as_ref().map(Node::text)),
            ("routing", self.routing.as_ref().map(Node::text)),
            ("sender", Some(self.sender.to_node())),
            ("recipient", Some(self.recipient.to_node())),
            ("parcel", Some(&self.parcel).filter(|parcel| **parcel != Parcel::default()).map(Parcel::to_node)),
            ("items", Some(Node::List(items)).filter(|_| !self.items.is_empty())),
            ("cod", self.cod.as_ref().map(Cod::to_node)),
            ("ship_by", self.ship_by.map(time)),
            ("priority", self.priority.map(whole)),
            ("expires", self.expires.map(time)),
            ("note", self.note.as_ref().map(Node::text)),
            ("reference", self.reference.as_ref().map(Node::text)),
            ("template", self.template.as_ref().map(Node::text)),
            ("urgent", self.urgent.then_some(Node::Boolean(true))),
            ("hold", self.hold.as_ref().map(Node::text)),
            ("cancel_requested", self.cancel_requested.then_some(Node::Boolean(true))),
        ])
    }
}

/// Shows nothing a log may not show.
impl fmt::Debug for Waybill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waybill({}, order {}, {})", self.id, self.order, self.tracking)
    }
}

impl Parcel {
    fn to_node(&self) -> Node {
        object([("weight_g", self.weight_g.map(whole)), ("number", self.number.map(whole)), ("of", self.of.map(whole))])
    }
}

impl Item {
    fn to_node(&self) -> Node {
        object([
            ("sku", self.sku.as_ref().map(Node::text)),
            ("name", Some(Node::text(&self.name))),
            ("quantity", Some(whole(self.quantity))),
            ("location", self.location.as_ref().map(Node::text)),
            ("variant", self.variant.as_ref().map(Node::text)),
        ])
    }
}

impl Cod {
    fn to_node(&self) -> Node {
        object([("amount", Some(Node::text(&self.amount))), ("currency", Some(Node::text(&self.currency)))])
    }
}

fn object<const N: usize>(entries: [(&str, Option<Node>); N]) -> Node {
    Node::Object(entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
}

fn whole(number: u32) -> Node {
    Node::Number(number.to_string())
}

/// Whether a label may be called so.
pub fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte))
}

fn read_sender(fields: &Fields<'_>, senders: &Senders, faults: &RefCell<Vec<Fault>>) -> Option<Party> {
    match fields.get("sender") {
        Some(Node::Text(name)) => {
            let sender = senders.get(name.trim());
            if sender.is_none() {
                let names = senders.names();
                let known = if names.is_empty() { " None is.".to_owned() } else { hint(name, &names) };
                fields.fault(Code::UnknownValue, "sender", format!("no sender of that name is configured.{known}"));
            }
            sender.cloned()
        }
        Some(node) => Party::read(node, "sender", Role::Sender, faults),
        None => {
            fields.need("sender", false, "give the seller's name and address, or the name of a configured sender.");
            None
        }
    }
}

fn read_time(fields: &Fields<'_>, name: &str) -> Option<ShipBy> {
    let node = fields.get(name)?;
    ShipBy::parse(node).map_err(|message| fields.fault(Code::BadFormat, name, message)).ok()
}

fn read_parcel(fields: &Fields<'_>, faults: &RefCell<Vec<Fault>>) -> Parcel {
    let Some(fields) = fields.get("parcel").and_then(|node| Fields::listed(node, "parcel", &spec::PARCEL, faults)) else {
        return Parcel::default();
    };
    let parcel = Parcel { weight_g: fields.number("weight_g"), number: fields.number("number"), of: fields.number("of") };
    match (parcel.number, parcel.of) {
        (Some(number), Some(of)) if number > of => {
            fields.fault(Code::Conflict, "number", format!("is {number} of {of}: it cannot be more."))
        }
        _ => {}
    }
    parcel
}

fn read_items(fields: &Fields<'_>, faults: &RefCell<Vec<Fault>>) -> Vec<Item> {
    let nodes = fields.objects("items").iter().enumerate();
    nodes.filter_map(|(i, node)| read_item(node, &format!("items[{i}]"), faults)).collect()
}

fn read_item(node: &Node, path: &str, faults: &RefCell<Vec<Fault>>) -> Option<Item> {
    let fields = Fields::listed(node, path, &spec::ITEM, faults)?;
    let name = fields.said("name");
    let quantity = fields.number("quantity");
    fields.need("name", name.is_some(), "say what it is.");
    fields.need("quantity", quantity.is_some(), "say how many.");
    Some(Item {
        sku: fields.said("sku"),
        location: fields.said("location"),
        variant: fields.said("variant"),
        name: name?,
        quantity: quantity?,
    })
}

fn read_cod(node: &Node, faults: &RefCell<Vec<Fault>>) -> Option<Cod> {
    let fields = Fields::listed(node, "cod", &spec::COD, faults)?;
    let amount = match fields.get("amount") {
        Some(Node::Number(written)) => Some(written.clone()),
        Some(_) => fields.said("amount"),
        None => None,
    };
    let currency = fields.said("currency");
    if amount.as_deref().is_some_and(|amount| !is_amount(amount)) {
        fields.fault(Code::BadFormat, "amount", "must be a decimal number above zero, such as \"185.00\".");
    }
    if currency.as_deref().is_some_and(|currency| currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()))
    {
        fields.fault(Code::BadFormat, "currency", "must be three capital letters of ISO 4217, such as \"THB\".");
    }
    fields.need("amount", amount.is_some(), "say how much is to be paid, such as \"185.00\".");
    fields.need("currency", currency.is_some(), "give its three letters, such as \"THB\".");
    Some(Cod { amount: amount?, currency: currency? })
}

fn is_amount(amount: &str) -> bool {
    let (whole, cents) = amount.split_once('.').unwrap_or((amount, "0"));
    let digits = |text: &str, max: usize| (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole, 12) && digits(cents, 4) && amount.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}

#[cfg(test)]
mod tests;
