//! Labels as pictures or as a printer's bytes, without printing.

use super::body::JsonBody;
use super::extract::{Id, Query};
use super::problem::{Kind, Problem};
use super::submission::{Aim, Submission};
use super::{AppState, Services};
use crate::api::ProblemShape;
use crate::api::refusals::{NotFound, ServerError, Unreadable};
use crate::api::requests::{JobRequest, LabelRequest};
use crate::content::Content;
use crate::dots::Dpi;
use crate::fault::{Code, Fault};
use crate::label::Label;
use crate::language::{Encoder, Language, Options, Setup, zpl};
use crate::spool::SpoolError;
use crate::template::Template;
use crate::waybill::json::Node;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// How to draw.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Drawing {
    /// `png`: a picture of one label, dot for dot; `zpl`, `tspl`, `escpos`: what a printer would be sent for all of them.
    format: Option<String>,
    /// 203, 300 or 600. Otherwise the printer's, if the job names one, or 203.
    dpi: Option<u32>,
    /// The template of labels that name none.
    template: Option<String>,
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
            content((Vec<u8> = "image/png"), (Vec<u8> = "application/zpl"), (Vec<u8> = "application/octet-stream"))),
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
    let drawn = body.compute(&app, move |services, node| draw(services, node, format, dpi, drawing.template)).await??;
    let content_type = match format {
        Format::Png => "image/png",
        Format::Stream(Language::Zpl) => "application/zpl",
        Format::Stream(_) => "application/octet-stream",
    };
    Ok(([(header::CONTENT_TYPE, content_type)], drawn).into_response())
}

fn draw(
    services: &Services,
    mut node: Node,
    format: Format,
    dpi: Option<Dpi>,
    template: Option<String>,
) -> Result<Vec<u8>, Problem> {
    if let (Some(template), Node::Object(entries)) = (template, &mut node) {
        entries.retain(|(key, _)| key != "template");
        entries.push(("template".to_owned(), Node::Text(template)));
    }
    let mut submission = Submission::read(node, services, Aim::Render);
    let printer = submission.printer.as_ref().map(|(_, printer)| printer);
    let dpi = dpi.or(printer.map(|printer| printer.dpi)).unwrap_or_default();
    let mut drawn = Vec::new();
    let mut faults = Vec::new();
    for order in &submission.orders {
        let made = services.designs.with(&order.template, dpi, |compositor| compositor.lay_out(&order.waybill));
        match made.and_then(|made| made) {
            Ok(label) => drawn.push(label),
            Err(found) => faults.extend(found.into_iter().map(|fault| fault.of_label(&order.waybill.id))),
        }
    }
    let setup = printer.map(|printer| printer.setup).unwrap_or_default();
    let native_text = printer.is_some_and(|printer| printer.native_text);
    if format == Format::Png && drawn.len() > 1 {
        let message = format!("{} labels do not fit one picture: send one, or ask for format=zpl.", drawn.len());
        faults.push(Fault::new(Code::TooMany, "labels", message));
    }
    submission.found(faults);
    if !submission.faults.is_empty() {
        return Err(Problem::refused(submission.faults, "nothing was drawn"));
    }
    match format {
        Format::Png => Ok(drawn.iter().flat_map(|label| label.raster().to_png()).collect()),
        Format::Stream(language) => Ok(stream(language, &drawn, &setup, native_text)),
    }
}

/// What a printer would be sent for these labels, from its first byte on.
fn stream(language: Language, labels: &[Label], setup: &Setup, native_text: bool) -> Vec<u8> {
    let zpl = zpl::Options { native_text, ..zpl::Options::default() };
    let mut encoder = Encoder::new(language, Options { zpl, ..Options::default() });
    let mut bytes = labels.first().map(|label| encoder.start(setup, label.size, label.dpi)).unwrap_or_default();
    for label in labels {
        bytes.extend(encoder.label(label).bytes);
    }
    bytes
}

/// A taken label as it prints, dot for dot
#[utoipa::path(get, path = "/v1/labels/{id}/preview.png", tag = "labels",
    params(("id" = String, Path, description = "The caller's id of it.")), responses(
        (status = 200, description = "The label with the names and addresses it prints.", body = Vec<u8>,
            content_type = "image/png"),
        (status = 410, description = "Its data was erased after the days it is kept.", body = ProblemShape,
            content_type = "application/problem+json"),
        NotFound, ServerError,
    ))]
pub async fn preview(State(app): State<Arc<AppState>>, Id(id): Id) -> Result<Response, Problem> {
    let spool = &app.services.spool;
    let detail = spool.label(&id).await?;
    let kept = detail.waybill.ok_or_else(|| Problem::from(SpoolError::Erased(id.clone())))?;
    let unreadable = || Problem::new(Kind::Internal, format!("what is kept of label {id} cannot be read."));
    let kept = Content::parse(&kept).map_err(|_| unreadable())?;
    let template: Arc<Template> = match app.services.designs.by_hash(&detail.template) {
        Some(template) => template,
        None => {
            let text = spool.template(detail.template).await?.ok_or_else(unreadable)?;
            let name = kept.by_ref().template().unwrap_or("an earlier template");
            app.services.designs.recall(name, &text).map_err(|_| unreadable())?
        }
    };
    let printer = app.services.config.printers.get(&detail.label.printer);
    let dpi = printer.map(|printer| printer.dpi).unwrap_or_default();
    // As it prints on the media the printer holds now; where it cannot, as it was taken.
    let variant = printer.and_then(|printer| app.services.designs.for_media(&template, printer.media).ok());
    let template = variant.unwrap_or(template);
    let drawn =
        app.compute(move |services| services.designs.with(&template, dpi, |compositor| compositor.lay_out(&kept))).await?;
    let label = drawn.and_then(|made| made).map_err(|faults| {
        let faults = faults.into_iter().map(|fault| fault.of_label(&id)).collect();
        Problem::refused(faults, "it cannot be drawn for this printer")
    })?;
    let png = app.compute(move |_| label.raster().to_png()).await?;
    Ok(([(header::CONTENT_TYPE, "image/png")], png).into_response())
}
