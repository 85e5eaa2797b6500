//! `waybilld render`: labels as pictures or as a printer's bytes, without a daemon.

use super::Failure;
use super::arguments::{dpi, language};
use super::input::Source;
use crate::config::DEFAULT_TEMPLATE;
use crate::content::ContentRef;
use crate::daemon::files;
use crate::designs::{Designs, WavePapers, wall_clock};
use crate::dots::Dpi;
use crate::fault::{Code, Fault};
use crate::label::Label;
use crate::language::{Encoder, Language, Options, Setup, zpl};
use crate::papers::{Want, Wave};
use crate::template::Template;
use crate::waybill::Waybill;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The template of labels that name none.
    #[arg(long, value_name = "NAME", default_value = DEFAULT_TEMPLATE)]
    template: String,
    /// The print head: 203, 300 or 600.
    #[arg(long, default_value = "203", value_parser = dpi)]
    dpi: Dpi,
    /// A printer language instead of pictures.
    #[arg(long, value_parser = language)]
    language: Option<Language>,
    /// The papers of the wave too, where they would print: cover, pick-list, slips.
    #[arg(long, value_name = "PAPER", value_delimiter = ',', value_parser = want)]
    papers: Vec<Want>,
    /// Latin text in the printer's own font.
    #[arg(long)]
    native_text: bool,
    /// Where senders and templates are configured.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// `x.png` for one label, `x.zpl` (or .tspl, .escpos) for one stream of all, or a folder for a picture a label (001.png …).
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
}

/// Memory a printer is taken to have for stored graphics.
const PRINTER_MEMORY_BYTES: usize = 1 << 20;

/// A paper by its word, with `-` as good as `_`.
pub fn want(text: &str) -> Result<Want, String> {
    Want::from_word(&text.replace('-', "_")).ok_or_else(|| "known: cover, pick-list, slips".to_owned())
}

/// Reads, lays out, writes.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let config = files::config(args.config.as_deref())?;
    let designs = files::designs(&config)?;
    let input = args.source.read()?;
    input.remarks().iter().for_each(|remark| eprintln!("{remark}"));
    let id = input.job.iter().find(|(field, _)| field == "id").and_then(|(_, id)| id.as_text()).unwrap_or("wave");
    let labels = lay_out(&designs, id, &input.waybills(&config.senders)?, &args)?;
    let extension = args.output.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let language = args.language.or(Language::named(extension));
    if let Some(language) = language.filter(|_| !is_folder(&args.output)) {
        return write(&args.output, &stream_of(language, &labels, args.native_text));
    }
    if extension == "png" && !is_folder(&args.output) {
        return match labels.as_slice() {
            [label] => write(&args.output, &label.raster().to_png()),
            _ => Err(Failure::refused(format!(
                "{} labels do not fit one picture: give a folder, such as -o labels/.",
                labels.len()
            ))),
        };
    }
    if !extension.is_empty() && !is_folder(&args.output) {
        return Err(Failure::refused(format!(
            "-o {}: name a .png, a .zpl, .tspl or .escpos, or a folder.",
            args.output.display()
        )));
    }
    std::fs::create_dir_all(&args.output).map_err(|error| Failure::refused(format!("{}: {error}.", args.output.display())))?;
    for (at, label) in labels.iter().enumerate() {
        let (bytes, ending) = match language {
            Some(language) => (stream_of(language, std::slice::from_ref(label), args.native_text), language.name()),
            None => (label.raster().to_png(), "png"),
        };
        write(&args.output.join(format!("{:03}.{ending}", at + 1)), &bytes)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Every label laid out, the papers among them where they would print, or every fault of every label.
fn lay_out(designs: &Designs, id: &str, waybills: &[Waybill], args: &Args) -> Result<Vec<Label>, Failure> {
    let mut faults = Vec::new();
    let mut papers = WavePapers::default();
    if !args.papers.is_empty() {
        let usual = &designs.design(&args.template).map_err(Failure::refused)?.template;
        let labels = waybills.iter().collect();
        let wave = Wave { id: id.to_owned(), printer: "not printed".to_owned(), at: wall_clock(), labels };
        match designs.papers(&wave, &args.papers, (usual.width, usual.height), args.dpi) {
            Ok(made) => papers = made,
            Err(found) => faults.extend(found),
        }
    }
    let mut labels = Vec::new();
    let mut set = |design: Result<&Arc<Template>, String>, id: &str, content: ContentRef<'_>| {
        let made = match design {
            Ok(template) => designs.with(template, args.dpi, |compositor| compositor.lay_out(content)).and_then(|made| made),
            Err(sentence) => Err(vec![Fault::new(Code::UnknownValue, "template", sentence)]),
        };
        match made {
            Ok(label) => labels.push(label),
            Err(found) => faults.extend(found.into_iter().map(|fault| fault.of_label(id))),
        }
    };
    papers.before.iter().for_each(|sheet| set(Ok(&sheet.template), &sheet.paper.id(), (&sheet.paper).into()));
    let mut behind = papers.behind.iter();
    for waybill in waybills {
        let name = waybill.template.as_deref().unwrap_or(&args.template);
        set(designs.design(name).map(|design| &design.template), &waybill.id, waybill.into());
        for sheet in behind.next().into_iter().flatten() {
            set(Ok(&sheet.template), &sheet.paper.id(), (&sheet.paper).into());
        }
    }
    if faults.is_empty() {
        return Ok(labels);
    }
    Err(Failure::refused(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// What a printer would be sent for these labels, from its first byte on.
fn stream_of(language: Language, labels: &[Label], native_text: bool) -> Vec<u8> {
    let zpl = zpl::Options { native_text, memory_bytes: PRINTER_MEMORY_BYTES, slow_line: false };
    let mut encoder = Encoder::new(language, Options { zpl, ..Options::default() });
    let mut bytes = Vec::new();
    for (at, label) in labels.iter().enumerate() {
        if at == 0 {
            bytes.extend(encoder.start(&Setup::default(), label.size, label.dpi));
        }
        bytes.extend(encoder.label(label).bytes);
    }
    bytes
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/')
}

fn write(path: &Path, bytes: &[u8]) -> Result<ExitCode, Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::refused(format!("{}: {error}.", path.display())))?;
    Ok(ExitCode::SUCCESS)
}
