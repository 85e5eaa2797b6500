//! `waybilld render`: labels as pictures or as a printer's bytes, without a daemon.

use super::Failure;
use super::arguments::{dpi, language};
use super::input::{self, Input, Source};
use crate::closed_set::ClosedSet;
use crate::config::DEFAULT_TEMPLATE;
use crate::daemon::files;
use crate::dots::Dpi;
use crate::intake::Rules;
use crate::intake::drawing::{How, draw, stream};
use crate::label::Label;
use crate::language::{Language, Setup, zpl};
use crate::papers::Want;
use crate::waybill::json::Node;
use jiff::Zoned;
use std::collections::BTreeMap;
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
    /// The papers of the wave too, where they would print: cover, pick_list, slips.
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
    Want::from_word(text).ok_or_else(|| format!("known: {}", Want::words().join(", ")))
}

/// Reads, lays out, writes.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let config = files::config(args.config.as_deref())?;
    let designs = files::designs(&config)?;
    let input = args.source.read()?;
    input.remarks().iter().for_each(|remark| eprintln!("{remark}"));
    if input.labels.is_empty() && !input.left_out.is_empty() {
        eprintln!("nothing to draw: every order was left out.");
        return Ok(ExitCode::SUCCESS);
    }
    let how = How { dpi: Some(args.dpi), adopted: BTreeMap::new(), template: None, papers: !args.papers.is_empty() };
    let rules = Rules::without_printers(config, Arc::new(designs));
    let drawn = draw(&rules, job(&input, &args), how, &Zoned::now());
    let labels = drawn.map_err(|faults| Failure::refused_for(input.told(faults, 0)))?.labels;
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

/// The job as it is drawn: for no printer, with what the command line says.
fn job(input: &Input, args: &Args) -> Node {
    let mut fields = input.job.clone();
    fields.retain(|(field, _)| field != "printer");
    if fields.iter().all(|(field, _)| field != "template") {
        fields.push(("template".to_owned(), Node::text(&args.template)));
    }
    if !args.papers.is_empty() {
        fields.retain(|(field, _)| field != "papers");
        let words = args.papers.iter().map(|want| Node::text(want.word())).collect();
        fields.push(("papers".to_owned(), Node::List(words)));
    }
    input::to_job(fields, &input.labels)
}

/// What a printer would be sent for these labels, from its first byte on.
fn stream_of(language: Language, labels: &[Label], native_text: bool) -> Vec<u8> {
    let zpl = zpl::Options { native_text, memory_bytes: PRINTER_MEMORY_BYTES, slow_line: false };
    stream(language, labels, &Setup::default(), zpl)
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/')
}

fn write(path: &Path, bytes: &[u8]) -> Result<ExitCode, Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::refused(format!("{}: {error}.", path.display())))?;
    Ok(ExitCode::SUCCESS)
}
