//! Places of a daemon without a file (XDG base directories).

use std::path::PathBuf;

/// The state directory without `state` in the configuration.
pub fn default_state() -> PathBuf {
    match std::env::var_os("XDG_STATE_HOME") {
        Some(home) => PathBuf::from(home).join("waybilld"),
        None => home().join(".local/state/waybilld"),
    }
}

/// The socket without `socket` in the configuration.
pub fn default_socket() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(runtime) => PathBuf::from(runtime).join("waybilld.sock"),
        None => default_state().join("waybilld.sock"),
    }
}

fn home() -> PathBuf {
    std::env::var_os("HOME").map_or_else(std::env::temp_dir, PathBuf::from)
}
