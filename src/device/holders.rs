//! Who holds a device file open: the name for the sentence that says so.

use std::fs;
use std::path::Path;

/// The first other program found that has the file open, such as `cupsd (process 812)`. Other users' programs are seen
/// only with the right to look.
pub(crate) fn of(file: &Path) -> Option<String> {
    let file = fs::canonicalize(file).ok()?;
    let own = std::process::id();
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        if process != own && has_open(&entry.path(), &file) {
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            return Some(format!("{} (process {process})", name.trim()));
        }
    }
    None
}

fn has_open(process: &Path, file: &Path) -> bool {
    let Ok(open) = fs::read_dir(process.join("fd")) else { return false };
    open.flatten().any(|open| fs::read_link(open.path()).is_ok_and(|target| target == file))
}

/// Whether this program itself has the file open.
pub(crate) fn is_ours(file: &Path) -> bool {
    has_open(Path::new("/proc/self"), file)
}
