//! One job, as the daemon tells it: where each label stands, and what to say of it in the end.
//!
//! The daemon's JSON and its events go in; counts and sentences come out. [`follow`] keeps a job up to date until
//! each label has its end. States are the ledger's words.

use super::client::{Client, Events, path_piece};
use super::events::Event;
use super::failure::Failure;
use super::progress::Progress;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// After so long without an event the job is asked for once, in case one was missed.
const QUIET_MAX: Duration = Duration::from_secs(30);
/// How long a daemon may be away, as when it is restarted, before we stop waiting for it.
const AWAY_MAX: Duration = Duration::from_secs(30);
const RETRY_EVERY: Duration = Duration::from_millis(500);
/// The states in the order they are counted out, and how they are said.
const STATES: [(&str, &str); 8] = [
    ("printed", "printed"),
    ("sent", "sent"),
    ("canceled", "canceled"),
    ("voided", "voided"),
    ("held", "held"),
    ("in_doubt", "in doubt"),
    ("sending", "sending"),
    ("waiting", "waiting"),
];
/// So many labels are named in one sentence.
const NAMED_MAX: usize = 10;

/// A job and its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: String,
    pub printer: String,
    labels: Vec<(String, String)>,
}

impl Job {
    /// Reads the daemon's answer.
    pub fn read(body: &Value) -> Result<Job, Failure> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (Some(id), Some(printer)) = (text(&body["id"]), text(&body["printer"])) else {
            return Err(Failure::unfinished("the daemon's answer is no job this command knows: are both of one version?"));
        };
        // A label that was never due at the printer, such as a held one, is in no run.
        let runs = body["runs"].as_array().into_iter().flatten();
        let labels = runs.chain([body]).filter_map(|run| run["labels"].as_array()).flatten();
        let mut known: Vec<(String, String)> = Vec::new();
        for (id, state) in labels.filter_map(|label| Some((text(&label["id"])?, text(&label["state"])?))) {
            if known.iter().all(|(seen, _)| *seen != id) {
                known.push((id, state));
            }
        }
        Ok(Job { id, printer, labels: known })
    }

    /// Takes in where a label of this job stands now.
    pub fn handle_event(&mut self, event: &Event) {
        if event.data["job"].as_str().is_some_and(|job| job != self.id) {
            return;
        }
        // What happened to a label is called by the state it came to.
        let state = STATES.iter().find(|(state, _)| *state == event.kind);
        let standing = self.labels.iter_mut().find(|(label, _)| event.data["label"] == *label.as_str());
        if let (Some((state, _)), Some((_, standing))) = (state, standing) {
            (*state).clone_into(standing);
        }
    }

    pub fn total(&self) -> usize {
        self.labels.len()
    }

    /// How many need no more waiting for.
    pub fn ended(&self) -> usize {
        self.labels.iter().filter(|(_, state)| !matches!(state.as_str(), "waiting" | "sending")).count()
    }

    /// Whether every label was printed, or sent where the printer cannot say more.
    pub fn is_out(&self) -> bool {
        self.labels.iter().all(|(_, state)| matches!(state.as_str(), "printed" | "sent"))
    }

    fn labels_in(&self, state: &str) -> Vec<&str> {
        self.labels.iter().filter(|(_, standing)| standing == state).map(|(id, _)| id.as_str()).collect()
    }

    /// `47 printed, 2 held, 1 in doubt`
    pub fn counts(&self) -> String {
        counted(|state| self.labels_in(state).len() as u64)
    }

    /// How it came out, and what is left for a person to do.
    pub fn closing(&self) -> String {
        let mut said = format!("{}.", self.counts());
        for label in self.labels_in("in_doubt").into_iter().take(NAMED_MAX) {
            said.push('\n');
            said.push_str(&doubt(label));
        }
        let held = self.labels_in("held");
        if !held.is_empty() {
            said.push('\n');
            said.push_str(&kept_back(&held));
        }
        said
    }
}

/// The states some labels are in, each with how many.
pub fn counted(count_in: impl Fn(&str) -> u64) -> String {
    let counts = STATES.iter().map(|(state, said)| (count_in(state), said)).filter(|(count, _)| *count > 0);
    counts.map(|(count, said)| format!("{count} {said}")).collect::<Vec<_>>().join(", ")
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

/// Shows how far the job is until every label has its end.
pub async fn follow(client: &Client, job: Job, progress: &mut Progress) -> Result<Job, Failure> {
    let mut seen = job;
    let mut last_event = None;
    while seen.ended() < seen.total() {
        let mut events;
        (events, seen) = look(client, seen, last_event.as_deref(), progress).await?;
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
            if event.data["label"].is_null() && event.data["printer"].is_string() {
                trouble = self::trouble(client, &seen.printer).await;
            }
            progress.show(&seen, trouble.as_deref());
            last_event = event.id.or(last_event);
        }
    }
    progress.finish();
    Ok(seen)
}

/// The events from here on and the job as it stands; a daemon that is being restarted is waited for.
async fn look(client: &Client, seen: Job, after: Option<&str>, progress: &mut Progress) -> Result<(Events, Job), Failure> {
    let path = format!("/v1/jobs/{}", path_piece(&seen.id));
    // First the stream, then the job: what happens in between is told twice and never missed.
    let once = async || {
        let events = client.events(after).await?;
        Ok((events, Job::read(&client.get(&path).await?.granted()?)?))
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
    let body = client.get("/v1/printers").await.ok()?.granted().ok()?;
    let meant = |known: &&Value| [&known["name"], &known["group"]].iter().any(|name| name.as_str() == Some(printer));
    let stopped = |known: &&Value| matches!(known["state"].as_str(), Some("stopped" | "paused" | "offline"));
    printers(&body).into_iter().filter(meant).find(stopped).map(standing)
}

/// `pack-1: out of labels: load a roll; printing goes on by itself.`
pub fn standing(printer: &Value) -> String {
    let name = printer["name"].as_str().unwrap_or("a printer");
    match (printer["sentence"].as_str(), printer["state"].as_str()) {
        (Some(sentence), _) => format!("{name}: {sentence}"),
        (None, Some(state)) => format!("{name}: {state}."),
        (None, None) => format!("{name}: its state is not known."),
    }
}

/// The printers of `GET /v1/printers`.
pub fn printers(body: &Value) -> Vec<&Value> {
    body["printers"].as_array().or(body.as_array()).into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(states: &[&str]) -> Job {
        let labels: Vec<Value> =
            states.iter().enumerate().map(|(i, state)| json!({"id": format!("pkg-{}", i + 1), "state": state})).collect();
        Job::read(&json!({"id": "wave", "printer": "pack-1", "runs": [{"run": 1, "labels": labels}]})).expect("a job")
    }

    fn event(kind: &str, data: Value) -> Event {
        Event { id: None, kind: kind.into(), data }
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
        job.handle_event(&event("a-later-word", json!({"job": "wave", "label": "pkg-1"})));
        job.handle_event(&event("media-empty", json!({"printer": "pack-1"})));
        job.handle_event(&event("printed", Value::Null));
        assert_eq!((job.counts().as_str(), job.ended(), job.total()), ("1 printed, 1 waiting", 1, 2));
    }

    #[test]
    fn five_hundred_held_labels_do_not_fill_the_screen() {
        assert!(job(&["held"; 500]).closing().contains("pkg-10 and 490 more. "));
    }
}
