//! The printers as they were last heard, and the few orders an operator gives them.

use super::body::JsonBody;
use super::extract::Id;
use super::extract::Query;
use super::labels::read;
use super::problem::{Kind, Problem};
use super::{AppState, Services, closed};
use crate::api::refusals::{Conflict, NotFound, ServerError, Unreadable};
use crate::api::requests::MoveRequest;
use crate::api::{self, Adopted, Moved, Orphaned, Printer, Printers, Released, ServiceTask};
use crate::fault::hint;
use crate::printer::words::TaskKind;
use crate::printer::{Handle, TaskEnd, View};
use crate::spool::{self, Count};
use crate::station::control::Control;
use crate::waybill::clean::Kind as Text;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

/// Pieces of a trace on their way to its listener.
const TRACE_AHEAD: usize = 16;

/// Whether to look.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Looking {
    /// Have printers with nothing to print looked at first, each at most once in 10 seconds; the answer waits up to 3
    /// seconds for what they say.
    look: Option<bool>,
}

/// All printers
#[utoipa::path(get, path = "/v1/printers", tag = "printers", params(Looking), responses((status = 200, body = Printers),
    (status = 400, description = "`look` is neither true nor false.", body = api::Problem,
        content_type = "application/problem+json"), ServerError))]
pub async fn printers(
    State(app): State<Arc<AppState>>,
    Query(Looking { look }): Query<Looking>,
) -> Result<Json<Printers>, Problem> {
    let printers = &app.services.printers;
    if look == Some(true) {
        let mut looking = JoinSet::new();
        for printer in printers.iter() {
            let printer = printer.clone();
            looking.spawn(async move { printer.look_and_see().await });
        }
        looking.join_all().await;
    }
    let counts = app.services.spool.counts().await?;
    let configured: Vec<&str> = printers.iter().map(|printer| printer.name.as_str()).collect();
    let orphaned = spool::orphaned(&counts, &configured).into_iter().map(|(name, counts)| Orphaned {
        counts: counts.iter().map(|count| (count.state, count.labels)).collect(),
        sentence: spool::orphaned_sentence(&name, &counts, &configured),
        name,
    });
    let orphaned = orphaned.collect();
    Ok(Json(Printers { printers: printers.iter().map(|printer| view_of(printer, &counts)).collect(), orphaned }))
}

/// Take the device that is at a printer's address
///
/// A printer that says it is another than the one expected (`other_device`) gets no labels until it is adopted. What was
/// learnt of the old one stays with the old one; labels are made for the resolution that the new one says it has.
#[utoipa::path(post, path = "/v1/printers/{name}/adopt", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")),
    responses((status = 200, description = "It is expected there from now on.", body = Adopted),
        (status = 409, description = "Nothing else is there, or it is no label printer; the sentence says which.",
            body = api::Problem, content_type = "application/problem+json"),
        NotFound, ServerError))]
pub async fn adopt(State(app): State<Arc<AppState>>, Id(name): Id) -> Result<Json<Adopted>, Problem> {
    match named(&app.services, &name)?.adopt().await {
        Ok(sentence) => Ok(Json(Adopted { printer: name, sentence })),
        Err(why) => Err(Problem::new(Kind::Conflict, format!("{name}: {why}"))),
    }
}

/// Give the labels of a printer to another
///
/// Those that wait, are held or in doubt, in their order. The printer they wait for need not be in the configuration any
/// more: so the labels of one that was renamed print after all.
#[utoipa::path(post, path = "/v1/printers/{name}/move", operation_id = "move_labels", tag = "printers", request_body = MoveRequest,
    params(("name" = String, Path, description = "The printer they wait for.")),
    responses((status = 200, description = "How many were moved.", body = Moved), NotFound, Conflict, Unreadable, ServerError))]
pub async fn move_labels(State(app): State<Arc<AppState>>, Id(from): Id, body: JsonBody) -> Result<Json<Moved>, Problem> {
    let to = read(&body, &["to"], |fields| fields.text("to", 64, Text::Plain))?;
    let to = to.ok_or_else(|| Problem::new(Kind::Conflict, "`to` is missing: name the printer that is to print them."))?;
    let target = named(&app.services, &to)?.name.clone();
    if target == from {
        return Err(Problem::new(Kind::Conflict, format!("{from} has them already: name another printer in `to`.")));
    }
    let counts = app.services.spool.counts().await?;
    if app.services.printers.get(&from).is_none() && !counts.iter().any(|count| count.printer == from) {
        named(&app.services, &from)?;
    }
    let labels = app.services.spool.move_labels(&from, &target).await?;
    tracing::info!(from, to = target, labels, "moved by an operator");
    Ok(Json(Moved { from, to: target, labels }))
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
    let View { stands, run, label, answers_status, confirms_by, identity, reached_at, not_reached_since, .. } = printer.view();
    let (width, height) = printer.config.media;
    let own = counts.iter().filter(|count| count.printer == printer.name);
    Printer {
        name: printer.name.clone(),
        state: stands.state,
        reasons: stands.reasons,
        sentence: stands.sentence,
        run,
        label,
        answers_status,
        confirms_by,
        device: printer.config.device.to_string(),
        language: printer.config.language,
        template: printer.config.template.clone(),
        group: printer.config.group.clone(),
        dpi: printer.dpi().nominal(),
        media_mm: [width.0, height.0],
        identity,
        reached_at: reached_at.map(api::time),
        not_reached_since: not_reached_since.map(api::time),
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
    let outcome = named(&app.services, &name)?.identify(app.services.designs.fonts()).await;
    done(name, TaskKind::Identify, outcome)
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
    let outcome = named(&app.services, &name)?.test(app.services.designs.fonts()).await;
    done(name, TaskKind::Test, outcome)
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
    let outcome = named(&app.services, &name)?.control_sheet(Control::sheet(), app.services.designs.fonts()).await;
    done(name, TaskKind::ControlSheet, outcome)
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
    let outcome = named(&app.services, &name)?.calibrate().await;
    done(name, TaskKind::Calibrate, outcome)
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

fn done(name: String, task: TaskKind, end: TaskEnd) -> Done {
    let sentence = end.sentence(task);
    let status = match end {
        TaskEnd::NotTaken(_) => return Err(Problem::new(Kind::Conflict, format!("{name}: {sentence}"))),
        TaskEnd::Waits(_) => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    let outcome = end.outcome();
    Ok((status, Json(ServiceTask { printer: name, task, outcome, sentence })))
}

fn named<'a>(services: &'a Services, name: &str) -> Result<&'a Handle, Problem> {
    services.printers.get(name).ok_or_else(|| {
        let known: Vec<&str> = services.printers.iter().map(|printer| printer.name.as_str()).collect();
        Problem::new(Kind::NotFound, format!("there is no printer of that name.{}", hint(name, &known)))
    })
}
