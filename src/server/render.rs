//! Labels as pictures or as a printer's bytes, without printing.

use super::AppState;
use super::body::JsonBody;
use super::extract::{Id, Query};
use super::problem::{Kind, Problem};
use crate::api;
use crate::api::refusals::{NotFound, ServerError, Unreadable};
use crate::api::requests::{JobRequest, LabelRequest};
use crate::dots::Dpi;
use crate::fault::{Code, Fault};
use crate::intake::drawing::{Drawn, How, draw};
use crate::language::{Language, zpl};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Zoned;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// How to draw.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Drawing {
    /// `png`: a picture of one label, dot for dot; `zpl`, `tspl`, `escpos`: what a printer would be sent for all of them.
    #[param(schema_with = formats)]
    format: Option<String>,
    /// 203, 300 or 600. Otherwise the printer's, if the job names one, or 203.
    #[param(schema_with = resolutions)]
    dpi: Option<u32>,
    /// The template of labels that name none.
    #[param(max_length = 64)]
    template: Option<String>,
}

fn formats() -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["png", "zpl", "tspl", "escpos"])).build()
}

fn resolutions() -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([203, 300, 600])).build()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Stream(Language),
}

/// Lay out without printing
///
/// Send one label, or a job of at most 500. Nothing is taken.
#[utoipa::path(post, path = "/v1/render", tag = "render", params(Drawing),
    request_body(content((LabelRequest = "application/json", example = json!(crate::api::requests::example_label())),
        (JobRequest = "application/json"))),
    responses(
        (status = 200, description = "A picture, or the bytes for a printer.",
            content((api::Binary = "image/png"), (api::Binary = "application/zpl"), (api::Binary = "application/octet-stream"))),
        Unreadable, ServerError,
    ))]
pub async fn render(
    State(app): State<Arc<AppState>>,
    Query(drawing): Query<Drawing>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let format = match drawing.format.as_deref() {
        None | Some("png") => Format::Png,
        Some(name) => Format::Stream(
            Language::named(name).ok_or_else(|| Problem::new(Kind::BadQuery, "`format` must be png, zpl, tspl or escpos."))?,
        ),
    };
    let dpi = drawing.dpi.map(|dpi| {
        Dpi::from_nominal(dpi).ok_or_else(|| Problem::new(Kind::BadQuery, format!("`dpi` is {dpi}. Known: 203, 300, 600.")))
    });
    let dpi = dpi.transpose()?;
    let how = How { dpi, adopted: app.services.printers.adopted(), template: drawing.template, papers: false };
    let (node, memory) = body.into_parts();
    let rules = app.rules.clone();
    let drawn = app.compute_permits.run(move || {
        let drawn = draw(&rules, node, how, &Zoned::now()).and_then(|drawn| written(&drawn, format));
        drop(memory);
        drawn
    });
    let drawn = drawn.await?.map_err(|faults| Problem::refused(faults, "nothing was drawn"))?;
    let content_type = match format {
        Format::Png => "image/png",
        Format::Stream(Language::Zpl) => "application/zpl",
        Format::Stream(_) => "application/octet-stream",
    };
    Ok(([(header::CONTENT_TYPE, content_type)], drawn).into_response())
}

fn written(drawn: &Drawn, format: Format) -> Result<Vec<u8>, Vec<Fault>> {
    match (format, drawn.labels.as_slice()) {
        (Format::Png, [label]) => Ok(label.raster().to_png()),
        (Format::Png, labels) => {
            let message = format!("{} labels do not fit one picture: send one, or ask for format=zpl.", labels.len());
            Err(vec![Fault::new(Code::TooMany, "labels", message)])
        }
        (Format::Stream(language), _) => {
            Ok(drawn.stream(language, zpl::Options { native_text: drawn.native_text, ..zpl::Options::default() }))
        }
    }
}

/// A taken label as it prints, dot for dot
#[utoipa::path(get, path = "/v1/labels/{id}/preview.png", tag = "labels",
    params(("id" = String, Path, description = "The caller's id of it.")), responses(
        (status = 200, description = "The label with the names and addresses it prints.", body = api::Binary,
            content_type = "image/png"),
        (status = 410, description = "Its data was erased after the days it is kept.", body = api::Problem,
            content_type = "application/problem+json"),
        NotFound, ServerError,
    ))]
pub async fn preview(State(app): State<Arc<AppState>>, Id(id): Id) -> Result<Response, Problem> {
    let png = app.intake().preview(&id).await?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}
