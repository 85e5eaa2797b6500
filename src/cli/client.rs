//! Talks to the daemon: HTTP/1.1 and JSON over its Unix socket.
//!
//! A method and a path go in, an [`Answer`] or a sentence comes out; the event stream comes out event by event.
//! One connection a request: a command makes a handful of them. Answers are read as the types of [`crate::api`]; fields
//! they do not know are passed over, so that an older command line gets along with a newer daemon. Knows no command.

use super::events::{Entry, EventReader};
use super::failure::Failure;
use crate::api::{Event, Problem};
use crate::config::default_socket;
use crate::fault::Fault;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::time::timeout;

/// Five hundred labels are laid out before the daemon answers.
const ANSWER_WAIT: Duration = Duration::from_secs(120);
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Where the daemon is.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DaemonSocket {
    /// The daemon's socket.
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
}

/// A way to one daemon.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
}

/// What the daemon said.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    /// Null when it is no JSON.
    pub body: Value,
}

impl Answer {
    /// What was asked for, else the daemon's reasons.
    pub fn granted<T: DeserializeOwned>(self) -> Result<T, Failure> {
        if self.status.is_success() { self.read() } else { Err(Failure::refused_for(self.reasons())) }
    }

    /// The body as what it should be.
    fn read<T: DeserializeOwned>(self) -> Result<T, Failure> {
        serde_json::from_value(self.body).map_err(|error| {
            let sentence = format!("the daemon's answer is none this command knows ({error}): are both of one version?");
            Failure::unfinished(sentence)
        })
    }

    /// Everything the daemon finds wrong.
    pub fn faults(&self) -> Vec<Fault> {
        self.problem().faults.into_iter().map(Fault::from).collect()
    }

    /// Why not, one thing a line.
    pub fn reasons(&self) -> Vec<String> {
        self.reasons_as(|faults| faults.iter().map(ToString::to_string).collect())
    }

    /// Why not, with the faults in lines of the caller's own.
    pub fn reasons_as(&self, tell: impl FnOnce(Vec<Fault>) -> Vec<String>) -> Vec<String> {
        let problem = self.problem();
        let mut faults = tell(problem.faults.into_iter().map(Fault::from).collect());
        if problem.faults_omitted > 0 {
            faults.push(format!("and {} more faults.", problem.faults_omitted));
        }
        match faults.is_empty() {
            false => faults,
            true => vec![problem.detail],
        }
    }

    /// What the daemon says against it; a daemon without words has its number said.
    fn problem(&self) -> Problem {
        serde_json::from_value(self.body.clone()).unwrap_or_else(|_| Problem {
            type_: String::new(),
            title: String::new(),
            status: self.status.as_u16(),
            code: None,
            detail: format!("the daemon answers {} without a word.", self.status),
            faults: Vec::new(),
            faults_omitted: 0,
        })
    }
}

impl Client {
    /// The daemon at that socket, or at the usual one.
    pub fn new(daemon: &DaemonSocket) -> Client {
        Client { socket: daemon.socket.clone().unwrap_or_else(default_socket) }
    }

    /// What stands at that path.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.get_answer(path).await?.granted()
    }

    /// What comes of that request.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, request: &impl Serialize) -> Result<T, Failure> {
        self.post_answer(path, body_of(request)).await?.granted()
    }

    /// The answer as it came, a refusal too.
    pub async fn get_answer(&self, path: &str) -> Result<Answer, Failure> {
        self.exchange(Method::GET, path, None).await
    }

    /// The answer as it came, a refusal too.
    pub async fn post_answer(&self, path: &str, body: String) -> Result<Answer, Failure> {
        self.exchange(Method::POST, path, Some(body)).await
    }

    /// The events after that one; without one, those from now on.
    pub async fn events(&self, after: Option<i64>) -> Result<Events, Failure> {
        let mut request = Request::get("/v1/events").header(header::ACCEPT, "text/event-stream");
        if let Some(id) = after {
            request = request.header("last-event-id", id);
        }
        let request = request.body(Full::default()).map_err(|_| self.broke_off())?;
        let response = self.send(request).await?;
        if !response.status().is_success() {
            return Err(Failure::unfinished(format!("the daemon gives no events: it answers {}.", response.status())));
        }
        Ok(Events { body: response.into_body(), reader: EventReader::default(), ready: VecDeque::new() })
    }

    /// A text that comes piece by piece, and may never end.
    pub async fn text(&self, path: &str) -> Result<Text, Failure> {
        let request = Request::get(path).body(Full::default());
        let request = request.map_err(|_| Failure::refused(format!("{path} is no address the daemon could have.")))?;
        let response = self.send(request).await?;
        if response.status().is_success() {
            return Ok(Text(response.into_body()));
        }
        Err(Failure::refused_for(self.whole(response).await?.reasons()))
    }

    async fn exchange(&self, method: Method, path: &str, body: Option<String>) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = Full::new(Bytes::from(body.unwrap_or_default()));
        let request = request.body(body).map_err(|_| Failure::refused(format!("{path} is no address the daemon could have.")))?;
        let response = self.send(request).await?;
        self.whole(response).await
    }

    /// The answer with all of its body.
    async fn whole(&self, response: Response<Incoming>) -> Result<Answer, Failure> {
        let status = response.status();
        let body = timeout(ANSWER_WAIT, Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect()).await;
        let bytes = body.map_err(|_| self.silent())?.map_err(|_| self.broke_off())?.to_bytes();
        Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }

    async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Failure> {
        request.headers_mut().insert(header::HOST, header::HeaderValue::from_static("waybilld"));
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| self.closed(&error))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| self.broke_off())?;
        // It ends with the answer's body, or when that is dropped.
        tokio::spawn(connection);
        timeout(ANSWER_WAIT, sender.send_request(request)).await.map_err(|_| self.silent())?.map_err(|_| self.broke_off())
    }

    fn closed(&self, error: &io::Error) -> Failure {
        let socket = self.socket.display();
        Failure::refused(match error.kind() {
            io::ErrorKind::PermissionDenied => {
                format!("{socket} is not open to you: join the group it belongs to, or ask as the user the daemon runs as.")
            }
            _ => format!("no daemon listens at {socket}: start `waybilld serve`."),
        })
    }

    fn silent(&self) -> Failure {
        let seconds = ANSWER_WAIT.as_secs();
        Failure::unfinished(format!("the daemon at {} did not answer in {seconds} s: look at its log.", self.socket.display()))
    }

    fn broke_off(&self) -> Failure {
        Failure::unfinished(format!("the daemon at {} broke off: look at its log.", self.socket.display()))
    }
}

/// A text that is still coming.
pub struct Text(Incoming);

impl Text {
    /// The next piece, however long it takes; `None` when it ended.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Ok(bytes) = self.0.frame().await?.ok()?.into_data() {
                return Some(bytes);
            }
        }
    }
}

/// An open event stream.
pub struct Events {
    body: Incoming,
    reader: EventReader,
    ready: VecDeque<Event>,
}

impl Events {
    /// The next event, however long it takes; `None` when the stream broke off.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let frame = self.body.frame().await?.ok()?;
            if let Some(bytes) = frame.data_ref() {
                self.ready.extend(self.reader.handle_bytes(bytes).iter().filter_map(Entry::event));
            }
        }
    }
}

/// A request as JSON.
pub fn body_of(request: &impl Serialize) -> String {
    serde_json::to_string(request).expect("a request is plain JSON")
}

/// An id as one piece of a path: everything but letters, digits and `-._~` is percent-encoded (RFC 3986).
pub fn path_piece(id: &str) -> String {
    id.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn any_id_fits_into_a_path() {
        assert_eq!(path_piece("pkg-1_a.b~"), "pkg-1_a.b~");
        assert_eq!(path_piece("a/../b?c#d é"), "a%2F..%2Fb%3Fc%23d%20%C3%A9");
    }

    fn problem(detail: &str, faults: Value, faults_omitted: usize) -> Value {
        json!({"type": "urn:waybilld:refused", "title": "refused", "status": 422, "detail": detail, "faults": faults,
            "faults_omitted": faults_omitted})
    }

    #[test]
    fn every_fault_of_a_refusal_is_a_line() {
        let faults = json!([
            {"label": "pkg-7", "code": "missing", "field": "recipient.postcode", "message": "is missing."},
            {"code": "unknown_value", "field": "printer", "message": "unknown."},
        ]);
        let body = problem("5 faults; nothing was taken.", faults, 3);
        let refusal = Answer { status: StatusCode::UNPROCESSABLE_ENTITY, body }.granted::<Value>().expect_err("refused");
        assert_eq!(refusal.to_string(), "label pkg-7: recipient.postcode: is missing.\nprinter: unknown.\nand 3 more faults.");
        assert_eq!(refusal.code(), 2);
    }

    #[test]
    fn a_refusal_without_faults_says_its_detail_and_a_wordless_one_its_number() {
        let said = |body| Answer { status: StatusCode::CONFLICT, body }.reasons();
        assert_eq!(said(problem("job x is other.", json!([]), 0)), ["job x is other."]);
        assert_eq!(said(Value::Null), ["the daemon answers 409 Conflict without a word."]);
    }

    #[test]
    fn an_answer_of_another_kind_is_said_to_be_one() {
        let answer = Answer { status: StatusCode::OK, body: json!({"printers": [{"name": 7}]}) };
        let failure = answer.granted::<crate::api::Printers>().expect_err("none");
        assert!(failure.sentence.ends_with("are both of one version?"), "{failure}");
        assert_eq!(failure.code(), 1);
    }

    #[tokio::test]
    async fn where_nobody_listens_the_operator_is_told_to_start_the_daemon() {
        let nowhere = DaemonSocket { socket: Some("/nowhere/waybilld.sock".into()) };
        let failure = Client::new(&nowhere).get::<Value>("/healthz").await.expect_err("nobody");
        assert_eq!(failure.to_string(), "no daemon listens at /nowhere/waybilld.sock: start `waybilld serve`.");
        assert_eq!(failure.code(), 2);
    }
}
