//! Pick list, packing slips and cover, made of the waybills of one wave in the order in which they print.

use super::{Content, Paper};
use crate::waybill::Waybill;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// The slots of a pick that fit one row; more go on in a row below it.
const SLOTS_MAX: usize = 80;
/// What a Code 128 across 100 mm carries with bars wide enough for any scanner.
const BARS_MAX: usize = 26;

/// A paper a job can ask for beside its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray, Serialize, Deserialize, ToSchema)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[schema(as = WantedPaper)]
pub enum Want {
    Cover,
    PickList,
    Slips,
}

/// The labels of one job as they are to print, and what its papers say beside them.
#[derive(Debug, Clone)]
pub struct Wave<'a> {
    pub id: String,
    /// The printer or the group.
    pub printer: String,
    /// When it was taken, by the clock on the wall.
    pub at: String,
    pub labels: Vec<&'a Waybill>,
}

/// What to fetch, by location, then by stock-keeping unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickList {
    pub wave: String,
    pub at: String,
    pub printer: String,
    /// Labels of the wave.
    pub labels: usize,
    pub pieces: u64,
    pub picks: Vec<Pick>,
}

/// One place to go to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    pub location: String,
    pub sku: String,
    pub name: String,
    pub variant: String,
    /// In all; 0 where the row above goes on.
    pub quantity: u64,
    /// For which labels of the wave: `1–3, 7 ×2`.
    pub slots: String,
}

/// What lies in one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackingSlip {
    pub wave: String,
    /// The id of the package's label.
    pub label: String,
    /// Place of that label among the wave's.
    pub slot: usize,
    pub labels: usize,
    pub order: String,
    /// The order again, where bars can carry it.
    pub order_bars: String,
    pub tracking: String,
    pub carrier: String,
    /// The buyer's own words.
    pub note: String,
    pub parcel: Part,
    pub pieces: u64,
    pub items: Vec<SlipItem>,
}

/// This is parcel `number` of `of` of its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub number: u32,
    pub of: u32,
}

/// One line of goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlipItem {
    pub sku: String,
    pub name: String,
    pub variant: String,
    pub quantity: u64,
    pub location: String,
}

/// What a stack of labels must hold, to check it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    pub wave: String,
    pub at: String,
    pub printer: String,
    pub labels: usize,
    /// Of them, those that were taken to be kept back.
    pub held: usize,
    /// Printed pieces in all, papers and this one among them; none that is kept back.
    pub stack: usize,
    pub first: Ends,
    pub last: Ends,
    pub carriers: Vec<CarrierCount>,
}

/// The first or the last label of a wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    pub slot: usize,
    pub label: String,
    pub tracking: String,
}

/// How many labels are for one carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierCount {
    pub name: String,
    pub labels: usize,
}

/// The place of a pick in the list, and what it is. Goods without a location come last: the packer has to look for them.
type Place<'a> = (bool, &'a str, &'a str, &'a str, &'a str);

impl Wave<'_> {
    /// What to fetch for all of it.
    pub fn pick_list(&self) -> Paper {
        let mut found: BTreeMap<Place, Vec<(usize, u64)>> = BTreeMap::new();
        for (slot, label) in (1..).zip(&self.labels) {
            for item in &label.items {
                let (location, sku) = (text(&item.location), text(&item.sku));
                let place: Place = (location.is_empty(), location, sku, &item.name, text(&item.variant));
                let slots = found.entry(place).or_default();
                match slots.last_mut().filter(|(last, _)| *last == slot) {
                    Some((_, quantity)) => *quantity += u64::from(item.quantity),
                    None => slots.push((slot, u64::from(item.quantity))),
                }
            }
        }
        let mut picks = Vec::new();
        for ((_, location, sku, name, variant), slots) in found {
            let mut quantity = slots.iter().map(|(_, quantity)| quantity).sum();
            for slots in slot_texts(&slots) {
                let [location, sku, name, variant] = [location, sku, name, variant].map(str::to_owned);
                picks.push(Pick { location, sku, name, variant, quantity, slots });
                quantity = 0;
            }
        }
        let pieces = picks.iter().map(|pick| pick.quantity).sum();
        let (wave, at, printer) = (self.id.clone(), self.at.clone(), self.printer.clone());
        let list = PickList { wave, at, printer, labels: self.labels.len(), pieces, picks };
        Paper::whole(Content::PickList(list), self.country())
    }

    /// What lies in the package of one label, given the label's place from 0.
    pub fn packing_slip(&self, at: usize) -> Paper {
        let label = self.labels[at];
        let items = label.items.iter().map(|item| SlipItem {
            sku: text(&item.sku).to_owned(),
            name: item.name.clone(),
            variant: text(&item.variant).to_owned(),
            quantity: u64::from(item.quantity),
            location: text(&item.location).to_owned(),
        });
        let has_bars = label.order.len() <= BARS_MAX && label.order.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        let slip = PackingSlip {
            wave: self.id.clone(),
            label: label.id.clone(),
            slot: at + 1,
            labels: self.labels.len(),
            order: label.order.clone(),
            order_bars: if has_bars { label.order.clone() } else { String::new() },
            tracking: label.tracking.clone(),
            carrier: text(&label.carrier).to_owned(),
            note: text(&label.note).to_owned(),
            parcel: Part { number: label.parcel.number.unwrap_or(1), of: label.parcel.of.unwrap_or(1) },
            pieces: label.items.iter().map(|item| u64::from(item.quantity)).sum(),
            items: items.collect(),
        };
        Paper::whole(Content::PackingSlip(slip), label.recipient.country.code())
    }

    /// What lies in the stack: the labels, and so many pieces of paper, this one among them.
    pub fn cover(&self, papers: usize) -> Paper {
        let mut carriers: BTreeMap<&str, usize> = BTreeMap::new();
        for label in &self.labels {
            *carriers.entry(text(&label.carrier)).or_default() += 1;
        }
        let held = self.labels.iter().filter(|label| label.hold.is_some()).count();
        let end =
            |at: usize| Ends { slot: at + 1, label: self.labels[at].id.clone(), tracking: self.labels[at].tracking.clone() };
        let cover = Cover {
            wave: self.id.clone(),
            at: self.at.clone(),
            printer: self.printer.clone(),
            labels: self.labels.len(),
            held,
            stack: self.labels.len() - held + papers,
            first: end(0),
            last: end(self.labels.len() - 1),
            carriers: carriers.into_iter().map(|(name, labels)| CarrierCount { name: name.to_owned(), labels }).collect(),
        };
        Paper::whole(Content::Cover(cover), self.country())
    }

    /// The country of the packers, who read the papers: that of the sender.
    fn country(&self) -> &'static str {
        self.labels.first().map_or("", |label| label.sender.country.code())
    }
}

pub(super) fn text(optional: &Option<String>) -> &str {
    optional.as_deref().unwrap_or_default()
}

/// `1–3, 7 ×2`, no count torn from its slot, cut where a row of a list would grow too high.
fn slot_texts(slots: &[(usize, u64)]) -> Vec<String> {
    let mut texts = vec![String::new()];
    for run in slots.chunk_by(|(slot, quantity), (next, same)| slot + 1 == *next && quantity == same) {
        let ((first, quantity), (last, _)) = (run[0], run[run.len() - 1]);
        let mut said = first.to_string();
        if last > first {
            // Writing to a text cannot fail.
            let _ = write!(said, "–{last}");
        }
        if quantity > 1 {
            let _ = write!(said, "\u{a0}×{quantity}");
        }
        match texts.last_mut() {
            Some(text) if text.is_empty() => text.push_str(&said),
            Some(text) if text.chars().count() + said.chars().count() + 2 <= SLOTS_MAX => {
                text.push_str(", ");
                text.push_str(&said);
            }
            _ => texts.push(said),
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waybill::{Senders, json};

    fn label(number: usize, items: &str) -> Waybill {
        let text = format!(
            r#"{{"id":"pkg-{number}","order":"O{number}","tracking":"T{number}","carrier":"C{}","sender":{{"name":"S","lines":["1"],"country":"CN"}},
            "recipient":{{"name":"R","lines":["1"],"country":"HK"}},"items":[{items}]}}"#,
            number % 2
        );
        Waybill::parse(&json::parse(text.as_bytes()).unwrap(), &Senders::default()).unwrap()
    }

    fn item(location: &str, sku: &str, quantity: u64) -> String {
        format!(r#"{{"sku":"{sku}","name":"Lamp","quantity":{quantity},"location":"{location}"}}"#)
    }

    fn wave(labels: &[Waybill]) -> Wave<'_> {
        Wave { id: "w".into(), printer: "pack-1".into(), at: "now".into(), labels: labels.iter().collect() }
    }

    #[test]
    fn a_picker_walks_each_place_once_and_knows_for_whom() {
        let labels = [
            label(1, &[item("B-1", "X", 1), item("", "Z", 1)].join(",")),
            label(2, &[item("A-2", "Y", 2), item("B-1", "X", 1)].join(",")),
            label(3, &item("B-1", "X", 1)),
            label(4, &[item("B-1", "X", 2), item("B-1", "W", 1), item("B-1", "X", 1)].join(",")),
        ];
        let Content::PickList(list) = wave(&labels).pick_list().content else { panic!("a pick list") };
        let rows: Vec<String> =
            list.picks.iter().map(|pick| format!("{} {} {} [{}]", pick.location, pick.sku, pick.quantity, pick.slots)).collect();
        assert_eq!(rows, ["A-2 Y 2 [2\u{a0}×2]", "B-1 W 1 [4]", "B-1 X 6 [1–3, 4\u{a0}×3]", " Z 1 [1]"]);
        assert_eq!((list.pieces, list.labels), (10, 4));
    }

    #[test]
    fn what_goes_into_every_second_of_five_hundred_orders_goes_on_in_a_row_below_without_being_counted_again() {
        let labels: Vec<Waybill> =
            (1..=500).map(|n| label(n, &if n % 2 == 0 { item("A", "X", 1) } else { String::new() })).collect();
        let Content::PickList(list) = wave(&labels).pick_list().content else { panic!("a pick list") };
        assert!(list.picks.len() > 10 && list.picks.iter().all(|pick| pick.slots.chars().count() <= SLOTS_MAX));
        assert_eq!(list.picks.iter().map(|pick| pick.quantity).collect::<Vec<_>>()[..3], [250, 0, 0]);
        let told: usize = list.picks.iter().map(|pick| pick.slots.split(", ").count()).sum();
        assert_eq!(told, 250);
    }

    #[test]
    fn a_cover_counts_what_the_stack_holds() {
        let mut labels: Vec<Waybill> = (1..=5).map(|n| label(n, &item("A", "X", 1))).collect();
        labels[3].hold = Some("asked to cancel".into());
        let Content::Cover(cover) = wave(&labels).cover(3).content else { panic!("a cover") };
        assert_eq!((cover.labels, cover.held, cover.stack), (5, 1, 7));
        assert_eq!((cover.first.tracking.as_str(), cover.last.slot, cover.last.label.as_str()), ("T1", 5, "pkg-5"));
        let carriers: Vec<(&str, usize)> = cover.carriers.iter().map(|one| (one.name.as_str(), one.labels)).collect();
        assert_eq!(carriers, [("C0", 2), ("C1", 3)]);
    }

    #[test]
    fn a_slip_has_bars_only_for_an_order_that_bars_can_carry() {
        let mut labels = [label(1, &item("A", "X", 1)), label(2, ""), label(3, "")];
        labels[1].order = "订单 7".into();
        labels[2].order = "X".repeat(27);
        let wave = wave(&labels);
        let bars = [0, 1, 2].map(|at| match wave.packing_slip(at).content {
            Content::PackingSlip(slip) => slip.order_bars,
            _ => panic!("a slip"),
        });
        assert_eq!(bars, ["O1", "", ""]);
    }
}
