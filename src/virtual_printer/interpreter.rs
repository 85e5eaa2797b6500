//! What a label looks like, as read by an interpreter we did not write (the `labelize` crate) for ZPL and TSPL. For
//! ESC/POS no such interpreter was found: its images are drawn by our own reading of the manual.
//!
//! An ejected label goes in, its dots come out, always the size of the media. What the interpreter passes over is
//! named. The bytes are a stranger's: what would cost too much time or memory is refused before it is drawn. Text
//! stands in the interpreter's own fonts, so only graphics, boxes and bars can be compared dot by dot.
//!
//! The interpreter draws a TSPL image upright; that `DIRECTION` turns and mirrors it on the media is our own reading.

use super::{Ejected, Label, Picture, TsplLabel, ZplLabel};
use crate::dots::{Bitmap, Dots, Dpi, Point, Rect, Size};
use base64_simd::STANDARD;
use flate2::read::ZlibDecoder;
use labelize::elements::label_element::LabelElement;
use labelize::{DrawerOptions, LabelInfo, Language, Renderer};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Dots the interpreter may work through for one label; a label of 100 × 150 mm at 600 dpi has 8.4 million.
const WORK_MAX: u64 = 256 << 20;
/// Bytes of one unpacked graphic.
const GRAPHIC_BYTES_MAX: u64 = 4 << 20;

/// Draws what lies in the tray; of a torn label the rows that were printed.
pub fn draw(ejected: &Ejected, dpi: Dpi, media: Size) -> Result<Picture, String> {
    let (drawn, not_drawn) = match ejected.label.as_ref() {
        Label::Zpl(label) => (draw_zpl(label, dpi, media)?, zpl_not_drawn(ejected.label.commands())),
        Label::Tspl(label) => draw_tspl(label, dpi, media)?,
        Label::EscPos(label) => {
            let Picture { bitmap, not_drawn } = label.picture(media);
            (bitmap, not_drawn)
        }
    };
    let printed = drawn.crop(Rect::new(Dots(0), Dots(0), media.width, media.height.min(ejected.rows)));
    let mut bitmap = Bitmap::new(media);
    bitmap.draw(&printed, Point::default());
    Ok(Picture { bitmap, not_drawn })
}

fn draw_zpl(label: &ZplLabel, dpi: Dpi, media: Size) -> Result<Bitmap, String> {
    let zpl = label.zpl();
    if !graphics_are_bounded(&zpl) {
        return Err("a compressed graphic unpacks to more than 4 MB".into());
    }
    interpret(Language::Zpl, &zpl, dpi, media)
}

fn draw_tspl(label: &TsplLabel, dpi: Dpi, media: Size) -> Result<(Bitmap, Vec<String>), String> {
    /// Drawing commands labelize 1.10 has no eye for, or turns a whole label away for.
    const UNSEEN: [&str; 8] = ["BLOCK", "DIAGONAL", "PUTBMP", "PUTPCX", "MPDF417", "AZTEC", "MAXICODE", "RSS"];
    let setup = label.setup;
    let size = setup.size.unwrap_or(media);
    let (x, y) = (setup.reference.0, setup.reference.1.saturating_add(setup.shift));
    let mut tspl = format!("REFERENCE {x},{y}\r\nCLS\r\n").into_bytes();
    let mut not_drawn = Vec::new();
    for (name, bytes) in label.commands() {
        if UNSEEN.contains(&name.as_str()) {
            not_drawn.push(name);
        } else {
            tspl.extend(bytes);
        }
    }
    tspl.extend(b"PRINT 1\r\n");
    not_drawn.sort_unstable();
    not_drawn.dedup();
    // A SIZE larger than the media is printed as far as the media goes.
    let size = Size::new(size.width.clamp(Dots(1), media.width), size.height.clamp(Dots(1), media.height));
    let upright = interpret(Language::Tspl, &tspl, dpi, size)?;
    Ok((turn(&upright, setup.turned, setup.mirrored), not_drawn))
}

/// The picture rotated by half a turn, then mirrored from left to right.
fn turn(picture: &Bitmap, turned: bool, mirrored: bool) -> Bitmap {
    let Size { width: Dots(width), height: Dots(height) } = picture.size();
    let mut other = Bitmap::new(picture.size());
    for y in 0..height {
        for x in (0..width).filter(|&x| picture.get(x, y)) {
            let x = if turned != mirrored { width - 1 - x } else { x };
            other.set(x, if turned { height - 1 - y } else { y });
        }
    }
    other
}

fn interpret(language: Language, bytes: &[u8], dpi: Dpi, size: Size) -> Result<Bitmap, String> {
    // A stranger's bytes in a stranger's code: whatever happens there, the printer goes on.
    let png = catch_unwind(AssertUnwindSafe(|| picture(language, bytes, dpi, size)))
        .unwrap_or_else(|_| Err("the interpreter gave up on it".into()))?;
    Bitmap::from_png(&png).ok_or("the interpreter drew no picture".into())
}

fn picture(language: Language, bytes: &[u8], dpi: Dpi, size: Size) -> Result<Vec<u8>, String> {
    let per_mm = match dpi {
        Dpi::D203 => 8,
        Dpi::D300 => 12,
        Dpi::D600 => 24,
    };
    let mm = |dots: Dots| f64::from(dots.0) / f64::from(per_mm);
    let mut labels = language.parse(bytes, per_mm).map_err(|error| error.to_string())?;
    // Nothing but formats that draw nothing: white media.
    let label = labels.pop().unwrap_or_default();
    if work(&label, size) > WORK_MAX {
        return Err("it would take too long to draw".into());
    }
    let options =
        DrawerOptions { label_width_mm: mm(size.width), label_height_mm: mm(size.height), dpmm: per_mm, ..Default::default() };
    let mut png = Vec::new();
    Renderer::new().draw_label_as_png(&label, &mut png, options)?;
    Ok(png)
}

/// About how many dots the interpreter touches for this label, most of them outside the media if the numbers are wild.
fn work(label: &LabelInfo, media: Size) -> u64 {
    let area = |width: u64, height: u64| width.saturating_mul(height);
    let canvas = area(media.width.count() as u64, media.height.count() as u64);
    label.elements.iter().fold(canvas, |sum, element| {
        let own = match element {
            LabelElement::Text(text) => {
                let height = text.font.height.max(text.font.width).clamp(1.0, 1e9) as u64;
                let set = area(height, height).saturating_mul(4 * text.text.chars().count() as u64);
                let block = text.block.as_ref().map_or(0, |block| {
                    area(
                        dots(block.max_width),
                        dots(block.max_lines).saturating_mul(height + u64::from(block.line_spacing.unsigned_abs())),
                    )
                });
                set.saturating_add(block)
            }
            LabelElement::Barcode128(bar) => linear(&bar.data, bar.width, bar.barcode.height),
            LabelElement::BarcodeEan13(bar) => linear(&bar.data, bar.width, bar.barcode.height),
            LabelElement::BarcodeEan8(bar) => linear(&bar.data, bar.width, bar.barcode.height),
            LabelElement::BarcodeUca(bar) => linear(&bar.data, bar.width, bar.barcode.height),
            LabelElement::BarcodeUcpe(bar) => linear(&bar.data, bar.width, bar.barcode.height),
            LabelElement::Barcode2of5(bar) => linear(&bar.data, bar.width, bar.barcode.height),
            LabelElement::Barcode39(bar) => linear(&bar.data, bar.width, bar.barcode.height),
            LabelElement::BarcodePdf417(code) => {
                let code = &code.barcode;
                // 17 modules a column and the frame; 30 columns and 90 rows when they are left open.
                let modules = dots(code.columns).max(30).saturating_mul(20);
                let height = dots(code.row_height).saturating_add(dots(code.by_height));
                area(modules.saturating_mul(dots(code.module_width)), dots(code.rows).max(90).saturating_mul(height))
            }
            // At most 177 modules and the quiet zones; Aztec 151, Data Matrix 144.
            LabelElement::BarcodeQr(code) => square(190, code.barcode.magnification),
            LabelElement::BarcodeAztec(code) => square(160, code.barcode.magnification),
            LabelElement::BarcodeDatamatrix(code) => {
                square(150, code.barcode.height).saturating_add(square(150, code.barcode.columns.max(code.barcode.rows)))
            }
            LabelElement::GraphicField(graphic) => {
                let bits = 8 * graphic.data.len() as u64;
                bits.saturating_mul(area(dots(graphic.magnification_x), dots(graphic.magnification_y)))
            }
            LabelElement::GraphicCircle(circle) => square(1, circle.circle_diameter),
            LabelElement::GraphicEllipse(ellipse) => area(dots(ellipse.width), dots(ellipse.height)),
            LabelElement::DiagonalLine(line) => area(dots(line.width), dots(line.height)),
            _ => 0,
        };
        // Reversed fields are drawn on a canvas of their own.
        let reversed = if element.is_reverse_print() { canvas } else { 0 };
        sum.saturating_add(own).saturating_add(reversed)
    })
}

/// What was written, as an amount; below nothing is more than can be drawn.
fn dots(written: i32) -> u64 {
    u64::try_from(written).map_or(u64::MAX, |dots| dots.max(1))
}

fn linear(data: &str, module: i32, height: i32) -> u64 {
    let modules = 35 * (data.len() as u64 + 10);
    modules.saturating_mul(dots(module)).saturating_mul(dots(height).saturating_add(200))
}

fn square(modules: u64, scale: i32) -> u64 {
    let side = modules.saturating_mul(dots(scale));
    side.saturating_mul(side)
}

/// Whether every `:Z64:` graphic unpacks to a size worth drawing.
fn graphics_are_bounded(zpl: &[u8]) -> bool {
    const MARK: &[u8] = b":Z64:";
    let mut rest = zpl;
    while let Some(at) = rest.windows(MARK.len()).position(|window| window == MARK) {
        rest = &rest[at + MARK.len()..];
        let end = rest.iter().position(|&byte| byte == b':').unwrap_or(rest.len());
        let packed: Vec<u8> = rest[..end].iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        if let Ok(packed) = STANDARD.decode_to_vec(&packed) {
            let mut unpacked = ZlibDecoder::new(packed.as_slice()).take(GRAPHIC_BYTES_MAX + 1);
            let bytes = std::io::copy(&mut unpacked, &mut std::io::sink());
            if bytes.is_ok_and(|bytes| bytes > GRAPHIC_BYTES_MAX) {
                return false;
            }
        }
    }
    true
}

/// Drawing commands labelize 1.10 has no eye for.
fn zpl_not_drawn(mut names: Vec<String>) -> Vec<String> {
    const SEEN: [&str; 40] = [
        "^B2", "^B3", "^B7", "^B8", "^B9", "^BC", "^BD", "^BE", "^BO", "^BQ", "^BU", "^BX", "^BY", "^FB", "^FD", "^FH", "^FN",
        "^FO", "^FR", "^FS", "^FT", "^FV", "^FW", "^FX", "^GB", "^GC", "^GD", "^GE", "^GF", "^GS", "^LH", "^LL", "^LR", "^LS",
        "^LT", "^CC", "^CF", "^CI", "^CT", "^CW",
    ];
    let draws = |name: &str| matches!(name.as_bytes().get(1), Some(b'B' | b'C' | b'F' | b'G' | b'L' | b'T')) || name == "^MC";
    names.sort_unstable();
    names.dedup();
    names.retain(|name| draws(name) && !SEEN.contains(&&**name));
    names
}
