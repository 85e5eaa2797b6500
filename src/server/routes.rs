//! Which address leads where, and the document that says so.

use super::problem::{Kind, Problem};
use super::{
    AppState, REQUEST, console, events, handover, health, import, jobs, labels, orders, printers, render, stations, webhooks,
};
use crate::api;
use crate::fault::nearest;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "waybilld",
        description = "Takes jobs of labels, prints them and knows what happened to every one. \
            Every answer that says no is `application/problem+json`."
    ),
    servers((url = "/", description = "On the daemon's Unix socket.")),
    components(schemas(api::Problem, api::Fault))
)]
struct Document;

/// Every route with its handler, and the OpenAPI document made from the handlers.
pub fn documented() -> (Router<Arc<AppState>>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(jobs::submit, jobs::jobs))
        .routes(routes!(jobs::job))
        .routes(routes!(import::import))
        .routes(routes!(labels::labels))
        .routes(routes!(labels::label))
        .routes(routes!(render::preview))
        .routes(routes!(labels::reprint))
        .routes(routes!(labels::void))
        .routes(routes!(labels::hold))
        .routes(routes!(labels::release))
        .routes(routes!(labels::outcome))
        .routes(routes!(orders::replace))
        .routes(routes!(orders::cancel))
        .routes(routes!(orders::release))
        .routes(routes!(handover::manifests))
        .routes(routes!(handover::manifest))
        .routes(routes!(handover::bags))
        .routes(routes!(render::render))
        .routes(routes!(printers::printers))
        .routes(routes!(printers::pause))
        .routes(routes!(printers::resume))
        .routes(routes!(printers::release))
        .routes(routes!(printers::adopt))
        .routes(routes!(printers::move_labels))
        .routes(routes!(printers::identify))
        .routes(routes!(printers::test))
        .routes(routes!(printers::test_picture))
        .routes(routes!(printers::calibrate))
        .routes(routes!(printers::control_sheet))
        .routes(routes!(printers::trace))
        .routes(routes!(stations::scan))
        .routes(routes!(stations::stations))
        .routes(routes!(events::events))
        .routes(routes!(console::address))
        .routes(routes!(webhooks::webhooks))
        .routes(routes!(health::openapi))
        .routes(routes!(health::healthz))
        .routes(routes!(health::metrics))
        .split_for_parts()
}

/// Adds what holds for every route: an answer where nothing is, and an end to every wait.
pub fn complete(routes: Router<Arc<AppState>>) -> Router<Arc<AppState>> {
    routes.fallback(no_route).method_not_allowed_fallback(no_method).layer(middleware::from_fn(in_time))
}

async fn no_route(State(app): State<Arc<AppState>>, uri: Uri) -> Problem {
    let known: Vec<&str> = app.paths.iter().map(String::as_str).collect();
    let meant = nearest(uri.path(), &known)
        .map_or_else(|| "Everything there is stands in /v1/openapi.json.".to_owned(), |path| format!("Did you mean {path}?"));
    Problem::new(Kind::NoRoute, format!("there is nothing at this address. {meant}"))
}

async fn no_method(method: Method) -> Problem {
    let detail = format!("this address does not answer {method}: the header `Allow` of this answer says what it does.");
    Problem::new(Kind::NoMethod, detail)
}

/// Gives up on a request that takes too long.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => {
            let detail = format!("this took longer than {} s: ask again, a job with the same id.", REQUEST.as_secs());
            Problem::new(Kind::TooSlow, detail).into_response()
        }
    }
}
