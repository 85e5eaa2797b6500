//! The ways in which the answer may be no, as the OpenAPI document tells them.

use super::Problem;
use utoipa::IntoResponses;

/// Of a request with a body.
#[derive(Debug, IntoResponses)]
pub enum Unreadable {
    /// Not JSON, a key given twice, or nested too deep; with line and column.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// Larger than the configured limit.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// JsonBody as something else than JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
    /// Refused, with everything that is wrong; nothing was changed.
    #[response(status = 422, content_type = "application/problem+json")]
    Refused(Problem),
}

/// Of any request.
#[derive(Debug, IntoResponses)]
pub enum ServerError {
    /// Internal error.
    #[response(status = 500, content_type = "application/problem+json")]
    Internal(Problem),
    /// Too much at once, or it took too long: ask again. A job sent again with its id is taken once.
    #[response(status = 503, content_type = "application/problem+json")]
    Busy(Problem),
    /// The disk is full.
    #[response(status = 507, content_type = "application/problem+json")]
    Full(Problem),
}

/// Of a question about something by its id.
#[derive(Debug, IntoResponses)]
pub enum NotFound {
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// Of a request that conflicts with the label's state.
#[derive(Debug, IntoResponses)]
pub enum Conflict {
    /// It conflicts with the state of the label; the sentence says what can be asked.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
}
