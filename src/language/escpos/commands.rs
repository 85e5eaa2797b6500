//! Control commands, in the words of the `escpos` crate. It queues what it is told and writes it to a driver: here memory.

use ::escpos::driver::Driver;
use ::escpos::errors::Result;
use ::escpos::printer::Printer;
use ::escpos::utils::Protocol;
use std::cell::RefCell;

/// A driver that keeps what it is given.
#[derive(Default)]
struct Memory(RefCell<Vec<u8>>);

impl Driver for Memory {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn write(&self, data: &[u8]) -> Result<()> {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(())
    }

    fn read(&self, _: &mut [u8]) -> Result<usize> {
        Ok(0)
    }

    fn flush(&self) -> Result<()> {
        Ok(())
    }
}

/// Settings to their defaults, motion units where they can be stated, no space between lines: `ESC @`, `GS P`, `ESC 3`.
pub fn initialise(motion_unit: Option<u8>) -> Vec<u8> {
    say(|printer| {
        printer.init()?.line_spacing(0)?;
        if let Some(unit) = motion_unit {
            printer.motion_units(unit, unit)?;
        }
        Ok(())
    })
}

/// Feed to the cutter and cut: `GS V` function B. (The crate's `partial_cut` is the same cut one unit further on.)
pub fn feed_and_cut() -> Vec<u8> {
    say(|printer| printer.cut().map(drop))
}

fn say(commands: impl FnOnce(&mut Printer<Memory>) -> Result<()>) -> Vec<u8> {
    let mut printer = Printer::new(Memory::default(), Protocol::default(), None);
    commands(&mut printer).and_then(|()| printer.print().map(drop)).expect("memory takes every byte");
    printer.driver().0.into_inner()
}
