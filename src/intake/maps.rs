//! Field maps by name: the operator's own, the shipped ones, or a file.

use crate::fault::FileFault;
use crate::import::field_map::FieldMap;
use crate::import::{MAPS, Map};
use std::io::{self, Read};
use std::path::Path;

/// A map is some hundred lines.
const BYTES_MAX: u64 = 1 << 20;

/// Why there is no such map.
#[derive(Debug)]
pub enum NoMap {
    /// No map is called so; which there are.
    Unknown {
        hint: String,
    },
    Unread(io::Error),
    TooLarge,
    NotText,
    Wrong(Vec<FileFault>),
}

/// The map of that name: out of the configured folder, or shipped. Read each time: a map is mended while imports fail.
pub fn named(name: &str, folder: Option<&Path>) -> Result<Map, NoMap> {
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if let Some(file) = folder.filter(|_| is_name).map(|folder| folder.join(format!("{name}.toml")))
        && file.exists()
    {
        return of_file(name, &file);
    }
    Map::shipped(name).map_err(|hint| NoMap::Unknown { hint })
}

/// The shipped map of that name, or the one in that file.
pub fn shipped_or_file(name: &str) -> Result<Map, NoMap> {
    if MAPS.iter().all(|(known, _)| *known != name) && Path::new(name).exists() {
        return of_file(name, Path::new(name));
    }
    Map::shipped(name).map_err(|hint| NoMap::Unknown { hint })
}

fn of_file(name: &str, file: &Path) -> Result<Map, NoMap> {
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(NoMap::Unread)?;
    opened.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(NoMap::Unread)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(NoMap::TooLarge);
    }
    let text = String::from_utf8(bytes).map_err(|_| NoMap::NotText)?;
    let map = FieldMap::parse(&text, &file.display().to_string()).map_err(NoMap::Wrong)?;
    Ok(Map { name: name.to_owned(), map })
}
