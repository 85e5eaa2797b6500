//! `waybilld check`: every fault of the configuration, the templates and the field maps, by file and line.

use super::Failure;
use crate::config::Config;
use crate::daemon::{StartError, files};
use crate::designs::Designs;
use crate::dots::Dpi;
use crate::import::field_map::FieldMap;
use crate::papers;
use crate::spool;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The configuration to check with its templates; without it, the embedded one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Templates to check beside them.
    #[arg(value_name = "TEMPLATE")]
    templates: Vec<PathBuf>,
}

/// Everything wrong with the maps of that folder.
fn wrong_maps(folder: &Path) -> Vec<String> {
    match files::templates(folder) {
        Ok(maps) => {
            let parsed = maps.iter().filter_map(|(_, file, text)| FieldMap::parse(text, file).err());
            parsed.flatten().map(|fault| fault.to_string()).collect()
        }
        Err(failure) => vec![failure.to_string()],
    }
}

/// Labels in the ledger that wait for a printer which is not in the configuration.
fn orphaned(config: &Config) -> Vec<String> {
    let configured: Vec<&str> = config.printers.keys().map(String::as_str).collect();
    match spool::counts_of(&config.state) {
        Ok(counts) => {
            let orphaned = spool::orphaned(&counts.unwrap_or_default(), &configured);
            orphaned.iter().map(|(name, counts)| spool::orphaned_sentence(name, counts, &configured)).collect()
        }
        Err(error) => vec![error.to_string()],
    }
}

/// Reads everything, tries every design on every head, and says what is wrong or that nothing is.
pub fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut said = Vec::new();
    let mut given = Vec::new();
    let mut printers = BTreeMap::new();
    match files::config(args.config.as_deref()) {
        Ok(config) => {
            match config.templates.as_deref().map(files::templates).transpose() {
                Ok(templates) => given.extend(templates.into_iter().flatten()),
                Err(failure) => said.push(failure.to_string()),
            }
            said.extend(config.maps.as_deref().map(wrong_maps).unwrap_or_default());
            said.extend(orphaned(&config));
            printers = config.printers;
        }
        Err(failure) => said.push(failure.to_string()),
    }
    for file in &args.templates {
        match std::fs::read_to_string(file) {
            Ok(text) => {
                let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                given.push((name, file.display().to_string(), text));
            }
            Err(error) => said.push(format!("{}: {error}.", file.display())),
        }
    }
    match Designs::new(crate::text::Fonts::embedded(), &given) {
        Ok(designs) => {
            let templates: Vec<_> = designs.designs().map(|design| design.template.clone()).collect();
            for template in &templates {
                for dpi in Dpi::ALL {
                    let faults = designs.with(template, dpi, |_| ()).err().unwrap_or_default();
                    let sample = template.paper.filter(|_| faults.is_empty()).map(|kind| papers::sample(kind, true));
                    let more = sample.and_then(|sample| {
                        designs.with(template, dpi, |compositor| compositor.check(&sample)).and_then(|checked| checked).err()
                    });
                    let faults = faults.iter().chain(more.iter().flatten());
                    said.extend(faults.map(|fault| format!("{} at {} dpi: {fault}", template.name, dpi.nominal())));
                }
            }
            for (name, printer) in &printers {
                let missing = designs.design_for(&printer.template, printer.media).err();
                said.extend(missing.map(|sentence| format!("printer {name}: {sentence}")));
            }
            if said.is_empty() {
                println!("{} templates and the configuration are in order.", templates.len());
            }
        }
        Err(faults) => said.push(StartError::of_files(faults).to_string()),
    }
    if said.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::refused(said.join("\n"))) }
}
