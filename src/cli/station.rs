//! `waybilld station`: the pack stations and what they ask.

use super::client::{Client, DaemonSocket, body_of};
use super::failure::Failure;
use super::printer::task;
use super::say;
use crate::api::stations::{Scanner, Station, Stations};
use crate::closed_set::ClosedSet;
use crate::dots::{Dpi, Mm, Size};
use crate::service_label;
use crate::station::control::Control;
use crate::text::Fonts;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// The pack stations of a daemon.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do with stations; listed when nothing is said.
#[derive(Debug, clap::Subcommand)]
enum Action {
    List(List),
    Sheet(Sheet),
}

/// The sheet of control codes: what a packer scans to say "came out", to pause, to pick.
#[derive(Debug, clap::Args)]
struct Sheet {
    /// A picture of each label of the sheet, 100 × 150 mm at 203 dpi: FILE-1.png, FILE-2.png and so on.
    #[arg(short, long, value_name = "FILE.png")]
    out: Option<PathBuf>,
    /// Prints it there, as large as the printer's labels.
    #[arg(long, value_name = "PRINTER")]
    print: Option<String>,
    #[command(flatten)]
    daemon: DaemonSocket,
}

/// How each station stands.
#[derive(Debug, Default, clap::Args)]
struct List {
    /// For a program: JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    daemon: DaemonSocket,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.action.unwrap_or_else(|| Action::List(List::default())) {
        Action::List(List { json, daemon }) => {
            let stations: Stations = Client::new(&daemon).get("/v1/stations").await?;
            if json {
                say(&body_of(&stations));
            } else {
                lines(&stations.stations).iter().for_each(|line| say(line));
            }
            Ok(ExitCode::SUCCESS)
        }
        Action::Sheet(sheet) => sheet.run().await,
    }
}

impl Sheet {
    async fn run(self) -> Result<ExitCode, Failure> {
        if (&self.out, &self.print) == (&None, &None) {
            return Err(Failure::refused("say where to: -o FILE.png for pictures, --print PRINTER for paper."));
        }
        if let Some(out) = &self.out {
            draw(out)?;
        }
        match &self.print {
            Some(printer) => task(&self.daemon, printer, "control-sheet").await,
            None => Ok(ExitCode::SUCCESS),
        }
    }
}

fn draw(out: &Path) -> Result<(), Failure> {
    let dpi = Dpi::D203;
    let media = Size::new(dpi.dots(Mm(100.0)), dpi.dots(Mm(150.0)));
    let sheets = service_label::codes(&Control::sheet(), dpi, media, &Fonts::embedded());
    for (number, sheet) in (1..).zip(sheets.map_err(|small| Failure::refused(small.to_string()))?) {
        let stem = out.file_stem().unwrap_or_default().to_string_lossy();
        let file = out.with_file_name(format!("{stem}-{number}.png"));
        std::fs::write(&file, sheet.raster().to_png())
            .map_err(|error| Failure::refused(format!("{}: {error}.", file.display())))?;
        say(&file.display().to_string());
    }
    Ok(())
}

fn lines(stations: &[Station]) -> Vec<String> {
    if stations.is_empty() {
        return vec!["no station is configured: add a table such as [stations.bench-1] to the configuration.".to_owned()];
    }
    stations.iter().map(line).collect()
}

fn line(station: &Station) -> String {
    let Station { name, printer, mode, .. } = station;
    let mut line = format!("{name}: a scan is for {} at {printer}", mode.word());
    if let Some(by) = &station.by {
        line.push_str(&format!(", {by} packs"));
    }
    match &station.scanner {
        Some(Scanner { uri, connected: true, .. }) => line.push_str(&format!(", scanner {uri}")),
        Some(_) => line.push_str(", without its scanner"),
        None => {}
    }
    line.push('.');
    if let Some(why) = station.scanner.as_ref().and_then(|scanner| scanner.why.as_ref()) {
        line.push_str(&format!(" {why}"));
    }
    if let Some(doubt) = &station.doubt {
        let label = &doubt.label.id;
        line.push_str(&format!(" Did label {label} come out? Look at the tray, then scan \"came out\" or \"did not\"."));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_station_is_told_in_a_line_with_its_question_last() {
        let doubt = json!({"id": "pkg-7", "job": "wave", "printer": "pack-1", "run": 1, "position": 1, "state": "in_doubt",
            "urgent": false, "attempts": 1, "copies": 0, "taken_at": "2026-07-14T18:00:00Z",
            "moved_at": "2026-07-14T18:00:00Z", "asked_at": "2026-07-14T18:00:00Z"});
        let station = json!({"name": "bench-1", "printer": "pack-1", "mode": "ship", "by": "Mei",
            "scanner": {"uri": "hid:0c2e:0b61", "connected": false, "why": "hid:0c2e:0b61: the scanner is not plugged in."},
            "doubt": doubt});
        assert_eq!(
            lines(&[serde_json::from_value(station).expect("a station")]),
            ["bench-1: a scan is for ship at pack-1, Mei packs, without its scanner. hid:0c2e:0b61: the scanner is not plugged \
                 in. Did label pkg-7 come out? Look at the tray, then scan \"came out\" or \"did not\"."]
        );
        assert!(lines(&[])[0].starts_with("no station is configured"));
    }
}
