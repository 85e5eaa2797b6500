//! `waybilld demo`: fifty sample orders in many scripts, through the real socket, ledger and TCP to a virtual printer.
//!
//! Everything is as with a real printer but the printer: it listens on a free local port, and what it makes of the
//! bytes it gets is drawn into `--out`, with a contact sheet of it all. State lies in a folder that is gone afterwards.

use super::client::{Client, DaemonSocket};
use super::follow::follow;
use super::progress::Progress;
use super::{Failure, contact_sheet, input, say, submit};
use crate::config::Config;
use crate::daemon;
use crate::emulator::{Machine, Tray, Voice};
use crate::virtual_printer::Settings;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use tokio::net::TcpListener;

const WAVE: &str = include_str!("../../samples/wave.jsonl");

/// Prints fifty sample orders on a virtual printer and draws what came out.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the pictures and the contact sheet go.
    #[arg(long, value_name = "DIR", default_value = "label-out")]
    out: PathBuf,
    /// How many of the fifty orders.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u8).range(1..=50))]
    labels: u8,
    /// How fast the virtual printer feeds, in inches a second; 0: labels take no time.
    #[arg(long, value_name = "IPS", default_value_t = 0)]
    speed: u32,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut wave = input::parse(WAVE.as_bytes(), None).map_err(Failure::refused_for)?;
    wave.labels.truncate(args.labels.into());
    // Only its owner may look into it, and it is gone at the end.
    let folder = tempfile::Builder::new().prefix("waybilld-demo-").tempdir();
    let folder = folder.map_err(|error| at(&std::env::temp_dir(), &error))?;
    fs::create_dir_all(&args.out).map_err(|error| at(&args.out, &error))?;

    let tray = folder.path().join("tray");
    let (printer, address) = printer(&tray, args.speed).await.map_err(|error| at(&tray, &error))?;
    let config = config(folder.path(), address, args.speed);
    let daemon = daemon::start(Config::parse("the demo's configuration", &config).map_err(Failure::refused_for)?).await?;

    let client = Client::new(&DaemonSocket { socket: Some(folder.path().join("socket")) });
    let begun = Instant::now();
    let job = submit::submit(&client, &submit::bodies(&wave, []).remove(0), &|faults| wave.told(faults, 0)).await?;
    let mut progress = Progress::new(job.total());
    let job = follow(&client, job, &mut progress).await?;
    let seconds = begun.elapsed().as_secs_f64();
    daemon.stop().await;

    printer.finish_pictures().await;
    let status: serde_json::Value = serde_json::from_str(&printer.control("status")).unwrap_or_default();
    let counted = status["pieces"].as_u64().unwrap_or(0);
    let total = job.total();
    let is_right = job.is_out() && counted == total as u64;
    let look = match show(&tray, &args.out).map_err(|error| at(&args.out, &error))? {
        Some(sheet) => format!("look at {}.", sheet.display()),
        None => "no pictures: this build leaves the interpreter out.".to_owned(),
    };
    if is_right {
        say(&format!("{total} of {total} labels printed and counted by the printer in {seconds:.1} s; {look}"));
    } else {
        say(&format!("{} The printer counted {counted} of {total}; {look}", job.closing()));
    }
    if args.speed == 0 {
        say("The virtual printer feeds in no time; `--speed 6` takes as long as a real one.");
    }
    Ok(ExitCode::from(u8::from(!is_right)))
}

/// A virtual printer that runs, and where it listens.
async fn printer(tray: &Path, speed: u32) -> io::Result<(Arc<Machine>, SocketAddr)> {
    let settings = Settings { speed: (speed > 0).then_some(speed), ..Settings::default() };
    let machine = Machine::new(settings, Tray::open(tray, true, Voice::Quiet)?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(machine.clone().keep_time());
    let host = machine.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A host that breaks off comes back by itself.
            let _ = host.serve(stream).await;
        }
    });
    Ok((machine, address))
}

/// A configuration with that one printer, and the time a label takes on it.
fn config(folder: &Path, printer: SocketAddr, speed: u32) -> String {
    let label_ms = 8000_u32.checked_div(speed).map_or(20, |ms| ms + 600);
    let path = |name: &str| toml::Value::from(folder.join(name).display().to_string());
    let (state, socket) = (path("state"), path("socket"));
    format!("state = {state}\nsocket = {socket}\n\n[printers.demo]\ndevice = \"tcp://{printer}\"\nlabel_ms = {label_ms}\n")
}

/// Copies what was drawn, and lays a contact sheet beside it.
fn show(tray: &Path, out: &Path) -> io::Result<Option<PathBuf>> {
    let mut names: Vec<PathBuf> = fs::read_dir(tray)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    names.retain(|name| name.extension().is_some_and(|extension| extension == "png"));
    names.sort();
    let mut pictures = Vec::new();
    for name in &names {
        fs::copy(name, out.join(name.file_name().unwrap_or_default()))?;
        pictures.push(image::open(name).map_err(io::Error::other)?.into_luma8());
    }
    if pictures.is_empty() {
        return Ok(None);
    }
    let sheet = out.join("contact-sheet.png");
    contact_sheet::lay_out(&pictures).save(&sheet).map_err(io::Error::other)?;
    Ok(Some(sheet))
}

fn at(path: &Path, error: &io::Error) -> Failure {
    Failure::refused(format!("{}: {error}.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waybill::{Senders, Waybill};
    use image::GrayImage;

    #[test]
    fn what_was_drawn_lies_in_order_beside_a_contact_sheet() {
        let (tray, out) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        assert!(show(tray.path(), out.path()).expect("shown").is_none());
        for name in ["0002.png", "0001.png"] {
            GrayImage::new(80, 120).save(tray.path().join(name)).expect("saved");
        }
        fs::write(tray.path().join("ledger.jsonl"), "").expect("written");
        let sheet = show(tray.path(), out.path()).expect("shown").expect("a sheet");
        assert_eq!(image::open(sheet).expect("a picture").width(), 12 + 2 * 92);
        assert!(out.path().join("0001.png").exists() && out.path().join("0002.png").exists());
        assert!(!out.path().join("ledger.jsonl").exists());
    }

    #[test]
    fn the_sample_wave_is_fifty_sound_labels() {
        let wave = input::parse(WAVE.as_bytes(), None).expect("JSON lines");
        let sound = |label| Waybill::parse(label, &Senders::default()).is_ok();
        assert_eq!((wave.labels.len(), wave.labels.iter().all(sound)), (50, true));
    }
}
