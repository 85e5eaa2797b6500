//! Follows a job until each label has its end.

use super::client::{Client, Events, path_piece};
use super::failure::Failure;
use super::job::{Job, standing};
use super::progress::Progress;
use crate::api::{self, Printer, Printers};
use crate::printer::words::PrinterState;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// After so long without an event the job is asked for once, in case one was missed.
const QUIET_MAX: Duration = Duration::from_secs(30);
/// How long a daemon may be away, as when it is restarted, before we stop waiting for it.
const AWAY_MAX: Duration = Duration::from_secs(30);
const RETRY_EVERY: Duration = Duration::from_millis(500);

/// Shows how far the job is until every label has its end.
pub async fn follow(client: &Client, job: Job, progress: &mut Progress) -> Result<Job, Failure> {
    let mut seen = job;
    let mut last_event = None;
    while seen.ended() < seen.total() {
        let mut events;
        (events, seen) = look(client, seen, last_event, progress).await?;
        let mut trouble = trouble(client, &seen.printer).await;
        progress.show(&seen, trouble.as_deref());
        while seen.ended() < seen.total() {
            let Ok(event) = timeout(QUIET_MAX, events.next()).await else { break };
            let Some(event) = event else {
                sleep(RETRY_EVERY).await;
                break;
            };
            seen.handle_event(&event);
            // Whichever printer it is about: a job for a group has several.
            if event.label.is_none() && event.printer.is_some() {
                trouble = self::trouble(client, &seen.printer).await;
            }
            progress.show(&seen, trouble.as_deref());
            last_event = Some(event.seq);
        }
    }
    progress.finish();
    Ok(seen)
}

/// The events from here on and the job as it stands; a daemon that is being restarted is waited for.
async fn look(client: &Client, seen: Job, after: Option<i64>, progress: &mut Progress) -> Result<(Events, Job), Failure> {
    let path = format!("/v1/jobs/{}", path_piece(&seen.id));
    // First the stream, then the job: what happens in between is told twice and never missed.
    let once = async || {
        let events = client.events(after).await?;
        Ok((events, client.get::<api::Job>(&path).await?.into()))
    };
    let until = Instant::now() + AWAY_MAX;
    loop {
        match once().await {
            Ok(found) => return Ok(found),
            Err(Failure { sentence, .. }) if Instant::now() < until => progress.show(&seen, Some(&sentence)),
            Err(Failure { sentence, .. }) => {
                let counts = seen.counts();
                let hint = "When it is back, repeat the command: it goes on watching and prints nothing twice.";
                return Err(Failure::unfinished(format!("{sentence} Last known: {counts}. {hint}")));
            }
        }
        sleep(RETRY_EVERY).await;
    }
}

/// Why the printer does not print, when it does not.
async fn trouble(client: &Client, printer: &str) -> Option<String> {
    let printers: Printers = client.get("/v1/printers").await.ok()?;
    let meant = |known: &&Printer| known.name == printer || known.group.as_deref() == Some(printer);
    let stopped = |known: &&Printer| !matches!(known.state, PrinterState::Idle | PrinterState::Printing);
    printers.printers.iter().filter(meant).find(stopped).map(standing)
}
