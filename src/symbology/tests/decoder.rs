//! A scanner for tests: reads a symbol back with a decoder we did not write.

use crate::symbology::{Linear, Matrix};
use rxing::{BarcodeFormat, DecodeHints, helpers::detect_in_luma_with_hints};

/// Dots a module: the narrowest that layout chooses.
const MODULE: usize = 2;

/// Reads a linear symbol, drawn 40 dots high with its quiet zones.
pub fn read_linear(symbol: &Linear, quiet_zone: usize) -> Result<String, String> {
    let row = [vec![false; quiet_zone], symbol.modules.clone(), vec![false; quiet_zone]].concat();
    read(&row, row.len(), 20, BarcodeFormat::CODE_128)
}

/// Reads a matrix symbol, drawn with its quiet zone.
pub fn read_matrix(symbol: &Matrix, quiet_zone: usize) -> Result<String, String> {
    let side = symbol.side + 2 * quiet_zone;
    let mut modules = vec![false; side * side];
    for (y, row) in symbol.modules.chunks(symbol.side).enumerate() {
        let start = (y + quiet_zone) * side + quiet_zone;
        modules[start..start + symbol.side].copy_from_slice(row);
    }
    read(&modules, side, 1, BarcodeFormat::QR_CODE)
}

/// Reads rows of modules, each `tall` modules high.
fn read(modules: &[bool], width: usize, tall: usize, format: BarcodeFormat) -> Result<String, String> {
    let mut luma = Vec::new();
    for row in modules.chunks(width) {
        let dots: Vec<u8> = row.iter().flat_map(|&dark| [if dark { 0 } else { 255 }; MODULE]).collect();
        (0..MODULE * tall).for_each(|_| luma.extend_from_slice(&dots));
    }
    let (width, height) = (width * MODULE, luma.len() / (width * MODULE));
    let mut hints = DecodeHints { TryHarder: Some(true), PureBarcode: Some(true), ..DecodeHints::default() };
    detect_in_luma_with_hints(luma, width as u32, height as u32, Some(format), &mut hints)
        .map(|found| found.getText().to_owned())
        .map_err(|error| error.to_string())
}
