//! Pack stations: a scan comes in, what came of it goes out.

use super::AppState;
use super::body::JsonBody;
use super::labels::read;
use super::problem::{Kind, Problem};
use crate::api::refusals::{NotFound, ServerError, Unreadable};
use crate::api::requests::ScanRequest;
use crate::api::stations::{Choice, Doubt, LastAnswer, ScanFacts, ScanResult, Scanner, Station, Stations};
use crate::api::{Label, time};
use crate::spool::LabelView;
use crate::station::StationError;
use crate::station::scanned::TEXT_MAX;
use crate::station::{self, View};
use crate::waybill::clean::Kind as Text;
use crate::waybill::json::Node;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// What a packer scanned
///
/// The station does with it what its mode says. A scan that finds nothing, or a label that must not be used, is an answer
/// too: the sentence is for the packer.
#[utoipa::path(post, path = "/v1/scan", tag = "stations", request_body = ScanRequest,
    responses((status = 200, body = ScanResult), NotFound, Unreadable, ServerError))]
pub async fn scan(State(app): State<Arc<AppState>>, body: JsonBody) -> Result<Json<ScanResult>, Problem> {
    let (station, text, by) = read(&body, &["station", "text", "by"], |fields| {
        let station = fields.text("station", 64, Text::Plain);
        fields.need("station", station.is_some(), "say at which station it was scanned.");
        // As it came: what a scanner puts around a code is read elsewhere.
        let text = fields.get("text").and_then(Node::as_text).map(|text| text.chars().take(TEXT_MAX + 1).collect::<String>());
        fields.need("text", text.is_some(), "give what was scanned, as a text.");
        (station.unwrap_or_default(), text.unwrap_or_default(), fields.text("by", 64, Text::Plain))
    })?;
    let answer = app.services.stations.scan(&station, &text, by.as_deref()).await?;
    Ok(Json(result_of(&station, answer)))
}

/// All pack stations
#[utoipa::path(get, path = "/v1/stations", tag = "stations", responses((status = 200, body = Stations), ServerError))]
pub async fn stations(State(app): State<Arc<AppState>>) -> Json<Stations> {
    let now = app.services.spool.now();
    let views = app.services.stations.views().into_iter();
    Json(Stations { stations: views.map(|view| view_of(view, now)).collect() })
}

/// What came of a scan, as it goes over the wire.
fn result_of(station: &str, answer: station::Answer) -> ScanResult {
    let station::Answer { number, mode, code, sentence, label, facts, choices } = answer;
    let facts = ScanFacts {
        label: label.as_ref().map(|label| label.id.clone()),
        order: label.as_ref().and_then(|label| label.order.clone()),
        printer: facts.printer,
        count: facts.count,
        job: facts.job,
        by: facts.by,
        station: facts.station,
        at: facts.at.map(time),
        replaced_by: facts.replaced_by,
        reason: facts.reason,
    };
    ScanResult {
        station: station.to_owned(),
        number,
        mode,
        code,
        tone: code.tone(),
        sentence,
        label: label.map(Label::of),
        facts,
        choices: numbered(choices),
    }
}

/// How a station stands at that time.
fn view_of(view: View, now: i64) -> Station {
    let choices = view.choices.filter(|(_, until)| now < *until).map(|(labels, _)| labels).unwrap_or_default();
    Station {
        printer: view.printer,
        mode: view.mode,
        by: view.by,
        scanner: view.scanner.map(|station::Scanner { uri, connected, why }| Scanner { uri, connected, why }),
        doubt: view.doubt.map(|doubt| Doubt { label: Label::of(doubt.label), asked_at: time(doubt.asked_at) }),
        choices: numbered(choices),
        last: view.last.map(|(answer, at)| LastAnswer { answer: result_of(&view.name, answer), at: time(at) }),
        name: view.name,
    }
}

fn numbered(labels: Vec<LabelView>) -> Vec<Choice> {
    (1..).zip(labels).map(|(number, label)| Choice { number, label: Label::of(label) }).collect()
}

impl From<StationError> for Problem {
    fn from(error: StationError) -> Problem {
        match error {
            StationError::NoStation(_) => Problem::new(Kind::NotFound, error.to_string()),
            StationError::Busy(_) => Problem::new(Kind::Busy, error.to_string()),
            StationError::Spool(error) => error.into(),
        }
    }
}
