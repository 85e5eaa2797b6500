//! Who is at the other end of a line: asked on each connection, before the first byte of a label.
//!
//! | language | asked | says |
//! |---|---|---|
//! | ZPL | `~HI` | model, firmware, dots a millimetre |
//! | ZPL, where SGD is known to be answered, or should be and was never asked | `device.languages`, `device.unique_id` | what it is set to, its serial number |
//! | TSPL | `~!T` | model |
//! | ESC/POS | `GS I` 67 and 68, with `ESC @` behind it | model, serial number |
//!
//! A printer set to line print or CPCL takes `~HI` for text, and SGD lines would be text for a printer that does not know
//! them: so `device.languages` goes first where a printer has answered it before or should be a Zebra, and where none was
//! answered, only when `~HI` stays without an answer. Nothing here prints on a printer of the language that is configured.
//!
//! What is heard before the first question has left is a greeting of a print server or serial server: it may name a
//! service, and is no answer. Telnet options are passed over.
//!
//! An [`Introduction`] is handed bytes and the time, like a [`Probe`](super::Probe). Knows no line and no configuration.

use super::telnet::Telnet;
use crate::language::reading::Reply;
use crate::language::{Language, escpos, tspl, zpl};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// What a printer says that it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dots_per_mm: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The model in its USB device id, which is worded otherwise than its own answer: like is compared with like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usb_model: Option<String>,
}

/// Something else than a label printer, by what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    OfficePrinter,
    WebServer,
    RemoteLogin,
    Mail,
}

/// Who is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// It said what it is.
    Printer(Identity),
    /// A printer set to another language, which it names.
    OtherLanguage(String),
    Service(Service),
    /// It said something, and not what it is.
    Nameless,
    /// It said nothing at all.
    Silent,
}

/// What is known of the printer before it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// It must not be asked anything.
    pub mute: bool,
    /// Whether it answers SGD variables; `None`: not known.
    pub sgd: Option<bool>,
    /// It should be a Zebra: it may be asked for its language when it does not answer otherwise.
    pub zebra: bool,
    /// It has said before what it is: it is waited for longer.
    pub answered: bool,
    /// It was asked before and said nothing: it is not waited for long.
    pub silent: bool,
    /// How long to wait at most, from the start, for one that says nothing: another computer may hold it.
    pub listen: Duration,
}

/// How long an answer may take: of a printer that has answered before, of one nothing is known of, and of one that
/// never answered. Bridges and print servers need more than a second.
const PATIENCE_KNOWN: Duration = Duration::from_secs(4);
const PATIENCE_FIRST: Duration = Duration::from_millis(1500);
const PATIENCE_SILENT: Duration = Duration::from_millis(250);
/// How long a printer may take none of a question before the line is given up, as that of a label.
const STALL_MAX: Duration = Duration::from_secs(3600);
/// How long a second question may take, once the first was answered.
const PATIENCE_MORE: Duration = Duration::from_millis(700);
/// Bytes heard, at most.
const HEARD_MAX: usize = 4096;
/// The longest word of an identity that is kept.
const WORD_MAX: usize = 64;

/// SGD lines end with CR LF and stand outside of formats.
pub const ASK_LANGUAGES: &[u8] = b"! U1 getvar \"device.languages\"\r\n";
/// Sets a Zebra to ZPL; newer firmware obeys at once, older after it was switched off and on.
pub const SET_ZPL: &[u8] = b"! U1 setvar \"device.languages\" \"zpl\"\r\n";
const ASK_UNIQUE_ID: &[u8] = b"! U1 getvar \"device.unique_id\"\r\n";
/// Its serial number, `GS I` 68.
const ASK_ESCPOS_SERIAL: &[u8] = b"\x1dID";
/// Initialise, `ESC @`: forgets the text that a printer took a question for.
const FORGET: &[u8] = b"\x1b@";
/// What a line greets with that is no label printer: no name of a model holds one of these.
const GREETINGS: [&str; 7] = ["welcome", "login", "password", "user name", "connect", "telnet", "server"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Languages,
    HostIdentity,
    UniqueId,
    TsplModel,
    EscPosModel,
    EscPosSerial,
}

/// Asks who is there.
#[derive(Debug)]
pub struct Introduction {
    before: Before,
    asks: VecDeque<Ask>,
    open: Option<Open>,
    identity: Identity,
    languages: Option<String>,
    /// What was said since the open question was asked.
    heard: Vec<u8>,
    /// It said anything at all.
    spoke: bool,
    /// It answered an SGD variable, or did not; `None`: it was not asked.
    sgd: Option<bool>,
    service: Option<Service>,
    /// Everything was asked: an answer is still waited for until then.
    listen_until: Duration,
    listening: bool,
    /// The first question has not left: nobody can have answered it.
    greeting: bool,
    /// Since when it takes none of our bytes.
    stalled_since: Option<Duration>,
    language: Language,
    telnet: Telnet,
    zpl: zpl::status::ReplyReader,
    tspl: tspl::status::ReplyReader,
    escpos: escpos::status::ReplyReader,
}

#[derive(Debug)]
struct Open {
    ask: Ask,
    bytes: Vec<u8>,
    until: Duration,
}

impl Identity {
    /// Whether it is another than the one that was expected: only what both say can differ. Firmware may be renewed.
    pub fn differs_from(&self, expected: &Identity) -> bool {
        fn differ<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
            one.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| one != other)
        }
        differ(&self.model, &expected.model)
            || differ(&self.dots_per_mm, &expected.dots_per_mm)
            || differ(&self.serial, &expected.serial)
            || differ(&self.usb_model, &expected.usb_model)
    }

    /// The name of its model, by its own answer before its device id.
    pub fn named(&self) -> Option<&str> {
        self.model.as_deref().or(self.usb_model.as_deref())
    }

    /// What is newly known is added to what was.
    pub fn completed_by(&mut self, said: &Identity) {
        let Identity { model, dots_per_mm, serial, usb_model } = said.clone();
        self.model = model.or(self.model.take());
        self.dots_per_mm = dots_per_mm.or(self.dots_per_mm);
        self.serial = serial.or(self.serial.take());
        self.usb_model = usb_model.or(self.usb_model.take());
    }

    pub fn is_empty(&self) -> bool {
        *self == Identity::default()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.named().unwrap_or("a printer without a name"))?;
        if let Some(dots) = self.dots_per_mm {
            write!(f, ", {dots} dots/mm")?;
        }
        if let Some(serial) = &self.serial {
            write!(f, ", serial {serial}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Service::OfficePrinter => "an office printer (it speaks PJL)",
            Service::WebServer => "a web server",
            Service::RemoteLogin => "a server for remote logins (SSH)",
            Service::Mail => "a mail or file server",
        })
    }
}

impl Introduction {
    pub fn new(language: Language, before: Before, now: Duration) -> Introduction {
        let asks: VecDeque<Ask> = match language {
            _ if before.mute => VecDeque::new(),
            Language::Zpl if before.sgd.unwrap_or(before.zebra) => [Ask::Languages, Ask::HostIdentity, Ask::UniqueId].into(),
            Language::Zpl => [Ask::HostIdentity].into(),
            Language::Tspl => [Ask::TsplModel].into(),
            Language::EscPos => [Ask::EscPosModel].into(),
        };
        let mut introduction = Introduction {
            before,
            asks,
            open: None,
            identity: Identity::default(),
            languages: None,
            heard: Vec::new(),
            spoke: false,
            sgd: None,
            service: None,
            listen_until: now + before.listen,
            listening: false,
            greeting: true,
            stalled_since: None,
            language,
            telnet: Telnet::default(),
            zpl: Default::default(),
            tspl: Default::default(),
            escpos: Default::default(),
        };
        introduction.go_on(now);
        introduction
    }

    /// Before its first question it writes that, which ends what an earlier connection left half said.
    pub fn behind(mut self, mut resync: Vec<u8>) -> Introduction {
        if let Some(open) = &mut self.open {
            resync.append(&mut open.bytes);
            open.bytes = resync;
        }
        self
    }

    /// Whether nothing more will be asked.
    pub fn is_done(&self) -> bool {
        self.open.is_none()
    }

    /// Whether it answers SGD variables, if it was asked. One that answered nothing at all may only be busy.
    pub fn sgd(&self) -> Option<bool> {
        self.sgd.filter(|answers| *answers || self.identity.model.is_some())
    }

    /// Until when an answer is waited for, when everything was asked and nothing was said.
    pub fn listening_until(&self) -> Option<Duration> {
        (self.listening && self.open.is_some()).then_some(self.listen_until)
    }

    /// Whether it takes none of our bytes.
    pub fn is_stalled(&self) -> bool {
        self.stalled_since.is_some()
    }

    /// Whether it has taken none of them for so long that the line is to be given up.
    pub fn is_stuck(&self, now: Duration) -> bool {
        self.stalled_since.is_some_and(|since| since + STALL_MAX <= now)
    }

    /// Who is there, as far as it was said.
    pub fn who(&self) -> Who {
        let other_language = self.languages.as_ref().filter(|said| !speaks_zpl(said));
        match (self.service, other_language) {
            (Some(service), _) => Who::Service(service),
            (None, Some(said)) => Who::OtherLanguage(said.clone()),
            (None, None) if !self.identity.is_empty() => Who::Printer(self.identity.clone()),
            (None, None) if self.spoke => Who::Nameless,
            (None, None) => Who::Silent,
        }
    }

    /// Bytes to write now.
    pub fn poll_write(&self) -> Option<&[u8]> {
        self.open.as_ref().map(|open| open.bytes.as_slice()).filter(|bytes| !bytes.is_empty())
    }

    /// So many of them were taken.
    pub fn wrote(&mut self, taken: usize, now: Duration) {
        let patience = self.open.as_ref().map(|open| self.patience(open.ask));
        let Some((open, patience)) = self.open.as_mut().zip(patience) else { return };
        open.bytes.drain(..taken.min(open.bytes.len()));
        open.until = now + patience;
        self.stalled_since = self.stalled_since.filter(|_| taken == 0);
        if open.bytes.is_empty() && std::mem::take(&mut self.greeting) {
            self.heard.clear();
        }
    }

    /// When `handle_timeout` wants to be called.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.open.as_ref().map(|open| open.until)
    }

    /// It is now that time.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return;
        }
        let patience = self.open.as_ref().map_or(PATIENCE_KNOWN, |open| self.patience(open.ask));
        if let Some(open) = self.open.as_mut().filter(|open| !open.bytes.is_empty()) {
            // A question is never left half said.
            open.until = now + patience;
            self.stalled_since.get_or_insert(now);
            return;
        }
        let Some(Open { ask, .. }) = self.open.take() else { return };
        if self.listening {
            return;
        }
        match ask {
            // It may be set to another language, in which that question is text.
            Ask::HostIdentity if self.before.zebra && self.sgd.is_none() => self.asks.push_front(Ask::Languages),
            Ask::Languages => {
                self.sgd.get_or_insert(false);
                // A late answer would be taken for that of the next variable.
                self.asks.retain(|ask| *ask != Ask::UniqueId);
            }
            Ask::UniqueId => {
                self.sgd.get_or_insert(false);
            }
            _ => {}
        }
        self.go_on(now);
    }

    /// The other end wrote.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Duration) {
        let bytes = &self.telnet.strip(bytes)[..];
        let room = HEARD_MAX - self.heard.len().min(HEARD_MAX);
        self.heard.extend(&bytes[..bytes.len().min(room)]);
        if let Some(service) = service(&self.heard) {
            self.service = Some(service);
            self.open = None;
            return;
        }
        let Some(Open { ask, .. }) = self.open else { return };
        if bytes.is_empty() || self.greeting {
            return;
        }
        self.spoke = true;
        if self.language == Language::Zpl {
            self.hear_identity(bytes);
        }
        let answered = match ask {
            Ask::Languages => self.hear_languages(),
            Ask::UniqueId => self.variable("device.unique_id").map(|said| {
                self.sgd = Some(true);
                self.identity.serial = said;
            }),
            Ask::HostIdentity => {
                // It may come late, and so will this answer.
                if self.sgd == Some(false)
                    && self.hear_languages().is_some()
                    && let Some(open) = &mut self.open
                {
                    open.until = now + PATIENCE_KNOWN;
                }
                self.identity.model.is_some().then(|| {
                    if self.before.sgd.is_none() && self.sgd.is_none() {
                        self.asks.push_back(Ask::UniqueId);
                    }
                })
            }
            Ask::TsplModel => {
                self.tspl.feed(bytes);
                let said = std::iter::from_fn(|| self.tspl.poll()).find_map(|reply| match reply {
                    // A line that says everything back, or greets, names nobody.
                    Reply::Identity(text) if !text.contains("~!T") && !greets(&text) => Some(text),
                    _ => None,
                });
                said.map(|said| self.identity.model = Some(word(&said)))
            }
            Ask::EscPosModel | Ask::EscPosSerial => {
                self.escpos.feed(bytes);
                let said = std::iter::from_fn(|| self.escpos.poll()).find_map(|reply| match reply {
                    Reply::Identity(text) => Some(word(&text)),
                    _ => None,
                });
                said.map(|said| match ask {
                    Ask::EscPosModel => {
                        self.identity.model = Some(said);
                        self.asks.push_back(Ask::EscPosSerial);
                    }
                    // One that says the same to every such question has no number.
                    _ => self.identity.serial = Some(said).filter(|said| self.identity.model.as_ref() != Some(said)),
                })
            }
        };
        if answered.is_some() {
            self.open = None;
            self.listening = false;
            // What it is set to settles the rest.
            if self.languages.as_ref().is_some_and(|said| !speaks_zpl(said)) {
                self.asks.clear();
            }
            self.go_on(now);
        }
    }

    /// What a ZPL printer is, whichever question is open: bridges pass answers on late.
    fn hear_identity(&mut self, bytes: &[u8]) {
        self.zpl.feed(bytes);
        while let Some(reply) = self.zpl.poll() {
            if let zpl::status::Reply::Identity(said) = reply {
                self.identity.model = Some(word(&said.model));
                self.identity.dots_per_mm = Some(said.dots_per_mm);
            }
        }
    }

    /// What it is set to, once its answer is whole.
    fn hear_languages(&mut self) -> Option<()> {
        self.languages = self.variable("device.languages")?;
        self.sgd = Some(true);
        Some(())
    }

    /// What stands between the quotes of its answer; inner `None`: it does not know that variable.
    fn variable(&self, name: &str) -> Option<Option<String>> {
        let heard = String::from_utf8_lossy(&self.heard);
        let mut parts = heard.split('"');
        parts.next();
        let parts: Vec<&str> = parts.collect();
        // An unfinished answer has no closing quote; a line that says everything back says our own name first.
        let said = parts.chunks(2).filter(|pair| pair.len() == 2).map(|pair| pair[0]).find(|said| *said != name)?;
        Some(Some(word(said)).filter(|said| !said.is_empty() && said != "?"))
    }

    fn patience(&self, ask: Ask) -> Duration {
        let named = !self.identity.is_empty() || self.languages.is_some();
        match self.before {
            // One that has answered just now says what it is as well, however slow its line.
            _ if ask == Ask::HostIdentity && self.sgd == Some(true) => PATIENCE_KNOWN,
            // What it does not answer now it is never asked again.
            Before { sgd: None, .. } if ask == Ask::UniqueId => PATIENCE_FIRST,
            _ if named => PATIENCE_MORE,
            Before { answered: true, .. } => PATIENCE_KNOWN,
            Before { silent: true, .. } => PATIENCE_SILENT,
            _ => PATIENCE_FIRST,
        }
    }

    fn go_on(&mut self, now: Duration) {
        self.heard.clear();
        if self.asks.is_empty() && !self.spoke && !self.listening && !self.before.mute && now < self.listen_until {
            let ask = match self.language {
                Language::Zpl => Ask::HostIdentity,
                Language::Tspl => Ask::TsplModel,
                Language::EscPos => Ask::EscPosModel,
            };
            self.listening = true;
            self.open = Some(Open { ask, bytes: Vec::new(), until: self.listen_until });
            return;
        }
        self.open = self.asks.pop_front().map(|ask| {
            let bytes = match ask {
                Ask::Languages => ASK_LANGUAGES.to_vec(),
                Ask::HostIdentity => zpl::status::ASK_IDENTITY.to_vec(),
                Ask::UniqueId => ASK_UNIQUE_ID.to_vec(),
                Ask::TsplModel => tspl::status::ASK_IDENTITY.to_vec(),
                Ask::EscPosModel => [escpos::status::ASK_IDENTITY, FORGET].concat(),
                Ask::EscPosSerial => [ASK_ESCPOS_SERIAL, FORGET].concat(),
            };
            Open { ask, bytes, until: now + self.patience(ask) }
        });
    }
}

/// Whether what `device.languages` says takes ZPL: `zpl`, `epl_zpl`, `hybrid_xml_zpl`. `None`-like answers count.
pub fn speaks_zpl(languages: &str) -> bool {
    languages.to_ascii_lowercase().contains("zpl")
}

/// Whether that line is a greeting, and no name of a printer.
fn greets(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    GREETINGS.iter().any(|word| line.contains(word))
}

/// The service whose words these are.
fn service(heard: &[u8]) -> Option<Service> {
    let text = String::from_utf8_lossy(heard);
    let text = text.trim_start_matches(|sign: char| sign.is_whitespace() || sign.is_control());
    let begins =
        |words: &[&str]| words.iter().any(|word| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
    if text.contains("@PJL") || text.contains("%-12345X") {
        Some(Service::OfficePrinter)
    } else if begins(&["HTTP/", "<html", "<!doctype"]) {
        Some(Service::WebServer)
    } else if begins(&["SSH-"]) {
        Some(Service::RemoteLogin)
    } else if begins(&["220 ", "220-", "* OK", "+OK"]) {
        Some(Service::Mail)
    } else {
        None
    }
}

/// What a printer says, fit for a sentence and a key.
fn word(said: &str) -> String {
    let plain: String = said.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).take(WORD_MAX).collect();
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Asks a device that answers so; what it heard, and who it is.
    fn ask(language: Language, before: Before, answer: impl Fn(&[u8]) -> Vec<u8>) -> (Vec<u8>, Introduction) {
        let mut now = Duration::ZERO;
        let mut introduction = Introduction::new(language, before, now);
        let mut heard = Vec::new();
        for _ in 0..50 {
            if let Some(bytes) = introduction.poll_write().map(<[u8]>::to_vec) {
                introduction.wrote(bytes.len(), now);
                heard.extend(&bytes);
                let said = answer(&bytes);
                // In two pieces: an answer may come split anywhere.
                let (one, two) = said.split_at(said.len() / 2);
                introduction.handle_bytes(one, now);
                introduction.handle_bytes(two, now + MS);
            }
            let Some(due) = introduction.poll_timeout() else { break };
            if introduction.poll_write().is_none() {
                now = due;
                introduction.handle_timeout(now);
            }
        }
        assert!(introduction.is_done(), "it ends: {introduction:?}");
        (heard, introduction)
    }

    fn zebra(question: &[u8]) -> Vec<u8> {
        match question {
            b"~HI" => b"\x02GK420d-200dpi,V61.17.16Z,8,2104KB\x03\r\n".to_vec(),
            ASK_UNIQUE_ID => b"\"28J120400123\"".to_vec(),
            ASK_LANGUAGES => b"\"epl_zpl\"".to_vec(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_zebra_says_model_resolution_and_serial_number() {
        let (_, said) = ask(Language::Zpl, Before::default(), zebra);
        let Who::Printer(identity) = said.who() else { panic!("{:?}", said.who()) };
        assert_eq!(identity.to_string(), "GK420d-200dpi, 8 dots/mm, serial 28J120400123");
        assert_eq!(said.sgd(), Some(true));
        let (_, clone) =
            ask(Language::Zpl, Before::default(), |question| if question == b"~HI" { zebra(question) } else { Vec::new() });
        assert!(matches!(clone.who(), Who::Printer(Identity { serial: None, .. })));
        assert_eq!(clone.sgd(), Some(false));
    }

    #[test]
    fn a_zebra_in_line_print_that_was_asked_before_hears_no_question_it_would_print() {
        let before = Before { sgd: Some(true), zebra: true, ..Before::default() };
        let line_print = |question: &[u8]| if question == ASK_LANGUAGES { b"\"line_print\"".to_vec() } else { Vec::new() };
        let (heard, said) = ask(Language::Zpl, before, line_print);
        assert_eq!(heard, ASK_LANGUAGES);
        assert_eq!(said.who(), Who::OtherLanguage("line_print".into()));
        // Of one that was never asked it is found out too.
        let (_, said) = ask(Language::Zpl, Before { zebra: true, ..Before::default() }, line_print);
        assert_eq!(said.who(), Who::OtherLanguage("line_print".into()));
    }

    #[test]
    fn other_services_are_told_apart_from_printers() {
        for (said, service) in [
            ("HTTP/1.1 400 Bad Request\r\n", Service::WebServer),
            ("\x1b%-12345X@PJL INFO ID\r\n\"HP LaserJet\"\r\n", Service::OfficePrinter),
            ("SSH-2.0-OpenSSH_9.2\r\n", Service::RemoteLogin),
            ("220 ftp ready\r\n", Service::Mail),
        ] {
            for language in Language::ALL {
                let (_, introduction) = ask(language, Before::default(), |_| said.as_bytes().to_vec());
                assert_eq!(introduction.who(), Who::Service(service));
            }
        }
    }

    #[test]
    fn a_silent_printer_is_silent_and_an_echo_names_nobody() {
        for language in Language::ALL {
            assert_eq!(ask(language, Before::default(), |_| Vec::new()).1.who(), Who::Silent);
            assert_eq!(ask(language, Before { sgd: Some(true), ..Before::default() }, <[u8]>::to_vec).1.who(), Who::Nameless);
        }
        let (_, tspl) = ask(Language::Tspl, Before::default(), |_| b"DA210\r\n".to_vec());
        assert!(matches!(tspl.who(), Who::Printer(Identity { model: Some(model), .. }) if model == "DA210"));
        let (_, escpos) = ask(Language::EscPos, Before::default(), |_| b"_TM-T88V\0".to_vec());
        let expected = Identity { model: Some("TM-T88V".into()), ..Identity::default() };
        assert_eq!(escpos.who(), Who::Printer(expected));
    }

    #[test]
    fn only_what_both_say_can_differ() {
        let full = Identity { model: Some("A".into()), dots_per_mm: Some(8), serial: Some("1".into()), usb_model: None };
        assert!(!full.differs_from(&Identity::default()));
        assert!(full.differs_from(&Identity { serial: Some("2".into()), ..full.clone() }));
        assert!(full.differs_from(&Identity { dots_per_mm: Some(12), ..full.clone() }));
        assert!(full.differs_from(&Identity { model: Some("B".into()), serial: None, ..full.clone() }));
        let by_usb = Identity { usb_model: Some("B".into()), ..Identity::default() };
        assert!(!full.differs_from(&by_usb), "its device id words its model otherwise");
        assert!(by_usb.differs_from(&Identity { usb_model: Some("C".into()), ..full.clone() }));
    }

    /// A ZPL printer behind a bridge: each answer comes so much later than its question has left.
    fn behind_a_bridge(before: Before, late: Duration, answer: impl Fn(&[u8]) -> Vec<u8>) -> (Vec<Vec<u8>>, Introduction) {
        let mut now = Duration::ZERO;
        let mut introduction = Introduction::new(Language::Zpl, before, now);
        let (mut asked, mut on_the_way) = (Vec::new(), VecDeque::new());
        while !introduction.is_done() {
            if let Some(bytes) = introduction.poll_write().map(<[u8]>::to_vec) {
                introduction.wrote(bytes.len(), now);
                on_the_way.push_back((now + late, answer(&bytes)));
                asked.push(bytes);
            }
            let due = introduction.poll_timeout().expect("it waits for something");
            match on_the_way.front() {
                Some((at, _)) if *at <= due => {
                    let (at, said) = on_the_way.pop_front().expect("it was there");
                    now = at;
                    introduction.handle_bytes(&said, now);
                }
                _ => {
                    now = due;
                    introduction.handle_timeout(now);
                }
            }
        }
        (asked, introduction)
    }

    #[test]
    fn a_slow_bridge_makes_no_zebra_nameless() {
        let before = Before { sgd: Some(true), zebra: true, answered: true, ..Before::default() };
        let named = |said: Introduction| match said.who() {
            Who::Printer(identity) => identity.model,
            who => panic!("{who:?}"),
        };
        assert_eq!(named(behind_a_bridge(before, MS * 2000, zebra).1).as_deref(), Some("GK420d-200dpi"));
        // Later than the question was waited for: the next one is open by then.
        let (_, said) = behind_a_bridge(Before { zebra: true, sgd: Some(false), ..Before::default() }, MS * 2000, zebra);
        assert_eq!(named(said).as_deref(), Some("GK420d-200dpi"));
    }

    #[test]
    fn a_late_answer_of_one_variable_is_not_taken_for_the_serial_number() {
        let before = Before { sgd: Some(true), zebra: true, ..Before::default() };
        for late in [1400, 1600, 2900, 4100] {
            let (_, said) = behind_a_bridge(before, MS * late, zebra);
            let Who::Printer(Identity { serial, .. }) = said.who() else { continue };
            assert!(serial.as_deref().is_none_or(|serial| serial == "28J120400123"), "{late} ms late: {serial:?}");
        }
    }

    #[test]
    fn a_zebra_that_was_busy_once_is_asked_for_its_language_again() {
        let zebra_once = Before { sgd: None, zebra: true, ..Before::default() };
        let (_, said) = ask(Language::Zpl, zebra_once, |_| Vec::new());
        assert_eq!(said.sgd(), None, "one that says nothing at all may be busy");
        let clone = |question: &[u8]| if question == b"~HI" { zebra(question) } else { Vec::new() };
        assert_eq!(ask(Language::Zpl, zebra_once, clone).1.sgd(), Some(false));
        let line_print = |question: &[u8]| if question == ASK_LANGUAGES { b"\"line_print\"".to_vec() } else { Vec::new() };
        let (_, said) = ask(Language::Zpl, Before { sgd: Some(false), zebra: true, ..Before::default() }, line_print);
        assert_eq!(said.who(), Who::OtherLanguage("line_print".into()));
    }

    #[test]
    fn at_first_contact_a_zebra_in_line_print_hears_nothing_it_would_print() {
        let line_print = |question: &[u8]| if question == ASK_LANGUAGES { b"\"line_print\"".to_vec() } else { Vec::new() };
        let (heard, said) = ask(Language::Zpl, Before { zebra: true, ..Before::default() }, line_print);
        assert_eq!(heard, ASK_LANGUAGES);
        assert_eq!(said.who(), Who::OtherLanguage("line_print".into()));
    }

    #[test]
    fn what_a_serial_server_says_by_itself_is_no_answer_and_no_name() {
        let now = Duration::ZERO;
        let mut introduction = Introduction::new(Language::Tspl, Before::default(), now);
        introduction.handle_bytes(b"\xff\xfb\x01\xff", now);
        introduction.handle_bytes(b"\xfd\x03UDS1100 port 1\r\n", now);
        introduction.wrote(3, now);
        introduction.handle_bytes(b"\xff\xfd\x18Welcome to COM1\r\n", now + MS);
        assert!(!introduction.is_done(), "{introduction:?}");
        introduction.handle_bytes(b"DA210\r\n", now + MS * 2);
        assert_eq!(introduction.who(), Who::Printer(Identity { model: Some("DA210".into()), ..Identity::default() }));
        let mut silent = Introduction::new(Language::Tspl, Before::default(), now);
        silent.handle_bytes(b"UDS1100 port 1\r\n", now);
        silent.wrote(3, now);
        silent.handle_timeout(PATIENCE_FIRST);
        assert_eq!(silent.who(), Who::Silent, "the printer behind it has said nothing");
    }

    #[test]
    fn what_an_earlier_connection_cut_short_is_ended_before_the_first_question() {
        let introduction = Introduction::new(Language::Tspl, Before::default(), Duration::ZERO).behind(b"\r\nCLS\r\n".to_vec());
        assert_eq!(introduction.poll_write(), Some(&b"\r\nCLS\r\n~!T"[..]));
    }

    #[test]
    fn a_printer_that_takes_no_bytes_is_waited_for_an_hour_and_not_for_ever() {
        let mut introduction = Introduction::new(Language::Zpl, Before::default(), Duration::ZERO);
        introduction.wrote(1, Duration::ZERO);
        let mut now = Duration::ZERO;
        while !introduction.is_stuck(now) {
            now = introduction.poll_timeout().expect("it waits");
            introduction.handle_timeout(now);
            assert!(now <= STALL_MAX + PATIENCE_KNOWN * 2, "it waits for ever");
        }
        assert!(introduction.is_stalled() && now >= STALL_MAX);
    }
}
