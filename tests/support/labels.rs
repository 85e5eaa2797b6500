//! Labels and jobs as a shop tool sends them.

use serde_json::{Value, json};

/// Label `pkg-7` with tracking number `TR007`.
pub fn label(number: usize) -> Value {
    json!({
        "id": format!("pkg-{number}"), "order": format!("57646{number:03}"), "tracking": format!("TR{number:03}"),
        "sender": {"name": "Little Lamp Shop", "lines": ["8 Quay Street"], "city": "Bristol", "postcode": "BS1 4DJ", "country": "GB"},
        "recipient": {"name": "Zoë Example", "lines": ["Musterweg 5"], "city": "Jena", "postcode": "07743", "country": "DE"},
    })
}

/// A job for the only printer.
pub fn job(id: &str, numbers: impl IntoIterator<Item = usize>) -> Value {
    json!({"id": id, "labels": numbers.into_iter().map(label).collect::<Vec<_>>()})
}

/// A job for that printer, or group of printers.
pub fn job_for(printer: &str, id: &str, numbers: impl IntoIterator<Item = usize>) -> Value {
    let mut job = job(id, numbers);
    job["printer"] = printer.into();
    job
}
