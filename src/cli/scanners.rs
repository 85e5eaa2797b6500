//! `waybilld scanners`: what is plugged in that could be a scanner, with the words for the configuration and what is in the
//! way.

use super::failure::Failure;
use super::say;
use crate::scanner::{Nearby, What, nearby};
use std::process::ExitCode;

/// Lists what is plugged in that could be a scanner.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_: Args) -> Result<ExitCode, Failure> {
    let nearby = nearby();
    say(if nearby.is_empty() { "nothing is plugged in that could be a scanner." } else { "plugged in:" });
    nearby.iter().flat_map(lines).for_each(|line| say(&line));
    Ok(ExitCode::SUCCESS)
}

fn lines(nearby: &Nearby) -> [String; 2] {
    let what = match &nearby.what {
        What::Scanner(says) => says.clone(),
        What::Keyboard(says) => format!("a keyboard, or a scanner of a make not known here ({says})"),
        What::Port => "a serial port: a scanner or a printer may be behind it".to_owned(),
    };
    let uri = &nearby.uri;
    let next = match (&nearby.trouble, &nearby.what) {
        (Some(trouble), What::Keyboard(_)) => format!("    left alone. If it is a scanner: {trouble}"),
        (Some(trouble), _) => format!("    not used, and cannot be: {trouble}"),
        (None, _) => format!("    not used: write scanner = \"{uri}\" into the table of its station"),
    };
    [format!("  {uri}: {what}"), next]
}
