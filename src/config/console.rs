//! `[console]`: the page of the pack station, for the browser of this PC alone.

use crate::toml_file::Table;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where the console listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleConfig {
    /// A loopback address; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The file with its token; without one the state directory keeps a token of our making.
    pub token_file: Option<PathBuf>,
}

/// Reads the table; the address must be one that no other PC reaches.
pub fn read(table: &mut Table<'_>) -> Option<ConsoleConfig> {
    table.require(&["listen"]);
    let token_file = table.text("token_file").map(PathBuf::from);
    let listen = table.text("listen")?;
    let sentence = match listen.parse::<SocketAddr>() {
        Ok(listen) if listen.ip().is_loopback() => return Some(ConsoleConfig { listen, token_file }),
        Ok(listen) => format!(
            "`listen` is {listen}, which other PCs may reach, and the console is for this one alone: use 127.0.0.1:{}; from \
             elsewhere it is reached through ssh -L.",
            listen.port()
        ),
        Err(_) => format!("`listen` cannot be \"{listen}\": give an address and a port, such as 127.0.0.1:8631."),
    };
    table.fault("listen", sentence);
    None
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn read(console: &str) -> Result<Config, String> {
        let text = format!("[printers.a]\ndevice = \"virtual:zpl\"\n[console]\n{console}\n");
        Config::parse("c.toml", &text).map_err(|faults| faults[0].to_string())
    }

    #[test]
    fn the_console_stands_only_where_no_other_pc_reaches_it() {
        for listen in ["127.0.0.1:8631", "127.8.0.1:1", "[::1]:8631", "127.0.0.1:0"] {
            let config = read(&format!("listen = \"{listen}\"")).expect("loopback");
            assert_eq!(config.console.expect("a console").listen.to_string(), listen);
        }
        assert!(Config::embedded().console.is_none(), "off unless configured");
        for listen in ["0.0.0.0:8631", "192.168.1.5:8631", "[::]:8631"] {
            let fault = read(&format!("listen = \"{listen}\"")).unwrap_err();
            assert!(fault.starts_with(&format!("c.toml:4: `listen` is {listen}, which other PCs may reach")), "{fault}");
        }
        assert_eq!(
            read("listen = \"localhost\"").unwrap_err(),
            "c.toml:4: `listen` cannot be \"localhost\": give an address and a port, such as 127.0.0.1:8631."
        );
        assert_eq!(read("").unwrap_err(), "c.toml:3: `listen` is missing.");
    }
}
