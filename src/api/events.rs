//! Events, and the webhooks that are told of them.

use super::time;
use crate::closed_set::ClosedSet;
use crate::spool::{self, EventKind, State, UnixMs, events};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Something that happened. Names ids, never a person.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Event {
    pub seq: i64,
    pub at: String,
    /// The state a label came to, `taken` for a job, or a word about a printer such as `media_empty`.
    #[schema(example = "printed")]
    pub kind: EventKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printer: Option<String>,
    #[schema(value_type = EventData)]
    pub data: Box<RawValue>,
}

/// What is told of an event: of each kind its own. An object, which may gain fields.
pub struct EventData;

impl PartialSchema for EventData {
    fn schema() -> RefOr<Schema> {
        let mut parts = Vec::new();
        EventData::schemas(&mut parts);
        let any = parts.into_iter().fold(AnyOfBuilder::new(), |any, (name, _)| any.item(Ref::from_schema_name(name)));
        Schema::from(any.description(Some("What is told of an event: of each kind its own. It may gain fields.")).build()).into()
    }
}

impl ToSchema for EventData {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((T::name().into_owned(), T::schema()));
        }
        add::<events::JobTaken>(schemas);
        add::<events::LabelMoved>(schemas);
        add::<events::LabelReassigned>(schemas);
        add::<events::LabelReplaced>(schemas);
        add::<events::CancelTold>(schemas);
        add::<events::AtStation>(schemas);
        add::<events::ManifestMade>(schemas);
        add::<events::Scanned>(schemas);
        add::<events::BacklogHeld>(schemas);
        add::<events::Gap>(schemas);
        add::<events::PrinterTold>(schemas);
        add::<events::TaskEnded>(schemas);
    }
}

/// The programs that are told of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Webhooks {
    pub webhooks: Vec<Webhook>,
}

/// A program that is told of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    pub name: String,
    /// Its host and port.
    #[schema(example = "127.0.0.1:9000")]
    pub target: String,
    /// The newest event it has taken, or does not want.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<i64>,
    /// How many newer ones there are.
    pub behind: i64,
    /// Why it does not take them; it is tried again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "it answers 500 and not 2xx.")]
    pub trouble: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble_since: Option<String>,
    /// How often in a row it was tried in vain.
    pub failures: u32,
}

impl Event {
    pub fn of(event: spool::Event) -> Event {
        let spool::Event { seq, at, kind, job, label, printer, data } = event;
        let data = RawValue::from_string(data).unwrap_or_default();
        Event { seq, at: time(at), kind, job, label, printer, data }
    }

    /// What happened to a label is called by the state it came to.
    pub fn state(&self) -> Option<State> {
        State::from_word(self.kind.word())
    }
}

impl Webhook {
    /// `trouble`: why, since when, and how often in a row.
    pub fn of(name: &str, target: &str, told: Option<i64>, behind: i64, trouble: Option<(String, UnixMs, u32)>) -> Webhook {
        let (trouble, since, failures) =
            trouble.map_or((None, None, 0), |(why, since, failures)| (Some(why), Some(time(since)), failures));
        let (name, target) = (name.to_owned(), target.to_owned());
        Webhook { name, target, told, behind, trouble, trouble_since: since, failures }
    }
}
