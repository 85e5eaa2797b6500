//! A seller's export as the body of a request: read with a map, and taken as a job.

use super::AppState;
use super::body::File;
use super::extract::Query;
use super::jobs;
use super::problem::{Kind, Problem};
use super::submission::content_of;
use crate::api::refusals::{ServerError, Unreadable};
use crate::api::{Imported, LeftOutShape, ProblemShape};
use crate::config::LABELS_MAX;
use crate::fault::{Code, Fault, FileFault};
use crate::import::field_map::FieldMap;
use crate::import::{self, Import, Map};
use crate::waybill::json::Node;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use utoipa::IntoParams;

/// What to make of a file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Importing {
    /// A map by name, of the configured folder or shipped: tiktok-shop-export, generic, or tiktok-shop for JSON. For a table found out by its columns.
    map: Option<String>,
    /// A printer or a group of printers. May be left out where there is only one.
    printer: Option<String>,
    /// The configured sender of labels that name none. May be left out where there is only one.
    sender: Option<String>,
    /// The template of labels that name none.
    template: Option<String>,
    /// The job's id; otherwise it is called by its content, so that the same file sent again is the same job.
    job: Option<String>,
    /// In which order the labels print, as in a job, with commas: `ship_by,carrier`.
    sort: Option<String>,
    /// Checks everything and takes nothing.
    #[serde(default)]
    dry: bool,
}

const NOTHING_TAKEN: &str = "nothing was taken: mend the file and send it again";

/// Take an export
///
/// The body is the file itself: CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or GB18030; XLSX; or, with a map
/// for them, JSON records. What it is, is seen from its bytes. Everything wrong comes back at once, each message led by
/// its row and column, and nothing is taken then.
#[utoipa::path(post, path = "/v1/import", tag = "jobs", params(Importing),
    request_body(content((Vec<u8> = "text/csv"), (Vec<u8> = "text/tab-separated-values"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (Vec<u8> = "application/octet-stream"))),
    responses(
        (status = 201, description = "Taken: every label is on disk.", body = Imported),
        (status = 200, description = "Taken before, and so it stands now; or nothing was to be taken.", body = Imported),
        (status = 409, description = "The id belongs to a job with other content.", body = ProblemShape,
            content_type = "application/problem+json"),
        Unreadable, ServerError,
    ))]
pub async fn import(
    State(app): State<Arc<AppState>>,
    Query(asked): Query<Importing>,
    mut file: File,
) -> Result<(StatusCode, Json<Imported>), Problem> {
    let (bytes, name) = (std::mem::take(&mut file.bytes), asked.map.clone());
    let read = app.compute(move |services| {
        let map = name.map(|name| named(&name, services.config.maps.as_deref())).transpose()?;
        import::read(&bytes, map).map_err(|faults| Problem::refused(faults, NOTHING_TAKEN))
    });
    let Import { map, written, labels, left_out, origins } = read.await??;
    let left_out = left_out.into_iter().map(|left_out| LeftOutShape { order: left_out.order, why: left_out.why }).collect();
    let mut imported = Imported { job: None, map: map.unwrap_or_default(), written, checked: labels.len(), left_out };
    if labels.is_empty() {
        if imported.left_out.is_empty() {
            return Err(Problem::refused(vec![Fault::new(Code::Missing, "", "there is no order in it.")], NOTHING_TAKEN));
        }
        return Ok((StatusCode::OK, Json(imported)));
    }
    if labels.len() > LABELS_MAX {
        let count = labels.len();
        let detail = format!(
            "it comes to {count} labels and a job takes {LABELS_MAX}: export fewer at once, or use `waybilld submit`, which makes several jobs of it."
        );
        return Err(Problem::refused(vec![Fault::new(Code::TooMany, "labels", detail)], NOTHING_TAKEN));
    }
    let body = file.become_json(job_of(labels, &asked));
    let taken = if asked.dry { jobs::try_out(&app, body).await.map(|_| None) } else { jobs::take(&app, body).await.map(Some) };
    let taken = taken.map_err(|problem| match &origins {
        Some(origins) => problem.with_faults(|faults| origins.told(faults, 0)),
        None => problem,
    })?;
    let mut status = StatusCode::OK;
    if let Some((answer, Json(job))) = taken {
        status = answer;
        imported.job = Some(job);
    }
    Ok((status, Json(imported)))
}

/// A configured map of that name, or the shipped one. Read anew each time: a map is mended while imports fail.
fn named(name: &str, folder: Option<&Path>) -> Result<Map, Problem> {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if let Some(file) = folder.filter(|_| is_name).map(|folder| folder.join(format!("{name}.toml")))
        && let Ok(text) = std::fs::read_to_string(&file)
    {
        let parsed = FieldMap::parse(&text, &file.display().to_string());
        let faults =
            |faults: Vec<FileFault>| faults.iter().map(|fault| Fault::new(Code::Unreadable, "map", fault.to_string())).collect();
        let map = parsed.map_err(|found| Problem::refused(faults(found), NOTHING_TAKEN))?;
        return Ok(Map { name: name.to_owned(), map });
    }
    Map::shipped(name).map_err(|hint| Problem::new(Kind::BadQuery, format!("there is no such map.{hint}")))
}

/// The job as a caller would have written it.
fn job_of(labels: Vec<Node>, asked: &Importing) -> Node {
    let told = [("printer", &asked.printer), ("sender", &asked.sender), ("template", &asked.template), ("id", &asked.job)];
    let told = told.into_iter().filter_map(|(field, word)| Some((field.to_owned(), Node::text(word.as_ref()?))));
    let mut fields: Vec<(String, Node)> = told.collect();
    if let Some(keys) = &asked.sort {
        let keys = keys.split(',').map(|key| Node::text(key.trim()));
        fields.push(("sort".to_owned(), Node::List(keys.collect())));
    }
    fields.push(("labels".to_owned(), Node::List(labels)));
    if asked.job.is_none() {
        let content = content_of(&Node::Object(fields.clone())).to_hex();
        fields.push(("id".to_owned(), Node::text(format!("import-{}", &content[..16]))));
    }
    Node::Object(fields)
}
