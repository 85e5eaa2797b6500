//! Two orders every expression is tried on: one with everything, one with the least an order may have; and two papers
//! of each kind. A test in `layout` holds the keys of the orders against what a real one offers.

use crate::papers;
use crate::waybill::OPTIONAL_TEXTS;
use minijinja::value::Serde;
use minijinja::{Value, context};

/// An order with every field.
pub fn full() -> Value {
    order("Text")
}

/// An order with every field, its optional texts saying that.
fn order(said: &str) -> Value {
    context! {
        id => "pkg-1", order => "576462377512830001", tracking => "RB123456785CN", tracking_spaced => "RB 123 456 785 CN",
        pieces => 3,
        sender => party("Sender"), recipient => party("Recipient"),
        items => vec![item("SKU")],
        cod => context! { amount => "185.00", currency => "USD" },
        ship_by => context! { date => "24 Nov", time => "18:00 +08" },
        parcel => context! { weight => "180 g", number => 1, of => 2 },
        ..texts(said)
    }
}

/// An order with nothing that may be left out.
pub fn bare() -> Value {
    context! {
        items => Vec::<Value>::new(), pieces => 0,
        cod => Value::from(()), ship_by => Value::from(()),
        parcel => context! { weight => "", number => 1, of => 1 },
        ..order("")
    }
}

/// A paper with everything, or with nothing that may be left out.
pub fn paper(kind: papers::Kind, full: bool) -> Value {
    Value::from(Serde(papers::sample(kind, full)))
}

/// What a cell of a table may show.
pub fn row(of: Option<papers::Kind>) -> Value {
    match of {
        None => context! { item => item("SKU") },
        Some(kind) => {
            let (list, one) = kind.rows().unwrap_or_default();
            let rows = paper(kind, true).get_attr(list).unwrap_or_default();
            Value::from_pairs([(one, rows.get_item_by_index(0).unwrap_or_default())])
        }
    }
}

/// What the last row may show when not all fit.
pub fn more() -> Value {
    context! { rows => 2, quantity => 5 }
}

/// Every optional text, saying that.
fn texts(said: &str) -> Value {
    Value::from_pairs(OPTIONAL_TEXTS.map(|name| (name, said)))
}

fn party(name: &str) -> Value {
    context! {
        name => name, company => "Company", phone => "+86 755", city => "City", region => "Region",
        postcode => "518000", country => "CN", country_name => "CHINA",
    }
}

fn item(sku: &str) -> Value {
    context! { sku => sku, name => "Name", quantity => 1, location => "A-01", variant => "Black" }
}
