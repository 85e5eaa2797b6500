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
    /// The encoding of a text file, such as big5; found out otherwise.
    encoding: Option<String>,
    /// The sheet of a workbook; otherwise the one that is open, if it holds orders.
    sheet: Option<String>,
    /// Questions that are answered with yes, by their kind or in one row, with commas: `postcode_zero,amount@7`.
    yes: Option<String>,
    /// Takes the rows that are neither refused nor asked about, and tells of the others.
    #[serde(default)]
    partial: bool,
    /// Checks everything and takes nothing: the answer shows what would become of each row.
    #[serde(default)]
    dry: bool,
}

/// Take an export
///
/// The body is the file itself: CSV with commas, semicolons or tabs; XLSX; an HTML table or Excel XML 2003; or, with a map
/// for them, JSON records. What it is, and how it is encoded, is seen from its bytes. What can be read in two ways is asked
/// and never guessed: with `dry` the table of all rows comes back, questions first; without, a file with open questions
/// or refused rows is refused as a whole, unless `yes` answers them or `partial` takes the others. Everything comes
/// back at once, each message led by its row and column. Labels that were taken before are left out.
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
    let Importing { map, printer, sender, template, job, sort, encoding, sheet, yes, partial, dry } = asked;
    let request = Request { map, printer, sender, template, job, sort, encoding, sheet, yes, partial };
    let (bytes, memory) = file.into_parts();
    let keep = if dry { Keep::No } else { Keep::Yes };
    let made = app.intake().import(bytes, request, memory, Zoned::now(), keep).await?;
    let (status, job) = match made.job {
        Some(Submitted::New(job)) => (StatusCode::CREATED, Some(Job::of(job))),
        Some(Submitted::Known(job)) => (StatusCode::OK, Some(Job::of(job))),
        Some(Submitted::Sound(_)) | None => (StatusCode::OK, None),
    };
    let left_out = made.lines.iter().filter_map(|line| {
        let why = line.left_out.as_ref()?.why.clone();
        Some(LeftOut { order: line.order.clone(), why })
    });
    let left_out = left_out.collect();
    let (checked, questions, rows) = (made.labels, made.questions, made.lines);
    Ok((
        status,
        Json(Imported { job, map: made.map, written: made.written, sheet: made.sheet, checked, left_out, questions, rows }),
    ))
}
