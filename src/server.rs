//! HTTP and JSON on a Unix socket, and on loopback for the console if there is one.
//!
//! Requests come in; everything that could stop a label from printing is said at once, and "taken" is said only when
//! the spool has it on disk. Every answer is read from the spool or laid out here; no request waits for a printer's answer. Every
//! request, body, wait and stream has a bound, and reaching it is a clear answer. Opens no device.

mod body;
mod console;
mod document;
mod events;
mod extract;
mod handover;
mod health;
mod import;
mod jobs;
mod labels;
mod orders;
mod printers;
mod problem;
mod render;
mod routes;
mod stations;
mod webhooks;

use crate::config::Config;
use crate::designs::Designs;
use crate::intake::{Compute, Intake, Rules};
use crate::printer::Printers;
use crate::spool::Spool;
use crate::station::Stations;
pub use console::{Console, Token};

use crate::notify::http::Webhooks;
use axum::Router;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use problem::{Kind, Problem};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Connections open at once, at each of the socket and the console; the next one is told to come back.
const CONNECTIONS_MAX: usize = 256;
/// Those who are being told so.
const TURNED_AWAY_MAX: usize = 64;
/// Event streams open at once.
const STREAMS_MAX: usize = 64;
/// How long a connection may stay silent between or within request heads.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a request may take, its body included.
const REQUEST: Duration = Duration::from_secs(30);
/// How long open requests may take once the daemon is told to stop.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the server answers from.
pub struct Services {
    pub config: Config,
    pub designs: Arc<Designs>,
    pub spool: Spool,
    pub printers: Printers,
    pub stations: Stations,
    pub webhooks: Webhooks,
}

/// Where requests come in.
pub struct Listeners {
    pub socket: UnixListener,
    pub console: Option<Console>,
}

/// What every handler sees.
struct AppState {
    services: Arc<Services>,
    /// KiB of requests that may be in memory at once.
    body_memory: Arc<Semaphore>,
    /// What jobs are read and checked against.
    rules: Arc<Rules>,
    /// Threads that may read, check and draw at once.
    compute_permits: Compute,
    streams: Arc<Semaphore>,
    /// What the ledger said when it was last asked whether it is well.
    health: health::Kept,
    /// Turns true when the daemon stops.
    closing: watch::Receiver<bool>,
    /// What to open in a browser.
    console: Option<String>,
    openapi: Bytes,
    paths: Vec<String>,
}

/// Who is at the other end.
#[derive(Clone, Copy)]
enum Peer {
    /// At the socket.
    User(u32),
    /// At the socket, and the system does not say who.
    Unknown,
    Console,
}

/// A listener that says who comes.
trait Listener {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    async fn accept(&self) -> io::Result<(Self::Stream, Peer)>;
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    async fn accept(&self) -> io::Result<(UnixStream, Peer)> {
        let (stream, _) = UnixListener::accept(self).await?;
        let peer = stream.peer_cred().map_or(Peer::Unknown, |peer| Peer::User(peer.uid()));
        Ok((stream, peer))
    }
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, _) = TcpListener::accept(self).await?;
        // An answer in two pieces would wait for the browser's word on the first.
        stream.set_nodelay(true)?;
        Ok((stream, Peer::Console))
    }
}

impl AppState {
    /// Runs something that computes on a thread that may. Waits for its turn first.
    async fn compute<T: Send + 'static>(&self, work: impl FnOnce(&Services) -> T + Send + 'static) -> Result<T, Problem> {
        let services = self.services.clone();
        Ok(self.compute_permits.run(move || work(&services)).await?)
    }

    /// The way in for labels.
    fn intake(&self) -> Intake<'_> {
        let Services { spool, printers, .. } = &*self.services;
        Intake { rules: &self.rules, compute: &self.compute_permits, spool, printers }
    }
}

/// Answers there until `shutdown`; then finishes what is open, within a few seconds.
pub async fn serve(listeners: Listeners, services: Arc<Services>, shutdown: impl Future<Output = ()>) {
    let Listeners { socket, console } = listeners;
    let (close, closing) = watch::channel(false);
    let url = console.as_ref().and_then(|console| console.url().ok());
    let app = router(services, url, closing.clone());
    let console = async {
        if let Some(Console { listener, token }) = console {
            let app = Console::guard(token, &listener, app.clone());
            attend(listener, app, closing.clone()).await;
        }
    };
    let stop = async {
        shutdown.await;
        close.send_replace(true);
    };
    tokio::join!(attend(socket, app.clone(), closing.clone()), console, stop);
}

/// Takes in whoever comes, until the daemon stops.
async fn attend<L: Listener>(listener: L, app: Router, mut closing: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let stopped = closing.clone();
    let mut stop = pin!(closed(&mut closing));
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match slots.clone().try_acquire_owned() {
                    Ok(slot) => {
                        let connection = converse(stream, peer, app.clone(), stopped.clone());
                        connections.spawn(async move {
                            connection.await;
                            drop(slot);
                        });
                    }
                    Err(_) if connections.len() < CONNECTIONS_MAX + TURNED_AWAY_MAX => drop(connections.spawn(turn_away(stream))),
                    Err(_) => {}
                },
                Err(error) => {
                    tracing::warn!("no connection could be accepted: {error}");
                    sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    let farewell = async { while connections.join_next().await.is_some() {} };
    if timeout(FAREWELL, farewell).await.is_err() {
        tracing::warn!("requests were cut off: they took longer than {} s after the stop", FAREWELL.as_secs());
        connections.shutdown().await;
    }
}

/// The routes, and what their handlers see.
fn router(services: Arc<Services>, console: Option<String>, closing: watch::Receiver<bool>) -> Router {
    let (routes, openapi) = routes::documented();
    let app = AppState {
        body_memory: Arc::new(Semaphore::new(body::kib(services.config.limits.body_bytes) * body::LARGEST_AT_ONCE)),
        rules: Arc::new(Rules::new(services.config.clone(), services.designs.clone())),
        compute_permits: Compute::on_all_cores(),
        streams: Arc::new(Semaphore::new(STREAMS_MAX)),
        health: health::Kept::default(),
        closing,
        console,
        paths: openapi.paths.paths.keys().cloned().collect(),
        openapi: document::complete(&openapi).to_string().into(),
        services,
    };
    routes::complete(routes).with_state(Arc::new(app))
}

/// One connection, until it ends or the daemon stops.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    app: Router,
    mut closing: watch::Receiver<bool>,
) {
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        app.call(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(SILENCE).max_buf_size(64 << 10);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    // How a connection ends is the client's affair: there is nothing to say about it here.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = closed(&mut closing) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Waits until the daemon stops.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // The sender is gone only when it has.
    let _ = closing.wait_for(|closing| *closing).await;
}

/// Too many connections: says so. Clients only listen while they have asked something, and only when they have said
/// all of it.
async fn turn_away(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let detail = format!("{CONNECTIONS_MAX} connections are open already: ask again in a moment.");
    let body = Problem::new(Kind::Busy, detail).to_json();
    let head =
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nconnection: close\r\nretry-after: 1";
    let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let say = async {
        stream.read_u8().await?;
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    // A client that is gone already needs no answer.
    let _ = timeout(Duration::from_secs(1), say).await;
}
