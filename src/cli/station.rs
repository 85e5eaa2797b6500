//! `waybilld station`: the pack stations and what they ask.

use super::client::{Client, Door};
use super::failure::Failure;
use super::printer::errand;
use super::say;
use crate::dots::{Dpi, Mm, Size};
use crate::service_label;
use crate::station::control::Control;
use crate::text::Fonts;
use serde_json::Value;
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
    door: Door,
}

/// How each station stands.
#[derive(Debug, Default, clap::Args)]
struct List {
    /// For a program: JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    door: Door,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    match args.action.unwrap_or_else(|| Action::List(List::default())) {
        Action::List(List { json, door }) => {
            let body = Client::new(&door).get("/v1/stations").await?.granted()?;
            if json {
                say(&body.to_string());
            } else {
                lines(&body).iter().for_each(|line| say(line));
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
            Some(printer) => errand(&self.door, printer, "control-sheet").await,
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

fn lines(body: &Value) -> Vec<String> {
    let stations = body["stations"].as_array().map(Vec::as_slice).unwrap_or_default();
    if stations.is_empty() {
        return vec!["no station is configured: add a table such as [stations.bench-1] to the configuration.".to_owned()];
    }
    stations.iter().map(line).collect()
}

fn line(station: &Value) -> String {
    let text = |key: &str| station[key].as_str().unwrap_or("-");
    let mut line = format!("{}: a scan is for {} at {}", text("name"), text("mode"), text("printer"));
    if let Some(by) = station["by"].as_str() {
        line.push_str(&format!(", {by} packs"));
    }
    match (&station["scanner"]["uri"], &station["scanner"]["connected"]) {
        (Value::String(uri), Value::Bool(true)) => line.push_str(&format!(", scanner {uri}")),
        (Value::String(_), _) => line.push_str(", without its scanner"),
        _ => {}
    }
    line.push('.');
    if let Some(why) = station["scanner"]["why"].as_str() {
        line.push_str(&format!(" {why}"));
    }
    if let Some(label) = station["doubt"]["id"].as_str() {
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
        let station = json!({"name": "bench-1", "printer": "pack-1", "mode": "ship", "by": "Mei",
            "scanner": {"uri": "hid:0c2e:0b61", "connected": false, "why": "hid:0c2e:0b61: the scanner is not plugged in."}, "doubt": {"id": "pkg-7"}});
        assert_eq!(
            lines(&json!({"stations": [station]})),
            ["bench-1: a scan is for ship at pack-1, Mei packs, without its scanner. hid:0c2e:0b61: the scanner is not plugged \
                 in. Did label pkg-7 come out? Look at the tray, then scan \"came out\" or \"did not\"."]
        );
        assert!(lines(&json!({"stations": []}))[0].starts_with("no station is configured"));
    }
}
