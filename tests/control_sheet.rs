//! The sheet of control codes, as it comes out of the command: every code is read off it by a decoder we did not write.

use rxing::{BarcodeFormat, DecodeHints, helpers::detect_in_luma_with_hints};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use waybilld::dots::{Bitmap, Dots, Dpi, Mm, Rect, Size};
use waybilld::station::control::Control;
use waybilld::text::Fonts;
use waybilld::{label, service_label};

/// What a scanner reads off that band of the picture.
fn read(luma: &[u8], width: usize, rows: std::ops::Range<usize>) -> Option<String> {
    let band = luma[rows.start * width..rows.end * width].to_vec();
    let mut hints = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
    let found = detect_in_luma_with_hints(band, width as u32, rows.len() as u32, Some(BarcodeFormat::CODE_128), &mut hints);
    found.ok().map(|found| found.getText().to_owned())
}

fn luma(picture: &Bitmap) -> Vec<u8> {
    let Size { width, height } = picture.size();
    (0..height.0).flat_map(|y| (0..width.0).map(move |x| if picture.get(x, y) { 0 } else { 255 })).collect()
}

fn png(file: &Path) -> (Vec<u8>, usize, usize) {
    let picture = image::open(file).unwrap_or_else(|error| panic!("{}: {error}", file.display())).to_luma8();
    let (width, height) = picture.dimensions();
    (picture.into_raw(), width as usize, height as usize)
}

#[test]
fn every_control_code_is_read_off_the_sheet_once_and_none_is_near_another() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("codes.png");
    let said = Command::new(env!("CARGO_BIN_EXE_waybilld")).args(["station", "sheet", "-o"]).arg(&out).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let files = String::from_utf8(said.stdout).unwrap();
    let mut codes = Vec::new();
    for file in files.lines() {
        let (luma, width, height) = png(Path::new(file));
        assert_eq!((width, height), (800, 1200), "100 × 150 mm");
        // A scanner moved down the sheet, a millimetre high and half a millimetre at a time.
        let mut last: Option<(String, usize)> = None;
        for top in (0..height - 8).step_by(4) {
            let Some(code) = read(&luma, width, top..top + 8) else { continue };
            if let Some((_, at)) = last.as_ref().filter(|(known, _)| *known != code) {
                // One code's last line to the next one's first.
                assert!(top - at >= 8 * 8, "{code} is {} mm below the one before it", (top - at) as f64 / 8.0);
            }
            if last.as_ref().is_none_or(|(known, _)| *known != code) {
                codes.push(code.clone());
            }
            last = Some((code, top + 8));
        }
    }
    assert_eq!(codes, Control::ALL.map(Control::code));
}

#[test]
fn the_sheet_goes_on_any_label_that_has_room_and_is_refused_by_size_for_others() {
    let fonts = Fonts::embedded();
    for (dpi, width, height) in [(Dpi::D203, 76.0, 130.0), (Dpi::D300, 100.0, 150.0), (Dpi::D600, 60.0, 50.0)] {
        let media = Size::new(dpi.dots(Mm(width)), dpi.dots(Mm(height)));
        let sheets = service_label::codes(&Control::sheet(), dpi, media, &fonts).expect("it has room");
        let mut read_back = BTreeSet::new();
        for sheet in &sheets {
            let whole = Rect::new(Dots(0), Dots(0), media.width, media.height);
            assert!(sheet.ops.iter().all(|op| whole.holds(&op.mark.area())), "{width} × {height}");
            let luma = luma(&sheet.raster());
            for op in &sheet.ops {
                if let label::Mark::Linear { .. } = op.mark {
                    let Rect { at, size } = op.mark.area();
                    read_back.extend(read(&luma, media.width.0 as usize, at.y.0 as usize..(at.y + size.height).0 as usize));
                }
            }
        }
        assert_eq!(read_back, Control::ALL.map(Control::code).into(), "{width} × {height}");
    }
    let dpi = Dpi::D203;
    let refused = service_label::codes(&Control::sheet(), dpi, Size::new(dpi.dots(Mm(30.0)), dpi.dots(Mm(20.0))), &fonts);
    let sentence = refused.expect_err("too small").to_string();
    assert_eq!(sentence, "the codes need a label of at least 49.75 mm × 31.75 mm.");
}
