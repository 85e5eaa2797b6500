//! What a shop tool says of an order that has changed: canceled, asked to be canceled, wanted after all, or a label of it
//! reissued.

use super::body::JsonBody;
use super::extract::Id;
use super::labels::read;
use super::problem::Problem;
use super::{AppState, Peer};
use crate::api::refusals::{Conflict, NotFound, ServerError, Unreadable};
use crate::api::requests::{CancelRequest, LabelRequest};
use crate::api::{OrderOutcome, Replacement};
use crate::intake::number;
use crate::spool::{Cancellation, HoldCause};
use crate::waybill::clean::Kind as Text;
use axum::extract::State;
use axum::{Extension, Json};
use jiff::Zoned;
use std::sync::Arc;

/// Cancel an order, or say that the buyer asked to
///
/// Labels that wait are canceled, printed ones voided: scanning them refuses. One whose bytes are on their way is voided
/// as soon as its fate is known. With `requested`, labels that wait are held instead and printed ones flagged, until the
/// order is canceled or released. The answer says what became of each label.
#[utoipa::path(post, path = "/v1/orders/{order}/cancel", tag = "orders",
    params(("order" = String, Path, description = "The order number, however it is spaced.")),
    request_body = Option<CancelRequest>,
    responses((status = 200, body = OrderOutcome), NotFound, Unreadable, ServerError))]
pub async fn cancel(
    State(app): State<Arc<AppState>>,
    Id(order): Id,
    Extension(peer): Extension<Peer>,
    body: JsonBody,
) -> Result<Json<OrderOutcome>, Problem> {
    let how = read(&body, &["by", "requested", "reason"], |fields| {
        let reason = fields.text("reason", 200, Text::Plain);
        let by = fields.text("by", 64, Text::Plain);
        let because = |said: &str| reason.as_ref().map_or_else(|| said.to_owned(), |reason| format!("{said}: {reason}"));
        match fields.boolean("requested") {
            true => Cancellation::Asked { why: because(HoldCause::BuyerAsked.sentence()) },
            false => Cancellation::Sure { by: by.unwrap_or_else(|| peer.name()), why: because("the order was canceled") },
        }
    })?;
    let canceled = app.services.spool.cancel_order(number(&order), how).await?;
    tracing::info!(labels = canceled.len(), "cancel an order");
    Ok(Json(OrderOutcome::of(order, canceled)))
}

/// Say that the buyer wants the order after all
///
/// What a request to cancel has held waits for its turn again, and flags are taken off. Labels that were canceled or
/// voided stay so.
#[utoipa::path(post, path = "/v1/orders/{order}/release", operation_id = "release_order", tag = "orders",
    params(("order" = String, Path, description = "The order number, however it is spaced.")),
    responses((status = 200, body = OrderOutcome), NotFound, Unreadable, ServerError))]
pub async fn release(State(app): State<Arc<AppState>>, Id(order): Id, body: JsonBody) -> Result<Json<OrderOutcome>, Problem> {
    read(&body, &[], |_| ())?;
    let released = app.services.spool.release_order(number(&order)).await?;
    tracing::info!(labels = released.len(), "release an order");
    Ok(Json(OrderOutcome::of(order, released)))
}

/// Reissue a label, such as for another address
///
/// Send the whole new label, with an id of its own. While the old one waits or is held, its content is replaced in its
/// place and it keeps its id. If a copy of it is out, it is voided, and the new label prints next at the same printer.
/// The answer says which label to use.
#[utoipa::path(post, path = "/v1/labels/{id}/replace", tag = "labels",
    params(("id" = String, Path, description = "The caller's id of the old one.")), request_body = LabelRequest,
    responses((status = 200, body = Replacement), NotFound, Conflict, Unreadable, ServerError))]
pub async fn replace(
    State(app): State<Arc<AppState>>,
    Id(id): Id,
    Extension(peer): Extension<Peer>,
    body: JsonBody,
) -> Result<Json<Replacement>, Problem> {
    let (label, _memory) = body.into_parts();
    let label = app.intake().replace(&id, label, Zoned::now(), &peer.name()).await?;
    tracing::info!(label = id, now = label.id, "replace");
    Ok(Json(Replacement::of(id, label)))
}
