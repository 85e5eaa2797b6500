//! Power cuts and disks that refuse: what was answered is there afterwards, and nothing is there by half.
//!
//! The tests marked as ignored are not tests but the other process of one: the test starts this binary again with
//! the state directory in its environment, and kills it or takes its disk away.

use super::{Ledger, digest, job, label, open, printed};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;
use tempfile::TempDir;
use waybilld::spool::{NewJob, Refusal, Spool, SpoolError, State, Taken, Trouble};

const DIRECTORY: &str = "SPOOL_TEST_DIRECTORY";

/// This binary again, running only that ignored test on that directory.
fn other_process(test: &str, dir: &TempDir) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture"]).env(DIRECTORY, dir.path()).stdout(Stdio::piped());
    command
}

fn my_ledger() -> Option<Spool> {
    let dir = PathBuf::from(std::env::var_os(DIRECTORY)?);
    Some(open(&dir, &Arc::new(AtomicI64::new(0))).unwrap())
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

#[tokio::test]
#[ignore = "the other process of a test"]
async fn takes_and_sends_until_it_is_killed() {
    let Some(spool) = my_ledger() else { return };
    let already = spool.counts().await.unwrap().iter().map(|count| count.labels).sum::<i64>();
    for number in already.. {
        let id = format!("job-{number}");
        assert!(matches!(spool.take(job(&id, 1)).await.unwrap(), Taken::New(_)));
        say(&format!("taken {id}-1"));
        let next = spool.upcoming("pack-1", 1).await.unwrap().remove(0);
        spool.sending("pack-1", vec![(next.key, digest(1))]).await.unwrap();
        say(&format!("sending {}", next.id));
        spool.settle(next.key, next.attempt, printed()).await.unwrap();
        say(&format!("printed {}", next.id));
    }
}

#[tokio::test]
async fn whatever_was_answered_before_a_kill_is_there_after_it() {
    let dir = TempDir::new().unwrap();
    let mut said = Vec::new();
    for round in 0..12u64 {
        let mut child = other_process("spool::kill::takes_and_sends_until_it_is_killed", &dir).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // The reader runs beside the clock: what is in the pipe when the child dies was said before it died.
        let reader = std::thread::spawn(move || lines.map_while(Result::ok).collect::<Vec<_>>());
        std::thread::sleep(Duration::from_millis(60 + round * 17 % 40));
        child.kill().unwrap();
        child.wait().unwrap();
        said.extend(reader.join().unwrap());
    }
    let spool = open(dir.path(), &Arc::new(AtomicI64::new(0))).unwrap();
    let mut labels = 0;
    for line in &said {
        let Some((word, id)) = line.split_once(' ').filter(|(word, _)| ["taken", "sending", "printed"].contains(word)) else {
            continue;
        };
        let known = spool.label(id).await.expect("what was taken is never lost");
        match word {
            "printed" => assert_eq!(known.label.state, State::Printed, "{id}"),
            "sending" => assert!(matches!(known.label.state, State::Printed | State::InDoubt), "{id}: {:?}", known.label.state),
            _ => labels += 1,
        }
    }
    println!("12 kills, {labels} labels taken");
    assert!(labels > 12, "the children came to work: {said:?}");
    let counts = spool.counts().await.unwrap();
    assert!(counts.iter().all(|count| count.state != State::Sending), "{counts:?}");
}

#[tokio::test]
async fn a_copy_of_the_files_taken_while_the_daemon_works_has_every_answered_label() {
    let ledger = Ledger::new();
    ledger.take(job("wave", 100)).await;
    let first = ledger.print("pack-1").await;
    let second = ledger.send("pack-1").await;
    let copy = TempDir::new().unwrap();
    for file in ["ledger.db", "ledger.db-wal"] {
        std::fs::copy(ledger.dir.path().join(file), copy.path().join(file)).unwrap();
    }
    let spool = open(copy.path(), &ledger.clock).unwrap();
    assert_eq!(spool.label(&first).await.unwrap().label.state, State::Printed);
    assert_eq!(spool.label(&second.id).await.unwrap().label.state, State::InDoubt);
    assert_eq!(spool.job("wave").await.unwrap().labels.len(), 100);
    assert_eq!(spool.upcoming("pack-1", 100).await.unwrap().len(), 98);
}

/// A job of 50 labels, 100 KB each.
fn heavy(id: &str) -> NewJob {
    let mut heavy = job(id, 50);
    for label in &mut heavy.labels {
        label.waybill = "x".repeat(100_000).into();
    }
    heavy
}

#[tokio::test]
#[ignore = "the other process of a test"]
async fn works_on_a_disk_that_ends() {
    let Some(spool) = my_ledger() else { return };
    spool.take(job("before", 3)).await.unwrap();
    // Side by side, so that they share a transaction.
    let light = spool.take(job("light", 3));
    let error = spool.take(heavy("heavy")).await.unwrap_err();
    assert!(matches!(error, SpoolError::Trouble(Trouble::Full | Trouble::Disk(_))), "{error}");
    let light = light.await;
    let job_is_there = spool.job("light").await.is_ok();
    assert_eq!(light.is_ok(), job_is_there, "told and done are the same");
    assert_eq!(spool.job("heavy").await, Err(Refusal::NoJob("heavy".to_owned()).into()));
    assert_eq!(spool.label("heavy-1").await, Err(Refusal::NoLabel("heavy-1".to_owned()).into()));
    // Small things still go on, and somebody makes room.
    let next = spool.upcoming("pack-1", 1).await.unwrap().remove(0);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize);
    rustix::process::setrlimit(
        rustix::process::Resource::Fsize,
        rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum },
    )
    .unwrap();
    spool.sending("pack-1", vec![(next.key, digest(1))]).await.unwrap();
    assert!(matches!(spool.take(heavy("heavy")).await, Ok(Taken::New(_))));
    drop(spool);
    let spool = my_ledger().unwrap();
    assert_eq!(spool.label(&next.id).await.unwrap().label.state, State::InDoubt);
    assert_eq!(spool.job("heavy").await.unwrap().labels.len(), 50);
    say(&format!("lived through: {error}"));
}

#[test]
fn a_disk_that_ends_is_told_takes_nothing_by_half_and_stops_nobody() {
    let dir = TempDir::new().unwrap();
    // A file may have 2 MB (counted in 512-byte blocks), and the signal that would end the process is ignored.
    let binary = other_process("spool::kill::works_on_a_disk_that_ends", &dir);
    let out = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -S -f 4096; exec "$0" "$@""#])
        .arg(binary.get_program())
        .args(binary.get_args())
        .env(DIRECTORY, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(said.contains("lived through"), "{said}{}", String::from_utf8_lossy(&out.stderr));
}

#[tokio::test]
async fn a_label_of_the_longest_kind_is_kept_whole() {
    let ledger = Ledger::new();
    let mut big = job("big", 1);
    big.labels[0] = super::NewLabel { waybill: "蔡".repeat(300_000).into(), ..label("big-1") };
    ledger.take(big).await;
    assert_eq!(ledger.next("pack-1").await.unwrap().waybill.chars().count(), 300_000);
}
