//! A sheet of bar codes to scan: each with what it means beside it, so far apart that one scan reads one code.

use super::Ink;
use crate::dots::{Dots, Dpi, Mm, Point, Rect, Size};
use crate::label::{Label, Mark};
use crate::symbology::{Linear, code128};
use crate::text::{Align, Fonts, Style};
use std::sync::Arc;
use thiserror::Error;

/// A code of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    pub text: String,
    /// What it means, in English and in Chinese.
    pub titles: (String, String),
}

/// The media has no room for a code.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("the codes need a label of at least {width} × {height}.")]
pub struct TooSmall {
    pub width: Mm,
    pub height: Mm,
}

const MARGIN: Mm = Mm(4.0);
const HEAD: (&str, Mm) = ("Control codes 控制码", Mm(5.0));
const TITLE: Mm = Mm(4.5);
const BARS: Mm = Mm(12.0);
/// White below the bars, and a rule in it: a hand-held scanner's line, aimed at one code, stays off the next.
const APART: Mm = Mm(9.0);
/// A wide module forgives a worn sheet and a distance; narrower ones are for small labels.
const MODULE: Mm = Mm(0.38);
const MODULE_LEAST: (Mm, Dots) = (Mm(0.19), Dots(2));

/// The codes in their order, on as many labels as they need. Each must be what Code 128 can say.
pub fn codes(codes: &[Code], dpi: Dpi, media: Size, fonts: &Fonts) -> Result<Vec<Label>, TooSmall> {
    let symbols: Vec<Arc<Linear>> =
        codes.iter().map(|code| Arc::new(code128::encode(&code.text).expect("capitals and digits, and not many"))).collect();
    let margin = dpi.dots(MARGIN).min(media.width / 20);
    let widest = symbols.iter().map(|symbol| symbol.modules.len() + 2 * code128::QUIET_ZONE).max().unwrap_or(0) as i32;
    let inside = media.width - margin * 2;
    let least = Dots((MODULE_LEAST.0.0 * dpi.dots_per_mm()).ceil() as i32).max(MODULE_LEAST.1);
    let module = dpi.dots(MODULE).max(least).min(Dots(inside.0 / widest.max(1)));
    let head = dpi.dots(HEAD.1) * 2;
    let row = dpi.dots(TITLE) * 3 / 2 + dpi.dots(BARS) + dpi.dots(APART);
    // Below the last there is nothing to be apart from.
    let rows = usize::try_from((media.height - margin * 2 - head + dpi.dots(APART)).0 / row.0).unwrap_or(0);
    if module < least || rows == 0 {
        let (width, height) = (least * widest + margin * 2, margin * 2 + head + row - dpi.dots(APART));
        return Err(TooSmall { width: dpi.mm(width), height: dpi.mm(height) });
    }
    let sheets = codes.len().div_ceil(rows);
    let sheet = |(number, (codes, symbols)): (usize, (&[Code], &[Arc<Linear>]))| {
        let mut ink = Ink::new(fonts, dpi, media);
        let room = Rect::new(margin, margin, inside, head);
        let style = Style { size: dpi.dots(HEAD.1), bold: true, ..Style::default() };
        ink.text(&format!("{} {}/{sheets}", HEAD.0, number + 1), &style, room, 1);
        for (at, (code, symbol)) in codes.iter().zip(symbols).enumerate() {
            let top = margin + head + row * at as i32;
            draw(&mut ink, code, symbol, module, Rect::new(margin, top, inside, row));
        }
        ink.dry()
    };
    Ok(codes.chunks(rows).zip(symbols.chunks(rows)).enumerate().map(sheet).collect())
}

/// A code in its row: a rule, what it means, its bars.
fn draw(ink: &mut Ink, code: &Code, symbol: &Arc<Linear>, module: Dots, row: Rect) {
    let dpi = ink.dpi;
    ink.mark(Mark::Fill(Rect::new(row.at.x, row.at.y - dpi.dots(APART) / 3, row.size.width, Dots(2))));
    let line = dpi.dots(TITLE) * 3 / 2;
    let english = Rect::new(row.at.x, row.at.y, row.size.width * 3 / 5, line);
    let chinese = Rect::new(english.right(), row.at.y, row.size.width - english.size.width, line);
    let style = Style { size: dpi.dots(TITLE), bold: true, ..Style::default() };
    ink.text(&code.titles.0, &style, english, 1);
    ink.text(&code.titles.1, &Style { align: Align::End, ..style }, chinese, 1);
    let width = module * symbol.modules.len() as i32;
    let at = Point::new(row.at.x + (row.size.width - width) / 2, row.at.y + line);
    ink.mark(Mark::Linear { at, symbol: symbol.clone(), module, height: dpi.dots(BARS) });
}
