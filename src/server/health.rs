//! Whether the daemon is well, in words and in numbers. No personal data, no ids.

use super::AppState;
use super::problem::{Kind, Problem};
use crate::api::Health;
use crate::api::refusals::ServerError;
use crate::closed_set::ClosedSet;
use crate::spool::{Spool, SpoolError};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

/// How long the ledger may take to write a row, and to be read.
const LEDGER: Duration = Duration::from_secs(2);
/// How long its answer is kept: each costs a commit.
const KEPT: Duration = Duration::from_secs(1);

/// When the ledger was last asked, and what is wrong with it.
pub(super) type Kept = Mutex<Option<(Instant, Option<String>)>>;

/// Whether the daemon is well
///
/// It is when the ledger can be written and read. A printer that is out of labels is no illness: see `/v1/printers`.
#[utoipa::path(get, path = "/healthz", tag = "daemon", responses((status = 200, body = Health), ServerError))]
pub async fn healthz(State(app): State<Arc<AppState>>) -> Result<Json<Health>, Problem> {
    let why = {
        let mut kept = app.health.lock().await;
        match kept.as_ref().filter(|(at, _)| at.elapsed() < KEPT) {
            Some((_, why)) => why.clone(),
            None => kept.insert((Instant::now(), trouble(&app.services.spool).await)).1.clone(),
        }
    };
    if let Some(why) = why {
        return Err(Problem::new(Kind::NotWritable, why));
    }
    Ok(Json(Health { status: "ok".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }))
}

/// What is wrong with the ledger.
async fn trouble(spool: &Spool) -> Option<String> {
    fn why<T>(asked: Result<Result<T, SpoolError>, Elapsed>) -> Option<String> {
        match asked {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some(format!("it has not answered for {} s.", LEDGER.as_secs())),
        }
    }
    let (written, read) = tokio::join!(timeout(LEDGER, spool.check_writable()), timeout(LEDGER, spool.counts()));
    let unwritten = why(written).map(|why| format!("the ledger cannot be written: {why}"));
    unwritten.or_else(|| why(read).map(|why| format!("the ledger cannot be read: {why}")))
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
    line(format_args!(
        "# HELP waybilld_printer_up 1 if the printer was reached when it was last tried; 0 if not, or if it was not tried since waybilld started."
    ));
    line(format_args!("# TYPE waybilld_printer_up gauge"));
    for handle in app.services.printers.iter() {
        let view = handle.view();
        let up = view.reached_at.is_some() && view.not_reached_since.is_none();
        line(format_args!("waybilld_printer_up{{printer=\"{}\"}} {}", handle.name, u8::from(up)));
    }
    line(format_args!("# HELP waybilld_printer_reached_timestamp_seconds When the printer last answered or took a connection."));
    line(format_args!("# TYPE waybilld_printer_reached_timestamp_seconds gauge"));
    for handle in app.services.printers.iter() {
        if let Some(at) = handle.view().reached_at {
            line(format_args!(
                "waybilld_printer_reached_timestamp_seconds{{printer=\"{}\"}} {:.3}",
                handle.name,
                at as f64 / 1000.0
            ));
        }
    }
    line(format_args!("# HELP waybilld_orphaned_labels Labels that wait for a printer which is not in the configuration."));
    line(format_args!("# TYPE waybilld_orphaned_labels gauge"));
    let configured: Vec<&str> = app.services.printers.iter().map(|printer| printer.name.as_str()).collect();
    for (name, counts) in crate::spool::orphaned(&counts, &configured) {
        let labels: i64 = counts.iter().map(|count| count.labels).sum();
        line(format_args!("waybilld_orphaned_labels{{printer=\"{name}\"}} {labels}"));
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
