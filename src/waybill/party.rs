//! Who a parcel comes from and goes to.

use super::country::Country;
use super::fields::Fields;
use super::json::Node;
use super::{mask, spec};
use crate::fault::{Code, Fault};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// A person or a shop with a full postal address.
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    pub name: String,
    pub company: Option<String>,
    pub phone: Option<String>,
    /// Street lines, or the whole address as free text.
    pub lines: Vec<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postcode: Option<String>,
    pub country: Country,
}

/// The sender's post knows where the parcel was handed in; the recipient's must find the door.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Sender,
    Recipient,
}

impl Party {
    /// Reads a sender, as the configuration and a label give one.
    pub fn parse_sender(node: &Node) -> Result<Party, Vec<Fault>> {
        let faults = RefCell::default();
        let party = Party::read(node, "", Role::Sender, &faults);
        party.filter(|_| faults.borrow().is_empty()).ok_or(faults.into_inner())
    }

    pub(super) fn read(node: &Node, path: &str, role: Role, faults: &RefCell<Vec<Fault>>) -> Option<Party> {
        let fields = Fields::listed(node, path, &spec::PARTY, faults)?;
        let name = fields.said("name");
        let lines = fields.lines("lines");
        let country = fields.said("country");
        let whose = if role == Role::Sender { "seller's" } else { "buyer's" };
        fields.need("name", name.is_some(), &format!("give the {whose} full name."));
        fields.need("lines", !lines.is_empty(), &format!("give the {whose} address, at least one line."));
        fields.need("country", country.is_some(), "give the two-letter code, such as \"DE\".");
        let country = country.and_then(|code| {
            let known = Country::of(&code);
            if known.is_none() {
                fields.fault(Code::UnknownValue, "country", Country::refusal(&code));
            }
            known
        });
        let postcode = fields.said("postcode");
        if let (Role::Recipient, Some(country)) = (role, country) {
            let there = postcode.is_some() || !country.needs_postcode();
            fields.need("postcode", there, &format!("{} needs one.", country.name()));
        }
        Some(Party {
            company: fields.said("company"),
            phone: fields.said("phone"),
            city: fields.said("city"),
            region: fields.said("region"),
            name: name?,
            lines,
            postcode,
            country: country?,
        })
    }

    pub(super) fn to_node(&self) -> Node {
        let optional = |key: &str, value: &Option<String>| value.as_ref().map(|value| (key.to_owned(), Node::text(value)));
        let lines = self.lines.iter().map(Node::text).collect();
        let entries = [
            Some(("name".to_owned(), Node::text(&self.name))),
            optional("company", &self.company),
            optional("phone", &self.phone),
            Some(("lines".to_owned(), Node::List(lines))),
            optional("city", &self.city),
            optional("region", &self.region),
            optional("postcode", &self.postcode),
            Some(("country".to_owned(), Node::text(self.country.code()))),
        ];
        Node::Object(entries.into_iter().flatten().collect())
    }

    /// The name as a list or a log may show it: `J*** D**`.
    pub fn masked_name(&self) -> String {
        mask::name(&self.name)
    }

    /// The phone as a list or a log may show it: `138****1234`.
    pub fn masked_phone(&self) -> Option<String> {
        self.phone.as_deref().map(mask::phone)
    }
}

/// Shows nothing a log may not show.
impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Party({}, {:?})", self.masked_name(), self.country)
    }
}

/// The senders the configuration names.
#[derive(Debug, Clone, Default)]
pub struct Senders(BTreeMap<String, Party>);

impl Senders {
    /// The sender of that name.
    pub fn get(&self, name: &str) -> Option<&Party> {
        self.0.get(name)
    }

    /// Their names.
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

impl FromIterator<(String, Party)> for Senders {
    fn from_iter<I: IntoIterator<Item = (String, Party)>>(senders: I) -> Senders {
        Senders(senders.into_iter().collect())
    }
}
