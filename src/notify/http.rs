//! Posts events to webhooks as they happen: one task for each webhook, which reads the event history of the spool.
//!
//! A task sleeps until something happens, or until a target that failed may be tried again; idle it has no timer. The last event
//! that a target took is on disk, so that it gets the rest after any stop. What goes out and when is decided in
//! [`crate::notify::courier`].

use crate::api;
use crate::config::webhooks::{SECRET_MIN, Secret, Webhook};
use crate::notify::courier::{Batch, Courier, EVENTS_MAX, Next, sign};
use crate::spool::{Spool, SpoolError, UnixMs};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// How long a target may take for a delivery.
const PATIENCE: Duration = Duration::from_secs(10);
/// Events that a target does not want, before its place in the history is written to disk.
const SKIPPED_MAX: i64 = 1_000;
/// Pause before a request that the ledger refused is repeated.
const AGAIN: Duration = Duration::from_secs(1);

/// The running webhooks and their delivery status. The tasks end when this is dropped.
pub struct Webhooks {
    statuses: Vec<(String, String, watch::Receiver<DeliveryStatus>)>,
    _tasks: JoinSet<()>,
}

/// The deliveries to one target.
#[derive(Debug, Clone, Default)]
struct DeliveryStatus {
    told: Option<i64>,
    trouble: Option<Trouble>,
}

/// Why it does not get more.
#[derive(Debug, Clone)]
struct Trouble {
    sentence: String,
    since: UnixMs,
    failures: u32,
}

impl Webhooks {
    /// Begins a task for each, by their names.
    pub fn start(webhooks: &BTreeMap<String, Webhook>, spool: &Spool) -> Webhooks {
        let (mut statuses, mut tasks) = (Vec::new(), JoinSet::new());
        for (name, webhook) in webhooks {
            let (show, shown) = watch::channel(DeliveryStatus::default());
            statuses.push((name.clone(), webhook.target.authority(), shown));
            let (name, webhook, spool) = (name.clone(), webhook.clone(), spool.clone());
            tasks.spawn(Task { name, webhook, spool, show, epoch: Instant::now() }.run());
        }
        Webhooks { statuses, _tasks: tasks }
    }

    /// The status of each, given the newest event of the ledger.
    pub fn statuses(&self, latest: i64) -> Vec<api::Webhook> {
        let status = |((name, target, shown), (_, behind)): (&(String, String, watch::Receiver<DeliveryStatus>), (&str, i64))| {
            let DeliveryStatus { told, trouble } = shown.borrow().clone();
            let trouble = trouble.map(|trouble| (trouble.sentence, trouble.since, trouble.failures));
            api::Webhook::of(name, target, told, behind, trouble)
        };
        self.statuses.iter().zip(self.behind(latest)).map(status).collect()
    }

    /// How many events each has yet to get, by its name.
    pub fn behind(&self, latest: i64) -> impl Iterator<Item = (&str, i64)> {
        self.statuses.iter().map(move |(name, _, shown)| {
            let told = shown.borrow().told.unwrap_or(latest);
            (name.as_str(), (latest - told).max(0))
        })
    }
}

/// One webhook at work.
struct Task {
    name: String,
    webhook: Webhook,
    spool: Spool,
    show: watch::Sender<DeliveryStatus>,
    epoch: Instant,
}

/// What goes out.
#[derive(Serialize)]
struct Delivery {
    events: Vec<api::Event>,
}

impl Task {
    async fn run(self) {
        let told = loop {
            match self.spool.webhook_told(&self.name).await {
                Ok(told) => break told,
                Err(error) => self.complain(&error).await,
            }
        };
        let mut courier = Courier::new(told, self.webhook.events.clone());
        let mut kept = told;
        let mut latest = self.spool.latest_seq();
        loop {
            self.show.send_modify(|status| status.told = Some(courier.told()));
            let newest = *latest.borrow_and_update();
            match courier.poll(newest, self.epoch.elapsed()) {
                Next::Rest => {
                    if latest.changed().await.is_err() {
                        return;
                    }
                }
                Next::WaitUntil(until) => sleep_until(self.epoch + until).await,
                Next::ReadAfter(seq) => match self.spool.events_after(seq, EVENTS_MAX).await {
                    Ok(read) => {
                        let batch = courier.pack(read);
                        // The ledger always has its newest event; nothing read means that there is nothing to tell.
                        let up_to = if batch.up_to == seq { newest } else { batch.up_to };
                        let unwanted = batch.events.is_empty();
                        if unwanted || self.tell(batch, &mut courier).await {
                            courier.handle_taken(up_to);
                            if !unwanted || up_to - kept > SKIPPED_MAX {
                                kept = up_to;
                                self.keep(up_to).await;
                            }
                        }
                    }
                    Err(error) => self.complain(&error).await,
                },
            }
        }
    }

    async fn complain(&self, error: &SpoolError) {
        tracing::error!(webhook = self.name, "{error}");
        sleep(AGAIN).await;
    }

    /// Writes the last event it took to disk. Where that fails it gets some events twice after a restart.
    async fn keep(&self, told: i64) {
        if let Err(error) = self.spool.keep_webhook_told(&self.name, told).await {
            tracing::error!(webhook = self.name, "{error}");
        }
    }

    /// Makes a delivery; whether the target took it.
    async fn tell(&self, batch: Batch, courier: &mut Courier) -> bool {
        let told = timeout(PATIENCE, self.post(batch)).await;
        let told = told.unwrap_or_else(|_| Err(format!("it did not answer in {} s.", PATIENCE.as_secs())));
        let Err(sentence) = told else {
            if courier.failures() > 0 {
                tracing::info!(webhook = self.name, "it takes events again");
            }
            self.show.send_modify(|status| status.trouble = None);
            return true;
        };
        if courier.failures() == 0 {
            tracing::warn!(webhook = self.name, "{sentence}");
        }
        courier.handle_failed(self.epoch.elapsed(), chance());
        self.show.send_modify(|status| {
            let since = status.trouble.as_ref().map_or_else(|| unix_time().as_millis() as UnixMs, |trouble| trouble.since);
            status.trouble = Some(Trouble { sentence, since, failures: courier.failures() });
        });
        false
    }

    async fn post(&self, batch: Batch) -> Result<(), String> {
        let id = batch.events.last().map_or(batch.up_to, |event| event.seq);
        let delivery = Delivery { events: batch.events.into_iter().map(api::Event::of).collect() };
        let body = serde_json::to_vec(&delivery).expect("events are plain JSON");
        let timestamp = unix_time().as_secs();
        let signature = sign(&self.secret().await?, timestamp, &body);
        let target = &self.webhook.target;
        let request = Request::post(&target.path)
            .header(header::HOST, target.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("waybilld/", env!("CARGO_PKG_VERSION")))
            .header("waybilld-event-id", id)
            .header("waybilld-timestamp", timestamp)
            .header("waybilld-signature", signature)
            .body(Full::<Bytes>::from(body))
            .map_err(|_| "its address cannot be asked for.".to_owned())?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(self.connect().await?)).await.map_err(|_| "it broke off.".to_owned())?;
        // Ends with this delivery.
        let mut carrying = JoinSet::new();
        carrying.spawn(connection);
        let answer = sender.send_request(request).await.map_err(|_| "it broke off before it answered.".to_owned())?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status if status.is_redirection() => {
                Err(format!("it answers {}: redirects are not followed. Configure the address it leads to.", status.as_u16()))
            }
            status => Err(format!("it answers {} and not 2xx.", status.as_u16())),
        }
    }

    async fn secret(&self) -> Result<Vec<u8>, String> {
        let file = match &self.webhook.secret {
            Secret::Text(secret) => return Ok(secret.clone().into_bytes()),
            Secret::File(file) => file,
        };
        let secret = tokio::fs::read(file).await.map_err(|error| format!("its secret_file cannot be read: {error}."))?;
        let secret = secret.trim_ascii().to_vec();
        let short = || format!("its secret_file holds less than {SECRET_MIN} bytes.");
        if secret.len() < SECRET_MIN { Err(short()) } else { Ok(secret) }
    }

    async fn connect(&self) -> Result<TcpStream, String> {
        let target = &self.webhook.target;
        let found = lookup_host((target.host.as_str(), target.port)).await;
        let found: Vec<SocketAddr> = found.map_err(|_| format!("no host {} is known.", target.host))?.collect();
        let allowed: Vec<SocketAddr> = found.into_iter().filter(|address| target.may_be(address.ip())).collect();
        if allowed.is_empty() {
            return Err(format!("{} does not mean a machine of a private network here: nothing was sent.", target.host));
        }
        let why = |error: io::Error| match error.kind() {
            io::ErrorKind::ConnectionRefused => format!("nothing listens at {}.", target.authority()),
            _ => format!("{} cannot be reached: {error}.", target.authority()),
        };
        TcpStream::connect(allowed.as_slice()).await.map_err(why)
    }
}

fn unix_time() -> Duration {
    SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}

/// A number from 0 to 1, another one each time.
fn chance() -> f64 {
    // Without a source of randomness the pauses of all targets are alike, which is no fault.
    getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}
