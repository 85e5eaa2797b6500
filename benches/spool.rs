//! What the ledger costs: taking a wave, sending and settling a label, looking ahead, with and without history.
//!
//! `cargo bench --bench spool` prints medians. The state directory is a temporary one under the target directory,
//! so the flushes are those of the disk the daemon would use.

use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use waybilld::closed_set::Evidence;
use waybilld::spool::{Hash, LabelKey, NewJob, NewLabel, Number, Outcome, Spool, Taken, system_clock};

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(async {
        for history in [0, 100_000] {
            measure(history).await;
        }
    });
}

async fn measure(history: usize) {
    let dir = TempDir::new_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).expect("a directory");
    let spool = Spool::open(dir.path(), system_clock()).expect("a ledger");
    for wave in 0..history / 500 {
        take(&spool, "old", &format!("old-{wave}"), 500).await;
    }
    finish(&spool, "old").await;
    drop(spool);
    let began = Instant::now();
    let spool = Spool::open(dir.path(), system_clock()).expect("a ledger");
    println!("history of {history} labels");
    println!("  open                          {}", shown(began.elapsed()));

    let mut times = Vec::new();
    for wave in 0..21 {
        let began = Instant::now();
        take(&spool, "pack-1", &format!("wave-{wave}"), 500).await;
        times.push(began.elapsed());
    }
    report("take 500 labels of 1.5 KB", &mut times);

    let mut times = Vec::new();
    for label in 0..500 {
        let began = Instant::now();
        take(&spool, "pack-2", &format!("single-{label}"), 1).await;
        times.push(began.elapsed());
    }
    report("take 1 label", &mut times);

    let (mut ahead, mut leave, mut settled) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..1000 {
        let began = Instant::now();
        let next = spool.upcoming("pack-1", 2).await.expect("labels wait");
        ahead.push(began.elapsed());
        let began = Instant::now();
        spool.sending("pack-1", vec![(next[0].key, digest())]).await.expect("it waits");
        leave.push(began.elapsed());
        let began = Instant::now();
        spool.settle(next[0].key, next[0].attempt, printed()).await.expect("it was being sent");
        settled.push(began.elapsed());
    }
    report("upcoming, 2 labels", &mut ahead);
    report("sending, one label", &mut leave);
    report("settle alone, one label", &mut settled);

    let mut times = Vec::new();
    let mut last: Option<LabelKey> = None;
    for next in spool.upcoming("pack-1", 1000).await.expect("labels wait") {
        let began = Instant::now();
        let settle = last.map(|key| spool.settle(key, 1, printed()));
        spool.sending("pack-1", vec![(next.key, digest())]).await.expect("it waits");
        times.push(began.elapsed());
        if let Some(settle) = settle {
            settle.await.expect("it was being sent");
        }
        last = Some(next.key);
    }
    report("settle one and send the next", &mut times);
}

async fn take(spool: &Spool, printer: &str, id: &str, labels: usize) {
    let labels = (0..labels).map(|number| label(&format!("{id}-{number}"))).collect();
    let job = NewJob::new(id, blake3::hash(id.as_bytes()), printer, labels);
    let job = NewJob { sort: vec!["ship_by".to_owned()], ..job };
    assert!(matches!(spool.take(job).await.expect("taken"), Taken::New(_)));
}

/// Ids and numbers come in no order, as they do from a shop.
fn label(id: &str) -> NewLabel {
    let mixed = blake3::hash(id.as_bytes()).to_hex();
    let number = |prefix: &str| {
        let text = format!("{prefix}{}", &mixed[..16]);
        Some(Number { key: text.clone(), text })
    };
    NewLabel {
        order: number("5"),
        tracking: number("RB"),
        ship_by: Some(0),
        ..NewLabel::new(&format!("{}-{id}", &mixed[..8]), "x".repeat(1500), digest())
    }
}

async fn finish(spool: &Spool, printer: &str) {
    loop {
        let labels = spool.upcoming(printer, 200).await.expect("read");
        if labels.is_empty() {
            return;
        }
        spool.sending("pack-1", labels.iter().map(|label| (label.key, digest())).collect()).await.expect("they wait");
        let settled: Vec<_> = labels.iter().map(|label| spool.settle(label.key, label.attempt, printed())).collect();
        for settle in settled {
            settle.await.expect("it was being sent");
        }
    }
}

fn digest() -> Hash {
    Hash::from_bytes([7; 32])
}

fn printed() -> Outcome {
    Outcome::Printed { evidence: Evidence::Counter }
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("  {what:30}p50 {}  p99 {}", shown(p50), shown(p99));
}

fn shown(time: Duration) -> String {
    format!("{:8.3} ms", time.as_secs_f64() * 1e3)
}
