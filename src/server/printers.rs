//! The printers as they were last heard.

use super::body::Sent;
use super::problem::{Kind, Problem};
use super::shapes::refusals::{Absent, Unable};
use super::shapes::{Printer, Printers};
use super::{Door, House};
use crate::fault::hint;
use crate::printer::{Handle, View};
use crate::spool::Count;
use axum::Json;
use axum::extract::{Path, State};
use std::sync::Arc;

/// All printers
#[utoipa::path(get, path = "/v1/printers", tag = "printers", responses((status = 200, body = Printers), Unable))]
pub async fn printers(State(door): State<Arc<Door>>) -> Result<Json<Printers>, Problem> {
    let counts = door.house.spool.counts().await?;
    let names = door.house.config.printers.keys();
    Ok(Json(Printers { printers: names.map(|name| shape(&door.house, name, &counts)).collect() }))
}

/// Stop feeding a printer after the label it works on
#[utoipa::path(post, path = "/v1/printers/{name}/pause", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")),
    responses((status = 200, body = Printer), Absent, Unable))]
pub async fn pause(State(door): State<Arc<Door>>, Path(name): Path<String>, _: Sent) -> Result<Json<Printer>, Problem> {
    handle(&door.house, &name)?.pause().await;
    tracing::info!(printer = name, "pause");
    Ok(Json(shape(&door.house, &name, &door.house.spool.counts().await?)))
}

/// Feed a paused printer again
#[utoipa::path(post, path = "/v1/printers/{name}/resume", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")),
    responses((status = 200, body = Printer), Absent, Unable))]
pub async fn resume(State(door): State<Arc<Door>>, Path(name): Path<String>, _: Sent) -> Result<Json<Printer>, Problem> {
    handle(&door.house, &name)?.resume().await;
    tracing::info!(printer = name, "resume");
    Ok(Json(shape(&door.house, &name, &door.house.spool.counts().await?)))
}

fn handle<'a>(house: &'a House, name: &str) -> Result<&'a Handle, Problem> {
    house.printers.get(name).ok_or_else(|| {
        let known: Vec<&str> = house.config.printers.keys().map(String::as_str).collect();
        let detail = match known.contains(&name) {
            true => format!("printer {name} is not being fed: start the daemon again."),
            false => format!("there is no printer of that name.{}", hint(name, &known)),
        };
        Problem::new(Kind::NotThere, detail)
    })
}

/// What there is to say of a printer.
fn shape(house: &House, name: &str, counts: &[Count]) -> Printer {
    let config = &house.config.printers[name];
    let View { state, reasons, sentence, run, label, answers_status } = match house.printers.get(name) {
        Some(handle) => handle.view(),
        None => View {
            state: "stopped",
            reasons: Vec::new(),
            sentence: format!("{name} is not being fed: start the daemon again."),
            run: None,
            label: None,
            answers_status: None,
        },
    };
    let own = counts.iter().filter(|count| count.printer == name);
    Printer {
        name: name.to_owned(),
        state,
        reasons,
        sentence,
        run,
        label,
        answers_status,
        dpi: config.dpi.nominal(),
        media_mm: [config.media.0.0, config.media.1.0],
        counts: own.map(|count| (count.state.word(), count.labels)).collect(),
    }
}
