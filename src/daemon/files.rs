//! The daemon's files: configuration, templates, fonts, read from where the operator keeps them.

use super::StartError;
use crate::config::Config;
use crate::designs::Designs;
use crate::server::Token;
use crate::text::Fonts;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The configuration of that file, or the embedded one.
pub fn config(file: Option<&Path>) -> Result<Config, StartError> {
    let Some(file) = file else { return Ok(Config::embedded()) };
    let text = std::fs::read_to_string(file).map_err(|error| StartError::new(format!("{}: {error}.", file.display())))?;
    Config::parse(&file.display().to_string(), &text).map_err(StartError::of_files)
}

/// The shipped designs and those of the configured folder.
pub fn designs(config: &Config) -> Result<Designs, StartError> {
    let given = match &config.templates {
        Some(folder) => templates(folder)?,
        None => Vec::new(),
    };
    Designs::new(Fonts::embedded(), &given).map_err(StartError::of_files)
}

/// Every template of a folder: name, file, text.
pub fn templates(folder: &Path) -> Result<Vec<(String, String, String)>, StartError> {
    let unread = |path: &Path, error: std::io::Error| StartError::new(format!("{}: {error}.", path.display()));
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

/// The console's token, made when there is none: in the file the operator names, or else in the state directory.
pub fn token(state: &Path, file: Option<&Path>) -> Result<Token, StartError> {
    let kept = state.join("console-token");
    let path = file.unwrap_or(&kept);
    let refused = |sentence: String| StartError::new(format!("{}: {sentence}", path.display()));
    let opened = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return make_token(path).map_err(|error| refused(format!("{error}.")));
        }
        opened => opened.map_err(|error| refused(format!("{error}.")))?,
    };
    let mode = opened.metadata().map_err(|error| refused(format!("{error}.")))?.permissions().mode();
    if mode & 0o007 != 0 {
        return Err(refused("everybody can read this token of the console: chmod 600 it.".to_owned()));
    }
    let mut text = String::new();
    // A token is short; what is longer is none.
    opened.take(1024).read_to_string(&mut text).map_err(|error| refused(format!("{error}.")))?;
    let unfit = "this is no token for the console: give 16 to 128 letters, digits, - and _, or remove it to have one made.";
    Token::parse(&text).ok_or_else(|| refused(unfit.to_owned()))
}

fn make_token(path: &Path) -> std::io::Result<Token> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    let word: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(format!("{word}\n").as_bytes())?;
    file.sync_all()?;
    Ok(Token::parse(&word).expect("64 hexadecimal digits"))
}
