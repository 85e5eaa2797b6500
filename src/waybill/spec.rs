//! What a label may say: one list of its fields with their limits, for the reader, for the hints of a misspelt name and
//! for the API's document.
//!
//! A field stands here once. [`Fields`](super::fields::Fields) reads it by its name and refuses what is beyond its limit;
//! `api` makes the schema of it.

use super::clean::Kind;

/// One field of an object.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub what: What,
    /// An object without it is refused.
    pub needed: bool,
    /// A sentence for the document.
    pub says: &'static str,
}

/// What may stand in a field.
#[derive(Debug, Clone, Copy)]
pub enum What {
    /// A text of at most so many characters; `pattern`: as the document tells what the reader checks.
    Text {
        max: usize,
        kind: Kind,
        pattern: Option<&'static str>,
    },
    /// A whole number, both ends included.
    Whole {
        min: u32,
        max: u32,
    },
    Flag,
    /// RFC 3339 with an offset, or Unix seconds.
    Time,
    /// The name of a configured sender, or a party.
    Sender,
    /// Lines of an address.
    Lines {
        count_max: usize,
        max: usize,
    },
    /// An object with these fields, as the document calls it.
    One {
        fields: &'static [Field],
        shape: &'static str,
    },
    /// A list of them.
    Many {
        fields: &'static [Field],
        shape: &'static str,
        max: usize,
    },
}

const fn text(name: &'static str, max: usize, says: &'static str) -> Field {
    Field { name, what: What::Text { max, kind: Kind::Plain, pattern: None }, needed: false, says }
}

const fn readable(name: &'static str, max: usize, says: &'static str) -> Field {
    Field { name, what: What::Text { max, kind: Kind::Readable, pattern: None }, needed: false, says }
}

const fn address(name: &'static str, max: usize, says: &'static str) -> Field {
    Field { name, what: What::Text { max, kind: Kind::Address, pattern: None }, needed: false, says }
}

const fn whole(name: &'static str, min: u32, max: u32, says: &'static str) -> Field {
    Field { name, what: What::Whole { min, max }, needed: false, says }
}

const fn other(name: &'static str, what: What, says: &'static str) -> Field {
    Field { name, what, needed: false, says }
}

impl Field {
    const fn needed(self) -> Field {
        Field { needed: true, ..self }
    }

    const fn pattern(self, pattern: &'static str) -> Field {
        let what = match self.what {
            What::Text { max, kind, .. } => What::Text { max, kind, pattern: Some(pattern) },
            what => what,
        };
        Field { what, ..self }
    }
}

/// A label.
pub const LABEL: [Field; 20] = [
    text("id", 64, "Your name for it, such as the package id; unique in the ledger.").pattern("^[A-Za-z0-9_.:/-]+$").needed(),
    text("order", 64, "The order number.").needed(),
    text("tracking", 64, "The carrier's tracking number, encoded in the barcode.").pattern("^[ -~]*[A-Za-z0-9][ -~]*$").needed(),
    text("carrier", 60, "Who carries the parcel."),
    text("service", 60, "The carrier's service."),
    text("routing", 60, "The carrier's sort code, printed large."),
    other("sender", What::Sender, "The name of a configured sender, or the seller's full name and address."),
    other("recipient", What::One { fields: &PARTY, shape: "PartyRequest" }, "Who gets the parcel.").needed(),
    other("parcel", What::One { fields: &PARCEL, shape: "ParcelRequest" }, "What is known of the parcel itself."),
    other("items", What::Many { fields: &ITEM, shape: "ItemRequest", max: 200 }, "What is in it."),
    other("cod", What::One { fields: &COD, shape: "CodRequest" }, "Cash on delivery."),
    other("ship_by", What::Time, "When it must have left."),
    whole("priority", 0, 1_000_000, "Lower goes first in a job that is sorted by it."),
    other("expires", What::Time, "It must not be used from then on."),
    other("note", What::Text { max: 1000, kind: Kind::Note, pattern: None }, "The buyer's own words."),
    text("reference", 64, "Your own words to find the label by."),
    text("template", 64, "The template, when it is not the printer's usual one."),
    other("urgent", What::Flag, "Goes between the labels of other jobs."),
    text("hold", 200, "Taken, but not printed until released: why. Must name nobody."),
    other("cancel_requested", What::Flag, "The buyer asked to cancel: held until its order is canceled or released."),
];

/// A person or firm and where they are.
pub const PARTY: [Field; 8] = [
    readable("name", 200, "The full name.").needed(),
    address("company", 200, "The firm."),
    readable("phone", 50, "The phone number."),
    other("lines", What::Lines { count_max: 12, max: 500 }, "Street lines, or the whole address as free text.").needed(),
    address("city", 200, "The city."),
    address("region", 200, "The state, province or prefecture."),
    readable("postcode", 20, "Required of a recipient where the country has them."),
    text("country", 200, "ISO 3166, two letters; an English name is taken too.").needed(),
];

/// What is known of the parcel itself.
pub const PARCEL: [Field; 3] = [
    whole("weight_g", 1, 10_000_000, "Its weight in grams."),
    whole("number", 1, 9999, "This is parcel `number` of `of`."),
    whole("of", 1, 9999, "How many parcels there are."),
];

/// One line of goods.
pub const ITEM: [Field; 5] = [
    text("sku", 100, "The stock-keeping unit."),
    text("name", 300, "What it is.").needed(),
    whole("quantity", 1, 99_999, "How many.").needed(),
    text("location", 60, "Where it lies."),
    text("variant", 200, "Its colour, size and so on."),
];

/// Cash on delivery.
pub const COD: [Field; 2] = [
    text("amount", 20, "A decimal number above zero, such as \"185.00\"; a JSON number is taken too.")
        .pattern("^[0-9]{0,11}[1-9][0-9]{0,11}([.][0-9]{1,4})?$")
        .needed(),
    text("currency", 20, "ISO 4217, three capitals.").pattern("^[A-Z]{3}$").needed(),
];

/// The names of a list.
pub const fn names<const N: usize>(fields: &[Field; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = fields[at].name;
        at += 1;
    }
    names
}

/// What a label may say.
pub const LABEL_FIELDS: [&str; LABEL.len()] = names(&LABEL);
/// What a party may say of itself.
pub const PARTY_FIELDS: [&str; PARTY.len()] = names(&PARTY);
/// What a label may say of its parcel.
pub const PARCEL_FIELDS: [&str; PARCEL.len()] = names(&PARCEL);
/// What a label may say of an item.
pub const ITEM_FIELDS: [&str; ITEM.len()] = names(&ITEM);
/// What a label may say of cash on delivery.
pub const COD_FIELDS: [&str; COD.len()] = names(&COD);
