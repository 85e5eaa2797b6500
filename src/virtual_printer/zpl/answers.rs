//! What the printer says when asked, byte for byte as the ZPL II guide shows it.
//!
//! A view of the printer goes in, the reply comes out. Whether a reply is given at all is decided elsewhere.

use super::Firmware;
use super::memory::Memory;
use crate::virtual_printer::chassis::Chassis;
use crate::virtual_printer::engine::Cause;

/// `~HS`: three strings of STX … ETX CR LF. What they count is said in the room's header.
pub(super) fn host_status(firmware: &Firmware, chassis: &Chassis) -> Vec<u8> {
    let engine = &chassis.engine;
    let flag = |cause| u8::from(engine.is(cause));
    let left = engine.batch().map_or(0, |batch| batch.left);
    // 030: 9600 baud, 8 bits, 1 stop bit, no parity, XON/XOFF, as the guide counts the bits.
    format!(
        "\x02030,{},{},{:04},{:03},{},0,{},000,0,0,{}\x03\r\n\x02000,0,{},{},{},{},6,0,{:08},1,{:03}\x03\r\n\x021234,0\x03\r\n",
        flag(Cause::MediaOut),
        flag(Cause::Paused),
        firmware.label_length.min(9999),
        firmware.queue.len().min(999),
        u8::from(chassis.room(firmware.held()) == 0),
        u8::from(firmware.stream.in_format()),
        flag(Cause::HeadHot),
        flag(Cause::CoverOpen),
        flag(Cause::RibbonOut),
        u8::from(firmware.thermal_transfer),
        char::from(firmware.print_mode),
        left,
        firmware.memory.graphics().min(999),
    )
    .into_bytes()
}

/// `~HQES`: error and warning bits.
pub(super) fn errors(chassis: &Chassis) -> Vec<u8> {
    let bits = chassis.engine.causes().iter().fold(0u32, |bits, cause| {
        bits | match cause {
            Cause::MediaOut => 0x0000_0001,
            Cause::RibbonOut => 0x0000_0002,
            Cause::CoverOpen => 0x0000_0004,
            Cause::HeadHot => 0x0000_0010,
            Cause::Jam => 0x0000_4000, // "feed error"
            Cause::Paused => 0x0001_0000,
        }
    });
    query(&format!(
        "   ERRORS:         {} 00000000 {bits:08X}\r\n   WARNINGS:       0 00000000 00000000\r\n",
        u8::from(bits != 0)
    ))
}

/// `~HI`: model, firmware, dots a millimetre, memory.
pub(super) fn identification(chassis: &Chassis) -> Vec<u8> {
    let per_mm = chassis.settings.dpi.dots_per_mm().round();
    format!("\x02{},{},{per_mm},8192KB\x03\r\n", chassis.settings.model, FIRMWARE).into_bytes()
}

/// `~HM`: total, largest and free memory in kilobytes.
pub(super) fn memory(memory: &Memory) -> Vec<u8> {
    let free = memory.free() / 1024;
    format!("\x028192,{free:04},{free:04}\x03\r\n").into_bytes()
}

/// `~HQ` and two letters; `None` for letters this printer does not know.
pub(super) fn host_query(chassis: &Chassis, letters: &[u8]) -> Option<Vec<u8>> {
    let serial = &chassis.settings.serial;
    Some(match letters.to_ascii_uppercase().as_slice() {
        b"ES" => errors(chassis),
        b"SN" => query(&format!("   SERIAL NUMBER:  {serial}\r\n")),
        b"OD" => query(&format!("   PRINT METERS\r\n     TOTAL NONRESETTABLE:  {} \"\r\n", chassis.inches_printed() as u64)),
        b"PP" => query(&format!("   PLUG AND PLAY MESSAGES\r\n     MFG: virtual  CMD: ZPL  MDL: {}\r\n", chassis.settings.model)),
        _ => return None,
    })
}

fn query(lines: &str) -> Vec<u8> {
    format!("\x02\r\n  PRINTER STATUS\r\n{lines}\x03").into_bytes()
}

/// `! U1 getvar "name"`: the value in double quotes, `"?"` when the name is unknown.
pub(super) fn variable(chassis: &Chassis, name: &str) -> Vec<u8> {
    let engine = &chassis.engine;
    let yes = |there: bool, yes: &str, no: &str| if there { yes.to_owned() } else { no.to_owned() };
    let value = match name {
        "appl.name" => FIRMWARE.to_owned(),
        "device.pause" => yes(engine.is(Cause::Paused), "yes", "no"),
        "device.product_name" => chassis.settings.model.clone(),
        "device.unique_id" => chassis.settings.serial.clone(),
        "ezpl.reprint_mode" => yes(engine.reprint, "on", "off"),
        "head.latch" => yes(engine.is(Cause::CoverOpen), "open", "ok"),
        "media.status" => yes(engine.is(Cause::MediaOut), "out", "ok"),
        "odometer.total_label_count" | "odometer.user_label_count" => chassis.odometer.to_string(),
        _ => "?".to_owned(),
    };
    format!("\"{value}\"").into_bytes()
}

const FIRMWARE: &str = "V93.21.26Z";
