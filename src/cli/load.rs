//! The files of the house: configuration, templates, fonts, read from where the operator keeps them.

use super::Failure;
use crate::config::Config;
use crate::fault::FileFault;
use crate::studio::Studio;
use crate::text::Fonts;
use std::path::{Path, PathBuf};

/// The configuration of that file, or the embedded one.
pub fn config(file: Option<&Path>) -> Result<Config, Failure> {
    let Some(file) = file else { return Ok(Config::embedded()) };
    let text = std::fs::read_to_string(file).map_err(|error| Failure::refused(format!("{}: {error}.", file.display())))?;
    Config::parse(&file.display().to_string(), &text).map_err(told)
}

/// The shipped designs and those of the configured folder.
pub fn studio(config: &Config) -> Result<Studio, Failure> {
    let given = match &config.templates {
        Some(folder) => templates(folder)?,
        None => Vec::new(),
    };
    Studio::new(Fonts::embedded(), &given).map_err(told)
}

/// Every template of a folder: name, file, text.
pub fn templates(folder: &Path) -> Result<Vec<(String, String, String)>, Failure> {
    let unread = |path: &Path, error: std::io::Error| Failure::refused(format!("{}: {error}.", path.display()));
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unread(folder, error))? {
        files.push(entry.map_err(|error| unread(folder, error))?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let mut read = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|error| unread(&file, error))?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        read.push((name, file.display().to_string(), text));
    }
    Ok(read)
}

/// Every fault of the files, a line each.
pub fn told(faults: Vec<FileFault>) -> Failure {
    Failure::refused_for(faults)
}
