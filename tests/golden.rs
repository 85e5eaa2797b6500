//! Golden labels: `tests/golden/NAME.json` in, `NAME.png` and the bytes for each language out.
//!
//! They keep layout and encoders from changing unnoticed. Of a paper (pick list, cover …) only the picture is kept: its
//! bytes are made as any label's. `BLESS=1 cargo test --test golden` rewrites them: look at the
//! pictures before committing. Whether the bytes print these pictures is not asked here but in `same_dots.rs`.

use image::{Rgb, RgbImage};
use std::fs;
use std::path::{Path, PathBuf};
use waybilld::content::Content;
use waybilld::designs::Designs;
use waybilld::dots::{Bitmap, Dpi};
use waybilld::label::Label;
use waybilld::language::{Encoder, Language, Options, Setup, zpl};
use waybilld::text::Fonts;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The names of all golden labels.
fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).expect("the golden labels").map(|entry| entry.expect("a readable entry").path());
    let json = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let mut names: Vec<String> = json.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    assert!(!names.is_empty(), "no golden labels in tests/golden");
    names
}

/// Lays out `{"template": …, "dpi": …, "label": …}`, or the same with what the spool keeps of a `paper`; says which.
fn lay_out(designs: &Designs, name: &str) -> (Label, bool) {
    let text = fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    let golden: serde_json::Value = serde_json::from_str(&text).unwrap();
    let dpi = Dpi::from_nominal(golden["dpi"].as_u64().unwrap() as u32).unwrap();
    let template = designs.design(golden["template"].as_str().unwrap()).unwrap().template.clone();
    let is_paper = golden.get("paper").is_some();
    let kept = Content::parse(&golden[if is_paper { "paper" } else { "label" }].to_string()).unwrap();
    (designs.with(&template, dpi, |compositor| compositor.lay_out(&kept)).unwrap().unwrap(), is_paper)
}

/// The first label on a connection, with its setup.
fn encoded(language: Language, label: &Label) -> Vec<u8> {
    let zpl = zpl::Options { native_text: false, memory_bytes: 1 << 20, slow_line: false };
    let mut encoder = Encoder::new(language, Options { zpl, ..Options::default() });
    let mut bytes = encoder.start(&Setup::default(), label.size, label.dpi);
    bytes.extend(encoder.label(label).bytes);
    bytes
}

/// What is wrong with the picture, and where a picture of the difference is.
fn picture_fault(name: &str, ours: &Bitmap) -> Option<String> {
    let file = folder().join(format!("{name}.png"));
    let golden = Bitmap::from_png(&fs::read(&file).unwrap_or_default());
    let Some(golden) = golden.filter(|golden| golden.size() == ours.size()) else {
        return Some(format!("{name}.png: missing, or of another size"));
    };
    let differs = |x: i32, y: i32| ours.get(x, y) != golden.get(x, y);
    let (width, height) = (ours.width().0, ours.height().0);
    let (x, y) = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).find(|&(x, y)| differs(x, y))?;
    let colour = |x, y| match (golden.get(x, y), ours.get(x, y)) {
        (true, true) => Rgb([160, 160, 160]),
        (true, false) => Rgb([220, 0, 0]),
        (false, true) => Rgb([0, 0, 220]),
        (false, false) => Rgb([255, 255, 255]),
    };
    let difference = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-difference.png"));
    RgbImage::from_fn(width as u32, height as u32, |x, y| colour(x as i32, y as i32)).save(&difference).unwrap();
    let (dots, is) = (golden.difference(ours).unwrap(), if ours.get(x, y) { "black" } else { "white" });
    Some(format!(
        "{name}.png: {dots} dots differ, the first at {x},{y}, which is {is} now. Red is gone, blue is new: {}",
        difference.display()
    ))
}

/// What is wrong with the bytes for a printer.
fn bytes_fault(file: &str, ours: &[u8]) -> Option<String> {
    let golden = fs::read(folder().join(file)).unwrap_or_default();
    if golden == ours {
        return None;
    }
    let at = golden.iter().zip(ours).position(|(a, b)| a != b).unwrap_or(golden.len().min(ours.len()));
    Some(format!("{file}: {} bytes, now {}, differing from byte {at} on", golden.len(), ours.len()))
}

#[test]
fn golden_labels_are_as_they_were() {
    let designs = Designs::new(Fonts::embedded(), &[]).unwrap();
    let bless = std::env::var_os("BLESS").is_some();
    let mut faults = Vec::new();
    for name in names() {
        let (label, is_paper) = lay_out(&designs, &name);
        let picture = label.raster();
        if bless {
            fs::write(folder().join(format!("{name}.png")), picture.to_png()).unwrap();
        }
        faults.extend(picture_fault(&name, &picture));
        for language in Language::ALL.into_iter().filter(|_| !is_paper) {
            let (file, bytes) = (format!("{name}.{}", language.name()), encoded(language, &label));
            if bless {
                fs::write(folder().join(&file), &bytes).unwrap();
            }
            faults.extend(bytes_fault(&file, &bytes));
        }
    }
    assert!(faults.is_empty(), "BLESS=1 cargo test --test golden takes these over:\n{}", faults.join("\n"));
}
