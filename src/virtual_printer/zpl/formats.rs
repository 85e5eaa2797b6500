//! A format comes up: its commands are done in order, and what it draws is loaded under the head.

use super::memory::{Kind, Object};
use super::stream::{Command, Format, object_name};
use super::{Firmware, ZplLabel};
use crate::virtual_printer::Label;
use crate::virtual_printer::chassis::Chassis;
use crate::virtual_printer::engine::{Batch, Cause};
use std::sync::Arc;

/// Commands whose effect outlives their format, until changed or power off.
const STAY_IN_FORCE: [&[u8; 2]; 12] = [b"LH", b"LT", b"LS", b"LR", b"PW", b"PM", b"CI", b"CF", b"BY", b"FW", b"MU", b"CW"];

/// Drawing commands that put no ink down by themselves.
const DRAW_WITH_OTHERS: [&[u8; 2]; 14] =
    [b"FB", b"FC", b"FH", b"FN", b"FO", b"FP", b"FR", b"FS", b"FT", b"FX", b"PO", b"SF", b"SN", b"TB"];

/// Settings of the mechanism that change nothing here.
const WITHOUT_EFFECT: [&[u8; 2]; 22] = [
    b"CC", b"CD", b"CT", b"CO", b"CV", b"JU", b"LL", b"MC", b"MD", b"MF", b"ML", b"MN", b"PF", b"PH", b"SC", b"SZ", b"ST", b"TO",
    b"XB", b"SP", b"SS", b"ZZ",
];

/// Bytes of the parameters of one standing setting.
const STANDING_BYTES_MAX: usize = 128;

/// Most labels one format may ask for (ZPL II guide, ^PQ).
const COPIES_MAX: u32 = 99_999_999;

impl Firmware {
    pub(super) fn come_up(&mut self, format: Arc<Format>, chassis: &mut Chassis) {
        if format.commands().any(|command| &command.code == b"DF") {
            return self.store_format(&format, chassis);
        }
        let in_force = self.standing();
        let mut copies = 1;
        let mut pause_every = 0;
        let mut prints = false;
        let mut recalls = Vec::new();
        // Each is reported once a format.
        let mut unknown = Vec::new();
        for command in format.commands() {
            let mut parameters = command.parameters();
            let first = parameters.next().unwrap_or_default();
            prints |= inks(&command);
            match &command.code {
                b"XF" | b"XG" | b"IL" => {
                    let Some(found) = self.recall(&command, &mut recalls, chassis) else { continue };
                    prints |= found.prints || found.kind == Kind::Graphic;
                }
                b"PQ" => {
                    copies = first.parse().unwrap_or(1).clamp(1, COPIES_MAX);
                    pause_every = parameters.next().and_then(|every| every.parse().ok()).unwrap_or(0);
                    if parameters.nth(1).is_some_and(|no_pause| no_pause.eq_ignore_ascii_case("Y")) {
                        pause_every = 0;
                    }
                }
                b"JZ" => chassis.engine.reprint = !first.eq_ignore_ascii_case("N"),
                b"PP" => chassis.stop(Cause::Paused),
                b"PR" => change_speed(first, chassis),
                b"LL" => self.label_length = first.parse().unwrap_or(self.label_length).clamp(1, 32_000),
                b"MM" => self.print_mode = print_mode(first),
                b"MT" => self.thermal_transfer = first.eq_ignore_ascii_case("T"),
                b"ID" => self.delete(object_name(first, "GRF"), chassis),
                b"HV" => return_field(&format, &command, chassis),
                code if STAY_IN_FORCE.contains(&code) && command.data.len() > STANDING_BYTES_MAX => {
                    chassis.refuse(command.name(), "its parameters are too long");
                }
                code if STAY_IN_FORCE.contains(&code) => {
                    self.in_force.insert(*code, [b"^", code.as_slice(), command.data].concat());
                }
                code if DRAW_WITH_OTHERS.contains(&code) || WITHOUT_EFFECT.contains(&code) => {}
                _ if inks(&command) || matches!(command.code, [b'A' | b'B', _]) => {}
                code if unknown.contains(code) => {}
                code => {
                    unknown.push(*code);
                    chassis.unknown(command.name());
                }
            }
        }
        if prints {
            let label = Arc::new(Label::Zpl(ZplLabel { format, in_force, recalls }));
            chassis.engine.load(Batch::labels(label, copies, pause_every));
        } else {
            chassis.odometer += u64::from(chassis.settings.counts_settings);
        }
    }

    /// `^DF`: the format is kept, not done.
    fn store_format(&mut self, format: &Arc<Format>, chassis: &mut Chassis) {
        let mut object = Object {
            kind: Kind::Format,
            zpl: format.standing_alone(),
            format: Some(format.clone()),
            recalls: Vec::new(),
            prints: false,
        };
        let mut name = object_name("", "ZPL");
        for command in format.commands() {
            object.prints |= inks(&command);
            let first = command.parameters().next().unwrap_or_default();
            match &command.code {
                b"DF" => name = object_name(first, "ZPL"),
                b"XG" | b"IL" => object.recalls.push(object_name(first, "GRF")),
                _ => {}
            }
        }
        self.store("^DF".into(), name, object, chassis);
    }

    /// Finds what the command recalls, and gathers it with what it recalls itself.
    fn recall(&self, command: &Command, gathered: &mut Vec<Arc<Object>>, chassis: &mut Chassis) -> Option<Arc<Object>> {
        let extension = if &command.code == b"XF" { "ZPL" } else { "GRF" };
        let name = object_name(command.parameters().next().unwrap_or_default(), extension);
        let Some(found) = self.memory.get(&name).cloned() else {
            chassis.refuse(command.name(), format!("nothing is stored as {name}"));
            return None;
        };
        let inner: Vec<_> = found.recalls.iter().filter_map(|name| self.memory.get(name).cloned()).collect();
        for object in inner.into_iter().chain([found.clone()]) {
            if !gathered.iter().any(|there| Arc::ptr_eq(there, &object)) {
                gathered.push(object);
            }
        }
        Some(found)
    }

    /// The standing settings as a format of their own, which prints nothing.
    fn standing(&self) -> Vec<u8> {
        if self.in_force.is_empty() {
            return Vec::new();
        }
        let mut zpl = b"^XA".to_vec();
        self.in_force.values().for_each(|command| zpl.extend(command));
        zpl.extend(b"^XZ");
        zpl
    }
}

/// `^PR`: 1 to 14 inches a second, or A to E.
fn change_speed(written: &str, chassis: &mut Chassis) {
    let inches = match written.bytes().next().map(|letter| letter.to_ascii_uppercase()) {
        Some(b'A') => 2,
        Some(b'B') => 3,
        Some(b'C') => 4,
        Some(b'D') => 6,
        Some(b'E') => 8,
        _ => written.parse().unwrap_or(0),
    };
    if (1..=14).contains(&inches) && chassis.engine.speed.is_some() {
        chassis.engine.speed = Some(inches);
    }
}

/// `^HV#,n,h,t`: at most n bytes of field number #, between header and terminator.
fn return_field(format: &Format, command: &Command, chassis: &mut Chassis) {
    let parameters: Vec<&str> = command.parameters().collect();
    let at = |index: usize| parameters.get(index).copied().unwrap_or_default();
    let mut wanted = false;
    let data = format.commands().find_map(|field| match &field.code {
        b"FN" => {
            wanted = field.parameters().next() == Some(at(0));
            None
        }
        b"FD" | b"FV" if wanted => Some(field.data),
        _ => None,
    });
    let Some(data) = data else { return chassis.refuse(command.name(), format!("no field number {}", at(0))) };
    let bytes = at(1).parse().unwrap_or(64).clamp(1, 256);
    chassis.reply([at(2).as_bytes(), &data[..data.len().min(bytes)], at(3).as_bytes()].concat());
}

/// Whether the command puts ink on a label by itself.
fn inks(command: &Command) -> bool {
    matches!(&command.code, b"FD" | b"FV" | b"GB" | b"GC" | b"GD" | b"GE" | b"GF" | b"GS")
}

/// `^MM`'s letter as the figure `~HS` shows.
fn print_mode(letter: &str) -> u8 {
    match letter.bytes().next().map(|letter| letter.to_ascii_uppercase()) {
        Some(b'R') => b'0',
        Some(b'P') => b'1',
        Some(b'C') => b'3',
        Some(b'A') => b'4',
        Some(b'D') => b'5',
        Some(b'K') => b'K',
        _ => b'2',
    }
}
