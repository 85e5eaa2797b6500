//! A seller's export as the body of a request: read with a map, and taken as a job.

use super::AppState;
use super::body::File;
use super::extract::Query;
use super::problem::Problem;
use crate::api::refusals::{ServerError, Unreadable};
use crate::api::{self, Imported, Job, LeftOut};
use crate::intake::importing::Request;
use crate::intake::{Keep, Submitted};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Zoned;
use serde::Deserialize;
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

/// Take an export
///
/// The body is the file itself: CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or GB18030; XLSX; or, with a map
/// for them, JSON records. What it is, is seen from its bytes. Everything wrong comes back at once, each message led by
/// its row and column, and nothing is taken then.
#[utoipa::path(post, path = "/v1/import", tag = "jobs", params(Importing),
    request_body(content((api::Binary = "text/csv"), (api::Binary = "text/tab-separated-values"),
        (api::Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (api::Binary = "application/octet-stream"))),
    responses(
        (status = 201, description = "Taken: every label is on disk.", body = Imported),
        (status = 200, description = "Taken before, and so it stands now; or nothing was to be taken.", body = Imported),
        (status = 409, description = "The id belongs to a job with other content.", body = api::Problem,
            content_type = "application/problem+json"),
        Unreadable, ServerError,
    ))]
pub async fn import(
    State(app): State<Arc<AppState>>,
    Query(asked): Query<Importing>,
    file: File,
) -> Result<(StatusCode, Json<Imported>), Problem> {
    let Importing { map, printer, sender, template, job, sort, dry } = asked;
    let request = Request { map, printer, sender, template, job, sort };
    let (bytes, memory) = file.into_parts();
    let keep = if dry { Keep::No } else { Keep::Yes };
    let made = app.intake().import(bytes, request, memory, Zoned::now(), keep).await?;
    let (status, job) = match made.job {
        Some(Submitted::New(job)) => (StatusCode::CREATED, Some(Job::of(job))),
        Some(Submitted::Known(job)) => (StatusCode::OK, Some(Job::of(job))),
        Some(Submitted::Sound(_)) | None => (StatusCode::OK, None),
    };
    let left_out = made.left_out.into_iter().map(|left_out| LeftOut { order: left_out.order, why: left_out.why }).collect();
    Ok((status, Json(Imported { job, map: made.map, written: made.written.to_owned(), checked: made.labels, left_out })))
}
