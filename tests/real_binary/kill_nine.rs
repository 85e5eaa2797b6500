//! The power-cut proof: `kill -9` at random moments of a fifty-label run, and every label held against what came out.
//!
//! A real daemon in a process of its own prints our sample wave on a virtual printer behind TCP. It is killed, started
//! again, killed again; in between somebody sends the job once more and answers doubts by looking into the tray. What
//! the printer ejected is the truth. `SEED=17 cargo test --test kill_nine` lives one life again, `SEEDS=200` many more.

mod chance;
mod printer;
mod wave;

use crate::support::process::Process;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::task::yield_now;
use tokio::time::sleep;
use wave::{Life, Told, Wave};
use waybilld::virtual_printer::Answers;

/// Waves that wait for their printers at one time.
const SIDE_BY_SIDE: usize = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_kills_lose_no_label_and_print_none_twice() {
    let (mut told, host_status_only, silent) = tokio::join!(
        live(Life { answers: Answers::ByManual, power: false }, 24),
        live(Life { answers: Answers::HostStatusOnly, power: false }, 2),
        live(Life { answers: Answers::Nothing, power: false }, 6),
    );
    assert!(silent.sent > 0 && host_status_only.sent + told.sent == 0, "only a silent printer cannot confirm");
    told.add(&host_status_only);
    told.add(&silent);
    assert!(told.kills >= 200 || only_seed().is_some(), "too few kills to prove anything: {told:?}");
}

#[tokio::test]
async fn a_job_cut_off_while_it_is_being_taken_is_there_whole_or_not_at_all() {
    let job = wave::job();
    let (mut not_taken, mut whole, mut unheard) = (0, 0, 0);
    for round in 0..16 {
        let house = TempDir::new().unwrap();
        let mut daemon = start(house.path(), None);
        daemon.ready().await;
        let log_bytes = || fs::metadata(house.path().join("state/ledger.db-wal")).unwrap().len();
        let before = log_bytes();
        let moment = async {
            if round % 2 == 0 {
                sleep(Duration::from_millis(round * 10)).await;
            } else {
                // Its first page has just been written.
                while log_bytes() == before {
                    yield_now().await;
                }
            }
        };
        let heard = tokio::select! {
            _ = daemon.try_post("/v1/jobs", &job) => true,
            () = moment => false,
        };
        daemon.kill();
        let mut daemon = start(house.path(), None);
        daemon.ready().await;
        let found = daemon.try_get("/v1/jobs/wave").await.unwrap();
        let again = daemon.try_post("/v1/jobs", &job).await.unwrap();
        match (found.status.as_u16(), again.status.as_u16()) {
            (404, 201) => not_taken += 1,
            (200, 200) => {
                assert_eq!(found.body["taken_at"], again.body["taken_at"]);
                assert_eq!(wave::states(&found.body).len(), wave::LABELS);
                whole += 1;
                unheard += usize::from(!heard);
            }
            other => panic!("round {round}: {other:?}: {}", again.body),
        }
        assert_eq!(wave::states(&again.body).len(), wave::LABELS);
    }
    println!("{not_taken} times not taken, {whole} times whole, {unheard} of them without an answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_power_of_printer_and_daemon_goes_at_once_and_every_label_still_comes_out_once() {
    let told = live(Life { answers: Answers::ByManual, power: true }, 6).await;
    assert!(told.doubts_not > 0 || only_seed().is_some(), "no label went with the power: {told:?}");
}

#[tokio::test]
async fn a_socket_left_behind_is_replaced_and_the_state_directory_is_free_again() {
    let house = TempDir::new().unwrap();
    for _ in 0..5 {
        let mut daemon = start(house.path(), None);
        daemon.ready().await;
        daemon.kill();
        assert!(house.path().join("socket").exists(), "nobody was left to remove it");
    }
    start(house.path(), None).ready().await;
}

#[tokio::test]
async fn a_second_daemon_is_turned_away_while_the_first_lives() {
    let house = TempDir::new().unwrap();
    let mut first = start(house.path(), None);
    first.ready().await;
    let mut second = start(house.path(), None);
    assert_eq!(second.ended().await.code(), Some(2));
    let log = fs::read_to_string(house.path().join("log")).unwrap();
    assert!(log.contains("is in use by another waybilld: stop that one, or choose another directory."), "{log}");
    first.ready().await;
}

/// A daemon for the printer at that address; without one the printer is off.
fn start(folder: &Path, printer: Option<SocketAddr>) -> Process {
    let printer = printer.map_or_else(|| "127.0.0.1:9".to_owned(), |address| address.to_string());
    Process::start(folder, &format!("[printers.pack-1]\ndevice = \"tcp://{printer}\"\nspeed = 14\n"))
}

/// Lives so many lives side by side, or as many as `SEEDS` says, or the one of `SEED`; what happened in all of them.
async fn live(life: Life, lives: u64) -> Told {
    let began = Instant::now();
    let mut seeds = only_seed().map_or(0..number("SEEDS").unwrap_or(lives), |seed| seed..seed + 1);
    let mut waves = JoinSet::new();
    let mut told = Told::default();
    loop {
        while waves.len() < SIDE_BY_SIDE
            && let Some(seed) = seeds.next()
        {
            waves.spawn(async move { Wave::open(life, seed).await.live().await });
        }
        let Some(lived) = waves.join_next().await else { break };
        told.add(&lived.unwrap().unwrap_or_else(|fault| panic!("{fault}")));
    }
    println!("{life:?}: {told:?} in {} s", began.elapsed().as_secs());
    told
}

fn only_seed() -> Option<u64> {
    number("SEED")
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
