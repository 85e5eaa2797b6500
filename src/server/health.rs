//! Whether the daemon is well, in words and in numbers. No personal data, no ids.

use super::AppState;
use super::problem::Problem;
use crate::api::Health;
use crate::api::refusals::ServerError;
use crate::closed_set::ClosedSet;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use std::fmt::Write;
use std::sync::Arc;

/// Whether the daemon is well
///
/// It is when the ledger answers. A printer that is out of labels is no illness: see `/v1/printers`.
#[utoipa::path(get, path = "/healthz", tag = "daemon", responses((status = 200, body = Health), ServerError))]
pub async fn healthz(State(app): State<Arc<AppState>>) -> Result<Json<Health>, Problem> {
    app.services.spool.counts().await?;
    Ok(Json(Health { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }))
}

/// Numbers for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "daemon",
    responses((status = 200, description = "Prometheus text.", body = String, content_type = "text/plain"), ServerError))]
pub async fn metrics(State(app): State<Arc<AppState>>) -> Result<impl IntoResponse, Problem> {
    let counts = app.services.spool.counts().await?;
    let mut text = String::new();
    let mut line = |line: std::fmt::Arguments<'_>| writeln!(text, "{line}").expect("a String takes every line");
    line(format_args!("# HELP waybilld_labels Labels of a printer by state."));
    line(format_args!("# TYPE waybilld_labels gauge"));
    for count in &counts {
        line(format_args!("waybilld_labels{{printer=\"{}\",state=\"{}\"}} {}", count.printer, count.state.word(), count.labels));
    }
    line(format_args!("# HELP waybilld_printer_up Whether the printer is reached."));
    line(format_args!("# TYPE waybilld_printer_up gauge"));
    for handle in app.services.printers.iter() {
        line(format_args!("waybilld_printer_up{{printer=\"{}\"}} {}", handle.name, u8::from(handle.view().state != "offline")));
    }
    line(format_args!("# HELP waybilld_webhook_behind Events a webhook has yet to be told of."));
    line(format_args!("# TYPE waybilld_webhook_behind gauge"));
    let latest = *app.services.spool.latest_seq().borrow();
    for (name, behind) in app.services.webhooks.behind(latest) {
        line(format_args!("waybilld_webhook_behind{{webhook=\"{name}\"}} {behind}"));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}

/// This document
#[utoipa::path(get, path = "/v1/openapi.json", tag = "daemon",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object, content_type = "application/json")))]
pub async fn openapi(State(app): State<Arc<AppState>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], app.openapi.clone())
}
