//! Line mode: a picture as bands of raster, top to bottom, each as wide as its ink.
//!
//! White is a band too, one byte a row: a feed (`ESC J`) counts in motion units, and how many of these are a row is not
//! the same on every make.

use super::{COMMAND_BYTES, ROWS, real_time};
use crate::dots::{Bitmap, Dots, Rect};
use std::ops::Range;

/// What one more band is held to cost, in bytes: eight of them its head; the rest because a head that has to wait for
/// many short commands leaves stripes.
const BAND_COST: usize = 48;

/// Some rows, as many bytes wide.
struct Band {
    rows: Range<usize>,
    width: usize,
}

/// Writes that many rows of the picture; answers how many bytes may leave before something can come out. `units`: one
/// motion unit is a dot.
pub fn write(out: &mut Vec<u8>, picture: &Bitmap, rows: usize, units: bool) -> usize {
    let trigger = out.len() + HEAD_BYTES + 1;
    let widths = widths(picture, rows);
    let mut left = bands(&widths);
    left.reverse();
    while let Some(Band { rows, width }) = left.pop() {
        let bytes: Vec<u8> = rows.clone().flat_map(|y| picture.row(y)[..width].iter().copied()).collect();
        match real_time::position(&bytes) {
            None => raster(out, width, rows.len(), &bytes),
            Some(at) if rows.len() > 1 => {
                let row = rows.start + at / width;
                let parts = [row + 1..rows.end, row..row + 1, rows.start..row];
                let parts = parts.into_iter().filter(|rows| !rows.is_empty());
                left.extend(parts.map(|rows| Band { width: widest(&widths[rows.clone()]), rows }));
            }
            Some(_) => shifted(out, picture, rows.start, &bytes, units),
        }
    }
    trigger
}

/// Writes white rows.
pub fn white(out: &mut Vec<u8>, mut rows: usize) {
    while rows > 0 {
        let band = rows.min(ROWS);
        raster(out, 1, band, &vec![0; band]);
        rows -= band;
    }
}

/// Writes a row that would hold a real-time command: from some dots further left with a margin as wide, so that its
/// bytes are others. A row that has ink in its first dots, or a command at each of the eight, goes as it is.
fn shifted(out: &mut Vec<u8>, picture: &Bitmap, y: usize, bytes: &[u8], units: bool) {
    let white = (0..8).take_while(|x| !picture.get(*x, y as i32)).count() as i32;
    let most = if units { white.min(7) } else { 0 };
    for shift in 1..=most {
        let moved = picture.crop(Rect::new(Dots(shift), Dots::of(y), Dots::of(bytes.len() * 8), Dots(1)));
        if real_time::position(moved.bytes()).is_none() {
            // Left margin, GS L.
            out.extend([0x1d, b'L', shift as u8, 0]);
            raster(out, bytes.len(), 1, moved.bytes());
            out.extend_from_slice(b"\x1dL\0\0");
            return;
        }
    }
    raster(out, bytes.len(), 1, bytes);
}

/// GS v 0 and its parameters.
const HEAD_BYTES: usize = 8;

/// Raster bit image, `GS v 0`.
fn raster(out: &mut Vec<u8>, width: usize, rows: usize, bytes: &[u8]) {
    let [[x_low, x_high], [y_low, y_high]] = [width as u16, rows as u16].map(u16::to_le_bytes);
    out.extend([0x1d, b'v', b'0', 0, x_low, x_high, y_low, y_high]);
    out.extend_from_slice(bytes);
}

/// Up to its last black dot, how many bytes each row is wide.
fn widths(picture: &Bitmap, rows: usize) -> Vec<usize> {
    (0..rows).map(|y| picture.row(y).iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)).collect()
}

fn widest(widths: &[usize]) -> usize {
    widths.iter().copied().max().unwrap_or(0).max(1)
}

/// The bands that cost least.
fn bands(widths: &[usize]) -> Vec<Band> {
    // For each row, what all rows before it cost and where the band before it begins.
    let mut best = vec![(0, 0)];
    for end in 1..=widths.len() {
        let (mut least, mut width) = ((usize::MAX, end), 1);
        for start in (end.saturating_sub(ROWS)..end).rev() {
            width = width.max(widths[start]);
            let bytes = width * (end - start);
            if bytes > COMMAND_BYTES && start + 1 < end {
                break;
            }
            least = least.min((best[start].0 + BAND_COST + bytes, start));
        }
        best.push(least);
    }
    let mut bands = Vec::new();
    let mut end = widths.len();
    while end > 0 {
        let start = best[end].1;
        bands.push(Band { rows: start..end, width: widest(&widths[start..end]) });
        end = start;
    }
    bands.reverse();
    bands
}
