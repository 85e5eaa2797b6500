//! `[webhooks.NAME]`: programs that get events by HTTP POST.

use crate::closed_set::ClosedSet;
use crate::fault::hint;
use crate::spool::EventKind;
use crate::toml_file::Table;
use crate::uri::Target;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Bytes of a secret, at least: less is soon guessed.
pub const SECRET_MIN: usize = 16;

/// One program that gets events.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub target: Target,
    pub secret: Secret,
    /// The kinds of events it wants; none: all.
    pub events: Vec<EventKind>,
}

/// With what its deliveries are signed.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    Text(String),
    /// Read for every delivery, so that it can be changed.
    File(PathBuf),
}

/// Shows no secret.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// All of them by name.
pub fn read(top: &mut Table<'_>) -> BTreeMap<String, Webhook> {
    let mut webhooks = BTreeMap::new();
    for (name, mut table) in top.named_tables("webhooks") {
        if !super::is_name(name) {
            table.fault_at(table.line(), format!("a webhook's name is letters, digits, - and _; \"{name}\" is not."));
        }
        if let Some(webhook) = webhook(&mut table) {
            webhooks.insert(name.to_owned(), webhook);
        }
    }
    webhooks
}

fn webhook(table: &mut Table<'_>) -> Option<Webhook> {
    table.require(&["url"]);
    let allowed = table.text("allow_host");
    let target = table
        .text("url")
        .and_then(|url| Target::parse(url, allowed).map_err(|sentence| table.fault("url", format!("`url` {sentence}"))).ok());
    let mut events = Vec::new();
    for word in table.texts("events").unwrap_or_default() {
        match EventKind::from_word(word) {
            Some(kind) => events.push(kind),
            None => {
                let hint = hint(word, &EventKind::words());
                table.fault("events", format!("`events` holds \"{word}\", which no event is called.{hint}"));
            }
        }
    }
    let secret = match (table.text("secret"), table.text("secret_file")) {
        (Some(secret), None) if secret.len() < SECRET_MIN => {
            table.fault(
                "secret",
                format!("`secret` is shorter than {SECRET_MIN} characters: make one with `openssl rand -hex 32`."),
            );
            None
        }
        (Some(secret), None) => Some(Secret::Text(secret.to_owned())),
        (None, Some(file)) => Some(Secret::File(file.into())),
        (Some(_), Some(_)) => {
            table.fault("secret", "`secret` and `secret_file` both stand here: leave one out.");
            None
        }
        (None, None) => {
            let sentence = "deliveries are signed: give a `secret_file`, or a `secret` from `openssl rand -hex 32`.";
            table.fault_at(table.line(), sentence);
            None
        }
    };
    Some(Webhook { target: target?, secret: secret?, events })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::spool::EventKind;

    fn read(webhook: &str) -> Result<Config, Vec<String>> {
        let text = format!("[printers.a]\ndevice = \"virtual:zpl\"\n[webhooks.erp]\n{webhook}\n");
        Config::parse("c.toml", &text).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_webhook_is_read_and_its_secret_is_in_no_log() {
        let config =
            read("url = \"http://127.0.0.1:9000/hook\"\nsecret = \"0123456789abcdef\"\nevents = [\"printed\", \"media-empty\"]");
        let config = config.expect("no fault");
        assert_eq!(config.webhooks["erp"].events, [EventKind::Printed, EventKind::MediaEmpty]);
        assert!(!format!("{config:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn every_slip_of_a_webhook_is_told_with_its_line() {
        let faults =
            read("url = \"http://erp.example/\"\nsecret = \"short\"\nevents = [\"prited\", \"in_doubt\", \"cover_opened\"]")
                .expect_err("faults");
        assert_eq!(
            faults,
            [
                "c.toml:4: `url` leads to erp.example, not to this machine: name it in `allow_host` too, if events may go there.",
                "c.toml:5: `secret` is shorter than 16 characters: make one with `openssl rand -hex 32`.",
                "c.toml:6: `events` holds \"prited\", which no event is called. Did you mean \"printed\"?",
                "c.toml:6: `events` holds \"cover_opened\", which no event is called. Did you mean \"cover_open\"?",
            ]
        );
        let unsigned = read("url = \"http://localhost/\"").expect_err("unsigned");
        assert!(unsigned[0].starts_with("c.toml:3: deliveries are signed"), "{unsigned:?}");
    }
}
