//! What a label looks like: nobody here can say. Built without the `interpreter` feature.

use super::{Ejected, Picture};
use crate::dots::{Dpi, Size};

/// Says that there is no picture.
pub fn draw(_: &Ejected, _: Dpi, _: Size) -> Result<Picture, String> {
    Err("built without the interpreter".into())
}
