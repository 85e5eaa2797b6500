//! Looking labels up, and asking something of one.

use super::body::JsonBody;
use super::extract::{Id, Query};
use super::problem::{Kind, Problem};
use super::{AppState, Peer};
use crate::api::refusals::{Conflict, NotFound, ServerError, Unreadable};
use crate::api::requests::{HoldRequest, OutcomeRequest, ReprintRequest, VoidRequest};
use crate::api::{LabelHistory, LabelState, Labels, Recipient};
use crate::closed_set::ClosedSet;
use crate::content::Content;
use crate::fault::{Code, hint};
use crate::intake::number;
use crate::spool::{Hold, HoldCause, LabelFilter, Reprint, State as StateOfLabel};
use crate::waybill::Party;
use crate::waybill::clean::Kind as Text;
use crate::waybill::fields::Fields;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Labels in a page when the request does not say how many.
const PAGE: usize = 100;

/// Which labels to list; what is left out does not matter.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// An order number, however it is spaced.
    order: Option<String>,
    /// A tracking number, however it is spaced.
    tracking: Option<String>,
    /// The shop's own words, as they were given.
    reference: Option<String>,
    /// Those that stand so.
    #[param(value_type = Option<StateOfLabel>)]
    state: Option<String>,
    /// Taken then or later: RFC 3339.
    #[param(format = DateTime, pattern = "^20[0-9]{2}-")]
    since: Option<String>,
    /// `next` of the page before.
    cursor: Option<i64>,
    /// Labels in the page, usually 100.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Find labels, the newest first
#[utoipa::path(get, path = "/v1/labels", tag = "labels", params(Wanted), responses(
    (status = 200, body = Labels),
    (status = 400, description = "A parameter we do not know or understand.", body = crate::api::Problem,
        content_type = "application/problem+json"),
    ServerError,
))]
pub async fn labels(State(app): State<Arc<AppState>>, Query(wanted): Query<Wanted>) -> Result<Json<Labels>, Problem> {
    let unasked = |sentence: String| Problem::new(Kind::BadQuery, sentence);
    let state = wanted.state.map(|word| {
        StateOfLabel::from_word(&word)
            .ok_or_else(|| unasked(format!("`state`: no state is called so.{}", hint(&word, &StateOfLabel::words()))))
    });
    let since = wanted.since.map(|since| {
        let wrong = |_| unasked("`since` is not a timestamp: use one such as 2026-07-14T18:00:00Z.".to_owned());
        since.parse::<Timestamp>().map(Timestamp::as_millisecond).map_err(wrong)
    });
    let filter = LabelFilter {
        order: wanted.order.map(|order| number(&order).key),
        tracking: wanted.tracking.map(|tracking| number(&tracking).key),
        reference: wanted.reference,
        state: state.transpose()?,
        since: since.transpose()?,
        cursor: wanted.cursor,
        limit: wanted.limit.unwrap_or(PAGE),
    };
    Ok(Json(Labels::of(app.services.spool.labels(filter).await?)))
}

/// How a label stands, and every print of it
#[utoipa::path(get, path = "/v1/labels/{id}", tag = "labels",
    params(("id" = String, Path, description = "The caller's id of it.")),
    responses((status = 200, body = LabelHistory), NotFound, ServerError))]
pub async fn label(State(app): State<Arc<AppState>>, Id(id): Id) -> Result<Json<LabelHistory>, Problem> {
    let detail = app.services.spool.label(&id).await?;
    let kept = detail.waybill.as_deref().map(Content::parse);
    // A paper has no recipient and no reference.
    let waybill = match &kept {
        Some(Ok(Content::Waybill(waybill))) => Some(waybill),
        _ => None,
    };
    let recipient = waybill.map(|waybill| recipient(&waybill.recipient));
    let reference = waybill.and_then(|waybill| waybill.reference.clone());
    Ok(Json(LabelHistory { reference, ..LabelHistory::of(detail, recipient) }))
}

/// Enough of a party to recognise it, not enough to know it.
fn recipient(party: &Party) -> Recipient {
    Recipient {
        name: party.masked_name(),
        phone: party.masked_phone(),
        city: party.city.clone(),
        region: party.region.clone(),
        country: party.country.code().to_owned(),
    }
}

/// Print a label again, on purpose
///
/// It goes next in the queue, and who asked and why stays with it.
#[utoipa::path(post, path = "/v1/labels/{id}/reprint", tag = "labels",
    params(("id" = String, Path, description = "The caller's id of it.")), request_body = ReprintRequest,
    responses((status = 200, body = LabelState), NotFound, Conflict, Unreadable, ServerError,
        (status = 410, description = "Its data was erased after the days it is kept.", body = crate::api::Problem,
            content_type = "application/problem+json")))]
pub async fn reprint(State(app): State<Arc<AppState>>, Id(id): Id, body: JsonBody) -> Result<Json<LabelState>, Problem> {
    let (reprint, printer) = read(&body, &["reason", "by", "printer"], |fields| {
        let reason = fields.text("reason", 200, Text::Plain);
        let by = fields.text("by", 64, Text::Plain);
        fields.need("reason", reason.is_some(), "say why it is printed again.");
        fields.need("by", by.is_some(), "say who asks.");
        let printer = fields.text("printer", 64, Text::Plain);
        let printers = &app.services.config.printers;
        if let Some(name) = printer.as_ref().filter(|name| !printers.contains_key(*name)) {
            let known: Vec<&str> = printers.keys().map(String::as_str).collect();
            fields.fault(Code::UnknownValue, "printer", format!("no printer \"{name}\".{}", hint(name, &known)));
        }
        (Reprint { reason: reason.unwrap_or_default(), by: by.unwrap_or_default(), station: None }, printer)
    })?;
    let state = app.services.spool.reprint(&id, reprint, printer.as_deref()).await?;
    answer("reprint", id, state)
}

/// Say that a label must not be used
///
/// Canceled if no copy came out; voided if one did, and scanning it then refuses.
#[utoipa::path(post, path = "/v1/labels/{id}/void", tag = "labels",
    params(("id" = String, Path, description = "The caller's id of it.")), request_body = Option<VoidRequest>,
    responses((status = 200, body = LabelState), NotFound, Conflict, Unreadable, ServerError))]
pub async fn void(
    State(app): State<Arc<AppState>>,
    Id(id): Id,
    Extension(peer): Extension<Peer>,
    body: JsonBody,
) -> Result<Json<LabelState>, Problem> {
    let by = read(&body, &["by"], |fields| fields.text("by", 64, Text::Plain))?.unwrap_or_else(|| peer.name());
    let state = app.services.spool.void(&id, &by).await?;
    let manifest = app.services.spool.label(&id).await?.label.manifest;
    let Json(answer) = answer("void", id, state)?;
    Ok(Json(LabelState { manifest, ..answer }))
}

/// Keep a waiting label back
#[utoipa::path(post, path = "/v1/labels/{id}/hold", tag = "labels",
    params(("id" = String, Path, description = "The caller's id of it.")), request_body = HoldRequest,
    responses((status = 200, body = LabelState), NotFound, Conflict, Unreadable, ServerError))]
pub async fn hold(State(app): State<Arc<AppState>>, Id(id): Id, body: JsonBody) -> Result<Json<LabelState>, Problem> {
    // The other causes are the daemon's own.
    let known = [HoldCause::Asked, HoldCause::BuyerAsked];
    let hold = read(&body, &["reason", "cause"], |fields| {
        let reason = fields.text("reason", 200, Text::Plain);
        fields.need("reason", reason.is_some(), "say why it is kept back.");
        let word = fields.text("cause", 64, Text::Plain);
        let cause = word.as_deref().map_or(Some(HoldCause::Asked), HoldCause::from_word).filter(|cause| known.contains(cause));
        if let (Some(word), None) = (&word, cause) {
            fields.fault(
                Code::UnknownValue,
                "cause",
                format!("cannot be \"{word}\".{}", hint(word, &known.map(HoldCause::word))),
            );
        }
        Hold::because(cause.unwrap_or(HoldCause::Asked), reason.unwrap_or_default())
    })?;
    let state = app.services.spool.hold(&id, hold).await?;
    answer("hold", id, state)
}

/// Let a held label print
#[utoipa::path(post, path = "/v1/labels/{id}/release", operation_id = "release_label", tag = "labels",
    params(("id" = String, Path, description = "The caller's id of it.")),
    responses((status = 200, body = LabelState), NotFound, Conflict, Unreadable, ServerError))]
pub async fn release(State(app): State<Arc<AppState>>, Id(id): Id, body: JsonBody) -> Result<Json<LabelState>, Problem> {
    read(&body, &[], |_| ())?;
    let state = app.services.spool.release(&id).await?;
    answer("release", id, state)
}

/// Say whether a label in doubt came out
///
/// One that did not prints again by itself.
#[utoipa::path(post, path = "/v1/labels/{id}/outcome", tag = "labels",
    params(("id" = String, Path, description = "The caller's id of it.")), request_body = OutcomeRequest,
    responses((status = 200, body = LabelState), NotFound, Conflict, Unreadable, ServerError))]
pub async fn outcome(
    State(app): State<Arc<AppState>>,
    Id(id): Id,
    Extension(peer): Extension<Peer>,
    body: JsonBody,
) -> Result<Json<LabelState>, Problem> {
    let (came_out, by) = read(&body, &["came_out", "by"], |fields| {
        fields.need("came_out", fields.get("came_out").is_some(), "say true or false, after a look at the tray.");
        (fields.boolean("came_out"), fields.text("by", 64, Text::Plain))
    })?;
    let state = app.services.spool.outcome(&id, came_out, &by.unwrap_or_else(|| peer.name())).await?;
    answer("outcome", id, state)
}

/// Reads the fields of a small request, or tells everything wrong with them.
pub fn read<T>(body: &JsonBody, known: &[&str], read: impl FnOnce(&Fields<'_>) -> T) -> Result<T, Problem> {
    Fields::read(&body.node, known, read).map_err(|faults| Problem::refused(faults, "nothing was changed"))
}

fn answer(verb: &str, id: String, state: StateOfLabel) -> Result<Json<LabelState>, Problem> {
    tracing::info!(label = id, state = state.word(), "{verb}");
    Ok(Json(LabelState::of(id, state)))
}

impl Peer {
    /// Who asked, when the request does not say.
    pub fn name(self) -> String {
        match self {
            Peer::User(uid) => format!("user {uid}"),
            Peer::Unknown => "unknown user at the socket".to_owned(),
            Peer::Console => "user at the console".to_owned(),
        }
    }
}
