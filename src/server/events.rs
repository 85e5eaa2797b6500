//! What happens, as it happens: server-sent events out of the spool's history.
//!
//! Each event has the number the history gave it, so a listener that was cut off goes on after the last one it heard. Nothing is
//! queued for a slow listener but the page in hand: the rest waits in the spool.

use super::extract::Query;
use super::problem::{Kind, Problem};
use super::{AppState, closed};
use crate::api;
use crate::api::refusals::ServerError;
use crate::closed_set::ClosedSet;
use crate::spool::Spool;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde::Deserialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

/// Events read at once.
const PAGE: usize = 256;
/// A listener who hears nothing for so long gets a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The comment that says: look at the stations, a scan was not worked on.
const STATION: &str = "station";

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// The number of the last event you know; 0 for all that are kept. Without it, and without the header
    /// `Last-Event-ID`, only what happens from now on is told.
    after: Option<i64>,
}

/// What happens, as it happens
///
/// Server-sent events. `id` is the event's number, `event` its kind, `data` the whole as JSON. Give `Last-Event-ID` or `after` to go on
/// where you left off.
#[utoipa::path(get, path = "/v1/events", tag = "events",
    params(Since, ("Last-Event-ID" = Option<i64>, Header, description = "The number of the last event you know.")),
    responses(
    (status = 200, description = "A stream of events.", body = api::Event, content_type = "text/event-stream"),
    (status = 400, description = "A number that is none.", body = api::Problem,
        content_type = "application/problem+json"),
    ServerError,
))]
pub async fn events(
    State(app): State<Arc<AppState>>,
    Query(Since { after }): Query<Since>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let last_heard = match headers.get("last-event-id") {
        Some(id) => Some(
            id.to_str()
                .ok()
                .and_then(|id| id.trim().parse().ok())
                .ok_or_else(|| Problem::new(Kind::BadQuery, "`Last-Event-ID` must be the number of an event."))?,
        ),
        None => after,
    };
    let place = app.streams.clone().try_acquire_owned();
    let place = place.map_err(|_| Problem::new(Kind::Busy, "too many event streams are open: close one of yours."))?;
    let spool = app.services.spool.clone();
    let latest = spool.latest_seq();
    let after = last_heard.unwrap_or_else(|| *latest.borrow());
    let (tell, told) = mpsc::channel(PAGE);
    tokio::spawn(follow(spool, latest, app.services.stations.failures(), after, app.closing.clone(), tell, place));
    Ok(Sse::new(ReceiverStream::new(told)).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// Reads on whenever there is something new, until the listener leaves, the daemon stops or the spool fails.
async fn follow(
    spool: Spool,
    mut latest: watch::Receiver<i64>,
    mut failures: watch::Receiver<()>,
    mut after: i64,
    mut closing: watch::Receiver<bool>,
    tell: mpsc::Sender<Result<Event, Infallible>>,
    _place: OwnedSemaphorePermit,
) {
    let told = async {
        loop {
            latest.mark_unchanged();
            let page = match spool.events_after(after, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!("an event stream ended: {error}");
                    return;
                }
            };
            if page.is_empty() {
                tokio::select! {
                    changed = latest.changed() => if changed.is_err() { return },
                    // It has no number in the history: the console asks how its station stands.
                    Ok(()) = failures.changed() => {
                        if tell.send(Ok(Event::default().comment(STATION))).await.is_err() {
                            return;
                        }
                    }
                }
            }
            for event in page {
                after = event.seq;
                let heard = Event::default().id(event.seq.to_string()).event(event.kind.word());
                let data = serde_json::to_string(&api::Event::of(event)).expect("an event is plain JSON");
                if tell.send(Ok(heard.data(data))).await.is_err() {
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = told => {}
        () = tell.closed() => {}
        () = closed(&mut closing) => {}
    }
}
