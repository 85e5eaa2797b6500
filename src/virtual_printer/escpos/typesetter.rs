//! From commands to what the mechanism is to do: strips to print, pieces to let go, questions to answer in turn.
//!
//! Holds what is in force: margins, units, the line being set, the page being set, stored graphics.

use super::paper::{Image, Item, Strip, What, symbol_text};
use super::parser::{CAN, CR, ESC, FF, FS, GS, HT, Input, LF, name};
use super::{EscPosSettings, Stock};
use crate::dots::{Dots, Dpi, Point, Rect, Size};
use std::sync::Arc;

/// Items on one line or page, and their bytes.
const ITEMS_MAX: usize = 4096;
const ITEMS_BYTES_MAX: usize = 8 << 20;
/// Characters of one line.
const LINE_BYTES_MAX: usize = 4096;

/// What the mechanism is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    Print(Arc<Strip>),
    /// The piece under the head is done: feed to its end, or that far, and let it go.
    Leave(Dots),
    /// Answered when everything before it is printed.
    Echo(Vec<u8>),
    /// Answered when its turn comes.
    Answer(Question),
    Status(bool),
    Unknown(String),
    Refused(String, &'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Sensors,
    Identity(u8),
    Position,
    UserMode,
}

#[derive(Debug, Clone)]
pub(super) struct Typesetter {
    dpi: Dpi,
    media: Size,
    settings: EscPosSettings,
    /// `ESC =` may have turned it to another device.
    selected: bool,
    line: Vec<u8>,
    line_images: Vec<Item>,
    /// What is set in page mode; `None` in standard mode.
    page: Option<Page>,
    area: Rect,
    direction: u8,
    x: Dots,
    margin: Dots,
    width: Dots,
    alignment: u8,
    spacing: Dots,
    /// Motion units to the inch; 0: dots.
    units: (u8, u8),
    symbol_height: Dots,
    /// `GS ( L` function 112, for function 50.
    graphic: Option<Arc<Image>>,
    /// `GS ( k` function 80, for function 81.
    symbol: Option<(u8, Arc<str>)>,
}

#[derive(Debug, Clone, Default)]
struct Page {
    items: Arc<Vec<Item>>,
    bytes: usize,
    y: Dots,
}

impl Typesetter {
    pub fn new(dpi: Dpi, media: Size, settings: EscPosSettings) -> Typesetter {
        // Thirty of 180 to the inch (command reference, ESC 2).
        let spacing = Dots((dpi.nominal() / 6) as i32);
        Typesetter {
            dpi,
            media,
            settings,
            selected: true,
            line: Vec::new(),
            line_images: Vec::new(),
            page: None,
            area: Rect { at: Point::default(), size: media },
            direction: 0,
            x: Dots(0),
            margin: Dots(0),
            width: media.width,
            alignment: 0,
            spacing,
            units: (0, 0),
            symbol_height: Dots(162),
            graphic: None,
            symbol: None,
        }
    }

    /// Whether nothing is half set.
    pub fn idle(&self) -> bool {
        self.line.is_empty() && self.line_images.is_empty() && self.page.as_ref().is_none_or(|page| page.items.is_empty())
    }

    /// As after power-up.
    pub fn lose_power(&mut self) {
        *self = Typesetter::new(self.dpi, self.media, self.settings);
    }

    /// As after `ESC @`.
    pub fn initialise(&mut self) {
        *self = Typesetter { selected: self.selected, ..Typesetter::new(self.dpi, self.media, self.settings) };
    }

    pub fn take(&mut self, input: Input) -> Vec<Output> {
        let command = match input {
            _ if !self.selected => match input {
                Input::Command(command) if command.starts_with(b"\x1b=") => command,
                _ => return Vec::new(),
            },
            Input::Text(byte) => {
                let full = self.line.len() >= LINE_BYTES_MAX;
                let printed = if full { self.print_line(self.spacing) } else { Vec::new() };
                self.line.push(byte);
                return printed;
            }
            Input::Command(command) => command,
            Input::Unknown(bytes) => return vec![Output::Unknown(name(&bytes))],
            Input::TooLarge(bytes) => return vec![Output::Refused(name(&bytes), "too large to hold")],
        };
        self.obey(&command)
    }

    fn obey(&mut self, command: &[u8]) -> Vec<Output> {
        let word = |at: usize| i32::from(command[at]) + 256 * i32::from(command[at + 1]);
        match *command {
            [LF] => return self.print_line(self.spacing),
            [FF] if self.page.is_some() => {
                let mut outputs = self.print_page();
                self.page = None;
                if self.settings.page_leaves {
                    outputs.push(Output::Leave(Dots(0)));
                }
                return outputs;
            }
            [FF] | [GS, FF] => return self.print_and_leave(None),
            [CR | HT] => {}
            [CAN] => {
                if let Some(page) = &mut self.page {
                    *page = Page::default();
                }
            }
            [ESC, b'@'] => self.initialise(),
            [ESC, b'L'] => {
                self.page.get_or_insert_default();
            }
            [ESC, b'S'] => self.page = None,
            [ESC, FF] => return self.print_page(),
            [ESC, b'=', n] => self.selected = n & 1 != 0,
            [ESC, b'2'] => self.spacing = Dots((self.dpi.nominal() / 6) as i32),
            [ESC, b'3', n] => self.spacing = self.vertical(i32::from(n)),
            [ESC, b'J', n] => return self.print_line(self.vertical(i32::from(n))),
            [ESC, b'd', n] => return self.print_line(Dots(self.spacing.0 * i32::from(n))),
            [ESC, b'a', n] => self.alignment = n % 48,
            [ESC, b'$', ..] => self.x = self.horizontal(word(2)),
            [GS, b'$', ..] => {
                let y = self.vertical(word(2));
                if let Some(page) = &mut self.page {
                    page.y = y;
                }
            }
            [ESC, b'T', n] => {
                self.direction = n % 48 % 4;
                self.return_to_start();
            }
            [ESC, b'W', ..] => {
                let [x, y, width, height] = [2, 4, 6, 8].map(word);
                let at = Point::new(self.horizontal(x), self.vertical(y));
                self.area = Rect { at, size: Size::new(self.horizontal(width), self.vertical(height)) };
                self.return_to_start();
            }
            [GS, b'L', ..] => self.margin = self.horizontal(word(2)),
            [GS, b'W', ..] => self.width = self.horizontal(word(2)),
            [GS, b'P', x, y] => self.units = (x, y),
            [GS, b'h', n] => self.symbol_height = Dots(i32::from(n.max(1))),
            [ESC, b'*', mode @ (0 | 1 | 32 | 33), _, _, ref data @ ..] => return self.add_to_line(Image::of_columns(mode, data)),
            [GS, b'v', b'0', mode, _, _, _, _, ref data @ ..] => {
                let mode = i32::from(mode % 48);
                let scale = (1 + mode % 2, 1 + mode / 2 % 2);
                let (bytes, height) = (word(4) as usize, word(6) as usize);
                return match Image::of_rows("GS v 0", 8 * bytes, height, data, scale) {
                    Some(image) if self.line.is_empty() => self.raster(Arc::new(image)),
                    _ => vec![Output::Refused("GS v 0".into(), "there is text in the line before it")],
                };
            }
            [GS, b'(', b'L', _, _, ref data @ ..] | [GS, b'8', b'L', _, _, _, _, ref data @ ..] => return self.graphics(data),
            [GS, b'k', ..] => return self.print_symbol("GS k", symbol_text(command).into()),
            [GS, b'(', b'k', _, _, ref data @ ..] => return self.code2d(data),
            // GS V with 65 and more feeds to the cutter first.
            [GS, b'V', _] | [ESC, b'i' | b'm'] => return self.print_and_leave(Some(Dots(0))),
            [GS, b'V', _, n] => return self.print_and_leave(Some(self.vertical(i32::from(n)))),
            [FS, b'(', b'L', _, _, b'0', _] => return vec![Output::Answer(Question::Position)],
            [FS, b'(', b'L', _, _, b'A'..=b'C', _] => return self.print_and_leave(None),
            [GS, b'(', b'H', 6, 0, b'0', b'0', a, b, c, d] if self.settings.process_id => {
                return vec![Output::Echo(vec![0x37, 0x22, a, b, c, d, 0])];
            }
            [GS, b'(', b'H', ..] if self.settings.process_id => {}
            [GS, b'a', n] if self.settings.status => return vec![Output::Status(n != 0)],
            [GS, b'r', _] | [ESC, b'v'] if self.settings.status => return vec![Output::Answer(Question::Sensors)],
            [GS, b'I', n] => return vec![Output::Answer(Question::Identity(n))],
            [GS, b'(', b'E', 3, 0, 1, b'I', b'N'] => return vec![Output::Answer(Question::UserMode)],
            [GS, b'(', b'E' | b'D' | b'K' | b'M' | b'N', ..] | [FS, b'(', b'A' | b'C' | b'E', ..] => {}
            [GS, b'(' | b'a' | b'g' | b'z' | b'*' | b'^' | b'T' | b'c' | b':', ..]
            | [FS, b'(' | b'p', ..]
            | [ESC, b'(' | b'u', ..] => {
                return vec![Output::Unknown(name(command))];
            }
            // Real-time commands were obeyed when they came in; the rest changes how text looks, which is not drawn.
            _ => {}
        }
        Vec::new()
    }

    fn return_to_start(&mut self) {
        self.x = Dots(0);
        if let Some(page) = &mut self.page {
            page.y = Dots(0);
        }
    }

    fn horizontal(&self, units: i32) -> Dots {
        motion(units, self.units.0, self.dpi)
    }

    fn vertical(&self, units: i32) -> Dots {
        motion(units, self.units.1, self.dpi)
    }

    /// Where a thing that wide goes in a line of standard mode.
    fn aligned(&self, width: Dots) -> Dots {
        let free = (self.width.0 - width.0).max(0);
        self.margin
            + Dots(match self.alignment {
                1 => free / 2,
                2 => free,
                _ => 0,
            })
    }

    fn add_to_line(&mut self, image: Image) -> Vec<Output> {
        let at = Point::new(self.margin + self.x, Dots(0));
        self.x = Dots(self.x.0.saturating_add(image.width().0));
        if self.line_images.len() >= ITEMS_MAX {
            return vec![Output::Refused("ESC *".into(), "the line is too full to hold")];
        }
        self.line_images.push(Item { what: What::Image(Arc::new(image)), at, area: self.whole(), direction: 0 });
        Vec::new()
    }

    /// The whole width of the head, as long as anything printed at once.
    fn whole(&self) -> Rect {
        Rect::new(Dots(0), Dots(0), self.media.width, Dots(1 << 20))
    }

    /// Ends the line: prints it, or in page mode sets it, and feeds.
    fn print_line(&mut self, feed: Dots) -> Vec<Output> {
        let mut items = std::mem::take(&mut self.line_images);
        if !self.line.is_empty() {
            let text = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
            items.push(Item { what: What::Text(text.into()), at: Point::new(self.x, Dots(0)), area: self.whole(), direction: 0 });
        }
        self.x = Dots(0);
        let height = items.iter().map(|item| if let What::Image(image) = &item.what { image.height() } else { Dots(24) }).max();
        let rows = feed.max(height.unwrap_or_default());
        let Some(y) = self.page.as_ref().map(|page| page.y) else {
            let strip = Strip { rows, items: Arc::new(items) };
            return if rows > Dots(0) { vec![Output::Print(Arc::new(strip))] } else { Vec::new() };
        };
        let mut refused = Vec::new();
        for Item { what, at, .. } in items {
            refused.extend(self.set(what, Point::new(at.x, y)));
        }
        if let Some(page) = &mut self.page {
            page.y = Dots(y.0.saturating_add(rows.0));
        }
        refused
    }

    /// A raster: printed at once, or in page mode set with its lower left corner at the print position, or as high as the
    /// page begins (Epson's ePOS-Print manual, `<position>`: "the lower left dot of the image").
    fn raster(&mut self, image: Arc<Image>) -> Vec<Output> {
        let rows = image.height();
        if let Some(y) = self.page.as_ref().map(|page| page.y) {
            let top = Dots(y.0.saturating_sub(rows.0).max(0));
            return self.set(What::Image(image), Point::new(self.x, top));
        }
        let at = Point::new(self.aligned(image.width()), Dots(0));
        let item = Item { what: What::Image(image), at, area: self.whole(), direction: 0 };
        if rows > Dots(0) { vec![Output::Print(Arc::new(Strip { rows, items: Arc::new(vec![item]) }))] } else { Vec::new() }
    }

    /// Sets a thing on the page.
    fn set(&mut self, what: What, at: Point) -> Vec<Output> {
        let (area, direction) = (self.area, self.direction);
        let Some(page) = &mut self.page else { return Vec::new() };
        let item = Item { what, at, area, direction };
        let bytes = Strip { rows: Dots(0), items: Arc::new(vec![item.clone()]) }.bytes();
        if page.items.len() >= ITEMS_MAX || page.bytes + bytes > ITEMS_BYTES_MAX {
            return vec![Output::Refused("ESC L".into(), "the page is too full to hold")];
        }
        page.bytes += bytes;
        Arc::make_mut(&mut page.items).push(item);
        Vec::new()
    }

    /// Prints the page as one strip, as long as its areas reach; the page stays, `ESC FF`.
    fn print_page(&mut self) -> Vec<Output> {
        let mut outputs = if self.line.is_empty() && self.line_images.is_empty() { Vec::new() } else { self.print_line(Dots(0)) };
        let Some(page) = &self.page else { return outputs };
        if let Some(rows) = page.items.iter().map(|item| item.area.bottom()).max().filter(|rows| *rows > Dots(0)) {
            outputs.push(Output::Print(Arc::new(Strip { rows, items: page.items.clone() })));
        }
        outputs
    }

    /// Prints what is in the line and lets the piece go: where its label ends, or for a cut after that feed.
    fn print_and_leave(&mut self, cut: Option<Dots>) -> Vec<Output> {
        if self.page.is_some() {
            return vec![Output::Refused("GS V".into(), "in page mode")];
        }
        let waits = !(self.line.is_empty() && self.line_images.is_empty());
        let mut outputs = if waits { self.print_line(self.spacing) } else { Vec::new() };
        match (self.settings.stock, cut) {
            (Stock::Labels, _) => outputs.push(Output::Leave(Dots(0))),
            (Stock::Roll, Some(feed)) => outputs.push(Output::Leave(feed)),
            // Nothing marks where a receipt ends.
            (Stock::Roll, None) => {}
        }
        outputs
    }

    fn print_symbol(&mut self, command: &'static str, text: Arc<str>) -> Vec<Output> {
        let rows = self.symbol_height;
        if let Some(y) = self.page.as_ref().map(|page| page.y) {
            return self.set(What::Symbol(command, text), Point::new(self.x, y));
        }
        let item = Item { what: What::Symbol(command, text), at: Point::default(), area: self.whole(), direction: 0 };
        vec![Output::Print(Arc::new(Strip { rows, items: Arc::new(vec![item]) }))]
    }

    /// `GS ( k cn fn …`: of all functions those that store data and print it.
    fn code2d(&mut self, data: &[u8]) -> Vec<Output> {
        match *data {
            [kind, 80, _, ref data @ ..] => self.symbol = Some((kind, String::from_utf8_lossy(data).into())),
            [kind, 81, ..] => match self.symbol.clone().filter(|(stored, _)| *stored == kind) {
                Some((_, text)) => return self.print_symbol("GS ( k", text),
                None => return vec![Output::Refused("GS ( k".into(), "no symbol is stored")],
            },
            _ => {}
        }
        Vec::new()
    }

    /// `GS ( L` and `GS 8 L`: function 112 stores a graphic, 50 prints it.
    fn graphics(&mut self, data: &[u8]) -> Vec<Output> {
        match *data {
            [b'0', 112, b'0', bx @ 1..=2, by @ 1..=2, _, xl, xh, yl, yh, ref data @ ..] => {
                let word = |low: u8, high: u8| usize::from(low) + 256 * usize::from(high);
                let scale = (i32::from(bx), i32::from(by));
                self.graphic = Image::of_rows("GS ( L", word(xl, xh), word(yl, yh), data, scale).map(Arc::new);
                if self.graphic.is_none() {
                    return vec![Output::Refused("GS ( L".into(), "less data than it says")];
                }
                Vec::new()
            }
            [b'0', 2 | 50] => match self.graphic.take() {
                Some(image) => self.raster(image),
                None => vec![Output::Refused("GS ( L".into(), "no graphic is stored")],
            },
            _ => vec![Output::Unknown("GS ( L".into())],
        }
    }
}

/// Motion units in dots.
fn motion(units: i32, to_the_inch: u8, dpi: Dpi) -> Dots {
    match i32::from(to_the_inch) {
        0 => Dots(units),
        to_the_inch => Dots((units * dpi.nominal() as i32 + to_the_inch / 2) / to_the_inch),
    }
}
