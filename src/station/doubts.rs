//! Labels in doubt, asked for at the stations as they arise.
//!
//! One task for all stations. It sleeps until the ledger has something new. What is asked stays asked until it is
//! settled, by whomever; then the oldest doubt of the station's printer comes next.

use super::answer::{Answer, Code, Facts};
use super::session::{Session, Undo};
use super::{Doubt, Station, StationError, Stations};
use crate::spool::{LabelView, Refusal, Spool, SpoolError, State, UnixMs};
use std::sync::Arc;
use tokio::sync::watch;
use tracing::{info, warn};

/// So long after a question took the place of another one, an answer is not taken for its own.
const ASK_SETTLES_MS: UnixMs = 1_500;

pub(super) async fn watch(stations: Stations, spool: Spool, mut stop: watch::Receiver<bool>) {
    let mut news = spool.latest_seq();
    loop {
        news.mark_unchanged();
        if let Err(error) = look(&stations, &spool).await {
            warn!("labels in doubt could not be asked about: {error}");
        }
        tokio::select! {
            // Who could stop us gone is a stop too.
            _ = stop.wait_for(|stop| *stop) => return,
            changed = news.changed() => if changed.is_err() { return },
        }
    }
}

async fn look(stations: &Stations, spool: &Spool) -> Result<(), SpoolError> {
    let doubts = spool.doubts().await?;
    for station in stations.by_name.values().filter(|station| is_due(station, &doubts)) {
        // A scan may be answering it just now: the holder of the session knows best.
        let _bench = station.session.lock().await;
        let doubts = spool.doubts().await?;
        if is_due(station, &doubts) {
            station.settle_doubt(oldest(station, &doubts).cloned(), spool.now());
        }
    }
    Ok(())
}

/// Whether the station asks for what is settled, or for nothing although something is in doubt.
fn is_due(station: &Arc<Station>, doubts: &[LabelView]) -> bool {
    match &station.view.borrow().doubt {
        Some(asked) => doubts.iter().all(|label| label.id != asked.label.id),
        None => oldest(station, doubts).is_some(),
    }
}

fn oldest<'a>(station: &Station, doubts: &'a [LabelView]) -> Option<&'a LabelView> {
    doubts.iter().find(|label| label.printer == station.printer.name)
}

impl Station {
    /// A person says what became of the label that is asked for.
    pub(super) async fn outcome(
        &self,
        session: &mut Session,
        came_out: bool,
        person: Option<&str>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        let mode = session.mode;
        let doubts = self.spool.doubts().await?;
        let asked = self.view.borrow().doubt.as_ref().map(|doubt| doubt.label.id.clone());
        let Some(label) = asked.and_then(|id| doubts.iter().find(|label| label.id == id).cloned()) else {
            // Never an answer to a question that was not shown.
            return Ok(match doubts.into_iter().find(|label| label.printer == self.printer.name) {
                Some(label) => {
                    let sentence = format!("first look for label {} in the tray, then say whether it came out.", label.id);
                    self.ask(label.clone(), now);
                    Answer::new(mode, Code::Asked, sentence).of(label)
                }
                None => Answer::new(mode, Code::NothingAsked, "no label is in doubt here: nothing was asked."),
            });
        };
        if self.view.borrow().doubt.as_ref().is_some_and(|doubt| doubt.follows && now - doubt.asked_at < ASK_SETTLES_MS) {
            let sentence = format!("now label {} is asked for: look for it in the tray, then say whether it came out.", label.id);
            return Ok(Answer::new(mode, Code::Asked, sentence).of(label));
        }
        let state = match self.spool.outcome(&label.id, came_out, &self.who(person)).await {
            Ok(state) => state,
            Err(SpoolError::Refusal(Refusal::NotAllowed(illegal))) => {
                let sentence = format!("label {} is {} by now: nothing is asked of it any more.", label.id, illegal.from);
                return Ok(Answer::new(mode, Code::NothingAsked, sentence).of(label));
            }
            Err(error) => return Err(error.into()),
        };
        session.did(Undo::Never("what was said of a label in doubt stands: scan the label to print it again."));
        let (code, said) = if came_out { (Code::CameOut, "came out") } else { (Code::DidNot, "did not come out") };
        let then = match state {
            State::Waiting => ": it prints again by itself.",
            State::Held => " and is held: it prints when it is released.",
            State::Canceled | State::Voided => ", and was canceled meanwhile: put the parcel aside.",
            _ => ".",
        };
        let sentence = format!("label {} {said}{then}", label.id);
        let left: Vec<LabelView> =
            doubts.into_iter().filter(|other| other.id != label.id && other.printer == self.printer.name).collect();
        let facts = Facts { count: Some(left.len()), ..Facts::default() };
        self.settle_doubt(left.into_iter().next(), now);
        Ok(Answer::new(mode, code, sentence).of(label).with(facts))
    }

    /// Puts the question of a label in doubt.
    pub(super) fn ask(&self, label: LabelView, now: UnixMs) {
        let id = label.id.clone();
        let changed = self.view.send_if_modified(|view| {
            let new = view.doubt.as_ref().is_none_or(|doubt| doubt.label.id != label.id);
            if new {
                let follows = view.doubt.is_some();
                view.doubt = Some(Doubt { label, asked_at: now, follows });
            }
            new
        });
        if changed {
            info!(station = self.name, label = id, "asked whether it came out");
            // Not waited for: it changes nothing.
            drop(self.spool.record_question(&id, &self.printer.name, &self.name));
        }
    }

    /// The question has its answer; the next one is put, if there is one.
    pub(super) fn settle_doubt(&self, next: Option<LabelView>, now: UnixMs) {
        match next {
            Some(label) => self.ask(label, now),
            None => self.view.send_modify(|view| view.doubt = None),
        }
    }
}
