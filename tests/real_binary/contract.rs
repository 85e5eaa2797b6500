//! The OpenAPI document against those who did not write it: a validator, and requests made of its schemas.
//!
//! Both come from PyPI; `.ci/install` brings them. Where they are missing, a test says so by name.

use crate::support::process::Process;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

/// How long requests are thrown, in seconds.
const SECONDS: u64 = 40;

/// A program of the folder that `.ci/install` fills; says its name where it is missing.
fn program(name: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_waybilld")).ancestors().nth(2).expect("the folder of builds");
    let program = target.join("contract/bin").join(name);
    if !program.exists() {
        eprintln!("skipped: {name} is missing: .ci/install brings it.");
        return None;
    }
    Some(program)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

const CONFIG: &str = r#"
[printers.pack-1]
device = "virtual:zpl"
speed = 14

[printers.small]
device = "virtual:tspl"
language = "tspl"
speed = 14

[stations.bench-1]
printer = "pack-1"

[senders.bristol]
name = "Little Lamp Shop"
lines = ["8 Quay Street"]
city = "Bristol"
postcode = "BS1 4DJ"
country = "GB"

[console]
listen = "127.0.0.1:0"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_independent_validator_finds_nothing_wrong_with_the_document() {
    let Some(validator) = program("openapi-spec-validator") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = Process::start(folder.path(), CONFIG);
    daemon.ready().await;
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, daemon.client.get_answer("/v1/openapi.json").await.unwrap().body.to_string()).unwrap();
    let output = Command::new(validator).args(["--validation-errors", "all"]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_made_of_the_schemas_are_answered_as_the_document_says() {
    let Some(schemathesis) = program("st") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut daemon = Process::start(folder.path(), CONFIG);
    daemon.ready().await;
    // Something to ask for.
    let example =
        &daemon.client.get_answer("/v1/openapi.json").await.unwrap().body["components"]["schemas"]["JobRequest"]["example"];
    let mut job: Value = example.clone();
    job["printer"] = "pack-1".into();
    let taken = daemon.client.post_answer("/v1/jobs", job.to_string()).await.unwrap();
    assert_eq!(taken.status, 201, "{}", taken.body);

    let console = daemon.client.get_answer("/v1/console").await.unwrap().body["url"].as_str().unwrap().to_owned();
    let (address, token) = console.split_once("/?token=").unwrap();
    let begun = Instant::now();
    let output = Command::new(schemathesis)
        .current_dir(folder.path())
        .env("SCHEMATHESIS_HOOKS", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_binary/contract.py"))
        .args(["run", &format!("{address}/v1/openapi.json"), "--header", &format!("Authorization: Bearer {token}")])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"])
        .args(["--checks", "response_schema_conformance,only_listed_refusals"])
        // They never end, or only the socket may ask.
        .args(["--exclude-path", "/v1/events", "--exclude-path", "/v1/printers/{name}/trace"])
        .args(["--exclude-path", "/v1/console"])
        .args(["--phases", "coverage,fuzzing", "--max-time", &SECONDS.to_string(), "--max-examples", "40"])
        .args(["--workers", "1", "--seed", "20261201", "--request-timeout", "35", "--continue-on-failure", "--no-color"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    eprintln!("contract: {:?}", begun.elapsed());
    assert_eq!(daemon.client.get_answer("/healthz").await.unwrap().body["status"], "ok", "it answers as before");
}
