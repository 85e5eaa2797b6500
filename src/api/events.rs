//! Events, and the webhooks that are told of them.

use super::time;
use crate::spool::{Event, EventKind, UnixMs};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Something that happened. Names ids, never a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventShape {
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
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

/// The programs that are told of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhooksShape {
    pub webhooks: Vec<WebhookShape>,
}

/// A program that is told of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookShape {
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

impl EventShape {
    pub fn of(event: Event) -> EventShape {
        let Event { seq, at, kind, job, label, printer, data } = event;
        let data = RawValue::from_string(data).unwrap_or_default();
        EventShape { seq, at: time(at), kind, job, label, printer, data }
    }
}

impl WebhookShape {
    /// `trouble`: why, since when, and how often in a row.
    pub fn of(name: &str, target: &str, told: Option<i64>, behind: i64, trouble: Option<(String, UnixMs, u32)>) -> WebhookShape {
        let (trouble, since, failures) =
            trouble.map_or((None, None, 0), |(why, since, failures)| (Some(why), Some(time(since)), failures));
        let (name, target) = (name.to_owned(), target.to_owned());
        WebhookShape { name, target, told, behind, trouble, trouble_since: since, failures }
    }
}
