//! Lengths and dots: the only place where one becomes the other.
//!
//! Millimetres are what people and templates say, dots are what a head prints. They meet in [`Dpi::dots`]
//! and nowhere else: after `layout` everything is dots. A [`Bitmap`] is a rectangle of dots, 1 = black.
//! Knows no label, no font and no printer.

mod bitmap;

pub use bitmap::Bitmap;

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// A length in millimetres, as written in a template.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Mm(pub f64);

/// A length in dots of one print head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Dots(pub i32);

/// The resolution of a print head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Dpi {
    /// 8 dots a millimetre, sold as 203 dpi.
    #[default]
    D203,
    /// 300 dpi, 11.811 dots a millimetre.
    D300,
    /// 600 dpi, 23.622 dots a millimetre.
    D600,
}

impl Dpi {
    /// Every resolution waybilld prints at.
    pub const ALL: [Dpi; 3] = [Dpi::D203, Dpi::D300, Dpi::D600];

    /// The resolution of that nominal figure, if it is one of ours.
    pub fn from_nominal(dpi: u32) -> Option<Dpi> {
        Self::ALL.into_iter().find(|known| known.nominal() == dpi)
    }

    /// The figure it is sold by: 203, 300 or 600.
    pub fn nominal(self) -> u32 {
        match self {
            Dpi::D203 => 203,
            Dpi::D300 => 300,
            Dpi::D600 => 600,
        }
    }

    /// Dots in one millimetre, exactly.
    pub fn dots_per_mm(self) -> f64 {
        match self {
            Dpi::D203 => 8.0, // 203.2 dpi: the head has 8 elements a millimetre
            Dpi::D300 => 300.0 / 25.4,
            Dpi::D600 => 600.0 / 25.4,
        }
    }

    /// That length on this head, to the nearest dot.
    pub fn dots(self, length: Mm) -> Dots {
        Dots((length.0 * self.dots_per_mm()).round() as i32)
    }

    /// That many dots in millimetres.
    pub fn mm(self, dots: Dots) -> Mm {
        Mm(f64::from(dots.0) / self.dots_per_mm())
    }
}

impl Dots {
    /// As an index or count; a negative length is zero.
    pub fn count(self) -> usize {
        self.0.max(0) as usize
    }

    /// That many things, one dot each.
    pub fn of(count: usize) -> Dots {
        Dots(i32::try_from(count).unwrap_or(i32::MAX))
    }
}

impl fmt::Display for Dots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Mm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} mm", (self.0 * 100.0).round() / 100.0)
    }
}

impl Add for Dots {
    type Output = Dots;
    fn add(self, other: Dots) -> Dots {
        Dots(self.0 + other.0)
    }
}

impl Sub for Dots {
    type Output = Dots;
    fn sub(self, other: Dots) -> Dots {
        Dots(self.0 - other.0)
    }
}

impl Neg for Dots {
    type Output = Dots;
    fn neg(self) -> Dots {
        Dots(-self.0)
    }
}

impl Mul<i32> for Dots {
    type Output = Dots;
    fn mul(self, factor: i32) -> Dots {
        Dots(self.0 * factor)
    }
}

impl Div<i32> for Dots {
    type Output = Dots;
    fn div(self, divisor: i32) -> Dots {
        Dots(self.0 / divisor)
    }
}

impl AddAssign for Dots {
    fn add_assign(&mut self, other: Dots) {
        self.0 += other.0;
    }
}

impl SubAssign for Dots {
    fn sub_assign(&mut self, other: Dots) {
        self.0 -= other.0;
    }
}

impl Sum for Dots {
    fn sum<I: Iterator<Item = Dots>>(all: I) -> Dots {
        Dots(all.map(|dots| dots.0).sum())
    }
}

/// A place on the label: x to the right, y along the feed, from the top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Point {
    pub x: Dots,
    pub y: Dots,
}

/// A width and a height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Size {
    pub width: Dots,
    pub height: Dots,
}

/// A rectangle on the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rect {
    pub at: Point,
    pub size: Size,
}

impl Point {
    pub fn new(x: Dots, y: Dots) -> Point {
        Point { x, y }
    }
}

impl Size {
    pub fn new(width: Dots, height: Dots) -> Size {
        Size { width, height }
    }
}

impl Rect {
    pub fn new(x: Dots, y: Dots, width: Dots, height: Dots) -> Rect {
        Rect { at: Point { x, y }, size: Size { width, height } }
    }

    /// The first column right of it.
    pub fn right(&self) -> Dots {
        self.at.x + self.size.width
    }

    /// The first row below it.
    pub fn bottom(&self) -> Dots {
        self.at.y + self.size.height
    }

    /// Whether the two share a dot.
    pub fn meets(&self, other: &Rect) -> bool {
        self.at.x < other.right() && other.at.x < self.right() && self.at.y < other.bottom() && other.at.y < self.bottom()
    }

    /// Whether all of `inner` lies inside.
    pub fn holds(&self, inner: &Rect) -> bool {
        inner.at.x >= self.at.x && inner.at.y >= self.at.y && inner.right() <= self.right() && inner.bottom() <= self.bottom()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_100_mm_label_is_800_dots_at_203_dpi_and_1181_at_300() {
        assert_eq!(Dpi::D203.dots(Mm(100.0)), Dots(800));
        assert_eq!(Dpi::D300.dots(Mm(100.0)), Dots(1181));
        assert_eq!(Dpi::D600.dots(Mm(100.0)), Dots(2362));
    }

    #[test]
    fn touching_rectangles_do_not_meet() {
        let left = Rect::new(Dots(0), Dots(0), Dots(10), Dots(10));
        let right = Rect::new(Dots(10), Dots(0), Dots(10), Dots(10));
        assert!(!left.meets(&right));
        assert!(left.meets(&Rect::new(Dots(9), Dots(9), Dots(5), Dots(5))));
    }
}
