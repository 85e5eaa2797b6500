//! Bytes and time of waybills in every language, at 203 and 300 dpi, and of their symbols.
//!
//! The labels are our own sample wave laid out by the built-in waybill template, and one denser than any of them.

#[path = "../tests/support/sample.rs"]
mod sample;

use divan::{Bencher, black_box};
use waybilld::designs::Designs;
use waybilld::dots::Dpi;
use waybilld::label::Label;
use waybilld::language::{Encoder, Language, Options, Setup, zpl};
use waybilld::symbology::{code128, qr};
use waybilld::text::Fonts;
use waybilld::waybill::{Senders, Waybill, json};

/// Different dense labels in a run.
const LABELS: usize = 16;

fn main() {
    for language in Language::ALL {
        for dpi in [Dpi::D203, Dpi::D300] {
            let mut encoder = started(language, dpi);
            let bytes: Vec<usize> = wave(dpi).iter().map(|label| encoder.label(label).bytes.len()).collect();
            let mean = bytes.iter().sum::<usize>() / bytes.len();
            let (name, dpi) = (language.name(), dpi.nominal());
            println!("{name} at {dpi} dpi, bytes a label of the wave: {mean} on average, the first {}", bytes[0]);
        }
        let mut encoder = started(language, Dpi::D203);
        let bytes: Vec<usize> = (0..LABELS).map(|n| encoder.label(&sample::waybill(n)).bytes.len()).collect();
        println!("{} at 203 dpi, bytes of the first dense labels of a run: {bytes:?}", language.name());
    }
    let nothing_kept = zpl::Encoder::new(zpl::Options::default()).label(&sample::waybill(0)).len();
    println!("zpl at 203 dpi, bytes of a dense label when nothing is kept: {nothing_kept}");
    divan::main();
}

/// An encoder in the middle of its connection.
fn started(language: Language, dpi: Dpi) -> Encoder {
    let zpl = zpl::Options { native_text: false, memory_bytes: 1 << 20, slow_line: false };
    let mut encoder = Encoder::new(language, Options { zpl, ..Options::default() });
    encoder.start(&Setup::default(), sample::waybill(0).size, dpi);
    encoder
}

/// Our sample wave as the built-in waybill.
fn wave(dpi: Dpi) -> Vec<Label> {
    let orders = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/samples/wave.jsonl")).expect("our own sample wave");
    let designs = Designs::new(Fonts::embedded(), &[]).expect("the built-in templates are whole");
    let template = designs.design("waybill-100x150").expect("a built-in template").template.clone();
    let lay_out = |(_, node): (usize, json::Node)| {
        let waybill = Waybill::parse(&node, &Senders::default()).expect("a sample order has no fault");
        designs.with(&template, dpi, |compositor| compositor.lay_out(&waybill)).expect("it has captions").expect("it fits")
    };
    json::parse_lines(&orders).expect("JSON lines").into_iter().map(lay_out).collect()
}

/// A label in the middle of a run: what a printer keeps is there, the rest is new.
#[divan::bench(args = ["zpl 203", "zpl 300", "tspl 203", "tspl 300", "escpos 203", "escpos 300"])]
fn label_of_the_wave(bencher: Bencher, case: &str) {
    let (language, dpi) = case.split_once(' ').expect("a language and a resolution");
    let language = Language::named(language).expect("one of ours");
    let dpi = Dpi::from_nominal(dpi.parse().expect("a number")).expect("one of ours");
    let labels = wave(dpi);
    let (early, run) = labels.split_at(2);
    let mut n = 0;
    bencher
        .with_inputs(|| {
            n += 1;
            let mut encoder = started(language, dpi);
            early.iter().for_each(|label| drop(encoder.label(label)));
            (encoder, n % run.len())
        })
        .bench_local_values(|(mut encoder, n)| encoder.label(&run[n]));
}

/// The first dense label on a connection: it brings what is fixed.
#[divan::bench(args = Language::ALL)]
fn first_dense_label(bencher: Bencher, language: Language) {
    let label = sample::waybill(0);
    bencher.with_inputs(|| started(language, Dpi::D203)).bench_values(|mut encoder| encoder.label(&label));
}

#[divan::bench]
fn code128_of_an_order(bencher: Bencher) {
    bencher.bench(|| code128::encode(black_box("RB123456785GB")));
}

#[divan::bench]
fn qr_of_a_link(bencher: Bencher) {
    bencher.bench(|| qr::encode(black_box("https://t.example/LY400000001CN"), qr::Level::M));
}
