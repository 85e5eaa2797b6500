//! What a caller may send.
//!
//! Requests are read field by field elsewhere, so that every fault is told at once. What a label may say stands in one
//! list, [`crate::waybill::spec`], of which both that reader and the schemas here are made.

use crate::papers::Want;
use crate::spool::HoldCause;
use crate::waybill::sort::Sort;
use crate::waybill::spec::{self, Field, What};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{AdditionalProperties, AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// One submission: 1 to 500 labels, taken all or not at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = example_job)]
pub struct JobRequest {
    /// Your name for it, 1 to 128 visible ASCII characters. The same id with the same content is the same job.
    #[schema(max_length = 128, pattern = "^[!-~]+$")]
    pub id: String,
    /// A printer or a group of printers. May be left out where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub printer: Option<String>,
    /// The template of labels that name none; otherwise the printer's usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub template: Option<String>,
    /// The sender of labels that name none. May be left out where only one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderRequest>,
    /// In which order the labels print, the weightiest key first. As given when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 9)]
    pub sort: Option<Vec<Sort>>,
    /// Goes between the labels of other jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent: Option<bool>,
    /// You know that a tracking number stands under another label too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reuse_tracking: Option<bool>,
    /// Papers to print beside the labels: `pick_list` and `cover` before the first one, `slips` each behind its label.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 3)]
    pub papers: Option<Vec<Want>>,
    /// When its labels print; at once when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub print: Option<When>,
    #[schema(min_items = 1, max_items = 500)]
    pub labels: Vec<LabelRequest>,
}

/// When the labels of a job print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WhenToPrint)]
pub enum When {
    Now,
    /// Each label waits until it, its order or, where it is alone in its parcel, its article is scanned at a station.
    OnScan,
}

/// A request whose schema is made of a list of fields.
macro_rules! of_list {
    ($(#[doc = $doc:literal])+ $name:ident of $list:expr, with [$($part:ty),*]) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Map<String, Value>);

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                object(&$list, concat!($($doc),+).trim())
            }
        }

        impl ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                $(
                    schemas.push((<$part>::name().into_owned(), <$part>::schema()));
                    <$part>::schemas(schemas);
                )*
                let _ = schemas;
            }
        }
    };
}

of_list!(
    /// One label.
    LabelRequest of spec::LABEL, with [SenderRequest, PartyRequest, ParcelRequest, ItemRequest, CodRequest]
);
of_list!(
    /// A person or firm and where they are.
    PartyRequest of spec::PARTY, with []
);
of_list!(
    /// What is known of the parcel itself.
    ParcelRequest of spec::PARCEL, with []
);
of_list!(
    /// One line of goods.
    ItemRequest of spec::ITEM, with []
);
of_list!(
    /// Cash on delivery.
    CodRequest of spec::COD, with []
);

/// A configured sender by name, or a party.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SenderRequest {
    Name(String),
    Party(PartyRequest),
}

/// The schema of an object with these fields and no others.
fn object(fields: &[Field], says: &str) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(says))
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
    for field in fields {
        object = object.property(field.name, property(field));
        if field.needed {
            object = object.required(field.name);
        }
    }
    Schema::from(object.build()).into()
}

fn property(Field { what, says, needed, .. }: &Field) -> RefOr<Schema> {
    let of = |kind: Type| ObjectBuilder::new().schema_type(kind).description(Some(*says));
    let schema: Schema = match *what {
        What::Text { max, pattern, .. } => {
            let least = needed.then_some(1);
            of(Type::String).min_length(least).max_length(Some(max)).pattern(pattern).build().into()
        }
        What::Whole { min, max } => of(Type::Integer).minimum(Some(min)).maximum(Some(max)).build().into(),
        What::Flag => of(Type::Boolean).build().into(),
        What::Time => {
            let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
            let written = ObjectBuilder::new().schema_type(Type::String).format(Some(format)).pattern(Some(TIME)).build();
            let seconds =
                ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(946_684_800_i64)).maximum(Some(4_102_444_799_i64));
            AnyOfBuilder::new().item(written).item(seconds.build()).description(Some(*says)).build().into()
        }
        What::Sender => return Ref::from_schema_name(SenderRequest::name()).into(),
        What::Lines { count_max, max } => {
            let line = ObjectBuilder::new().schema_type(Type::String).max_length(Some(max)).build();
            ArrayBuilder::new().items(line).min_items(Some(1)).max_items(Some(count_max)).description(Some(*says)).build().into()
        }
        What::One { shape, .. } => return Ref::from_schema_name(shape).into(),
        What::Many { shape, max, .. } => {
            let items = Ref::from_schema_name(shape);
            ArrayBuilder::new().items(items).max_items(Some(max)).description(Some(*says)).build().into()
        }
    };
    schema.into()
}

/// RFC 3339 with an offset, in this century.
const TIME: &str =
    "^20[0-9]{2}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?([Zz]|[+-][01][0-9]:[0-5][0-9])$";

/// Why a label is to be printed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReprintRequest {
    #[schema(example = "smudged by rain")]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: String,
    /// Who asks.
    #[schema(example = "station 2")]
    #[schema(min_length = 1, max_length = 64)]
    pub by: String,
    /// Another printer than the label's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub printer: Option<String>,
}

/// Who asks. Left out, it is the user at the other end of the socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VoidRequest {
    #[schema(example = "station 2")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub by: Option<String>,
}

/// Whether an order is canceled, or only asked to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// Who cancels. Left out, it is the user at the other end of the socket.
    #[schema(example = "shop tool")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub by: Option<String>,
    /// The buyer asked, and the seller has yet to decide.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<bool>,
    /// Must name nobody.
    #[schema(example = "ordered twice")]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub reason: Option<String>,
}

/// Why a label is kept back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    /// Must name nobody.
    #[schema(min_length = 1, max_length = 200, example = "the address is in question")]
    pub reason: String,
    /// `asked`, which it is when left out, or `buyer_asked`: then it is decided with its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<HoldCause>,
}

/// Whether a label in doubt came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRequest {
    pub came_out: bool,
    /// Who looked. Left out, it is the user at the other end of the socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub by: Option<String>,
}

/// What a packer scanned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanRequest {
    #[schema(example = "bench-1")]
    #[schema(min_length = 1, max_length = 64)]
    pub station: String,
    /// As the scanner gave it, with whatever stands around the number; at most 512 characters are read.
    #[schema(example = "RB123456785GB")]
    pub text: String,
    /// Who scans, where that is known better than from a badge.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub by: Option<String>,
}

/// What to make handover manifests of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ManifestRequest {
    /// Your name for it. It is encoded in the barcode; with several carriers `-1`, `-2` … are added.
    #[schema(example = "eod-1126")]
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9_.:/-]+$")]
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub printer: Option<String>,
    /// Only what this carrier took.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60)]
    pub carrier: Option<String>,
    /// What stands on it as the day; today when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub date: Option<String>,
    /// The name of a configured sender, or what to say; the configured one, where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub sender: Option<String>,
    /// Parcels handed over then or later, RFC 3339; within the last seven days when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40, format = DateTime, pattern = "^20[0-9]{2}-")]
    pub since: Option<String>,
}

/// Where the labels of a printer are to go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveRequest {
    /// The printer that is to print them.
    #[schema(example = "pack-2")]
    #[schema(min_length = 1, max_length = 64)]
    pub to: String,
}

/// What to put into a bag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BagRequest {
    /// The bundle's id, encoded in the barcode.
    #[schema(example = "bag-17")]
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9_.:/-]+$")]
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 64)]
    pub printer: Option<String>,
    /// Where it goes.
    #[schema(example = "Shenzhen sorting centre")]
    #[schema(min_length = 1, max_length = 200)]
    pub to: String,
    /// Ids or tracking numbers of the parcels in it; what was handed over and stands on no manifest when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2000)]
    pub labels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60)]
    pub carrier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub sender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40, format = DateTime, pattern = "^20[0-9]{2}-")]
    pub since: Option<String>,
}

/// A job that a daemon with one printer takes.
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
