//! The printers as they were last heard, and the few orders an operator gives them.

use super::address::Id;
use super::problem::{Kind, Problem};
use super::shapes::refusals::{Absent, Unable};
use super::shapes::{Printer, Printers};
use super::{Door, House};
use crate::fault::hint;
use crate::printer::Handle;
use axum::Json;
use axum::extract::State;
use std::sync::Arc;

/// All printers
#[utoipa::path(get, path = "/v1/printers", tag = "printers", responses((status = 200, body = Printers), Unable))]
pub async fn printers(State(door): State<Arc<Door>>) -> Result<Json<Printers>, Problem> {
    let counts = door.house.spool.counts().await?;
    Ok(Json(Printers { printers: door.house.printers.iter().map(|printer| Printer::of(printer, &counts)).collect() }))
}

/// Stop feeding a printer after the label it works on
#[utoipa::path(post, path = "/v1/printers/{name}/pause", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")),
    responses((status = 200, body = Printer), Absent, Unable))]
pub async fn pause(State(door): State<Arc<Door>>, Id(name): Id) -> Result<Json<Printer>, Problem> {
    let printer = named(&door.house, &name)?;
    printer.pause().await;
    tracing::info!(printer = name, "pause");
    Ok(Json(Printer::of(printer, &door.house.spool.counts().await?)))
}

/// Feed a paused printer again
#[utoipa::path(post, path = "/v1/printers/{name}/resume", tag = "printers",
    params(("name" = String, Path, description = "Its name in the configuration.")),
    responses((status = 200, body = Printer), Absent, Unable))]
pub async fn resume(State(door): State<Arc<Door>>, Id(name): Id) -> Result<Json<Printer>, Problem> {
    let printer = named(&door.house, &name)?;
    printer.resume().await;
    tracing::info!(printer = name, "resume");
    Ok(Json(Printer::of(printer, &door.house.spool.counts().await?)))
}

fn named<'a>(house: &'a House, name: &str) -> Result<&'a Handle, Problem> {
    house.printers.get(name).ok_or_else(|| {
        let known: Vec<&str> = house.printers.iter().map(|printer| printer.name.as_str()).collect();
        Problem::new(Kind::NotThere, format!("there is no printer of that name.{}", hint(name, &known)))
    })
}
