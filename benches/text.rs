//! How long a block takes to set and draw once the glyphs are known: `cargo bench --bench text`.

use waybilld::dots::Dots;
use waybilld::text::{Align, Fonts, Missing, Room, Style, Typesetter};

fn sample(name: &str) -> &'static str {
    match name {
        "latin" => {
            "Jürgen Weißenfels\nSample Trading GmbH\nLange Straße 105 B, Hinterhaus\n\
             12345 Neustadt an der Weinstraße\nRheinland-Pfalz\nGERMANY"
        }
        "vietnamese" => "Nguyễn Thị Ánh Tuyết\n12 Đường Lê Lợi, Phường Bến Nghé\nQuận 1\nThành phố Hồ Chí Minh\n700000\nVIETNAM",
        "mixed" => {
            "Nguyễn Thị Ánh Tuyết\nนายสมชาย ใจดี ถนนสุขุมวิท\n广东省深圳市南山区科技园路12号\n\
             東京都渋谷区神宮前 서울특별시\nشارع الملك فهد، الرياض\nGERMANY"
        }
        _ => {
            "Rm 1203, Bldg B, Sample Tech Park, second door on the left behind the bakery, please ring twice, Nanshan \
             District, Shenzhen, Guangdong, and do not leave the parcel with the neighbour across the street"
        }
    }
}

fn main() {
    divan::main();
}

fn style() -> Style<'static> {
    Style { size: Dots(28), least: Dots(20), bold: false, align: Align::Start, language: None, missing: Missing::Refuse }
}

#[divan::bench(args = ["latin", "vietnamese", "mixed", "shrunk"])]
fn set_and_draw(bencher: divan::Bencher, name: &str) {
    let mut typesetter = Typesetter::new(&Fonts::embedded());
    let room = Room { width: Dots(720), height: Dots(280), lines: 6 };
    bencher.bench_local(|| {
        let block = typesetter.set(sample(name), &style(), &room).expect("it fits");
        typesetter.draw(&block)
    });
}

#[divan::bench(args = ["latin", "vietnamese", "mixed", "shrunk"])]
fn set(bencher: divan::Bencher, name: &str) {
    let mut typesetter = Typesetter::new(&Fonts::embedded());
    let room = Room { width: Dots(720), height: Dots(280), lines: 6 };
    bencher.bench_local(|| typesetter.set(sample(name), &style(), &room).expect("it fits"));
}

#[divan::bench]
fn set_one_line(bencher: divan::Bencher) {
    let mut typesetter = Typesetter::new(&Fonts::embedded());
    let room = Room { width: Dots(300), height: Dots(40), lines: 1 };
    bencher.bench_local(|| typesetter.set("576462377512830000", &style(), &room).expect("it fits"));
}

#[divan::bench]
fn first_block_of_a_new_typesetter(bencher: divan::Bencher) {
    let fonts = Fonts::embedded();
    let room = Room { width: Dots(720), height: Dots(280), lines: 6 };
    bencher.bench_local(|| {
        let mut typesetter = Typesetter::new(&fonts);
        let block = typesetter.set(sample("mixed"), &style(), &room).expect("it fits");
        typesetter.draw(&block)
    });
}

#[divan::bench]
fn open_the_fonts() -> Fonts {
    Fonts::embedded()
}
