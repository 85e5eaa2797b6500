//! The order in which a job's labels print. What a label does not say comes last; equals stay as they were given.

use super::Waybill;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// A key to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = SortKey)]
pub enum Sort {
    ShipBy,
    /// The lowest first.
    Priority,
    Carrier,
    Service,
    /// Where the first item lies, so that a wave prints in the order of the picker's walk.
    Location,
    /// The first item's stock-keeping unit.
    Sku,
    Order,
    Tracking,
    /// Where the parcel goes.
    Country,
}

impl Sort {
    fn compare(self, a: &Waybill, b: &Waybill) -> Ordering {
        match self {
            Sort::ShipBy => by(a, b, |label| label.ship_by.map(|ship_by| ship_by.at)),
            Sort::Priority => by(a, b, |label| label.priority),
            Sort::Carrier => by(a, b, |label| label.carrier.as_deref()),
            Sort::Service => by(a, b, |label| label.service.as_deref()),
            Sort::Location => by(a, b, |label| label.items.first()?.location.as_deref()),
            Sort::Sku => by(a, b, |label| label.items.first()?.sku.as_deref()),
            Sort::Order => by(a, b, |label| Some(label.order.as_str())),
            Sort::Tracking => by(a, b, |label| Some(label.tracking.as_str())),
            Sort::Country => by(a, b, |label| Some(label.recipient.country.code())),
        }
    }
}

/// Which of the two prints first, by the first key in which they differ.
pub fn compare(keys: &[Sort], a: &Waybill, b: &Waybill) -> Ordering {
    keys.iter().map(|key| key.compare(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn by<'a, T: Ord>(a: &'a Waybill, b: &'a Waybill, value: impl Fn(&'a Waybill) -> Option<T>) -> Ordering {
    match (value(a), value(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
