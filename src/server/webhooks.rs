//! The webhooks, and how each stands.

use super::Door;
use super::problem::Problem;
use crate::api::WebhooksShape;
use crate::api::refusals::Unable;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// How the webhooks stand
///
/// `behind` counts the events that a target has yet to take. One that fails is tried again by itself.
#[utoipa::path(get, path = "/v1/webhooks", tag = "events", responses((status = 200, body = WebhooksShape), Unable))]
pub async fn webhooks(State(door): State<Arc<Door>>) -> Result<Json<WebhooksShape>, Problem> {
    let latest = *door.house.spool.latest_seq().borrow();
    Ok(Json(WebhooksShape { webhooks: door.webhooks.statuses(latest) }))
}
