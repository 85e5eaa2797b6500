//! What a label looks like, as read by an interpreter we did not write (the `labelize` crate).
//!
//! An ejected label goes in, its dots come out, always the size of the media. What the interpreter passes over is
//! named. The bytes are a stranger's: what would cost too much time or memory is refused before it is drawn. Text
//! stands in the interpreter's own fonts, so only graphics, boxes and bars can be compared dot by dot.

use super::{Ejected, Label, Picture};
use crate::dots::{Bitmap, Dots, Dpi, Rect, Size};
use base64_simd::STANDARD;
use flate2::read::ZlibDecoder;
use labelize::elements::label_element::LabelElement;
use labelize::{DrawerOptions, LabelInfo, Renderer, ZplParser};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Dots the interpreter may work through for one label; a label of 100 × 150 mm at 600 dpi has 8.4 million.
const WORK_MAX: u64 = 256 << 20;
/// Bytes of one unpacked graphic.
const GRAPHIC_BYTES_MAX: u64 = 4 << 20;

/// Draws what lies in the tray; of a torn label the rows that were printed.
pub fn draw(ejected: &Ejected, dpi: Dpi, media: Size) -> Result<Picture, String> {
    let zpl = ejected.label.zpl();
    if !graphics_are_bounded(&zpl) {
        return Err("a compressed graphic unpacks to more than 4 MB".into());
    }
    // A stranger's bytes in a stranger's code: whatever happens there, the printer goes on.
    let png = catch_unwind(AssertUnwindSafe(|| picture(&zpl, dpi, media)))
        .unwrap_or_else(|_| Err("the interpreter gave up on it".into()))?;
    let drawn = Bitmap::from_png(&png).ok_or("the interpreter drew no picture")?;
    let bitmap = drawn.crop(Rect::new(Dots(0), Dots(0), media.width, media.height.min(ejected.rows)));
    let mut whole = Bitmap::new(media);
    whole.draw(&bitmap, Default::default());
    Ok(Picture { bitmap: whole, not_drawn: not_drawn(&ejected.label) })
}

fn picture(zpl: &[u8], dpi: Dpi, media: Size) -> Result<Vec<u8>, String> {
    let per_mm = match dpi {
        Dpi::D203 => 8,
        Dpi::D300 => 12,
        Dpi::D600 => 24,
    };
    let mm = |dots: Dots| f64::from(dots.0) / f64::from(per_mm);
    let mut labels = ZplParser::with_dpmm(per_mm).parse(zpl)?;
    // Nothing but formats that draw nothing: white media.
    let label = labels.pop().unwrap_or_default();
    if work(&label, media) > WORK_MAX {
        return Err("it would take too long to draw".into());
    }
    let options =
        DrawerOptions { label_width_mm: mm(media.width), label_height_mm: mm(media.height), dpmm: per_mm, ..Default::default() };
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
fn not_drawn(label: &Label) -> Vec<String> {
    const SEEN: [&str; 40] = [
        "^B2", "^B3", "^B7", "^B8", "^B9", "^BC", "^BD", "^BE", "^BO", "^BQ", "^BU", "^BX", "^BY", "^FB", "^FD", "^FH", "^FN",
        "^FO", "^FR", "^FS", "^FT", "^FV", "^FW", "^FX", "^GB", "^GC", "^GD", "^GE", "^GF", "^GS", "^LH", "^LL", "^LR", "^LS",
        "^LT", "^CC", "^CF", "^CI", "^CT", "^CW",
    ];
    let draws = |name: &str| matches!(name.as_bytes().get(1), Some(b'B' | b'C' | b'F' | b'G' | b'L' | b'T')) || name == "^MC";
    let mut names: Vec<String> = label.formats().flat_map(|format| format.commands().map(|command| command.name())).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| draws(name) && !SEEN.contains(&name.as_str()));
    names
}
