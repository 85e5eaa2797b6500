//! Answers that say no, and every fault of a request.

use crate::fault::{self, Code};
use crate::spool::RefusalKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why the answer is no (RFC 9457).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub faults: Vec<Fault>,
    /// How many more there are.
    #[serde(default, alias = "faults_untold", skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub faults_omitted: usize,
}

/// One thing wrong with a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
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

impl Fault {
    pub fn of(fault: &fault::Fault) -> Fault {
        Fault { label: fault.label.clone(), code: fault.code, field: fault.field.clone(), message: fault.message.clone() }
    }
}

impl From<Fault> for fault::Fault {
    fn from(Fault { label, code, field, message }: Fault) -> fault::Fault {
        fault::Fault { code, label, field, message }
    }
}
