//! The command line: one file a subcommand.
//!
//! Every command that talks to a daemon speaks the same HTTP as any other program; none of them opens the ledger,
//! and only `pair` opens a printer, which no daemon has yet. What a command has to say goes to standard output, how
//! far it is and what is wrong to standard error. Exit codes: 0 done, 1 some of it not, 2 refused and nothing done.

mod arguments;
pub mod check;
pub mod client;
pub mod console;
pub mod contact_sheet;
pub mod demo;
pub mod events;
pub mod failure;
pub mod follow;
pub mod input;
pub mod job;
pub mod label;
pub mod manifest;
pub mod order;
pub mod pair;
mod plugged;
pub mod printer;
pub mod printers;
pub mod progress;
pub mod render;
pub mod replay;
pub mod scan;
pub mod scanners;
pub mod serve;
pub mod station;
pub mod status;
pub mod submit;
pub mod trace;
pub mod virtual_printer;

pub use failure::Failure;

use std::io::Write;
use std::process::ExitCode;

/// What the program can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Serve(serve::Args),
    Submit(submit::Args),
    Status(status::Args),
    Scan(scan::Args),
    Station(station::Args),
    Void(label::Void),
    Cancel(order::Cancel),
    Release(label::Release),
    Outcome(label::Outcome),
    Reprint(label::Reprint),
    Manifest(manifest::Manifest),
    Bag(manifest::Bag),
    Printers(printers::Args),
    Console(console::Args),
    Scanners(scanners::Args),
    Pair(pair::Args),
    Identify(printer::Identify),
    Test(printer::Test),
    Calibrate(printer::Calibrate),
    Pause(printer::Pause),
    Resume(printer::Resume),
    Adopt(printer::Adopt),
    Move(printer::Move),
    Trace(trace::Args),
    Replay(replay::Args),
    Render(render::Args),
    Check(check::Args),
    Virtual(virtual_printer::Args),
    Demo(demo::Args),
}

impl Command {
    /// Does it.
    pub fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Command::Render(args) => render::run(args),
            Command::Check(args) => check::run(args),
            Command::Replay(args) => replay::run(args),
            Command::Serve(args) => on_a_runtime(serve::run(args)),
            Command::Demo(args) => on_a_runtime(demo::run(args)),
            Command::Submit(args) => on_a_runtime(submit::run(args)),
            Command::Status(args) => on_a_runtime(status::run(args)),
            Command::Scan(args) => on_a_runtime(scan::run(args)),
            Command::Station(args) => on_a_runtime(station::run(args)),
            Command::Void(args) => on_a_runtime(args.run()),
            Command::Cancel(args) => on_a_runtime(args.run()),
            Command::Release(args) => on_a_runtime(args.run()),
            Command::Outcome(args) => on_a_runtime(args.run()),
            Command::Reprint(args) => on_a_runtime(args.run()),
            Command::Manifest(args) => on_a_runtime(args.run()),
            Command::Bag(args) => on_a_runtime(args.run()),
            Command::Printers(args) => on_a_runtime(printers::run(args)),
            Command::Console(args) => on_a_runtime(console::run(args)),
            Command::Scanners(args) => on_a_runtime(scanners::run(args)),
            Command::Pair(args) => on_a_runtime(pair::run(args)),
            Command::Identify(args) => on_a_runtime(args.run()),
            Command::Test(args) => on_a_runtime(args.run()),
            Command::Calibrate(args) => on_a_runtime(args.run()),
            Command::Pause(args) => on_a_runtime(args.run()),
            Command::Resume(args) => on_a_runtime(args.run()),
            Command::Adopt(args) => on_a_runtime(args.run()),
            Command::Move(args) => on_a_runtime(args.run()),
            Command::Trace(args) => on_a_runtime(trace::run(args)),
            Command::Virtual(args) => on_a_runtime(async {
                let served = virtual_printer::run(args).await;
                served.map(|()| ExitCode::SUCCESS).map_err(|failure| Failure::refused(failure.to_string()))
            }),
        }
    }
}

fn on_a_runtime(work: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|error| Failure::refused(format!("no runtime: {error}.")))?.block_on(work)
}

/// A line on standard output; nobody reading it any more is no reason to fall over.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
