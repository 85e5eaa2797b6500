//! Bytes and time of one dense waybill at 203 dpi as ZPL, and of its symbols.

#[path = "../tests/sample/mod.rs"]
mod sample;

use divan::{Bencher, black_box};
use waybilld::language::zpl::{Encoder, Options};
use waybilld::symbology::{code128, qr};

const KEEPING: Options = Options { native_text: false, memory_bytes: 1 << 20 };

/// Different labels in a run.
const LABELS: usize = 16;

fn main() {
    let mut encoder = Encoder::new(KEEPING);
    let bytes: Vec<usize> = (0..LABELS).map(|n| encoder.label(&sample::waybill(n)).len()).collect();
    println!("bytes of the first labels of a run: {bytes:?}");
    println!("bytes when nothing is kept: {}", Encoder::new(Options::default()).label(&sample::waybill(0)).len());
    divan::main();
}

/// The first label on a connection: it brings what is fixed.
#[divan::bench]
fn first_label(bencher: Bencher) {
    let label = sample::waybill(0);
    bencher.with_inputs(|| Encoder::new(KEEPING)).bench_values(|mut encoder| encoder.label(&label));
}

/// A label in the middle of a run: captions and sender are in the printer, the rest is new.
#[divan::bench]
fn label_of_a_run(bencher: Bencher) {
    let labels: Vec<_> = (0..LABELS).map(sample::waybill).collect();
    let mut n = 0;
    bencher
        .with_inputs(|| {
            n += 1;
            let mut encoder = Encoder::new(KEEPING);
            (0..2).for_each(|early| drop(encoder.label(&labels[early])));
            (encoder, n % (LABELS - 2) + 2)
        })
        .bench_local_values(|(mut encoder, n)| encoder.label(&labels[n]));
}

#[divan::bench]
fn code128_of_an_order(bencher: Bencher) {
    bencher.bench(|| code128::encode(black_box("RB123456785GB")));
}

#[divan::bench]
fn qr_of_a_link(bencher: Bencher) {
    bencher.bench(|| qr::encode(black_box("https://t.example/LY400000001CN"), qr::Level::M));
}
