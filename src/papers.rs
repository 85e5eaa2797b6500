//! The papers of a wave: pick list, packing slips, cover, bag label and handover manifest.
//!
//! Waybills and a few facts go in; a [`Paper`] comes out, which is at once what the spool keeps of it and what its
//! template sees. A paper has rows, and as many labels as they need: `layout` finds where one ends, [`Paper::page`] cuts
//! there. Knows no template, printer or clock, and prints no name or address.

mod handover;
mod sample;
mod wave;

pub use crate::closed_set::PaperKind as Kind;
pub use handover::{Bag, Manifest, Parcel};
pub use sample::sample;
pub use wave::{CarrierCount, Cover, Ends, PackingSlip, Part, Pick, PickList, SlipItem, Want, Wave};

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Labels of one paper, at most.
pub const PAGES_MAX: usize = 99;

/// The name of a list and of one entry of it, as a template says them.
pub type RowNames = (&'static str, &'static str);

impl Kind {
    /// The design it is printed with; printers use the variant for their media.
    pub fn template(self) -> &'static str {
        match self {
            Kind::PickList => "pick-list-100x150",
            Kind::PackingSlip => "packing-slip-100x150",
            Kind::Cover => "cover-100x150",
            Kind::Bag => "bag-100x150",
            Kind::Manifest => "manifest-100x150",
        }
    }

    /// The rows it has.
    pub fn rows(self) -> Option<RowNames> {
        match self {
            Kind::PickList => Some(("picks", "pick")),
            Kind::PackingSlip => Some(("items", "item")),
            Kind::Cover => Some(("carriers", "carrier")),
            Kind::Bag => None,
            Kind::Manifest => Some(("parcels", "parcel")),
        }
    }
}

/// One label of a paper, with what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    pub page: Page,
    /// Whose forms of Han letters its readers know: ISO 3166, two letters.
    pub country: String,
    #[serde(flatten)]
    pub content: Content,
}

/// Label `number` of `of` of one paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub number: usize,
    pub of: usize,
}

/// What a paper says. A text that is not known is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "paper", rename_all = "kebab-case")]
pub enum Content {
    PickList(PickList),
    PackingSlip(PackingSlip),
    Cover(Cover),
    Bag(Bag),
    Manifest(Manifest),
}

impl Paper {
    /// All of a paper, before it is cut into labels.
    pub fn whole(content: Content, country: &str) -> Paper {
        Paper { page: Page { number: 1, of: 1 }, country: country.to_owned(), content }
    }

    pub fn kind(&self) -> Kind {
        match self.content {
            Content::PickList(_) => Kind::PickList,
            Content::PackingSlip(_) => Kind::PackingSlip,
            Content::Cover(_) => Kind::Cover,
            Content::Bag(_) => Kind::Bag,
            Content::Manifest(_) => Kind::Manifest,
        }
    }

    /// The id of this label in the spool. The first label of a cover, bag or manifest is called what its bars say, so that
    /// a scan of them finds it.
    pub fn id(&self) -> String {
        let number = self.page.number;
        let (of, leads) = match &self.content {
            Content::PickList(list) => (&list.wave, false),
            Content::PackingSlip(slip) => (&slip.label, false),
            Content::Cover(cover) => (&cover.wave, true),
            Content::Bag(bag) => (&bag.bag, true),
            Content::Manifest(manifest) => (&manifest.manifest, true),
        };
        if leads && number == 1 { of.clone() } else { format!("{of}/{}-{number}", self.kind().name()) }
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        match &self.content {
            Content::PickList(list) => list.picks.len(),
            Content::PackingSlip(slip) => slip.items.len(),
            Content::Cover(cover) => cover.carriers.len(),
            Content::Bag(_) => 0,
            Content::Manifest(manifest) => manifest.parcels.len(),
        }
    }

    /// That label of the paper, with these of its rows.
    pub fn page(&self, page: Page, rows: Range<usize>) -> Paper {
        fn keep<T>(all: &mut Vec<T>, rows: Range<usize>) {
            all.truncate(rows.end);
            all.drain(..rows.start.min(all.len()));
        }
        let mut part = Paper { page, ..self.clone() };
        match &mut part.content {
            Content::PickList(list) => keep(&mut list.picks, rows),
            Content::PackingSlip(slip) => keep(&mut slip.items, rows),
            Content::Cover(cover) => keep(&mut cover.carriers, rows),
            Content::Bag(_) => {}
            Content::Manifest(manifest) => keep(&mut manifest.parcels, rows),
        }
        part
    }

    /// What the spool keeps of it.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are always JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_label_of_a_cover_and_a_manifest_is_called_what_its_bars_say() {
        let ids = |kind: Kind| {
            let paper = sample(kind, true);
            [1, 2].map(|number| paper.page(Page { number, of: 2 }, 0..1).id())
        };
        assert_eq!(ids(Kind::Cover), ["wave-0712", "wave-0712/cover-2"]);
        assert_eq!(ids(Kind::Manifest), ["eod-1126", "eod-1126/manifest-2"]);
        assert_eq!(ids(Kind::PickList), ["wave-0712/pick-list-1", "wave-0712/pick-list-2"]);
        assert_eq!(ids(Kind::PackingSlip), ["pkg-1/packing-slip-1", "pkg-1/packing-slip-2"]);
    }

    #[test]
    fn pages_share_out_the_rows_and_lose_none() {
        let mut paper = sample(Kind::Manifest, true);
        let Content::Manifest(manifest) = &mut paper.content else { panic!("a manifest") };
        let parcel = manifest.parcels[0].clone();
        manifest.parcels = (1..=7).map(|number| Parcel { number, ..parcel.clone() }).collect();
        let cut = [0..3, 3..6, 6..7].map(|rows| paper.page(Page { number: 1, of: 3 }, rows));
        assert_eq!(cut.iter().map(Paper::rows).collect::<Vec<_>>(), [3, 3, 1]);
        let Content::Manifest(last) = &cut[2].content else { panic!("a manifest") };
        assert_eq!(last.parcels[0].number, 7);
    }
}
