//! A rectangle of dots, packed as every printer language wants it: rows of bytes, the leftmost dot in the high bit, 1 = black.

use super::{Dots, Point, Rect, Size};
use std::io::Cursor;

/// A 1-bit picture. Unused bits at the end of a row are always 0.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Bitmap {
    size: Size,
    bytes: Vec<u8>,
}

impl Bitmap {
    /// A white picture.
    pub fn new(size: Size) -> Bitmap {
        let stride = size.width.count().div_ceil(8);
        Bitmap { size, bytes: vec![0; stride * size.height.count()] }
    }

    pub fn size(&self) -> Size {
        self.size
    }

    pub fn width(&self) -> Dots {
        self.size.width
    }

    pub fn height(&self) -> Dots {
        self.size.height
    }

    /// Bytes in one row.
    pub fn stride(&self) -> usize {
        self.size.width.count().div_ceil(8)
    }

    /// All rows, top to bottom.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// One row.
    pub fn row(&self, y: usize) -> &[u8] {
        let stride = self.stride();
        &self.bytes[y * stride..(y + 1) * stride]
    }

    /// Whether the dot is black; outside the picture everything is white.
    pub fn get(&self, x: i32, y: i32) -> bool {
        if x < 0 || y < 0 || x >= self.size.width.0 || y >= self.size.height.0 {
            return false;
        }
        self.bytes[y as usize * self.stride() + x as usize / 8] & (0x80 >> (x % 8)) != 0
    }

    /// Blackens one dot; outside the picture nothing happens.
    pub fn set(&mut self, x: i32, y: i32) {
        if x < 0 || y < 0 || x >= self.size.width.0 || y >= self.size.height.0 {
            return;
        }
        let stride = self.stride();
        self.bytes[y as usize * stride + x as usize / 8] |= 0x80 >> (x % 8);
    }

    /// Blackens a rectangle, clipped to the picture.
    pub fn fill(&mut self, area: Rect) {
        let left = area.at.x.count();
        let right = area.right().0.min(self.size.width.0).max(0) as usize;
        let bottom = area.bottom().0.min(self.size.height.0).max(0) as usize;
        if left >= right {
            return;
        }
        let stride = self.stride();
        let (first, last) = (left / 8, (right - 1) / 8);
        let (head, tail) = (0xFFu8 >> (left % 8), 0xFFu8 << (7 - (right - 1) % 8));
        for y in area.at.y.count()..bottom {
            let row = &mut self.bytes[y * stride..(y + 1) * stride];
            if first == last {
                row[first] |= head & tail;
            } else {
                row[first] |= head;
                row[first + 1..last].fill(0xFF);
                row[last] |= tail;
            }
        }
    }

    /// Lays another picture over this one: black stays black. Clipped to this picture.
    pub fn draw(&mut self, other: &Bitmap, at: Point) {
        let stride = self.stride();
        if stride == 0 {
            return;
        }
        let shift = at.x.0.rem_euclid(8) as u32;
        let first = at.x.0.div_euclid(8);
        let spare = self.size.width.0 % 8;
        let last_mask = if spare == 0 { 0xFF } else { 0xFFu8 << (8 - spare) };
        for y in 0..other.size.height.0 {
            let into = at.y.0 + y;
            if into < 0 || into >= self.size.height.0 {
                continue;
            }
            let row = &mut self.bytes[into as usize * stride..(into as usize + 1) * stride];
            for (i, &byte) in other.row(y as usize).iter().enumerate() {
                if byte == 0 {
                    continue;
                }
                let wide = u16::from(byte) << (8 - shift);
                let column = first + i as i32;
                for (offset, part) in [(0, (wide >> 8) as u8), (1, wide as u8)] {
                    if part != 0 && (0..stride as i32).contains(&(column + offset)) {
                        row[(column + offset) as usize] |= part;
                    }
                }
            }
            row[stride - 1] &= last_mask;
        }
    }

    /// The part inside `area`; what lies outside the picture is white.
    pub fn crop(&self, area: Rect) -> Bitmap {
        let mut part = Bitmap::new(area.size);
        part.draw(self, Point::new(-area.at.x, -area.at.y));
        part
    }

    /// Left and right changed over.
    pub fn mirrored(&self) -> Bitmap {
        let rows = self.bytes.chunks(self.stride().max(1));
        self.reversed(rows.flat_map(|row| row.iter().rev().map(|byte| byte.reverse_bits())).collect())
    }

    /// Turned by 180°.
    pub fn turned(&self) -> Bitmap {
        self.reversed(self.bytes.iter().rev().map(|byte| byte.reverse_bits()).collect())
    }

    /// From rows that run from right to left, their unused bits first.
    fn reversed(&self, bytes: Vec<u8>) -> Bitmap {
        let Size { width, height } = self.size;
        let whole = Dots::of(self.stride() * 8);
        let rows = Bitmap { size: Size::new(whole, height), bytes };
        rows.crop(Rect::new(whole - width, Dots(0), width, height))
    }

    /// The smallest rectangle with every black dot, or `None` when all is white.
    pub fn ink(&self) -> Option<Rect> {
        let stride = self.stride();
        let mut columns = vec![0u8; stride];
        let (mut top, mut bottom) = (None, 0);
        for y in 0..self.size.height.count() {
            let row = self.row(y);
            if row.iter().any(|&byte| byte != 0) {
                top.get_or_insert(y);
                bottom = y + 1;
                columns.iter_mut().zip(row).for_each(|(all, byte)| *all |= byte);
            }
        }
        let top = top?;
        let left = columns.iter().position(|&byte| byte != 0)?;
        let right = columns.iter().rposition(|&byte| byte != 0)?;
        let left = left * 8 + columns[left].leading_zeros() as usize;
        let right = right * 8 + 8 - columns[right].trailing_zeros() as usize;
        Some(Rect::new(Dots::of(left), Dots::of(top), Dots::of(right - left), Dots::of(bottom - top)))
    }

    /// How many dots are black.
    pub fn black(&self) -> usize {
        self.bytes.iter().map(|byte| byte.count_ones() as usize).sum()
    }

    /// How many dots differ between two pictures of one size; `None` when the sizes differ.
    pub fn difference(&self, other: &Bitmap) -> Option<usize> {
        (self.size == other.size).then(|| self.bytes.iter().zip(&other.bytes).map(|(a, b)| (a ^ b).count_ones() as usize).sum())
    }

    /// As a 1-bit greyscale PNG, black on white.
    pub fn to_png(&self) -> Vec<u8> {
        let inverted: Vec<u8> = self.bytes.iter().map(|byte| !byte).collect();
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, self.size.width.count() as u32, self.size.height.count() as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&inverted))
            .expect("a picture of at least one dot, written to memory");
        png
    }

    /// Reads a PNG; anything darker than mid grey is black.
    pub fn from_png(bytes: &[u8]) -> Option<Bitmap> {
        let mut reader = image::ImageReader::with_format(Cursor::new(bytes), image::ImageFormat::Png);
        reader.limits(image::Limits::default());
        let grey = reader.decode().ok()?.into_luma8();
        let size = Size::new(Dots::of(grey.width() as usize), Dots::of(grey.height() as usize));
        let mut bitmap = Bitmap::new(size);
        let stride = bitmap.stride();
        let rows = grey.as_raw().chunks(size.width.count());
        for (row, grey) in bitmap.bytes.chunks_mut(stride).zip(rows) {
            for (byte, dots) in row.iter_mut().zip(grey.chunks(8)) {
                *byte = dots.iter().enumerate().fold(0, |byte, (i, dot)| byte | u8::from(*dot < 128) << (7 - i));
            }
        }
        Some(bitmap)
    }

    /// From rows of packed bytes, 1 = black; `None` when the bytes do not fill the picture.
    pub fn from_rows(size: Size, bytes: Vec<u8>) -> Option<Bitmap> {
        let stride = size.width.count().div_ceil(8);
        if bytes.len() != stride * size.height.count() {
            return None;
        }
        let mut bitmap = Bitmap { size, bytes };
        let spare = size.width.0 % 8;
        if spare != 0 {
            for row in bitmap.bytes.chunks_mut(stride) {
                row[stride - 1] &= 0xFFu8 << (8 - spare);
            }
        }
        Some(bitmap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(rows: &[&str]) -> Bitmap {
        let mut bitmap = Bitmap::new(Size::new(Dots::of(rows[0].len()), Dots::of(rows.len())));
        for (y, row) in rows.iter().enumerate() {
            for (x, dot) in row.bytes().enumerate() {
                if dot == b'#' {
                    bitmap.set(x as i32, y as i32);
                }
            }
        }
        bitmap
    }

    #[test]
    fn drawing_at_any_offset_moves_every_dot_and_clips_the_rest() {
        let stamp = picture(&["#.#######.#", ".#.......#.", "###########"]);
        for x in -13..30 {
            for y in -4..12 {
                let mut canvas = Bitmap::new(Size::new(Dots(21), Dots(9)));
                canvas.draw(&stamp, Point::new(Dots(x), Dots(y)));
                for cy in 0..9 {
                    for cx in 0..21 {
                        assert_eq!(canvas.get(cx, cy), stamp.get(cx - x, cy - y), "dot {cx},{cy} of a stamp at {x},{y}");
                    }
                }
                assert!(canvas.bytes().chunks(3).all(|row| row[2] & 0b111 == 0), "spare bits stay white");
            }
        }
    }

    #[test]
    fn filling_matches_setting_each_dot() {
        for left in 0..18 {
            for right in left..24 {
                let mut filled = Bitmap::new(Size::new(Dots(20), Dots(3)));
                filled.fill(Rect::new(Dots(left), Dots(1), Dots(right - left), Dots(1)));
                for x in 0..20 {
                    assert_eq!(filled.get(x, 1), x >= left && x < right);
                    assert!(!filled.get(x, 0) && !filled.get(x, 2));
                }
            }
        }
    }

    #[test]
    fn mirroring_and_turning_move_every_dot_to_the_other_side() {
        for width in 1..20 {
            let rows = ["##.#....#..#...##.#.", "#.......#....#......", "....#..........#...#"].map(|row| &row[..width]);
            let across = rows.map(|row| row.chars().rev().collect::<String>());
            let across: Vec<&str> = across.iter().map(String::as_str).collect();
            assert_eq!(picture(&rows).mirrored(), picture(&across), "{width} dots wide");
            assert_eq!(picture(&rows).turned(), picture(&across.into_iter().rev().collect::<Vec<_>>()), "{width} dots wide");
        }
        let nothing = Bitmap::new(Size::default());
        assert_eq!((nothing.mirrored(), nothing.turned()), (nothing.clone(), nothing));
    }

    #[test]
    fn ink_is_the_tight_box_and_png_comes_back_the_same() {
        let bitmap = picture(&["..........", "...#......", "........#.", ".........."]);
        assert_eq!(bitmap.ink(), Some(Rect::new(Dots(3), Dots(1), Dots(6), Dots(2))));
        assert_eq!(Bitmap::from_png(&bitmap.to_png()), Some(bitmap));
        assert_eq!(Bitmap::new(Size::new(Dots(9), Dots(9))).ink(), None);
    }
}
