//! What the expressions of a template see of an order or a paper. An optional text that is not there is empty; an optional group
//! (`cod`, `ship_by`) is none, so `when = "cod"` does what it says.

use crate::carrier::number;
use crate::content::{Content, ContentRef};
use crate::papers::RowNames;
use crate::waybill::{Item, OPTIONAL_TEXTS, Party, ShipBy, Waybill, weight};
use minijinja::value::Serde;
use minijinja::{Value, context};

/// The values of one order or paper.
pub fn of(content: ContentRef<'_>) -> Value {
    match content {
        Content::Waybill(waybill) => of_waybill(waybill),
        Content::Paper(paper) => Value::from(Serde(paper)),
    }
}

fn of_waybill(waybill: &Waybill) -> Value {
    let texts = OPTIONAL_TEXTS.into_iter().zip(waybill.optional_texts()).map(|(name, said)| (name, Value::from(text(said))));
    let pieces: u64 = waybill.items.iter().map(|item| u64::from(item.quantity)).sum();
    let parcel = context! {
        weight => waybill.parcel.weight_g.map(|grams| weight(grams.into())).unwrap_or_default(),
        number => waybill.parcel.number.unwrap_or(1), of => waybill.parcel.of.unwrap_or(1),
    };
    let others = [
        ("id", Value::from(waybill.id.as_str())),
        ("order", Value::from(waybill.order.as_str())),
        ("tracking", Value::from(waybill.tracking.as_str())),
        ("tracking_spaced", Value::from(number::spaced(&waybill.tracking))),
        ("pieces", Value::from(pieces)),
        ("sender", party(&waybill.sender)),
        ("recipient", party(&waybill.recipient)),
        ("items", Value::from(waybill.items.iter().map(item).collect::<Vec<_>>())),
        ("cod", Value::from(waybill.cod.as_ref().map(|cod| context! { amount => &cod.amount, currency => &cod.currency }))),
        ("ship_by", Value::from(waybill.ship_by.as_ref().map(ship_by))),
        ("parcel", parcel),
    ];
    Value::from_pairs(texts.chain(others))
}

/// What the cells of each row see.
pub fn rows(values: &Value, (list, one): RowNames) -> Vec<Value> {
    let entries = values.get_attr(list).unwrap_or_default();
    entries.try_iter().into_iter().flatten().map(|entry| Value::from_pairs([(one, entry)])).collect()
}

/// What the last row sees when not all items fit.
pub fn more(rest: &[Item]) -> Value {
    context! { rows => rest.len(), quantity => rest.iter().map(|item| u64::from(item.quantity)).sum::<u64>() }
}

fn party(party: &Party) -> Value {
    context! {
        name => &party.name, company => text(&party.company), phone => text(&party.phone), city => text(&party.city),
        region => text(&party.region), postcode => text(&party.postcode),
        country => party.country.code(), country_name => party.country.name(),
    }
}

fn item(item: &Item) -> Value {
    context! {
        sku => text(&item.sku), name => &item.name, quantity => item.quantity, location => text(&item.location),
        variant => text(&item.variant),
    }
}

/// The deadline in the time of its own offset, with the zone named: an hour without a zone may be read as another city's.
fn ship_by(at: &ShipBy) -> Value {
    let local = at.local();
    let zone = match at.offset.seconds() / 60 {
        0 => "UTC".to_owned(),
        minutes if minutes % 60 == 0 => format!("{:+03}", minutes / 60),
        minutes => format!("{:+03}:{:02}", minutes / 60, minutes.abs() % 60),
    };
    context! { date => format!("{:02}-{:02}", local.month(), local.day()), time => format!("{:02}:{:02} {zone}", local.hour(), local.minute()) }
}

fn text(optional: &Option<String>) -> &str {
    optional.as_deref().unwrap_or_default()
}
