//! What comes out of a printer that is sent a label, as read by an interpreter we did not write.

use labelize::{DrawerOptions, Renderer, TsplParser, ZplParser};
use waybilld::dots::{Bitmap, Dpi, Size};
use waybilld::language::Language;

/// A printer that draws what it is sent, label after label.
pub struct Printer {
    reader: Reader,
    options: DrawerOptions,
}

enum Reader {
    Zpl(Box<ZplParser>),
    /// Begins anew at each reading, so that it is given the setup each time.
    Tspl(TsplParser, Vec<u8>),
}

impl Printer {
    pub fn new(language: Language, dpi: Dpi, size: Size) -> Printer {
        let per_mm = match dpi {
            Dpi::D203 => 8,
            Dpi::D300 => 12,
            Dpi::D600 => 24,
        };
        let reader = match language {
            Language::Zpl => Reader::Zpl(Box::new(ZplParser::with_dpmm(per_mm))),
            Language::Tspl => Reader::Tspl(TsplParser::with_dpmm(per_mm), Vec::new()),
            Language::EscPos => panic!("labelize reads no ESC/POS"),
        };
        let options = DrawerOptions {
            label_width_mm: f64::from(size.width.0) / f64::from(per_mm),
            label_height_mm: f64::from(size.height.0) / f64::from(per_mm),
            dpmm: per_mm,
            // It draws TSPL as the media leaves the printer, DIRECTION 0 with its feet first.
            enable_inverted_labels: language != Language::Tspl,
            ..DrawerOptions::default()
        };
        Printer { reader, options }
    }

    /// The labels these bytes print. A white TSPL label is not among them.
    pub fn print(&mut self, bytes: &[u8]) -> Vec<Bitmap> {
        let labels = match &mut self.reader {
            Reader::Zpl(zpl) => zpl.parse(bytes).expect("valid ZPL"),
            Reader::Tspl(tspl, setup) => {
                let labels = tspl.parse(&[setup.as_slice(), bytes].concat()).expect("valid TSPL");
                if labels.is_empty() {
                    setup.extend(bytes);
                }
                labels
            }
        };
        let draw = |label| {
            let mut png = Vec::new();
            Renderer::new().draw_label_as_png(label, &mut png, self.options.clone()).expect("drawn");
            Bitmap::from_png(&png).expect("a picture")
        };
        labels.iter().map(draw).collect()
    }
}
