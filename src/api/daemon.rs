//! The daemon itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to open in a browser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConsoleAddress {
    #[schema(example = "http://127.0.0.1:8631/?token=…")]
    pub url: String,
}

/// How the daemon is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    pub status: String,
    pub version: String,
}
