//! Every symbol of every label is read back by a decoder we did not write, from our own picture and from what an
//! interpreter we did not write makes of our bytes; and the two pictures are the same, dot for dot.
#![cfg(feature = "interpreter")]

use crate::support::paper::Printer;
use rxing::{BarcodeFormat, DecodeHints, helpers::detect_in_luma_with_hints};
use std::time::Duration;
use strum::VariantArray;
use waybilld::designs::Designs;
use waybilld::dots::{Bitmap, Dots, Dpi, Mm, Rect, Size};
use waybilld::import::field_map::{FieldMap, Mapped};
use waybilld::label::{Label, Mark};
use waybilld::language::{Encoder, Language, Options, Setup, escpos, zpl};
use waybilld::papers::{self, Kind, Want, Wave};
use waybilld::text::Fonts;
use waybilld::virtual_printer::{self, EscPosSettings, Event, Settings, Stock, VirtualPrinter, interpreter};
use waybilld::waybill::{Senders, Waybill, json};

/// Our own sample wave, and the shared one where it is at hand.
fn waves() -> Vec<(&'static str, Vec<Waybill>)> {
    let root = env!("CARGO_MANIFEST_DIR");
    let ours = std::fs::read(format!("{root}/samples/wave.jsonl")).expect("our own sample wave");
    let parse = |node: &json::Node| Waybill::parse(node, &Senders::default()).expect("a sample order has no fault");
    let mut waves = vec![("ours", json::parse_lines(&ours).unwrap().iter().map(|(_, node)| parse(node)).collect())];
    match std::fs::read(format!("{root}/../shared/data/orders_wave50.jsonl")) {
        Ok(shared) => {
            let map = std::fs::read_to_string(format!("{root}/templates/maps/tiktok-shop.toml")).unwrap();
            let map = FieldMap::parse(&map, "tiktok-shop.toml").unwrap();
            let mut labels = Vec::new();
            for (line, record) in json::parse_lines(&shared).unwrap() {
                if let Mapped::Label(node) = map.apply(line, &record).unwrap() {
                    labels.push(parse(&node));
                }
            }
            waves.push(("shared", labels));
        }
        Err(_) => println!("the shared sample wave is not here: only our own was read"),
    }
    waves
}

fn lay_out(dpi: Dpi, template: &str, waybills: &[Waybill]) -> Vec<Label> {
    let designs = Designs::new(Fonts::embedded(), &[]).unwrap();
    let template = designs.design(template).unwrap().template.clone();
    let lay_out = |waybill| designs.with(&template, dpi, |compositor| compositor.lay_out(waybill)).unwrap().unwrap();
    waybills.iter().map(lay_out).collect()
}

/// What comes out of a printer that is fed the encoder's bytes.
fn printed(language: Language, dpi: Dpi, labels: &[Label]) -> Vec<Bitmap> {
    let media = labels[0].size;
    let zpl = zpl::Options { native_text: false, memory_bytes: 2 << 20, slow_line: false };
    let escpos = escpos::Options { feed: escpos::Feed::FormFeed, ..escpos::Options::default() };
    let mut encoder = Encoder::new(language, Options { zpl, escpos });
    let start = encoder.start(&Setup::default(), media, dpi);
    let jobs = labels.iter().map(|label| encoder.label(label).bytes);
    let pictures = match language {
        Language::Zpl => from_a_virtual_printer(virtual_printer::Language::Zpl, dpi, media, &start, jobs),
        Language::EscPos => from_a_virtual_printer(virtual_printer::Language::EscPos, dpi, media, &start, jobs),
        Language::Tspl => {
            let mut printer = Printer::new(language, dpi, media);
            assert_eq!(printer.print(&start), []);
            jobs.flat_map(|bytes| printer.print(&bytes)).collect()
        }
    };
    assert_eq!(pictures.len(), labels.len(), "one piece a label");
    pictures
}

fn from_a_virtual_printer(
    language: virtual_printer::Language,
    dpi: Dpi,
    media: Size,
    start: &[u8],
    jobs: impl Iterator<Item = Vec<u8>>,
) -> Vec<Bitmap> {
    let escpos = EscPosSettings { stock: Stock::Labels, ..EscPosSettings::default() };
    let settings = Settings { language, escpos, dpi, media, speed: None, start: Duration::ZERO, ..Settings::default() };
    let settings = Settings { receive_buffer: 64 << 20, ..settings };
    let mut printer = VirtualPrinter::new(settings);
    let mut pictures = Vec::new();
    for bytes in std::iter::once(start.to_vec()).chain(jobs) {
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let taken = printer.handle_bytes(rest, Duration::ZERO);
            assert!(taken > 0, "the printer takes no more");
            rest = &rest[taken..];
        }
        while let Some(event) = printer.poll_event() {
            match event {
                Event::Ejected(ejected) => {
                    let picture = interpreter::draw(&ejected, dpi, media).expect("the interpreter draws it");
                    assert_eq!(picture.not_drawn, Vec::<String>::new());
                    pictures.push(picture.bitmap);
                }
                Event::Stored { .. } | Event::Deleted { .. } => {}
                event => panic!("after {} labels: {event:?}", pictures.len()),
            }
        }
    }
    pictures
}

/// Reads the symbol in that part of a picture; the margin is its quiet zone.
fn read(picture: &Bitmap, area: Rect, margin: Dots, format: BarcodeFormat) -> String {
    let zone = Rect::new(area.at.x - margin, area.at.y - margin, area.size.width + margin * 2, area.size.height + margin * 2);
    // A linear symbol has its quiet zone on the left and right only: text may stand close above and below.
    let zone =
        if format == BarcodeFormat::CODE_128 { Rect::new(zone.at.x, area.at.y, zone.size.width, area.size.height) } else { zone };
    let part = picture.crop(zone);
    let (width, height) = (part.width().count(), part.height().count());
    let luma = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x as i32, y as i32)))
        .map(|(x, y)| if part.get(x, y) { 0 } else { 255 });
    let mut hints = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
    detect_in_luma_with_hints(luma.collect(), width as u32, height as u32, Some(format), &mut hints)
        .map(|found| found.getText().to_owned())
        .unwrap_or_else(|error| format!("not read: {error}"))
}

/// Reads every symbol of the label in that picture; says how many there were.
fn read_all(label: &Label, picture: &Bitmap, what: &str) -> usize {
    let mut symbols = 0;
    for op in &label.ops {
        match &op.mark {
            Mark::Linear { symbol, module, .. } => {
                assert!(module.0 >= 2, "{what}: a module of {module} dots");
                assert_eq!(read(picture, op.mark.area(), *module * 10, BarcodeFormat::CODE_128), symbol.data, "{what}");
                symbols += 1;
            }
            Mark::Matrix { symbol, module, .. } => {
                assert!(module.0 >= 3, "{what}: a module of {module} dots");
                assert_eq!(read(picture, op.mark.area(), *module * 4, BarcodeFormat::QR_CODE), symbol.data, "{what}");
                symbols += 1;
            }
            _ => {}
        }
    }
    symbols
}

fn every_symbol_is_read(dpi: Dpi, languages: &[Language]) {
    for (wave, waybills) in waves() {
        for (template, symbols) in [("waybill-100x150", 3), ("address-100x150", 2)] {
            let labels = lay_out(dpi, template, &waybills);
            let what = |at: usize| format!("{wave} {template} label {} at {} dpi", at + 1, dpi.nominal());
            let ours: Vec<Bitmap> = labels.iter().map(Label::raster).collect();
            for (at, label) in labels.iter().enumerate() {
                assert_eq!(read_all(label, &ours[at], &format!("{}, our picture", what(at))), symbols, "{}", what(at));
            }
            for &language in languages {
                let mut differing = 0;
                for (at, theirs) in printed(language, dpi, &labels).iter().enumerate() {
                    let what = format!("{} as {}, their picture", what(at), language.name());
                    let different = ours[at].difference(theirs).expect("pictures of one size");
                    // The same dots read the same.
                    if different > 0 {
                        assert_eq!(read_all(&labels[at], theirs, &what), symbols, "{what}");
                    }
                    differing += different;
                }
                println!(
                    "{wave} {template} {} {} dpi: {} labels, {} symbols read, {differing} dots differ",
                    language.name(),
                    dpi.nominal(),
                    labels.len(),
                    labels.len() * symbols
                );
                assert_eq!(differing, 0, "{wave} {template} as {} at {} dpi", language.name(), dpi.nominal());
            }
        }
    }
}

#[test]
fn every_symbol_of_the_wave_is_read_back_at_203_dpi() {
    every_symbol_is_read(Dpi::D203, &Language::ALL);
}

#[test]
fn every_symbol_of_the_wave_is_read_back_at_300_dpi() {
    every_symbol_is_read(Dpi::D300, &Language::ALL);
}

#[test]
fn every_symbol_of_the_wave_is_read_back_at_600_dpi() {
    every_symbol_is_read(Dpi::D600, &[Language::Zpl]);
}

#[test]
fn every_symbol_of_the_papers_of_the_wave_is_read_back() {
    let designs = Designs::new(Fonts::embedded(), &[]).unwrap();
    for ((width, dpi), (wave, waybills)) in
        [(100.0, Dpi::D203), (72.0, Dpi::D203), (100.0, Dpi::D300)].into_iter().zip(waves().iter().cycle())
    {
        let media = (Mm(width), Mm(150.0));
        let (id, printer, at) = ("wave-2025-0712-a".to_owned(), "pack-1".to_owned(), "2025-07-12 09:30".to_owned());
        let papers = Wave { id, printer, at, labels: waybills.iter().collect() };
        let papers = designs.papers(&papers, Want::VARIANTS, media, dpi).unwrap();
        let others = [Kind::Bag, Kind::Manifest].map(|kind| designs.pages(&papers::sample(kind, true), media, dpi).unwrap());
        let sheets = papers.before.iter().chain(papers.behind.iter().flatten()).chain(others.iter().flatten());
        let lay_out = |sheet: &waybilld::designs::Sheet| {
            designs.with(&sheet.template, dpi, |compositor| compositor.lay_out(&sheet.paper)).unwrap().unwrap()
        };
        let labels: Vec<Label> = sheets.map(lay_out).collect();
        let mut symbols = 0;
        for (at, (label, theirs)) in labels.iter().zip(printed(Language::Zpl, dpi, &labels)).enumerate() {
            let what = format!("paper {} of {wave} at {} dpi", at + 1, dpi.nominal());
            assert_eq!(label.raster().difference(&theirs), Some(0), "{what}");
            symbols += read_all(label, &theirs, &what);
        }
        assert!(symbols > labels.len(), "{symbols} symbols on {} labels", labels.len());
    }
}
