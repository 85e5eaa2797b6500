//! One paper of each kind to try a template on: with everything, or with nothing that may be left out.

use super::{
    Bag, CarrierCount, Content, Cover, Ends, Kind, Manifest, PackingSlip, Paper, Parcel, Part, Pick, PickList, SlipItem,
};

/// A paper of that kind.
pub fn sample(kind: Kind, full: bool) -> Paper {
    let maybe = |text: &str| if full { text.to_owned() } else { String::new() };
    let said = str::to_owned;
    let content = match kind {
        Kind::PickList => Content::PickList(PickList {
            wave: said("wave-0712"),
            at: said("2025-07-12 09:30"),
            printer: said("pack-1"),
            labels: 50,
            pieces: 93,
            picks: vec![Pick {
                location: maybe("A-01-03"),
                sku: maybe("LN-S-RED"),
                name: said("Paper lantern"),
                variant: maybe("red"),
                quantity: 4,
                slots: said("1–3, 7"),
            }],
        }),
        Kind::PackingSlip => Content::PackingSlip(PackingSlip {
            wave: said("wave-0712"),
            label: said("pkg-1"),
            slot: 1,
            labels: 50,
            order: said("576462377512830001"),
            order_bars: maybe("576462377512830001"),
            tracking: said("RB123456785CN"),
            carrier: maybe("Postal Air"),
            note: maybe("Please ring twice"),
            parcel: if full { Part { number: 1, of: 2 } } else { Part { number: 1, of: 1 } },
            pieces: 2,
            items: vec![SlipItem {
                sku: maybe("LN-S-RED"),
                name: said("Paper lantern"),
                variant: maybe("red"),
                quantity: 2,
                location: maybe("A-01-03"),
            }],
        }),
        Kind::Cover => Content::Cover(Cover {
            wave: said("wave-0712"),
            at: said("2025-07-12 09:30"),
            printer: said("pack-1"),
            labels: 50,
            held: usize::from(full),
            stack: 52,
            first: Ends { slot: 1, label: said("pkg-1"), tracking: said("RB123456785CN") },
            last: Ends { slot: 50, label: said("pkg-50"), tracking: said("RB123457295CN") },
            carriers: vec![CarrierCount { name: maybe("Postal Air"), labels: 50 }],
        }),
        Kind::Bag => Content::Bag(Bag {
            bag: said("bag-17"),
            carrier: maybe("Postal Air"),
            count: 50,
            to: maybe("Shenzhen sorting centre"),
            sender: maybe("Little Lamp Shop"),
            at: said("2025-07-12 18:05"),
            weight: maybe("12.4 kg"),
        }),
        Kind::Manifest => Content::Manifest(Manifest {
            manifest: said("eod-1126"),
            carrier: maybe("Postal Air"),
            sender: maybe("Little Lamp Shop"),
            date: said("2025-07-12"),
            at: said("2025-07-12 18:05"),
            count: 50,
            weight: maybe("12.4 kg"),
            unweighed: usize::from(!full),
            parcels: vec![Parcel {
                number: 1,
                tracking: said("RB123456785CN"),
                order: maybe("576462377512830001"),
                weight: maybe("180 g"),
            }],
        }),
    };
    Paper::whole(content, "CN")
}
