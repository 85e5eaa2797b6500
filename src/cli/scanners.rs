//! `waybilld scanners`: what is plugged in that could be a scanner, whose it is, and what is in the way.

use super::client::{Client, DaemonSocket};
use super::failure::Failure;
use super::plugged::devices;
use super::say;
use crate::api::Printers;
use crate::api::stations::{Station, Stations};
use crate::scanner::{Nearby, What, nearby};
use crate::uri::ScannerUri;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Lists what is plugged in that could be a scanner, with the words for the configuration.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// For a program: JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    daemon: DaemonSocket,
}

/// Something plugged in, and the station it reads for.
struct Plugged {
    nearby: Nearby,
    station: Option<String>,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    // Where no daemon answers, what is plugged in is there all the same.
    let client = Client::new(&args.daemon);
    let (stations, unknown) = match client.get_answer("/v1/stations").await {
        Ok(answer) => (answer.granted::<Stations>()?.stations, None),
        Err(failure) => (Vec::new(), Some(failure.to_string())),
    };
    let printers = match &unknown {
        None => devices(&client.get::<Printers>("/v1/printers").await?.printers),
        Some(_) => Vec::new(),
    };
    let is_printer = |nearby: &Nearby| printers.iter().any(|(_, device)| nearby.is_device(device));
    let plugged: Vec<Plugged> = nearby()
        .into_iter()
        .filter(|nearby| !is_printer(nearby))
        .map(|nearby| Plugged { station: station(&stations, &nearby), nearby })
        .collect();
    if args.json {
        let plugged: Vec<Value> = plugged.iter().map(Plugged::json).collect();
        say(&json!({"plugged_in": plugged, "error": unknown}).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(failure) = unknown {
        say(&format!("{failure} Which scanner reads for which station is not known without it."));
    }
    say(if plugged.is_empty() { "nothing is plugged in that could be a scanner." } else { "plugged in:" });
    plugged.iter().flat_map(Plugged::lines).for_each(|line| say(&line));
    Ok(ExitCode::SUCCESS)
}

/// The station that this reads for.
fn station(stations: &[Station], nearby: &Nearby) -> Option<String> {
    let is_its = |station: &&Station| {
        let uri = station.scanner.as_ref().and_then(|scanner| scanner.uri.parse::<ScannerUri>().ok());
        uri.is_some_and(|uri| nearby.is_meant_by(&uri))
    };
    stations.iter().find(is_its).map(|station| station.name.clone())
}

impl Plugged {
    fn lines(&self) -> Vec<String> {
        let Nearby { uri, what, trouble, .. } = &self.nearby;
        if let Some(station) = &self.station {
            return vec![format!("  {uri} reads for {station}")];
        }
        let says = match what {
            What::Scanner(says) => says.clone(),
            What::Keyboard(says) => format!("a keyboard, or a scanner of a make not known here ({says})"),
            What::Port => "a serial port: a scanner or a printer may be behind it".to_owned(),
        };
        let next = match (trouble, what) {
            (Some(trouble), What::Keyboard(_)) => format!("    left alone. If it is a scanner: {trouble}"),
            (Some(trouble), _) => format!("    not used, and cannot be: {trouble}"),
            (None, What::Keyboard(_)) => format!("    left alone. If it is a scanner, give it to a station: scanner = \"{uri}\""),
            (None, _) => format!("    not used. Give it to a station: scanner = \"{uri}\""),
        };
        vec![format!("  {uri}: {says}"), next]
    }

    fn json(&self) -> Value {
        let Nearby { uri, what, trouble, .. } = &self.nearby;
        let (kind, says) = match what {
            What::Scanner(says) => ("scanner", Some(says)),
            What::Keyboard(says) => ("keyboard", Some(says)),
            What::Port => ("serial-port", None),
        };
        // What its station holds is not in the way.
        let trouble = trouble.as_ref().filter(|_| self.station.is_none());
        json!({"uri": uri.to_string(), "kind": kind, "says": says, "station": self.station, "trouble": trouble})
    }
}
