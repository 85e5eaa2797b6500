//! One core, no disk, no socket: an order becomes dots and ZPL. No two orders are alike.

use divan::Bencher;
use divan::counter::ItemsCount;
use waybilld::designs::Designs;
use waybilld::dots::Dpi;
use waybilld::language::Setup;
use waybilld::language::zpl::{Encoder, Options};
use waybilld::layout::Compositor;
use waybilld::text::Fonts;
use waybilld::waybill::{Senders, Waybill, json};

fn main() {
    divan::main();
}

/// Our own wave ten times over, every name, street and number another.
fn orders() -> Vec<Waybill> {
    let wave = json::parse_lines(include_bytes!("../samples/wave.jsonl")).expect("our own wave");
    let mut orders = Vec::new();
    for round in 0..10 {
        for (line, node) in &wave {
            let mut order = Waybill::parse(node, &Senders::default()).expect("a sound order");
            order.tracking = format!("WB{:09}CN", round * 1000 + line);
            order.order = format!("5764{:014}", (round * 1000 + line) * 7919);
            order.recipient.name = format!("{} {round}", order.recipient.name);
            order.recipient.lines[0] = format!("{} {}", round * 50 + line, order.recipient.lines[0]);
            orders.push(order);
        }
    }
    orders
}

#[divan::bench(args = [203, 300, 600])]
fn lay_out_and_encode(bencher: Bencher, dpi: u32) {
    let dpi = Dpi::from_nominal(dpi).expect("one of ours");
    let designs = Designs::new(Fonts::embedded(), &[]).expect("the shipped designs");
    let template = designs.design("waybill-100x150").expect("a shipped design").template.clone();
    let orders = orders();
    // Each sample begins with nothing remembered and nothing stored, as a daemon that has just started.
    let begin = || {
        let compositor = Compositor::new(template.clone(), dpi, &Fonts::embedded()).expect("its captions fit");
        let mut encoder = Encoder::new(Options { native_text: false, memory_bytes: 512 << 10, slow_line: false });
        encoder.start(&Setup::default(), compositor.size());
        (compositor, encoder)
    };
    bencher.counter(ItemsCount::new(orders.len())).with_inputs(begin).bench_local_values(|(mut compositor, mut encoder)| {
        let labels = orders.iter().filter_map(|order| compositor.lay_out(order).ok());
        labels.map(|label| encoder.label(&label).len()).sum::<usize>()
    });
}

#[divan::bench]
fn check(bencher: Bencher) {
    let designs = Designs::new(Fonts::embedded(), &[]).expect("the shipped designs");
    let template = designs.design("waybill-100x150").expect("a shipped design").template.clone();
    let mut compositor = Compositor::new(template, Dpi::D203, &Fonts::embedded()).expect("its captions fit");
    let orders = orders();
    bencher
        .counter(ItemsCount::new(orders.len()))
        .bench_local(|| orders.iter().filter(|order| compositor.check(*order).is_ok()).count());
}
