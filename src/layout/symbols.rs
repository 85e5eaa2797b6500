//! Symbols in their places: a module is a whole number of dots, the quiet zone is kept inside the block.

use crate::dots::{Dots, Point, Rect};
use crate::fault::Code;
use crate::label::Mark;
use crate::symbology::{code128, qr};
use crate::template::{CODE128_QUIET_MODULES, Level, QR_QUIET_MODULES};
use std::sync::Arc;

/// The narrowest module of a linear symbol that survives a thermal head.
pub const MODULE_LEAST: Dots = Dots(2);
/// The narrowest module of a matrix symbol.
const MATRIX_MODULE_LEAST: Dots = Dots(3);

/// A Code 128 with the widest module of the range that fits, centred, or what it needs.
pub fn linear(data: &str, (least, most): (Dots, Dots), area: Rect) -> Result<Mark, (Code, String)> {
    let symbol = code128::encode(data).map_err(|refusal| (Code::BadFormat, refusal.to_string()))?;
    let modules = symbol.modules.len() as i32 + 2 * CODE128_QUIET_MODULES;
    let module = widest(modules, least, most, area.size.width)?;
    let left = area.at.x + (area.size.width - module * symbol.modules.len() as i32) / 2;
    Ok(Mark::Linear { at: Point::new(left, area.at.y), symbol: Arc::new(symbol), module, height: area.size.height })
}

/// A QR symbol with the widest module of the range that fits, centred, or what it needs.
pub fn matrix(data: &str, level: Level, (least, most): (Dots, Dots), area: Rect) -> Result<Mark, (Code, String)> {
    let level = match level {
        Level::L => qr::Level::L,
        Level::M => qr::Level::M,
        Level::Q => qr::Level::Q,
        Level::H => qr::Level::H,
    };
    let symbol = qr::encode(data, level).map_err(|refusal| (Code::BadFormat, refusal.to_string()))?;
    let modules = symbol.side as i32 + 2 * QR_QUIET_MODULES;
    let room = area.size.width.min(area.size.height);
    let module = widest(modules, least.max(MATRIX_MODULE_LEAST), most.max(MATRIX_MODULE_LEAST), room)?;
    let side = module * symbol.side as i32;
    let at = Point::new(area.at.x + (area.size.width - side) / 2, area.at.y + (area.size.height - side) / 2);
    Ok(Mark::Matrix { at, symbol: Arc::new(symbol), module })
}

/// The widest whole-dot module with which that many modules fit the room.
fn widest(modules: i32, least: Dots, most: Dots, room: Dots) -> Result<Dots, (Code, String)> {
    let module = Dots(room.0 / modules).min(most);
    if module >= least {
        return Ok(module);
    }
    let need = least * modules;
    let why =
        format!("needs {need} dots at {least} dots a module, quiet zones included, but has room for {room}: shorten the data.");
    Err((Code::DoesNotFit, why))
}
