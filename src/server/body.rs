//! What a request brings: JSON or a file, within bounds.
//!
//! Memory for a body is asked for before it is read, so that many clients at once wait instead of filling the
//! machine. A body over the limit is read to its end and thrown away, so that a client that only listens after it has
//! spoken hears why.

use super::AppState;
use super::problem::{Kind, Problem};
use crate::waybill::json::{self, Node};
use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Bodies of the largest size that may be in memory at once.
pub const LARGEST_AT_ONCE: usize = 4;
/// A body over the limit is heard to its end up to this size.
const HEARD_OUT: usize = 256 << 20;
/// Up to here reading JSON is quicker than handing it to another thread.
const SMALL: usize = 16 << 10;

/// The JSON of a request. No body, or null, is as good as `{}`.
pub struct JsonBody {
    pub node: Node,
    /// The memory it may use.
    room: OwnedSemaphorePermit,
}

impl JsonBody {
    /// The tree, and the memory it may use.
    pub fn into_parts(self) -> (Node, OwnedSemaphorePermit) {
        (self.node, self.room)
    }
}

/// That many bytes in KiB, rounded up.
pub fn kib(bytes: usize) -> usize {
    bytes.div_ceil(1024).max(1)
}

/// A file as the body of a request, whatever its header calls it.
pub struct File {
    bytes: Vec<u8>,
    /// The memory it may use.
    room: OwnedSemaphorePermit,
}

impl File {
    /// The bytes, and the memory they may use.
    pub fn into_parts(self) -> (Vec<u8>, OwnedSemaphorePermit) {
        (self.bytes, self.room)
    }
}

impl FromRequest<Arc<AppState>> for File {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<AppState>) -> Result<File, Problem> {
        let (_, bytes, room) = read_body(request, app).await?;
        Ok(File { bytes, room })
    }
}

impl FromRequest<Arc<AppState>> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<AppState>) -> Result<JsonBody, Problem> {
        let (headers, bytes, room) = read_body(request, app).await?;
        if bytes.is_empty() {
            return Ok(JsonBody { node: Node::Object(Vec::new()), room });
        }
        check_type(&headers)?;
        let parsed = match bytes.len() {
            0..=SMALL => json::parse(&bytes),
            _ => app.compute(move |_| json::parse(&bytes)).await?,
        };
        let node = match parsed.map_err(Problem::malformed)? {
            Node::Null => Node::Object(Vec::new()),
            node => node,
        };
        Ok(JsonBody { node, room })
    }
}

/// The whole body, once there is memory for it.
async fn read_body(request: Request, app: &Arc<AppState>) -> Result<(HeaderMap, Vec<u8>, OwnedSemaphorePermit), Problem> {
    let (head, body) = request.into_parts();
    let limit = app.services.config.limits.body_bytes;
    let length = head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limit) && head.headers.contains_key(header::EXPECT) {
        return Err(too_large(limit));
    }
    let room = kib(length.unwrap_or(limit).min(limit)) as u32;
    let room = app.body_memory.clone().acquire_many_owned(room).await.expect("the semaphore is never closed");
    let bytes = read(body, length.unwrap_or(0).min(limit), limit).await?;
    Ok((head.headers, bytes, room))
}

async fn read(mut body: Body, expected: usize, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::with_capacity(expected);
    let mut heard = 0;
    while let Some(frame) = body.frame().await {
        let broken = |_| Problem::new(Kind::Malformed, "the body broke off before its end: send it again.");
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        heard += data.len();
        if heard > HEARD_OUT {
            break;
        }
        if heard <= limit {
            bytes.extend_from_slice(&data);
        } else {
            bytes = Vec::new();
        }
    }
    if heard > limit { Err(too_large(limit)) } else { Ok(bytes) }
}

fn too_large(limit: usize) -> Problem {
    let limit = limit as f64 / f64::from(1 << 20);
    Problem::new(Kind::TooLarge, format!("the body is larger than {limit} MB: split the job."))
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(given) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let given = given.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if given == "application/json" || given.ends_with("+json") {
        return Ok(());
    }
    Err(Problem::new(Kind::NotJson, "send the body as JSON, with the header `content-type: application/json`."))
}
