//! The firmware of a ZPL printer: formats come up one after the other, control commands act at once.
//!
//! A byte at a time goes in; what it completed is done on the printer's chassis: batches for the engine, replies,
//! events. Knows no time but what the chassis says.
//!
//! # What it understands
//!
//! | said | done |
//! |---|---|
//! | `^XA … ^XZ` | one format; formats come up in the order received, each after the one before is out |
//! | `^PQq,p,r,o` | q labels (r only numbers copies of a serial number); a pause after every p unless o is Y |
//! | `^DF` `^XF` `^FN`, `~DG` `^XG` `^IL`, `~DY` `~DB` and other downloads, `^ID` `~EG` | kept by name; `R:` goes with the power |
//! | `^JZ` | whether a label interrupted by media, ribbon, cover or a jam is printed again; Y at power-up |
//! | `^PR` `^LL` `^MM` `^MT` | speed; the figures `~HS` gives. Peel mode does not wait for a hand |
//! | `^PP` | pause when the format comes up, before its label; `~PP` `~PS` and the button: after the label under the head |
//! | `~JA` | queued formats and the rest of the batch are canceled; the label under the head is finished. A format still being received stays |
//! | `~JX` `~JP` `~JR` | the format being received; the oldest format, and pause; power off and on |
//! | `^HV` | the field's data, when the format comes up |
//! | `~HS` `~HQES` `~HQSN` `~HQOD` `~HQPP` `~HI` `~HM`, `! U1 getvar` | answered, see [`Answers`] |
//! | `^CC` `^CT` `^CD` and with `~` | honoured |
//! | `^LH ^LT ^LS ^LR ^PW ^PM ^CI ^CF ^BY ^FW ^MU ^CW` | stay in force for later formats |
//! | other drawing commands | go with the label, for whoever draws it |
//! | `^JU`, `^MD`, `^MN`, `^MF`, `^SZ`, `^XB`, `~SD`, `~TA`, `~JS` and their like | accepted, without effect |
//! | all else | [`Event::Unknown`](super::Event::Unknown) |
//!
//! A format prints when it has something to draw: field data, a box, line or circle, a graphic, or a stored format
//! with one of these. A half format stays in the buffer when the host hangs up: what comes next is added to it.
//!
//! # What `~HS` counts
//!
//! - `eee`: complete formats that have not come up yet. The format under the head is not among them.
//! - `uuuuuuuu`: labels of the format under the head that are not out yet, the one being printed included.
//! - `h`: 1 from `^XA` to `^XZ`. `f`: 1 when not one byte more is taken. `www`: stored graphics.
//!
//! So `h`, `eee` and `uuuuuuuu` are all zero exactly when everything that was received has come out. Silent it says
//! nothing of this: then `~HQES` and the odometer still answer, unless [`Answers`] says otherwise.

mod answers;
mod formats;
mod memory;
mod stream;

pub use stream::{Command, Format};

use super::chassis::{Chassis, Done};
use super::engine::Cause;
use super::{Answers, Event, Label};
use crate::dots::Dots;
use memory::{Kind, Memory, Object};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use stream::{Control, Input, Stream, object_name};

/// A format that came up, with what it needs to be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZplLabel {
    pub format: Arc<Format>,
    in_force: Vec<u8>,
    recalls: Vec<Arc<Object>>,
}

impl ZplLabel {
    /// ZPL that draws this label once on a printer that knows nothing yet: stored objects and standing settings in front.
    pub fn zpl(&self) -> Vec<u8> {
        let mut zpl: Vec<u8> = self.recalls.iter().map(|object| object.zpl.as_slice()).collect::<Vec<_>>().concat();
        zpl.extend(&self.in_force);
        zpl.extend(self.format.standing_alone());
        zpl
    }

    /// The formats that draw it: those it recalls, and its own.
    pub fn formats(&self) -> impl Iterator<Item = &Format> {
        let recalled = self.recalls.iter().filter_map(|object| object.format.as_deref());
        recalled.chain([self.format.as_ref()])
    }
}

#[derive(Debug, Clone)]
pub(super) struct Firmware {
    stream: Stream,
    /// Formats received and not yet come up, and their bytes.
    queue: VecDeque<Arc<Format>>,
    queued_bytes: usize,
    memory: Memory,
    /// Commands whose effect outlives their format.
    in_force: BTreeMap<[u8; 2], Vec<u8>>,
    label_length: i32,
    thermal_transfer: bool,
    print_mode: u8,
}

impl Firmware {
    pub fn new(label_length: Dots) -> Firmware {
        Firmware {
            stream: Stream::new(),
            queue: VecDeque::new(),
            queued_bytes: 0,
            memory: Memory::default(),
            in_force: BTreeMap::new(),
            label_length: label_length.0,
            thermal_transfer: false,
            print_mode: b'2',
        }
    }

    pub fn idle(&self) -> bool {
        self.queue.is_empty() && !self.stream.in_format()
    }

    /// Bytes that take up room. With nothing waiting, commands are worked off as they come in.
    pub fn held(&self) -> usize {
        if self.queue.is_empty() { 0 } else { self.queued_bytes + self.stream.held() }
    }

    pub fn handle_byte(&mut self, byte: u8, chassis: &mut Chassis) -> Done {
        let Some(input) = self.stream.push(byte) else { return Done::Nothing };
        self.flush(chassis);
        self.take(input, chassis)
    }

    /// The host has said all it has to say for now.
    pub fn flush(&mut self, chassis: &mut Chassis) {
        if let Some(Input::Garbage(bytes)) = self.stream.take_garbage() {
            chassis.garbage(bytes);
        }
    }

    /// The next format comes up, when the head is free; whether one did.
    pub fn step(&mut self, chassis: &mut Chassis) -> bool {
        if chassis.engine.batch().is_some() {
            return false;
        }
        let Some(format) = self.queue.pop_front() else { return false };
        self.queued_bytes -= format.bytes().len();
        self.come_up(format, chassis);
        true
    }

    /// What is gone without power: the labels of queued formats, the bytes of half a format, stored objects.
    pub fn lose_power(&mut self) -> (Vec<Arc<Label>>, usize, usize) {
        let lost = self.queue.drain(..).map(bare).collect();
        let bytes = self.stream.held();
        self.queued_bytes = 0;
        self.stream.lose_power();
        self.in_force.clear();
        (lost, bytes, self.memory.lose_power())
    }

    fn take(&mut self, input: Input, chassis: &mut Chassis) -> Done {
        match input {
            Input::Format(format) => {
                self.queued_bytes += format.bytes().len();
                self.queue.push_back(Arc::new(format));
            }
            Input::Control(control) => return self.obey(&control, chassis),
            Input::Line(line) => answer_line(&line, chassis),
            Input::Garbage(bytes) => chassis.garbage(bytes),
            Input::Refused { command, reason } => chassis.refuse(command, reason),
        }
        Done::Something
    }

    /// A control command: done now, ahead of everything queued.
    fn obey(&mut self, control: &Control, chassis: &mut Chassis) -> Done {
        match &control.code {
            b"HS" => self.answer_status(chassis),
            b"HQ" => match answers::host_query(chassis, &control.data) {
                Some(reply) if !matches!(chassis.settings.answers, Answers::HostStatusOnly) => chassis.reply(reply),
                _ => chassis.unknown(format!("~HQ{}", control.data.escape_ascii())),
            },
            b"HI" => chassis.reply(answers::identification(chassis)),
            b"HM" => chassis.reply(answers::memory(&self.memory)),
            b"JA" => {
                let under_head = chassis.engine.batch().map(|batch| batch.label.clone());
                let some_canceled = chassis.engine.cancel() > 0;
                let queued = self.queue.drain(..).map(bare);
                chassis.canceled(under_head.filter(|_| some_canceled).into_iter().chain(queued).collect());
                self.queued_bytes = 0;
            }
            b"JP" => {
                let oldest = self.queue.pop_front();
                self.queued_bytes -= oldest.as_ref().map_or(0, |format| format.bytes().len());
                chassis.canceled(oldest.into_iter().map(bare).collect());
                chassis.stop(Cause::Paused);
            }
            b"JX" => {
                self.stream.cancel_format();
            }
            b"JR" => return Done::Restart,
            b"PP" => chassis.stop(Cause::Paused),
            b"PS" => chassis.clear(Cause::Paused),
            b"DG" | b"DB" | b"DE" | b"DS" | b"DT" | b"DU" | b"DY" => self.download(control, chassis),
            b"EG" => {
                let name = control.parameters().next().filter(|name| !name.is_empty()).unwrap_or("R:*.GRF");
                self.delete(object_name(name, "GRF"), chassis);
            }
            b"CC" | b"CT" | b"CD" | b"SD" | b"TA" | b"JS" | b"JC" | b"JL" | b"JB" | b"PH" | b"PR" => {}
            _ => chassis.unknown(control.name()),
        }
        Done::Something
    }

    /// A `~D…` download. `~DG` names a graphic; `~DY` says in its second parameter what it is.
    fn download(&mut self, control: &Control, chassis: &mut Chassis) {
        let name = control.parameters().next().unwrap_or_default();
        let extension = match &control.code {
            b"DG" => "GRF",
            b"DY" => match control.parameters().nth(2).and_then(|kind| kind.bytes().next()).map(|kind| kind.to_ascii_uppercase())
            {
                Some(b'P') => "PNG",
                Some(b'T') => "TTF",
                Some(b'E') => "TTE",
                Some(b'B') => "BMP",
                _ => "GRF",
            },
            _ => "FNT",
        };
        let kind = if extension == "GRF" { Kind::Graphic } else { Kind::Other };
        let mut zpl = vec![b'~', control.code[0], control.code[1]];
        zpl.extend(&control.data);
        self.store(
            control.name(),
            object_name(name, extension),
            Object { kind, zpl, format: None, recalls: Vec::new(), prints: false },
            chassis,
        );
    }

    fn store(&mut self, command: String, name: Arc<str>, object: Object, chassis: &mut Chassis) {
        let bytes = object.zpl.len();
        if self.memory.store(name.clone(), object) {
            chassis.events.push_back(Event::Stored { name, bytes });
        } else {
            chassis.refuse(command, format!("no memory left for {name}"));
        }
    }

    fn delete(&mut self, name: Arc<str>, chassis: &mut Chassis) {
        let objects = self.memory.delete(&name);
        chassis.events.push_back(Event::Deleted { name, objects });
    }

    fn answer_status(&self, chassis: &mut Chassis) {
        let silent = chassis.engine.causes().iter().any(|cause| !matches!(cause, Cause::Paused | Cause::Jam));
        if !silent || chassis.settings.answers == Answers::EvenInError {
            chassis.reply(answers::host_status(self, chassis));
        }
    }
}

/// `! U1 getvar "name"`, the only line it knows.
fn answer_line(line: &[u8], chassis: &mut Chassis) {
    let line = String::from_utf8_lossy(line);
    let words: Vec<&str> = line.split_whitespace().collect();
    let name = match words.as_slice() {
        ["!", "U1", verb, name] if verb.eq_ignore_ascii_case("getvar") => {
            name.strip_prefix('"').and_then(|name| name.strip_suffix('"'))
        }
        _ => None,
    };
    match name {
        Some(name) if chassis.settings.answers != Answers::HostStatusOnly => chassis.reply(answers::variable(chassis, name)),
        _ => chassis.unknown(line.chars().take(80).collect()),
    }
}

/// A format that never came up, as a label.
fn bare(format: Arc<Format>) -> Arc<Label> {
    Arc::new(Label::Zpl(ZplLabel { format, in_force: Vec::new(), recalls: Vec::new() }))
}
