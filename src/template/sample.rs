//! Two orders every expression is tried on: one with everything, one with the least an order may have.
//! A test in `layout` holds their keys against what a real order offers.

use minijinja::{Value, context};

/// An order with every field.
pub fn full() -> Value {
    context! {
        id => "pkg-1", order => "576462377512830001", tracking => "RB123456785CN", tracking_spaced => "RB 123 456 785 CN",
        carrier => "Carrier", service => "Service", routing => "A-01", note => "Note", pieces => 3,
        sender => party("Sender"), recipient => party("Recipient"),
        items => vec![item("SKU")],
        cod => context! { amount => "185.00", currency => "USD" },
        ship_by => context! { date => "24 Nov", time => "18:00 +08" },
        parcel => context! { weight => "180 g", number => 1, of => 2 },
    }
}

/// An order with nothing that may be left out.
pub fn bare() -> Value {
    context! {
        carrier => "", service => "", routing => "", note => "", items => Vec::<Value>::new(), pieces => 0,
        cod => Value::from(()), ship_by => Value::from(()),
        parcel => context! { weight => "", number => 1, of => 1 },
        ..full()
    }
}

/// What a cell of the items table may show.
pub fn row() -> Value {
    context! { item => item("SKU") }
}

/// What the last row may show when not all fit.
pub fn more() -> Value {
    context! { rows => 2, quantity => 5 }
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
