//! Answers that say no, and every fault of a request.

use crate::fault::{Code, Fault};
use crate::spool::RefusalKind;
use serde::Serialize;
use utoipa::ToSchema;

/// Why the answer is no (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemShape {
    /// A word that does not change, for programs.
    #[serde(rename = "type")]
    #[schema(example = "urn:waybilld:refused")]
    pub type_: String,
    pub title: String,
    pub status: u16,
    /// Why the ledger refuses, as a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<RefusalKind>,
    /// A sentence for a person: what is wrong and what to do.
    pub detail: String,
    /// Everything wrong with the request, at most 1,000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub faults: Vec<FaultShape>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub faults_untold: usize,
}

/// One thing wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultShape {
    /// The label's id, when the fault lies in one label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub code: Code,
    /// The field's path; empty when it is the whole.
    #[schema(example = "recipient.postcode")]
    pub field: String,
    pub message: String,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl FaultShape {
    pub fn of(fault: &Fault) -> FaultShape {
        FaultShape { label: fault.label.clone(), code: fault.code, field: fault.field.clone(), message: fault.message.clone() }
    }
}
