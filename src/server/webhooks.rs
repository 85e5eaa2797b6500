//! The webhooks, and how each stands.

use super::AppState;
use super::problem::Problem;
use crate::api::Webhooks;
use crate::api::refusals::ServerError;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// How the webhooks stand
///
/// `behind` counts the events that a target has yet to take. One that fails is tried again by itself.
#[utoipa::path(get, path = "/v1/webhooks", tag = "events", responses((status = 200, body = Webhooks), ServerError))]
pub async fn webhooks(State(app): State<Arc<AppState>>) -> Result<Json<Webhooks>, Problem> {
    let latest = *app.services.spool.latest_seq().borrow();
    Ok(Json(Webhooks { webhooks: app.services.webhooks.statuses(latest) }))
}
