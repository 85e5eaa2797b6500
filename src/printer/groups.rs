//! Printers that share jobs: what waits for one that fails goes to another.
//!
//! One task a group. It sleeps until a printer of the group comes to stand otherwise, or, while one has failed, until
//! the ledger has something new; a timer runs only while a failed printer has labels of the group waiting. What is being
//! sent or in doubt stays where it is, and nothing moves back.

use super::view::View;
use super::words::PrinterState;
use crate::spool::{Spool, SpoolError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{StreamExt, StreamMap};
use tracing::{error, info};

/// Pause before a request the ledger refused is made again, and how often it is said in the log.
const AGAIN: Duration = Duration::from_secs(1);
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// One printer of a group.
pub struct Member {
    pub name: String,
    pub view: watch::Receiver<View>,
}

/// The printers of one group.
pub struct Group {
    pub name: String,
    pub patience: Duration,
    pub members: Vec<Member>,
    pub spool: Spool,
}

/// Whether it prints, or would.
pub fn is_ready(view: &View) -> bool {
    matches!(view.stands.state, PrinterState::Idle | PrinterState::Printing)
}

impl Group {
    /// Watches the group until `stop` turns true.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut changes = StreamMap::new();
        for (at, member) in self.members.iter().enumerate() {
            changes.insert(at, WatchStream::from_changes(member.view.clone()));
        }
        let mut news = self.spool.latest_seq();
        let mut failed: Vec<Option<Instant>> = vec![None; self.members.len()];
        let mut said = None;
        loop {
            news.mark_unchanged();
            let due = self.look(&mut failed, &mut said).await;
            let any_failed = failed.iter().any(Option::is_some);
            tokio::select! {
                // Who could stop us gone is a stop too.
                _ = stop.wait_for(|stop| *stop) => return,
                Some(_) = changes.next() => {}
                _ = news.changed(), if any_failed => {}
                () = async { match due { Some(due) => sleep_until(due).await, None => std::future::pending().await } } => {}
            }
        }
    }

    /// Gives away what has waited long enough for a printer that fails; when to look again, if something will be due.
    async fn look(&self, failed: &mut [Option<Instant>], said: &mut Option<Instant>) -> Option<Instant> {
        let now = Instant::now();
        let views: Vec<View> = self.members.iter().map(|member| member.view.borrow().clone()).collect();
        for (since, view) in failed.iter_mut().zip(&views) {
            *since = if is_ready(view) { None } else { since.or(Some(now)) };
        }
        let ready: Vec<String> =
            self.members.iter().zip(&views).filter(|(_, view)| is_ready(view)).map(|(member, _)| member.name.clone()).collect();
        if ready.is_empty() {
            return None;
        }
        let mut next = None;
        for ((member, view), since) in self.members.iter().zip(&views).zip(failed.iter()) {
            let Some(since) = since else { continue };
            // Who pauses a printer says so; what stops by itself may go on by itself.
            let due = if view.stands.state == PrinterState::Paused { *since } else { *since + self.patience };
            let done = match self.spool.movable(&member.name, &self.name).await {
                Ok(0) => Ok(None),
                Ok(_) if due > now => Ok(Some(due)),
                Ok(_) => self.give_away(&member.name, &ready, view).await.map(|()| None),
                Err(error) => Err(error),
            };
            let again = done.unwrap_or_else(|error| {
                if said.is_none_or(|at| now.duration_since(at) >= SAY_AGAIN) {
                    error!(group = self.name, printer = member.name, "{error}");
                    *said = Some(now);
                }
                Some(now + AGAIN)
            });
            next = [next, again].into_iter().flatten().min();
        }
        next
    }

    async fn give_away(&self, from: &str, to: &[String], view: &View) -> Result<(), SpoolError> {
        let why = match view.stands.state {
            PrinterState::Paused => format!("{from} is paused"),
            _ => format!("{from} has stood still for {} s ({})", self.patience.as_secs(), view.stands.word().replace('_', " ")),
        };
        let labels = self.spool.reassign(from, &self.name, to.to_vec(), &why).await?;
        info!(group = self.name, printer = from, labels, "moved: {why}");
        Ok(())
    }
}
