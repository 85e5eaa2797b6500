//! `waybilld submit`: hands labels to the daemon and waits until each has its end.
//!
//! Exit code 0: every label was printed, or sent where the printer cannot say more; 1: some were not; 2: nothing was
//! taken, and every fault is told. A job that names no id is called by its content, so repeating the command is the
//! same job: it prints nothing twice and goes on watching.

use super::client::{Client, DaemonSocket, path_piece};
use super::failure::Failure;
use super::follow::follow;
use super::input::{self, Input, Source};
use super::job::Job;
use super::progress::Progress;
use super::say;
use crate::api;
use crate::closed_set::ClosedSet;
use crate::config::LABELS_MAX;
use crate::fault::Fault;
use crate::papers::Want;
use crate::waybill::is_id;
use crate::waybill::json::Node;
use hyper::StatusCode;
use std::collections::HashSet;
use std::process::ExitCode;

/// Prints labels: hands them to the daemon and waits until each has its end.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The printer, when it is not the daemon's only one.
    #[arg(long, value_name = "NAME")]
    printer: Option<String>,
    /// The job's id; without one it is called by its content.
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// The template of labels that name none.
    #[arg(long, value_name = "NAME")]
    template: Option<String>,
    /// Papers to print beside the labels: cover, pick_list, slips.
    #[arg(long, value_name = "PAPER", value_delimiter = ',', value_parser = super::render::want)]
    papers: Vec<Want>,
    /// Does not wait for the printer.
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    daemon: DaemonSocket,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let input = args.source.read()?;
    for remark in input.remarks() {
        say(&remark);
    }
    if input.labels.is_empty() && !input.left_out.is_empty() {
        say("nothing to print: every order was left out.");
        return Ok(ExitCode::SUCCESS);
    }
    let client = Client::new(&args.daemon);
    let mut input = input;
    if input.is_table() {
        let printed_before = printed_before(&client, &input).await?;
        if !printed_before.is_empty() {
            let count = printed_before.len();
            input.leave_out(&printed_before);
            say(&format!("{count} printed before: left out."));
            if input.labels.is_empty() {
                say("nothing to print: every order was taken before.");
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    if !args.papers.is_empty() {
        input.job.retain(|(name, _)| name != "papers");
        let words = args.papers.iter().map(|want| Node::text(want.word())).collect();
        input.job.push(("papers".to_owned(), Node::List(words)));
    }
    let bodies = bodies(&input, [("printer", args.printer), ("template", args.template), ("id", args.job)]);
    if bodies.len() > 1 {
        check_all(&client, &input, &bodies).await?;
    }
    let mut jobs = Vec::new();
    for (at, body) in bodies.iter().enumerate() {
        jobs.push(submit(&client, body, &|faults| input.told(faults, at * LABELS_MAX)).await?);
    }
    if args.no_wait {
        return Ok(ExitCode::SUCCESS);
    }
    let mut all_out = true;
    for job in jobs {
        let mut progress = Progress::new(job.total());
        let job = follow(&client, job, &mut progress).await?;
        say(&job.closing());
        all_out &= job.is_out();
    }
    Ok(ExitCode::from(u8::from(!all_out)))
}

/// The ids of labels that the daemon took before with the same order and tracking number. One that it knows with others stays, and
/// is refused with the daemon's own sentence.
async fn printed_before(client: &Client, input: &Input) -> Result<HashSet<String>, Failure> {
    let mut before = HashSet::new();
    for label in &input.labels {
        let text = |field: &str| label.get(field).and_then(Node::as_text).map(str::trim);
        let Some(id) = text("id").filter(|id| is_id(id)) else { continue };
        let path = format!("/v1/labels/{}", path_piece(id));
        let answer = client.get_answer(&path).await?;
        if answer.status != StatusCode::OK {
            continue;
        }
        let known: api::Label = answer.granted()?;
        if known.order.as_deref() == text("order") && known.tracking.as_deref() == text("tracking") {
            before.insert(id.to_owned());
        }
    }
    Ok(before)
}

/// Finds everything that is wrong with any of several jobs before the first of them is taken.
async fn check_all(client: &Client, input: &Input, bodies: &[String]) -> Result<(), Failure> {
    let mut wrong = input.twins();
    for (at, body) in bodies.iter().enumerate() {
        let answer = client.post_answer("/v1/jobs?dry=true", body.clone()).await?;
        if !answer.status.is_success() {
            wrong.extend(answer.reasons_as(|faults| input.told(faults, at * LABELS_MAX)));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!("{}\nNothing was taken.", wrong.join("\n"))))
}

/// What to do when it is unknown whether the job was taken.
const REPEAT: &str = "Repeat the command to be sure: a job is taken once.";

/// Has the daemon take the job. `tell` puts what it finds wrong into lines.
pub async fn submit(client: &Client, body: &str, tell: &dyn Fn(Vec<Fault>) -> Vec<String>) -> Result<Job, Failure> {
    let answer = client.post_answer("/v1/jobs", body.to_owned()).await.map_err(|failure| match failure.code() {
        1 => Failure::unfinished(format!("{}\n{REPEAT}", failure.sentence)),
        _ => failure,
    })?;
    let status = answer.status;
    if !status.is_success() {
        let reasons = answer.reasons_as(tell).join("\n");
        return Err(match status {
            // It gave up waiting for its own disk, which may have taken the job all the same.
            StatusCode::SERVICE_UNAVAILABLE => Failure::unfinished(format!("{reasons}\n{REPEAT}")),
            _ => Failure::refused(format!("{reasons}\nNothing was taken.")),
        });
    }
    let job = Job::from(answer.granted::<api::Job>()?);
    match status {
        StatusCode::OK => say(&format!("job {} was taken before: going on with it.", job.id)),
        _ => say(&format!("job {}: {} labels taken for {}.", job.id, job.total(), job.printer)),
    }
    Ok(job)
}

/// The jobs as the daemon wants them: one, or as many as the labels need, in order. What the command line says goes
/// before what the file says.
pub fn bodies<'a>(input: &Input, told: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Vec<String> {
    let mut fields = input.job.clone();
    for (field, word) in told {
        if let Some(word) = word {
            fields.retain(|(name, _)| name != field);
            fields.push((field.to_owned(), Node::Text(word)));
        }
    }
    // Labels that are no list go over as they are: the daemon says so.
    if fields.iter().any(|(name, _)| name == "labels") || input.labels.is_empty() {
        return vec![body(fields, &input.labels)];
    }
    let chunks = input.labels.chunks(LABELS_MAX);
    let count = chunks.len();
    let bodies = chunks.enumerate().map(|(at, labels)| {
        let mut fields = fields.clone();
        for (name, node) in &mut fields {
            if let ("id", Node::Text(id)) = (name.as_str(), node)
                && count > 1
            {
                id.push_str(&format!("-{}", at + 1));
            }
        }
        body(fields, labels)
    });
    bodies.collect()
}

fn body(fields: Vec<(String, Node)>, labels: &[Node]) -> String {
    let named = fields.iter().any(|(name, _)| name == "id");
    let mut job = input::to_job(fields, labels);
    let content = job.to_json();
    if let (Node::Object(fields), false) = (&mut job, named) {
        let hash = blake3::hash(content.as_bytes()).to_hex();
        fields.push(("id".to_owned(), Node::text(format!("job-{}", &hash[..16]))));
        return job.to_json();
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::extract::State;
    use axum::http::Response;
    use axum::routing::{get, post};
    use axum::{Json, Router};
    use serde_json::{Value, json};
    use std::path::{Path, PathBuf};
    use std::sync::{Arc, Mutex};
    use tempfile::TempDir;
    use tokio::net::UnixListener;

    /// A daemon that says the same whatever it is asked, and remembers what it was handed.
    #[derive(Clone)]
    struct Stub {
        taken: (StatusCode, Value),
        events: String,
        handed: Arc<Mutex<Vec<Value>>>,
    }

    fn job(states: [&str; 2]) -> Value {
        let labels = [json!({"id": "a", "state": states[0]}), json!({"id": "b", "state": states[1]})];
        let run = json!({"run": 1, "printer": "pack-1", "labels": labels});
        json!({"id": "wave", "printer": "pack-1", "taken_at": "2026-07-14T18:00:00Z", "sort": [], "counts": {}, "runs": [run]})
    }

    fn event(seq: usize, label: &str, state: &str) -> String {
        let data = json!({"seq": seq, "at": "2026-07-14T18:00:00Z", "kind": state, "job": "wave", "label": label,
            "printer": "pack-1", "data": {}});
        format!("id: {seq}\nevent: {state}\ndata: {data}\n\n")
    }

    fn stub(status: StatusCode, answer: Value, events: &[(&str, &str)]) -> Stub {
        let events = events.iter().enumerate().map(|(i, (label, state))| event(i + 1, label, state)).collect();
        Stub { taken: (status, answer), events, handed: Arc::default() }
    }

    impl Stub {
        /// Submits that file to this daemon.
        async fn submit(&self, text: &str, more: impl FnOnce(&mut Args)) -> Result<ExitCode, Failure> {
            let folder = tempfile::tempdir().expect("a folder");
            let listener = UnixListener::bind(folder.path().join("socket")).expect("a socket");
            let router = Router::new()
                .route(
                    "/v1/jobs",
                    post(|State(stub): State<Stub>, Json(body): Json<Value>| async move {
                        stub.handed.lock().expect("whole").push(body);
                        (stub.taken.0, Json(stub.taken.1))
                    }),
                )
                .route("/v1/jobs/wave", get(|State(stub): State<Stub>| async { Json(stub.taken.1) }))
                .route("/v1/printers", get(|| async { Json(json!({"printers": []})) }))
                .route(
                    "/v1/events",
                    get(|State(stub): State<Stub>| async {
                        Response::builder()
                            .header("content-type", "text/event-stream")
                            .body(Body::from(stub.events))
                            .expect("a stream")
                    }),
                )
                .with_state(self.clone());
            let server = tokio::spawn(async move { axum::serve(listener, router).await });
            let result = run_on(&folder, text, more).await;
            server.abort();
            result
        }
    }

    async fn run_on(folder: &TempDir, text: &str, more: impl FnOnce(&mut Args)) -> Result<ExitCode, Failure> {
        let mut args = args(&folder.path().join("wave.jsonl"), folder.path().join("socket"));
        std::fs::write(&args.source.input, text).expect("written");
        more(&mut args);
        run(args).await
    }

    fn args(input: &Path, socket: PathBuf) -> Args {
        let source = Source { input: input.to_owned(), ..Source::default() };
        Args {
            source,
            printer: None,
            job: None,
            template: None,
            papers: Vec::new(),
            no_wait: false,
            daemon: DaemonSocket { socket: Some(socket) },
        }
    }

    const TWO: &str = "{\"id\":\"a\"}\n{\"id\":\"b\"}\n";

    #[tokio::test]
    async fn when_every_label_came_out_the_exit_code_is_0() {
        let stub = stub(StatusCode::CREATED, job(["waiting", "waiting"]), &[("a", "sending"), ("a", "printed"), ("b", "sent")]);
        assert_eq!(stub.submit(TWO, |_| ()).await, Ok(ExitCode::SUCCESS));
    }

    #[tokio::test]
    async fn when_a_label_is_in_doubt_or_held_the_exit_code_is_1() {
        let stub = stub(StatusCode::CREATED, job(["waiting", "held"]), &[("a", "in_doubt")]);
        assert_eq!(stub.submit(TWO, |_| ()).await, Ok(ExitCode::from(1)));
    }

    #[tokio::test]
    async fn when_the_daemon_refuses_every_fault_is_told_and_the_exit_code_is_2() {
        let faults = json!({"type": "urn:waybilld:refused", "title": "refused", "status": 422, "detail": "2 faults.", "faults": [
            {"label": "a", "code": "missing", "field": "recipient", "message": "is missing: say who gets the parcel."},
            {"label": "b", "code": "conflict", "field": "tracking", "message": "is label a's too."},
        ]});
        let failure = stub(StatusCode::UNPROCESSABLE_ENTITY, faults, &[]).submit(TWO, |_| ()).await.expect_err("refused");
        assert_eq!(
            failure,
            Failure::refused(
                "label a: recipient: is missing: say who gets the parcel.\nlabel b: tracking: is label a's too.\nNothing was taken."
            )
        );
    }

    #[tokio::test]
    async fn when_the_daemon_was_too_slow_nobody_is_told_that_nothing_was_taken() {
        let detail = "this took longer than 30 s: ask again, a job with the same id.";
        let slow = json!({"type": "urn:waybilld:too_slow", "title": "too slow", "status": 503, "detail": detail});
        let failure = stub(StatusCode::SERVICE_UNAVAILABLE, slow, &[]).submit(TWO, |_| ()).await.expect_err("slow");
        assert_eq!(
            failure,
            Failure::unfinished(
                "this took longer than 30 s: ask again, a job with the same id.\n\
                 Repeat the command to be sure: a job is taken once."
            )
        );
    }

    #[tokio::test]
    async fn when_no_daemon_answers_the_exit_code_is_2() {
        let folder = tempfile::tempdir().expect("a folder");
        let failure = run_on(&folder, TWO, |_| ()).await.expect_err("nobody");
        assert!(failure.sentence.ends_with("start `waybilld serve`."), "{failure}");
        assert_eq!(failure.code(), 2);
    }

    #[tokio::test]
    async fn without_waiting_the_taken_job_is_enough() {
        let stub = stub(StatusCode::CREATED, job(["waiting", "waiting"]), &[]);
        assert_eq!(stub.submit(TWO, |args| args.no_wait = true).await, Ok(ExitCode::SUCCESS));
    }

    #[tokio::test]
    async fn five_hundred_and_one_labels_are_two_jobs_and_both_are_checked_before_the_first_is_taken() {
        let stub = stub(StatusCode::CREATED, job(["printed", "printed"]), &[]);
        let labels: String = (0..501).map(|n| format!("{{\"id\":\"{n}\"}}\n")).collect();
        let code = stub.submit(&labels, |args| args.job = Some("wave".to_owned())).await;
        assert_eq!(code, Ok(ExitCode::SUCCESS));
        let handed = stub.handed.lock().expect("whole");
        let said: Vec<_> = handed.iter().map(|job| (job["id"].as_str(), job["labels"].as_array().map(Vec::len))).collect();
        let both = [(Some("wave-1"), Some(500)), (Some("wave-2"), Some(1))];
        assert_eq!(said, [both, both].concat(), "first dry, then in earnest");
    }

    #[tokio::test]
    async fn a_label_that_is_in_two_of_the_jobs_stops_both() {
        let stub = stub(StatusCode::CREATED, job(["printed", "printed"]), &[]);
        let mut labels: String = (0..500).map(|n| format!("{{\"id\":\"{n}\"}}\n")).collect();
        labels.push_str("{\"id\":\"7\"}\n");
        let failure = stub.submit(&labels, |_| ()).await.expect_err("refused");
        assert_eq!(failure, Failure::refused("label 7: id: is given to two labels: give each its own.\nNothing was taken."));
        assert_eq!(stub.handed.lock().expect("whole").len(), 2, "both were only looked at");
    }

    #[tokio::test]
    async fn the_same_command_is_the_same_job_and_another_printer_another() {
        let stub = stub(StatusCode::OK, job(["printed", "printed"]), &[]);
        for printer in [None, None, Some("pack-2")] {
            let code = stub.submit(TWO, |args| args.printer = printer.map(str::to_owned)).await;
            assert_eq!(code, Ok(ExitCode::SUCCESS));
        }
        let handed = stub.handed.lock().expect("whole");
        assert_eq!(handed[0], handed[1]);
        assert_ne!(handed[0]["id"], handed[2]["id"]);
        assert_eq!(handed[2]["printer"], "pack-2");
        assert_eq!(handed[0]["labels"], json!([{"id": "a"}, {"id": "b"}]));
    }

    #[test]
    fn a_job_file_goes_over_as_it_is_but_for_what_the_command_line_says() {
        let text = r#"{"id":"wave","printer":"pack-1","sort":["ship_by"],"labels":[{"id":"a","n":1.50}]}"#;
        let job = |printer: Option<&str>, template: Option<&str>, id: Option<&str>| {
            let input = super::super::input::parse(text.as_bytes(), None).expect("a job");
            let told = [("printer", printer), ("template", template), ("id", id)];
            bodies(&input, told.map(|(field, word)| (field, word.map(str::to_owned)))).remove(0)
        };
        assert_eq!(job(None, None, None), text);
        let told = r#"{"sort":["ship_by"],"printer":"pack-2","template":"plain","id":"again","labels":[{"id":"a","n":1.50}]}"#;
        assert_eq!(job(Some("pack-2"), Some("plain"), Some("again")), told);
    }
}
