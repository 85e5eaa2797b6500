//! Taking jobs, and telling how they stand.

use super::AppState;
use super::body::JsonBody;
use super::extract::{Id, Query};
use super::problem::Problem;
use crate::api;
use crate::api::refusals::{NotFound, ServerError, Unreadable};
use crate::api::requests::JobRequest;
use crate::intake::{Keep, Submitted};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Zoned;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// How to take it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Taking {
    /// Checks everything and takes nothing: the answer is 200 and how many labels are sound.
    #[serde(default)]
    dry: bool,
}

/// Take a job
///
/// Everything that could stop a label from printing is checked first. Every fault of every label comes back in one
/// answer, and nothing is taken then. When the answer is 201, every label is on disk. Sending the same job again is
/// harmless: the answer is 200 and how it stands now.
#[utoipa::path(post, path = "/v1/jobs", tag = "jobs", params(Taking), request_body = JobRequest, responses(
    (status = 201, description = "Taken: every label is on disk.", body = api::Job),
    (status = 200, description = "This job was taken before, and so it stands now; or, with `dry`, it could be taken.",
        body = api::JobAnswer),
    (status = 409, description = "The id belongs to a job with other content.", body = api::Problem,
        content_type = "application/problem+json"),
    Unreadable, ServerError,
))]
pub async fn submit(State(app): State<Arc<AppState>>, Query(taking): Query<Taking>, body: JsonBody) -> Result<Response, Problem> {
    let keep = if taking.dry { Keep::No } else { Keep::Yes };
    let (job, memory) = body.into_parts();
    Ok(match app.intake().submit(job, memory, Zoned::now(), keep).await? {
        Submitted::New(job) => (StatusCode::CREATED, Json(api::Job::of(job))).into_response(),
        Submitted::Known(job) => Json(api::Job::of(job)).into_response(),
        Submitted::Sound(checked) => Json(api::Checked { checked }).into_response(),
    })
}

/// How many jobs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Newest {
    /// Usually 20.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// The newest jobs, in numbers
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", params(Newest), responses(
    (status = 200, body = api::Jobs),
    (status = 400, description = "A parameter we do not know or understand.", body = api::Problem,
        content_type = "application/problem+json"),
    ServerError,
))]
pub async fn jobs(State(app): State<Arc<AppState>>, Query(Newest { limit }): Query<Newest>) -> Result<Json<api::Jobs>, Problem> {
    Ok(Json(api::Jobs::of(app.services.spool.newest_jobs(limit.unwrap_or(20)).await?)))
}

/// How a job stands
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs", params(("id" = String, Path, description = "The caller's id of it.")),
    responses((status = 200, body = api::Job), NotFound, ServerError))]
pub async fn job(State(app): State<Arc<AppState>>, Id(id): Id) -> Result<Json<api::Job>, Problem> {
    Ok(Json(api::Job::of(app.services.spool.job(&id).await?)))
}
