//! `waybilld pair`: finds out what a printer truly answers, and writes its table into the configuration.
//!
//! Opens the device itself, so no daemon may have it. Nothing is printed ([`crate::pairing`] says why).

use super::arguments::{dpi, language, media_size};
use super::client::{Client, DaemonSocket};
use super::failure::Failure;
use super::plugged::{Plugged, devices, plugged, said, usb_id};
use super::say;
use crate::api::Printers;
use crate::config::{Config, is_name};
use crate::daemon::{StartError, files};
use crate::dots::{Dpi, Mm};
use crate::language::Language;
use crate::pairing::{Findings, Hints, Paired, Probe, SET_ZPL};
use crate::transport::{Connection, Limits, Transport, why_broken};
use crate::uri::{DeviceUri, SerialAddress, UsbAddress, UsbPlace};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

/// How long a Zebra may take to change its language.
const MODE_CHANGE: Duration = Duration::from_secs(2);

/// Finds out what a printer answers, and adds it to the configuration.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What it shall be called.
    name: String,
    /// Where it is, such as tcp://192.168.1.50:9100; may be left out for the only USB printer that is not paired.
    #[arg(value_name = "DEVICE-URI")]
    device: Option<DeviceUri>,
    /// The configuration it is added to; made when it is not there.
    #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
    config: Option<PathBuf>,
    /// What it speaks: zpl, tspl or escpos. Found out if it answers anything.
    #[arg(long, value_parser = language)]
    language: Option<Language>,
    /// Dots per inch of its head: 203, 300 or 600.
    #[arg(long, value_parser = dpi)]
    dpi: Option<Dpi>,
    /// One label of its media, width x height in millimetres, such as 100x150.
    #[arg(long, value_name = "MM", value_parser = media_size)]
    media: Option<(Mm, Mm)>,
    /// Set a Zebra that is in line print or CPCL mode to ZPL.
    #[arg(long)]
    set_zpl: bool,
    /// Only show what would be added.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    daemon: DaemonSocket,
}

pub async fn run(args: Args) -> Result<ExitCode, Failure> {
    if !is_name(&args.name) {
        return Err(Failure::refused(format!("a printer's name is letters, digits, - and _; \"{}\" is not.", args.name)));
    }
    let before = match &args.config {
        Some(file) => read(file)?,
        None => String::new(),
    };
    let config = Config::parse("", &before).ok();
    if config.as_ref().is_some_and(|config| config.printers.contains_key(&args.name)) {
        return Err(Failure::refused(format!("there is a printer {} already: choose another name.", args.name)));
    }
    let socket = args.daemon.socket.clone().or_else(|| config.as_ref().map(|config| config.socket.clone()));
    let daemon = Client::new(&DaemonSocket { socket }).get::<Printers>("/v1/printers").await.ok();
    let of_daemon = daemon.as_ref().map(|known| devices(&known.printers)).unwrap_or_default();
    let of_config = config.iter().flat_map(|config| config.printers.iter().map(|(name, it)| (name.clone(), it.device.clone())));
    let known: Vec<(String, DeviceUri)> = of_daemon.iter().cloned().chain(of_config).collect();
    let (device, there) = device(args.device.clone(), plugged(&known))?;
    let owner = there.as_ref().and_then(|there| there.paired.clone());
    let owner = owner.or_else(|| known.iter().find(|(_, other)| other.is_same_device(&device)).map(|(name, _)| name.clone()));
    if let Some(owner) = owner {
        let holder = if of_daemon.iter().any(|(name, _)| *name == owner) { " of the running daemon" } else { "" };
        return Err(Failure::refused(format!("{device} is the printer {owner}{holder} already.")));
    }
    let uri = device.to_string();
    if let Some(trouble) = there.as_ref().and_then(|there| there.found.trouble.as_ref()) {
        return Err(Failure::refused(format!("{device}: {trouble}")));
    }
    // A slip that has nothing to do with the printer is told before it is asked anything.
    let name = &args.name;
    let (width, height) = args.media.unwrap_or((Mm(100.0), Mm(150.0)));
    let media = format!("media = {{ width = {}, height = {} }}", width.0, height.0);
    let check = |table: &str| check(args.config.as_deref(), name, &with(&before, table));
    check(&format!("[printers.{name}]\ndevice = \"{uri}\"\n{media}\n"))?;

    let mut findings = probe(&device, there.as_ref(), &args).await?;
    if args.set_zpl && findings.other_language.is_some() {
        set_zpl(&device).await?;
        findings = probe(&device, there.as_ref(), &args).await?;
        if let Some(said) = &findings.other_language {
            return Err(Failure::refused(format!(
                "{device}: it was set to ZPL and still says that it is in {said}: switch it off and on, then pair it again."
            )));
        }
    }
    let paired = Paired::new(name, &uri, &findings);
    let mut paired = paired.map_err(|refusal| Failure::refused(format!("{uri}: {refusal}")))?;
    (paired.dpi, paired.media) = (args.dpi, args.media);
    let table = paired.table();
    check(&table)?;
    say(table.trim_end());
    let trouble = findings.trouble().map(|why| format!(" It stands still now: {why}.")).unwrap_or_default();
    let verdict = format!("{name} {}{trouble}", paired.verdict());
    let Some(file) = args.config.as_deref().filter(|_| !args.dry_run) else {
        // On standard output stands what a configuration can take.
        eprintln!("{verdict}");
        return Ok(ExitCode::SUCCESS);
    };
    write(file, &before, &with(&before, &table)).map_err(|error| Failure::refused(format!("{}: {error}.", file.display())))?;
    say(&verdict);
    let file = file.display();
    say(&match daemon {
        Some(_) => format!("Added to {file}. Restart the daemon, which does not know it yet; then `waybilld identify {name}`."),
        None => format!("Added to {file}. Start `waybilld serve --config {file}`; then `waybilld identify {name}`."),
    });
    Ok(ExitCode::SUCCESS)
}

/// The device that is meant, and what is known of it when it is plugged in.
fn device(given: Option<DeviceUri>, mut plugged: Vec<Plugged>) -> Result<(DeviceUri, Option<Plugged>), Failure> {
    if let Some(uri) = given {
        let there = plugged.iter().position(|plugged| plugged.found.is_meant_by(&uri)).map(|at| plugged.swap_remove(at));
        let steady = there.as_ref().map(|there| steady(&uri, &there.found.uri));
        return Ok((steady.unwrap_or(uri), there));
    }
    plugged.retain(|plugged| plugged.paired.is_none() && plugged.is_usb());
    match plugged.len() {
        1 => {
            let only = plugged.remove(0);
            Ok((only.found.uri.clone(), Some(only)))
        }
        0 => Err(Failure::refused(
            "no USB printer is plugged in that is not paired: say where it is, such as tcp://192.168.1.50:9100 or serial:/dev/ttyS0.",
        )),
        _ => {
            let uris: Vec<String> = plugged.iter().map(|plugged| plugged.found.uri.to_string()).collect();
            Err(Failure::refused(format!(
                "several printers are plugged in that are not paired: name one, {}.",
                uris.join(" or ")
            )))
        }
    }
}

/// The name that finds the device again tomorrow, with the settings that were given.
fn steady(given: &DeviceUri, found: &DeviceUri) -> DeviceUri {
    match (given, found) {
        (DeviceUri::Usb(given), DeviceUri::Usb(found)) if given.place == UsbPlace::Only => {
            DeviceUri::Usb(UsbAddress { place: found.place.clone(), ..given.clone() })
        }
        (DeviceUri::Serial(given), DeviceUri::Serial(found)) => {
            DeviceUri::Serial(SerialAddress { path: found.path.clone(), ..given.clone() })
        }
        _ => given.clone(),
    }
}

/// Asks the printer everything there is to ask.
async fn probe(device: &DeviceUri, there: Option<&Plugged>, args: &Args) -> Result<Findings, Failure> {
    let limits = Limits::default();
    let opened = Transport::default().open(device, &limits).await;
    let mut connection = opened.map_err(|error| Failure::refused(error.to_string()))?;
    let usb = match device {
        DeviceUri::Usb(address) => Some((address.vendor, address.product)),
        _ => there.and_then(|there| usb_id(&there.found)),
    };
    // The word of the printer itself, fresh, before what the kernel keeps of it.
    let device_id = connection.line.device_id().await.ok().flatten();
    let said = device_id.unwrap_or_else(|| there.filter(|it| it.is_usb()).map(|there| said(&there.found)).unwrap_or_default());
    eprintln!("{device}: asking what it is. Nothing is printed.");
    let asked = ask(&mut connection, Hints { usb, said, told: args.language, name: args.name.clone() }).await;
    connection.close(&limits).await;
    asked.map_err(|error| Failure::refused(format!("{device}: the line broke while it was asked: {}.", why_broken(&error))))
}

/// Sets a Zebra to ZPL, and gives it a moment to change.
async fn set_zpl(device: &DeviceUri) -> Result<(), Failure> {
    let limits = Limits::default();
    let opened = Transport::default().open(device, &limits).await;
    let mut connection = opened.map_err(|error| Failure::refused(error.to_string()))?;
    eprintln!("{device}: setting it to ZPL.");
    let written = connection.write_all(SET_ZPL).await;
    connection.close(&limits).await;
    written.map_err(|error| Failure::refused(format!("{device}: the line broke: {}.", why_broken(&error))))?;
    tokio::time::sleep(MODE_CHANGE).await;
    Ok(())
}

async fn ask(connection: &mut Connection, hints: Hints) -> io::Result<Findings> {
    let epoch = Instant::now();
    let mut probe = Probe::new(hints, epoch.elapsed());
    let mut buffer = [0; 1024];
    while let Some(due) = probe.poll_timeout() {
        let bytes = probe.poll_write().map(<[u8]>::to_vec).unwrap_or_default();
        tokio::select! {
            biased;
            () = sleep_until(epoch + due) => probe.handle_timeout(epoch.elapsed()),
            read = connection.reader.read(&mut buffer) => match read? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => probe.handle_bytes(&buffer[..count], epoch.elapsed()),
            },
            taken = connection.writer.write(&bytes), if !bytes.is_empty() => probe.wrote(taken?, epoch.elapsed()),
        }
    }
    Ok(probe.findings())
}

/// The text of the configuration; none when it is not there yet.
fn read(file: &Path) -> Result<String, Failure> {
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| Failure::refused(format!("{}: {error}.", file.display()))),
    }
}

/// A text with another table behind it.
fn with(before: &str, table: &str) -> String {
    let between = match before {
        "" => "",
        before if before.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    format!("{before}{between}{table}")
}

/// Everything the daemon would refuse.
fn check(file: Option<&Path>, name: &str, text: &str) -> Result<(), Failure> {
    let file = file.map_or_else(|| "the table".into(), |file| file.display().to_string());
    let config = Config::parse(&file, text).map_err(StartError::of_files)?;
    let printer = &config.printers[name];
    let design = files::designs(&config)?.design_for(&printer.template, printer.media).map(drop);
    design.map_err(|sentence| Failure::refused(format!("printer {name}: {sentence}")))
}

/// Puts the new text in the old one's place: a reader sees one or the other, also after a power cut.
fn write(file: &Path, before: &str, text: &str) -> io::Result<()> {
    // What is behind a link is replaced, not the link.
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let beside = folder.join(format!(".{}.{}", file.file_name().unwrap_or_default().to_string_lossy(), std::process::id()));
    let put = || {
        let mut new = OpenOptions::new().write(true).create_new(true).mode(0o640).open(&beside)?;
        if let Ok(old) = fs::metadata(&file) {
            fs::set_permissions(&beside, Permissions::from_mode(old.permissions().mode() & 0o777))?;
        }
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        let now = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            now => now?,
        };
        if now != before {
            return Err(io::Error::other("another program has changed it meanwhile: pair the printer again"));
        }
        fs::rename(&beside, &file)?;
        File::open(&folder)?.sync_all()
    };
    put().inspect_err(|_| drop(fs::remove_file(&beside)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_added_behind_the_old_text_which_stays_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("waybilld.toml");
        write(&file, "", "a = 1\n").expect("written");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("set");
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        write(&link, "a = 1\n", &with("a = 1\n", "[b]\n")).expect("written");
        assert_eq!(fs::read_to_string(&file).expect("there"), "a = 1\n\n[b]\n");
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(with("# no end of line", "[b]\n"), "# no end of line\n\n[b]\n");
    }

    #[test]
    fn a_device_is_written_down_by_the_name_that_finds_it_again() {
        let steady = |given: &str, found: &str| {
            let uri = |text: &str| text.parse::<DeviceUri>().expect("a device URI");
            super::steady(&uri(given), &uri(found)).to_string()
        };
        assert_eq!(steady("usb://0a5f:0166?interface=1", "usb://0a5f:0166?serial=D1"), "usb://0a5f:0166?serial=D1&interface=1");
        assert_eq!(steady("usb://0a5f:0166?port=1-2", "usb://0a5f:0166?serial=D1"), "usb://0a5f:0166?port=1-2", "as he wants it");
        let port = "serial:/dev/serial/by-id/usb-FTDI_A5-if00-port0";
        assert_eq!(steady("serial:/dev/ttyUSB0?baud=19200", port), format!("{port}?baud=19200"));
    }

    #[test]
    fn a_file_that_somebody_else_changed_is_left_to_him() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("waybilld.toml");
        fs::write(&file, "b = 2\n").expect("written");
        let error = write(&file, "a = 1\n", "a = 1\n\n[c]\n").expect_err("refused").to_string();
        assert_eq!(error, "another program has changed it meanwhile: pair the printer again");
        assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 1, "nothing is left behind");
        assert_eq!(fs::read_to_string(&file).expect("there"), "b = 2\n");
    }
}
