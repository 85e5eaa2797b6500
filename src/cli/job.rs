//! One job, as the daemon tells it: where each label stands, and what to say of it in the end.
//!
//! The daemon's answers and events go in; counts and sentences come out.

use crate::api;
use crate::spool::State;

/// The states in the order they are counted out.
const STATES: [State; 8] =
    [State::Printed, State::Sent, State::Canceled, State::Voided, State::Held, State::InDoubt, State::Sending, State::Waiting];
/// So many labels are named in one sentence.
const NAMED_MAX: usize = 10;

/// A job and its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: String,
    pub printer: String,
    labels: Vec<(String, State)>,
}

impl From<api::Job> for Job {
    fn from(job: api::Job) -> Job {
        let mut labels: Vec<(String, State)> = Vec::new();
        for label in job.runs.into_iter().flat_map(|run| run.labels) {
            if labels.iter().all(|(seen, _)| *seen != label.id) {
                labels.push((label.id, label.state));
            }
        }
        Job { id: job.id, printer: job.printer, labels }
    }
}

impl Job {
    /// Takes in where a label of this job stands now.
    pub fn handle_event(&mut self, event: &api::Event) {
        if event.job.as_ref().is_some_and(|job| *job != self.id) {
            return;
        }
        let row = self.labels.iter_mut().find(|(label, _)| event.label.as_ref() == Some(label));
        if let (Some(state), Some((_, row))) = (event.state(), row) {
            *row = state;
        }
    }

    pub fn total(&self) -> usize {
        self.labels.len()
    }

    /// How many need no more waiting for.
    pub fn ended(&self) -> usize {
        self.labels.iter().filter(|(_, state)| !matches!(state, State::Waiting | State::Sending)).count()
    }

    /// Whether every label was printed, or sent where the printer cannot say more.
    pub fn is_out(&self) -> bool {
        self.labels.iter().all(|(_, state)| matches!(state, State::Printed | State::Sent))
    }

    fn labels_in(&self, state: State) -> Vec<&str> {
        self.labels.iter().filter(|(_, stands)| *stands == state).map(|(id, _)| id.as_str()).collect()
    }

    /// `47 printed, 2 held, 1 in doubt`
    pub fn counts(&self) -> String {
        counted(|state| self.labels_in(state).len())
    }

    /// How it came out, and what is left for a person to do.
    pub fn closing(&self) -> String {
        let mut said = format!("{}.", self.counts());
        for label in self.labels_in(State::InDoubt).into_iter().take(NAMED_MAX) {
            said.push('\n');
            said.push_str(&doubt(label));
        }
        let held = self.labels_in(State::Held);
        if !held.is_empty() {
            said.push('\n');
            said.push_str(&kept_back(&held));
        }
        said
    }
}

/// The states some labels are in, each with how many.
pub fn counted(count_in: impl Fn(State) -> usize) -> String {
    let counts = STATES.into_iter().map(|state| (count_in(state), state)).filter(|(count, _)| *count > 0);
    counts.map(|(count, state)| format!("{count} {state}")).collect::<Vec<_>>().join(", ")
}

/// What to do about a label in doubt.
pub fn doubt(label: &str) -> String {
    format!("label {label} is in doubt: look at the tray, then say `waybilld outcome {label} came-out` or `did-not`.")
}

/// What to do about held labels.
pub fn kept_back(labels: &[&str]) -> String {
    format!("held: {}. `waybilld release LABEL` prints it, `waybilld void LABEL` cancels it.", named(labels))
}

/// `a, b, c and 4 more`
fn named(ids: &[&str]) -> String {
    match ids.len().saturating_sub(NAMED_MAX) {
        0 => ids.join(", "),
        more => format!("{} and {more} more", ids[..NAMED_MAX].join(", ")),
    }
}

/// `pack-1: out of labels: load a roll; printing goes on by itself.`
pub fn standing(printer: &api::Printer) -> String {
    format!("{}: {}", printer.name, printer.sentence)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Value, json};

    pub fn job(states: &[&str]) -> Job {
        let labels: Vec<Value> =
            states.iter().enumerate().map(|(i, state)| json!({"id": format!("pkg-{}", i + 1), "state": state})).collect();
        let run = json!({"run": 1, "printer": "pack-1", "labels": labels});
        let job = json!({"id": "wave", "printer": "pack-1", "taken_at": "2026-07-14T18:00:00Z", "sort": [], "counts": {}, "runs": [run]});
        serde_json::from_value::<api::Job>(job).expect("a job").into()
    }

    fn event(kind: &str, about: Value) -> api::Event {
        let mut event = json!({"seq": 1, "at": "2026-07-14T18:00:00Z", "kind": kind, "data": {}});
        event.as_object_mut().expect("an object").extend(about.as_object().expect("an object").clone());
        serde_json::from_value(event).expect("an event")
    }

    #[test]
    fn a_wave_that_came_out_is_told_in_two_words() {
        let job = job(&["printed"; 50]);
        assert_eq!(job.closing(), "50 printed.");
        assert!(job.is_out());
    }

    #[test]
    fn what_is_left_to_do_is_told_by_label() {
        let job = job(&["printed", "held", "in_doubt", "sent", "held"]);
        assert_eq!(
            job.closing(),
            "1 printed, 1 sent, 2 held, 1 in doubt.\n\
             label pkg-3 is in doubt: look at the tray, then say `waybilld outcome pkg-3 came-out` or `did-not`.\n\
             held: pkg-2, pkg-5. `waybilld release LABEL` prints it, `waybilld void LABEL` cancels it."
        );
        assert!(!job.is_out());
        assert_eq!(job.ended(), 5);
    }

    #[test]
    fn events_move_the_labels_of_this_job_only() {
        let mut job = job(&["waiting", "sending"]);
        job.handle_event(&event("printed", json!({"job": "wave", "label": "pkg-2"})));
        job.handle_event(&event("printed", json!({"job": "other", "label": "pkg-1"})));
        job.handle_event(&event("printed", json!({"label": "pkg-9"})));
        job.handle_event(&event("media_empty", json!({"printer": "pack-1"})));
        job.handle_event(&event("moved", json!({"job": "wave", "label": "pkg-1"})));
        assert_eq!((job.counts().as_str(), job.ended(), job.total()), ("1 printed, 1 waiting", 1, 2));
    }

    #[test]
    fn five_hundred_held_labels_do_not_fill_the_screen() {
        assert!(job(&["held"; 500]).closing().contains("pkg-10 and 490 more. "));
    }
}
