//! The printers as they were last heard, and the few orders an operator gives them.

use super::extract::Id;
use super::extract::Query;
use super::problem::{Kind, Problem};
use super::{AppState, Services, closed};
use crate::api::refusals::{NotFound, ServerError};
use crate::api::{self, Printer, Printers, Released, ServiceTask};
use crate::closed_set::ClosedSet;
use crate::fault::hint;
use crate::printer::words::{ConfirmsBy, PrinterReason, PrinterState, TaskKind, TaskOutcome};
use crate::printer::{Became, Chore, Handle, View};
use crate::spool::Count;
use crate::station::control::Control;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

/// Pieces of a trace on their way to its listener.
const TRACE_AHEAD: usize = 16;

/// All printers
#[utoipa::path(get, path = "/v1/printers", tag = "printers", responses((status = 200, body = Printers), ServerError))]
pub async fn printers(State(app): State<Arc<AppState>>) -> Result<Json<Printers>, Problem> {
    let counts = app.services.spool.counts().await?;
    Ok(Json(Printers { printers: app.services.printers.iter().map(|printer| view_of(printer, &counts)).collect() }))
}

/// Stop feeding a printer after the label it works on
#[utoipa::path(post, path = "/v1/printers/{name}/pause", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")),
    responses((status = 200, body = Printer), NotFound, ServerError))]
pub async fn pause(State(app): State<Arc<AppState>>, Id(name): Id) -> Result<Json<Printer>, Problem> {
    let printer = named(&app.services, &name)?;
    printer.pause().await;
    tracing::info!(printer = name, "pause");
    Ok(Json(view_of(printer, &app.services.spool.counts().await?)))
}

/// Feed a paused printer again
#[utoipa::path(post, path = "/v1/printers/{name}/resume", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")),
    responses((status = 200, body = Printer), NotFound, ServerError))]
pub async fn resume(State(app): State<Arc<AppState>>, Id(name): Id) -> Result<Json<Printer>, Problem> {
    let printer = named(&app.services, &name)?;
    printer.resume().await;
    tracing::info!(printer = name, "resume");
    Ok(Json(view_of(printer, &app.services.spool.counts().await?)))
}

/// Let the labels of a printer go that are held since a long outage
///
/// They print in the order in which they would have.
#[utoipa::path(post, path = "/v1/printers/{name}/release", operation_id = "release_printer", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")),
    responses((status = 200, body = Released), NotFound, ServerError))]
pub async fn release(State(app): State<Arc<AppState>>, Id(name): Id) -> Result<Json<Released>, Problem> {
    named(&app.services, &name)?;
    let labels = app.services.spool.release_stale(&name).await?;
    tracing::info!(printer = name, labels, "release");
    Ok(Json(Released { printer: name, labels }))
}

/// How it stands, with its own labels out of everybody's.
fn view_of(printer: &Handle, counts: &[Count]) -> Printer {
    let View { state, reasons, sentence, run, label, answers_status, confirms_by } = printer.view();
    let (width, height) = printer.config.media;
    let own = counts.iter().filter(|count| count.printer == printer.name);
    Printer {
        name: printer.name.clone(),
        // A word that is not known here is no reason to call the printer fine.
        state: PrinterState::from_word(state).unwrap_or(PrinterState::Stopped),
        reasons: reasons.iter().map(|reason| PrinterReason::from_word(reason).unwrap_or(PrinterReason::OtherError)).collect(),
        sentence,
        run,
        label,
        answers_status,
        confirms_by: confirms_by.and_then(ConfirmsBy::from_word),
        device: printer.config.device.to_string(),
        language: printer.config.language,
        template: printer.config.template.clone(),
        group: printer.config.group.clone(),
        dpi: printer.config.dpi.nominal(),
        media_mm: [width.0, height.0],
        counts: own.map(|count| (count.state, count.labels)).collect(),
    }
}

/// What became of a service task, as an answer.
type Done = Result<(StatusCode, Json<ServiceTask>), Problem>;

/// Print a label with the printer's own name
///
/// To tell it from its neighbours. It goes before the labels of jobs, also while the printer is paused by an operator.
#[utoipa::path(post, path = "/v1/printers/{name}/identify", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")), responses(
        (status = 200, description = "It is out, or was sent to a printer that cannot confirm.", body = ServiceTask),
        (status = 202, description = "Nobody waits any more; the printer does it as soon as it can.", body = ServiceTask),
        (status = 409, description = "It was not taken; the sentence says why.", body = api::Problem,
            content_type = "application/problem+json"),
        NotFound, ServerError))]
pub async fn identify(State(app): State<Arc<AppState>>, Id(name): Id) -> Done {
    let became = named(&app.services, &name)?.identify(app.services.designs.fonts()).await;
    done(name, Chore::Identify, became)
}

/// Print a test label
///
/// To read off offset, darkness and dead dots: `test.png` is what it should look like.
#[utoipa::path(post, path = "/v1/printers/{name}/test", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")), responses(
        (status = 200, description = "It is out, or was sent to a printer that cannot confirm.", body = ServiceTask),
        (status = 202, description = "Nobody waits any more; the printer does it as soon as it can.", body = ServiceTask),
        (status = 409, description = "It was not taken; the sentence says why.", body = api::Problem,
            content_type = "application/problem+json"),
        NotFound, ServerError))]
pub async fn test(State(app): State<Arc<AppState>>, Id(name): Id) -> Done {
    let became = named(&app.services, &name)?.test(app.services.designs.fonts()).await;
    done(name, Chore::Test, became)
}

/// Print the sheet of control codes
///
/// What a packer scans to say "came out", to pause, to pick: each code with its meaning in English and Chinese, on as many
/// labels as they need.
#[utoipa::path(post, path = "/v1/printers/{name}/control-sheet", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")), responses(
        (status = 200, description = "It is out, or was sent to a printer that cannot confirm.", body = ServiceTask),
        (status = 202, description = "Nobody waits any more; the printer goes on with this label as soon as it can, and the \
            labels after it are not printed.", body = ServiceTask),
        (status = 409, description = "It was not taken; the sentence says why.", body = api::Problem,
            content_type = "application/problem+json"),
        NotFound, ServerError))]
pub async fn control_sheet(State(app): State<Arc<AppState>>, Id(name): Id) -> Done {
    let became = named(&app.services, &name)?.control_sheet(Control::sheet(), app.services.designs.fonts()).await;
    done(name, Chore::ControlSheet, became)
}

/// Have the printer measure its media
///
/// It feeds some labels. `sent` says that the order was handed over: no printer tells what it measured.
#[utoipa::path(post, path = "/v1/printers/{name}/calibrate", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")), responses(
        (status = 200, description = "The order was handed over.", body = ServiceTask),
        (status = 202, description = "Nobody waits any more; the printer does it as soon as it can.", body = ServiceTask),
        (status = 409, description = "It was not taken; the sentence says why.", body = api::Problem,
            content_type = "application/problem+json"),
        NotFound, ServerError))]
pub async fn calibrate(State(app): State<Arc<AppState>>, Id(name): Id) -> Done {
    let became = named(&app.services, &name)?.calibrate().await;
    done(name, Chore::Calibrate, became)
}

/// The test label as it should come out, dot for dot
#[utoipa::path(get, path = "/v1/printers/{name}/test.png", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")), responses(
        (status = 200, description = "A picture.", body = api::Binary, content_type = "image/png"), NotFound, ServerError))]
pub async fn test_picture(State(app): State<Arc<AppState>>, Id(name): Id) -> Result<Response, Problem> {
    let label = named(&app.services, &name)?.test_label(app.services.designs.fonts()).await;
    let png = app.compute(move |_| label.raster().to_png()).await?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}

/// What a trace tells.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Telling {
    /// Every byte of every label too, names and addresses among them. Otherwise a label stands as its length and digest.
    labels: Option<bool>,
}

/// What passes over a printer's line, as it passes
///
/// A text in the format of the captures in `tests/captures`, until the listener leaves.
#[utoipa::path(get, path = "/v1/printers/{name}/trace", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration."), Telling), responses(
        (status = 200, description = "A text without end.", body = String, content_type = "text/plain"),
        (status = 400, description = "`labels` is neither true nor false.", body = api::Problem,
            content_type = "application/problem+json"),
        NotFound, ServerError))]
pub async fn trace(
    State(app): State<Arc<AppState>>,
    Id(name): Id,
    Query(Telling { labels }): Query<Telling>,
) -> Result<Response, Problem> {
    let labels = labels.unwrap_or(false);
    let stopping = || Problem::new(Kind::Busy, format!("printer {name} is shutting down: waybilld is stopping."));
    let mut trace = named(&app.services, &name)?.trace(labels).ok_or_else(stopping)?;
    let place = app.streams.clone().try_acquire_owned();
    let place = place.map_err(|_| Problem::new(Kind::Busy, "too many event streams are open: close one of yours."))?;
    if labels {
        tracing::warn!(printer = name, "traced with all bytes of its labels");
    }
    let (tell, told) = mpsc::channel::<Result<String, Infallible>>(TRACE_AHEAD);
    let mut closing = app.closing.clone();
    tokio::spawn(async move {
        let _place = place;
        let telling = async {
            while let Some(text) = trace.next().await {
                if tell.send(Ok(text)).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            () = telling => {}
            () = tell.closed() => {}
            () = closed(&mut closing) => {}
        }
    });
    let text = Body::from_stream(ReceiverStream::new(told));
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

fn done(name: String, chore: Chore, became: Became) -> Done {
    let sentence = became.sentence(chore);
    let status = match became {
        Became::NotTaken(_) => return Err(Problem::new(Kind::Conflict, format!("{name}: {sentence}"))),
        Became::Waits(_) => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    let (task, outcome) = (TaskKind::from_word(chore.word()), TaskOutcome::from_word(became.word()));
    let (Some(task), Some(outcome)) = (task, outcome) else {
        return Err(Problem::new(Kind::Internal, "the printer's answer is not known here."));
    };
    Ok((status, Json(ServiceTask { printer: name, task, outcome, sentence })))
}

fn named<'a>(services: &'a Services, name: &str) -> Result<&'a Handle, Problem> {
    services.printers.get(name).ok_or_else(|| {
        let known: Vec<&str> = services.printers.iter().map(|printer| printer.name.as_str()).collect();
        Problem::new(Kind::NotFound, format!("there is no printer of that name.{}", hint(name, &known)))
    })
}
