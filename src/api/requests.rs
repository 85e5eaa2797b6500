//! What a caller may send. These types are the documentation of it: requests are read by `intake` and `waybill`.

use crate::spool::HoldCause;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// One submission: 1 to 500 labels, taken all or not at all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = example_job)]
pub struct JobRequest {
    /// Your name for it, 1 to 128 visible ASCII characters. The same id with the same content is the same job.
    pub id: String,
    /// A printer or a group of printers. May be left out where there is only one.
    pub printer: Option<String>,
    /// The template of labels that name none; otherwise the printer's usual one.
    pub template: Option<String>,
    /// The sender of labels that name none. May be left out where only one is configured.
    pub sender: Option<SenderRequest>,
    /// In which order the labels print: any of `ship_by`, `priority`, `carrier`, `service`, `location`, `sku`, `order`,
    /// `tracking`, `country`, the weightiest first. As given when left out.
    pub sort: Option<Vec<String>>,
    /// Goes between the labels of other jobs.
    pub urgent: Option<bool>,
    /// You know that a tracking number stands under another label too.
    pub reuse_tracking: Option<bool>,
    /// Papers to print beside the labels: `pick_list` and `cover` before the first one, `slips` each behind its label.
    pub papers: Option<Vec<String>>,
    /// `now`, or `on_scan`: each label waits until it, its order or, where it is alone in its parcel, its article is
    /// scanned at a station.
    #[schema(example = "now")]
    pub print: Option<String>,
    #[schema(min_items = 1, max_items = 500)]
    pub labels: Vec<LabelRequest>,
}

/// One label.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelRequest {
    /// Your name for it, such as the package id; unique in the ledger.
    pub id: String,
    pub order: String,
    pub tracking: String,
    pub carrier: Option<String>,
    pub service: Option<String>,
    /// The carrier's sort code, printed large.
    pub routing: Option<String>,
    /// The name of a configured sender, or the seller's full name and address.
    pub sender: Option<SenderRequest>,
    pub recipient: PartyRequest,
    pub parcel: Option<ParcelRequest>,
    pub items: Option<Vec<ItemRequest>>,
    /// Cash on delivery.
    pub cod: Option<CodRequest>,
    /// RFC 3339 with an offset, or Unix seconds.
    pub ship_by: Option<String>,
    /// Lower goes first in a job that is sorted by it; 0 to 1,000,000.
    pub priority: Option<u32>,
    /// It must not be used from then on: written as `ship_by`.
    pub expires: Option<String>,
    /// The buyer's own words.
    pub note: Option<String>,
    pub template: Option<String>,
    pub urgent: Option<bool>,
    /// Taken, but not printed until released: why. Must name nobody.
    pub hold: Option<String>,
    /// The buyer asked to cancel: held until its order is canceled or released.
    pub cancel_requested: Option<bool>,
}

/// A configured sender by name, or a party.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum SenderRequest {
    Name(String),
    Party(Box<PartyRequest>),
}

/// A person or firm and where they are.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartyRequest {
    pub name: String,
    pub company: Option<String>,
    pub phone: Option<String>,
    /// Street lines, or the whole address as free text.
    pub lines: Vec<String>,
    pub city: Option<String>,
    pub region: Option<String>,
    /// Required where the country has them.
    pub postcode: Option<String>,
    /// ISO 3166, two letters.
    pub country: String,
}

/// What is known of the parcel itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParcelRequest {
    pub weight_g: Option<u32>,
    /// This is parcel `number` of `of`.
    pub number: Option<u32>,
    pub of: Option<u32>,
}

/// One line of goods.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemRequest {
    pub sku: Option<String>,
    pub name: String,
    pub quantity: u32,
    pub location: Option<String>,
    pub variant: Option<String>,
}

/// Cash on delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodRequest {
    /// A decimal number, such as "185.00".
    pub amount: String,
    /// ISO 4217, three capitals.
    pub currency: String,
}

/// Why a label is to be printed again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReprintRequest {
    #[schema(example = "smudged by rain")]
    pub reason: String,
    /// Who asks.
    #[schema(example = "station 2")]
    pub by: String,
    /// Another printer than the label's own.
    pub printer: Option<String>,
}

/// Who asks. Left out, it is the user at the other end of the socket.
#[derive(Debug, Serialize, ToSchema)]
pub struct VoidRequest {
    #[schema(example = "station 2")]
    pub by: Option<String>,
}

/// Whether an order is canceled, or only asked to be.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelRequest {
    /// Who cancels. Left out, it is the user at the other end of the socket.
    #[schema(example = "shop tool")]
    pub by: Option<String>,
    /// The buyer asked, and the seller has yet to decide.
    pub requested: Option<bool>,
    /// Must name nobody.
    #[schema(example = "ordered twice")]
    pub reason: Option<String>,
}

/// Why a label is kept back.
#[derive(Debug, Serialize, ToSchema)]
pub struct HoldRequest {
    /// Must name nobody.
    #[schema(example = "the address is in question")]
    pub reason: String,
    /// `asked`, which it is when left out, or `buyer_asked`: then it is decided with its order.
    pub cause: Option<HoldCause>,
}

/// Whether a label in doubt came out.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeRequest {
    pub came_out: bool,
    /// Who looked. Left out, it is the user at the other end of the socket.
    pub by: Option<String>,
}

/// What a packer scanned.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScanRequest {
    #[schema(example = "bench-1")]
    pub station: String,
    /// As the scanner gave it, with whatever stands around the number; at most 512 characters are read.
    #[schema(example = "RB123456785GB")]
    pub text: String,
    /// Who scans, where that is known better than from a badge.
    pub by: Option<String>,
}

/// What to make handover manifests of.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManifestRequest {
    /// Your name for it. Bars say it; with several carriers `-1`, `-2` … are added.
    #[schema(example = "eod-1126")]
    pub id: String,
    pub printer: Option<String>,
    /// Only what this carrier took.
    pub carrier: Option<String>,
    /// What stands on it as the day; today when left out.
    pub date: Option<String>,
    /// The name of a configured sender, or what to say; the configured one, where there is only one.
    pub sender: Option<String>,
    /// Parcels handed over then or later, RFC 3339; within the last seven days when left out.
    pub since: Option<String>,
}

/// What to put into a bag.
#[derive(Debug, Serialize, ToSchema)]
pub struct BagRequest {
    /// The bundle's id. Bars say it.
    #[schema(example = "bag-17")]
    pub id: String,
    pub printer: Option<String>,
    /// Where it goes.
    #[schema(example = "Shenzhen sorting centre")]
    pub to: String,
    /// Ids or tracking numbers of the parcels in it; what was handed over and stands on no manifest when left out.
    pub labels: Option<Vec<String>>,
    pub carrier: Option<String>,
    pub sender: Option<String>,
    pub since: Option<String>,
}

/// A job that a house with one printer takes.
pub fn example_job() -> Value {
    json!({ "id": "wave-0712", "sort": ["ship_by", "carrier"], "labels": [example_label()] })
}

/// A label without a job around it.
pub fn example_label() -> Value {
    json!({
        "id": "pkg-1",
        "order": "576461413038785752",
        "tracking": "RB123456785GB",
        "carrier": "Royal Mail",
        "service": "Tracked 48",
        "ship_by": "2026-07-14T18:00:00+01:00",
        "sender": {
            "name": "Little Lamp Shop", "lines": ["8 Quay Street"], "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"
        },
        "recipient": {
            "name": "Zoë Example", "phone": "+49 151 23456789", "lines": ["Musterweg 5"],
            "city": "Jena", "postcode": "07743", "country": "DE"
        },
        "items": [{ "sku": "LAMP-2", "name": "Desk lamp, brass", "quantity": 1, "location": "A-03-2" }],
        "note": "Please ring twice"
    })
}
