//! What goes with the parcels when they leave: handover manifests and bag labels.

use super::AppState;
use super::body::JsonBody;
use super::extract::Id;
use super::problem::Problem;
use crate::api;
use crate::api::refusals::{NotFound, ServerError, Unreadable};
use crate::api::requests::{BagRequest, ManifestRequest};
use crate::intake::handover::Manifests;
use crate::papers;
use crate::spool::LabelView;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Zoned;
use std::sync::Arc;

/// Make the handover manifests of what was shipped
///
/// One for each carrier, of every parcel that was scanned as handed over and stands on none yet. Sending the same
/// request again is harmless: the answer is 200 and what stands on them. A request with a new id takes what came since.
#[utoipa::path(post, path = "/v1/manifests", tag = "handover", request_body = ManifestRequest, responses(
    (status = 201, description = "Taken: they print next.", body = api::Manifests),
    (status = 200, description = "They were made before.", body = api::Manifests),
    (status = 409, description = "There is nothing to hand over, or the id belongs to something else.",
        body = api::Problem, content_type = "application/problem+json"),
    Unreadable, ServerError,
))]
pub async fn manifests(State(app): State<Arc<AppState>>, body: JsonBody) -> Result<(StatusCode, Json<api::Manifests>), Problem> {
    let made = app.intake().manifests(&body.node, Zoned::now()).await?;
    Ok((status(made.new), Json(shown(made))))
}

/// What stands on the manifests of one request
#[utoipa::path(get, path = "/v1/manifests/{id}", tag = "handover",
    params(("id" = String, Path, description = "The id the request gave.")),
    responses((status = 200, body = api::Manifests), NotFound, ServerError))]
pub async fn manifest(State(app): State<Arc<AppState>>, Id(id): Id) -> Result<Json<api::Manifests>, Problem> {
    Ok(Json(shown(app.intake().manifests_of(&id).await?)))
}

/// Make the label of a bag
///
/// Of the parcels named by id or tracking number; without any, of all that were scanned as handed over and stand on no
/// manifest yet. They must be of one carrier.
#[utoipa::path(post, path = "/v1/bags", tag = "handover", request_body = BagRequest, responses(
    (status = 201, description = "Taken: it prints next.", body = api::Bag),
    (status = 200, description = "It was made before.", body = api::Bag),
    (status = 409, description = "There is nothing to put into it, or the id belongs to something else.",
        body = api::Problem, content_type = "application/problem+json"),
    Unreadable, ServerError,
))]
pub async fn bags(State(app): State<Arc<AppState>>, body: JsonBody) -> Result<(StatusCode, Json<api::Bag>), Problem> {
    let (new, label, bag) = app.intake().bag(&body.node, Zoned::now()).await?;
    Ok((status(new), Json(bag_of(&label, bag))))
}

/// A bag's label as it goes over the wire.
fn bag_of(label: &LabelView, bag: papers::Bag) -> api::Bag {
    api::Bag {
        id: label.id.clone(),
        printer: label.printer.clone(),
        state: label.state,
        carrier: bag.carrier,
        parcels: bag.count,
        to: bag.to,
        weight: bag.weight,
    }
}

fn status(new: bool) -> StatusCode {
    if new { StatusCode::CREATED } else { StatusCode::OK }
}

fn shown(Manifests { job, manifests, missed, .. }: Manifests) -> api::Manifests {
    let (labels, missing) = (manifests.len(), missed.len());
    tracing::info!(job = job.id, printer = job.printer, manifests = labels, missed = missing, "handover");
    let manifests =
        manifests.into_iter().map(|listed| api::Manifest::of(&listed.first, listed.pages, listed.weight_g, listed.parcels));
    let manifests = manifests.collect();
    api::Manifests::of(job, manifests, missed)
}
