//! The firmware of an ESC/POS printer: the receive buffer is worked off in order while it is online, real-time
//! commands act as they arrive.
//!
//! A byte at a time goes in; what it completed is done on the printer's chassis: strips for the engine, replies,
//! events. Follows Epson's command reference and the TM-L90 specification, and [`EscPosSettings`] where printers differ.
//!
//! # What it understands
//!
//! | said | done |
//! |---|---|
//! | `GS v 0`, `GS ( L` and `GS 8 L` (functions 112, 50), `ESC *` | images; in standard mode printed as they come |
//! | text, `LF` `ESC J` `ESC d` `ESC 2` `ESC 3`; `GS k`, `GS ( k` (functions 80, 81) | kept as what they say, for [`Label::fields`]; not drawn |
//! | `ESC L` `ESC W` `ESC T` `ESC $` `GS $` `CAN` `ESC S`, `FF` `ESC FF` | page mode: one strip, as long as its areas reach |
//! | `GS L` `GS W` `GS P` `ESC a` `ESC $` `ESC @` | obeyed |
//! | `GS V`, `ESC i`, `ESC m` | the piece is cut, if there is one |
//! | `FF` in standard mode, `GS FF`, `FS ( L` (functions 65 to 67) | on labels: feeds to the end of the label under the head |
//! | `DLE EOT` 1 to 4, `DLE ENQ` 1 and 2, `DLE DC4` 8 | at once, offline too, and in the middle of an image, where the bytes stay data |
//! | `GS ( H` function 48 | echoed when everything before it is printed |
//! | `GS a` | four bytes when switched on and at each change |
//! | `GS r`, `ESC v`, `GS I`, `FS ( L` function 48, `GS ( E` function 1 | answered when their turn comes |
//! | `ESC =` | not for this device: all but `ESC =` is passed over |
//! | `GS ( E` function 49, `GS ( D`, how text looks, drawers and buzzers | accepted, without effect: the media is what it is |
//! | all else | [`Event::Unknown`](super::Event::Unknown) |
//!
//! What was printed before a cover opened lies torn in the tray; what is not yet printed goes on after it, from the
//! line (in page mode from the page) that was interrupted, and the piece it ends up on is not whole. A label that runs
//! over the end of its media is not whole either. Everything but real-time commands stays in the receive buffer while
//! it is offline.

mod paper;
mod parser;
mod typesetter;

pub use paper::EscPosLabel;

use super::chassis::{Chassis, Done};
use super::engine::{Batch, Cause, Strip as EngineStrip};
use super::{Label, Picture, Settings};
use crate::dots::{Dots, Size};
use paper::Strip;
use parser::Parser;
use std::collections::VecDeque;
use std::sync::Arc;
use typesetter::{Output, Question, Typesetter};

/// Strips, bytes and rows of one piece; a person tears off what is longer.
const PIECE_STRIPS_MAX: usize = 2048;
const PIECE_BYTES_MAX: usize = 8 << 20;
const PIECE_ROWS_MAX: Dots = Dots(100_000);

/// In what ESC/POS printers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscPosSettings {
    pub stock: Stock,
    /// Answers `DLE EOT`, `GS a` and `GS r`; else never a byte of status.
    pub status: bool,
    /// Knows `GS ( H`.
    pub process_id: bool,
    /// `FF` that ends page mode also feeds to the end of the label, as clones do.
    pub page_leaves: bool,
}

/// What it prints on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stock {
    /// Labels with gaps or marks, as the media says.
    Labels,
    /// A receipt roll with a cutter; every piece counts as one of the roll's labels.
    #[default]
    Roll,
}

impl Default for EscPosSettings {
    fn default() -> EscPosSettings {
        EscPosSettings { stock: Stock::Roll, status: true, process_id: true, page_leaves: false }
    }
}

impl EscPosLabel {
    /// Its dots, by our own reading of the manual.
    pub(super) fn picture(&self, media: Size) -> Picture {
        self.draw(media)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Firmware {
    buffer: VecDeque<u8>,
    parser: Parser,
    typesetter: Typesetter,
    /// What is to be done next, in order; nothing more is read before.
    outputs: VecDeque<Output>,
    /// The last bytes that came in, for real-time commands.
    tail: [u8; 10],
    /// Status is sent unasked; what was sent last.
    watched: Option<[u8; 4]>,
    watching: bool,
}

impl Firmware {
    pub fn new(settings: &Settings) -> Firmware {
        Firmware {
            buffer: VecDeque::new(),
            parser: Parser::default(),
            typesetter: Typesetter::new(settings.dpi, settings.media, settings.escpos),
            outputs: VecDeque::new(),
            tail: [0; 10],
            watched: None,
            watching: false,
        }
    }

    pub fn idle(&self) -> bool {
        self.buffer.is_empty() && self.parser.held() == 0 && self.outputs.is_empty() && self.typesetter.idle()
    }

    /// Bytes that take up room.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    pub fn handle_byte(&mut self, byte: u8, chassis: &mut Chassis) -> Done {
        self.buffer.push_back(byte);
        self.tail.rotate_left(1);
        self.tail[9] = byte;
        let real_time = self.obey_at_once(chassis);
        let online = chassis.engine.causes().is_empty();
        if real_time || (online && self.read()) { Done::Something } else { Done::Nothing }
    }

    /// Does the next thing that can be done now; whether there was one.
    pub fn step(&mut self, chassis: &mut Chassis) -> bool {
        let status = auto_status(chassis);
        if self.watching && self.watched != Some(status) {
            self.watched = Some(status);
            chassis.reply(status.to_vec());
            return true;
        }
        if !chassis.engine.causes().is_empty() {
            return false;
        }
        let busy = chassis.engine.batch().is_some();
        match self.outputs.front() {
            None => self.read(),
            Some(Output::Print(_) | Output::Leave(_) | Output::Echo(_)) if busy => false,
            Some(_) => {
                if let Some(output) = self.outputs.pop_front() {
                    self.work_off(output, chassis);
                }
                true
            }
        }
    }

    /// What is gone without power: the labels in the buffer, and bytes of what was not complete.
    pub fn lose_power(&mut self) -> (Vec<Arc<Label>>, usize, usize) {
        let lost = self.abandon();
        let bytes = self.parser.held();
        self.parser = Parser::default();
        self.typesetter.lose_power();
        self.watching = false;
        self.tail = [0; 10];
        (lost, bytes, 0)
    }

    /// Reads the buffer up to something to do; whether there is something.
    fn read(&mut self) -> bool {
        while self.outputs.is_empty() {
            let Some(byte) = self.buffer.pop_front() else { return false };
            if let Some(input) = self.parser.push(byte) {
                self.outputs.extend(self.typesetter.take(input));
            }
        }
        true
    }

    /// Gives up what is in the buffer; the pieces that would have come of it.
    fn abandon(&mut self) -> Vec<Arc<Label>> {
        let mut labels = Vec::new();
        let mut piece = EscPosLabel::default();
        let mut rows = Dots(0);
        while self.read() {
            for output in std::mem::take(&mut self.outputs) {
                match output {
                    Output::Print(strip) => {
                        piece.add(rows, strip.clone());
                        rows = Dots(rows.0.saturating_add(strip.rows.0));
                    }
                    Output::Leave(_) => {
                        labels.push(std::mem::take(&mut piece));
                        rows = Dots(0);
                    }
                    _ => {}
                }
            }
        }
        labels.push(piece);
        labels.into_iter().filter(|label| !label.is_empty()).map(|label| Arc::new(Label::EscPos(label))).collect()
    }

    fn work_off(&mut self, output: Output, chassis: &mut Chassis) {
        match output {
            Output::Print(strip) => self.print(strip, chassis),
            Output::Leave(feed) => leave(feed, chassis),
            Output::Echo(echo) => chassis.reply(echo),
            Output::Answer(question) => {
                let answer = answer(question, chassis);
                chassis.reply(answer);
            }
            Output::Status(on) => (self.watching, self.watched) = (on, None),
            Output::Unknown(command) => chassis.unknown(command),
            Output::Refused(command, reason) => chassis.refuse(command, reason),
        }
    }

    /// A strip is added to the piece under the head.
    fn print(&mut self, strip: Arc<Strip>, chassis: &mut Chassis) {
        let (mut piece, top) = match chassis.engine.begun() {
            Some((label, rows)) => (escpos(label), *rows),
            None => (EscPosLabel::default(), Dots(0)),
        };
        let rows = strip.rows;
        if rows > PIECE_ROWS_MAX || strip.bytes() > PIECE_BYTES_MAX {
            return chassis.refuse("FF".into(), "longer than any piece of media");
        }
        if piece.strips() >= PIECE_STRIPS_MAX || piece.held() + strip.bytes() > PIECE_BYTES_MAX || top + rows > PIECE_ROWS_MAX {
            chassis.refuse("LF".into(), "the piece under the head is too long: it is torn off");
            let torn = chassis.engine.tear_off(chassis.now);
            chassis.eject(torn);
            self.outputs.push_front(Output::Print(strip));
            return;
        }
        piece.add(top, strip.clone());
        let mut alone = EscPosLabel::default();
        alone.add(Dots(0), strip);
        let [piece, alone] = [piece, alone].map(|label| Arc::new(Label::EscPos(label)));
        chassis.engine.load(Batch::strip(piece, EngineStrip { rows, leaves: false, spoilt: false, alone }));
    }

    /// A real-time command that these last bytes complete; whether there was one.
    fn obey_at_once(&mut self, chassis: &mut Chassis) -> bool {
        let answers = chassis.settings.escpos.status;
        match self.tail {
            [.., 0x10, 0x04, n @ 1..=4] if answers => chassis.reply(vec![real_time_status(n, chassis)]),
            [.., 0x10, 0x05, n @ 1..=2] => {
                if n == 2 {
                    self.clear(chassis);
                }
                chassis.clear(Cause::Paused);
            }
            [0x10, 0x14, 8, 1, 3, 0x14, 1, 6, 2, 8] => {
                self.clear(chassis);
                if answers {
                    chassis.reply(vec![0x37, 0x25, 0]);
                }
            }
            _ => return false,
        }
        true
    }

    /// Receive and print buffers are cleared; what is under the head is finished.
    fn clear(&mut self, chassis: &mut Chassis) {
        let waiting = chassis.engine.batch().filter(|_| chassis.engine.due().is_none()).map(|batch| batch.label.clone());
        chassis.engine.cancel();
        let queued = self.abandon();
        self.parser = Parser::default();
        self.typesetter.initialise();
        chassis.canceled(waiting.into_iter().chain(queued).collect());
    }
}

/// The piece under the head goes: to the end of its label, or after that feed under the knife.
fn leave(feed: Dots, chassis: &mut Chassis) {
    let Some((label, rows)) = chassis.engine.begun().cloned() else { return chassis.engine.begin_piece() };
    let length = chassis.settings.media.height;
    let (feed, spoilt) = match chassis.settings.escpos.stock {
        Stock::Labels => (Dots((-rows.0).rem_euclid(length.0.max(1))), rows > length),
        Stock::Roll => (feed, false),
    };
    let alone = Arc::new(Label::EscPos(EscPosLabel::default()));
    chassis.engine.load(Batch::strip(label, EngineStrip { rows: feed, leaves: true, spoilt, alone }));
}

fn escpos(label: &Label) -> EscPosLabel {
    match label {
        Label::EscPos(label) => label.clone(),
        Label::Zpl(_) | Label::Tspl(_) => EscPosLabel::default(),
    }
}

/// `DLE EOT n`.
fn real_time_status(n: u8, chassis: &Chassis) -> u8 {
    let engine = &chassis.engine;
    let bit = |there: bool, bit: u8| if there { bit } else { 0 };
    0x12 | match n {
        1 => bit(!engine.causes().is_empty(), 0x08) | bit(engine.is(Cause::Paused), 0x20),
        2 => {
            let error = [Cause::Jam, Cause::HeadHot, Cause::RibbonOut].into_iter().any(|cause| engine.is(cause));
            bit(engine.is(Cause::CoverOpen), 0x04) | bit(engine.is(Cause::MediaOut), 0x20) | bit(error, 0x40)
        }
        3 => bit(engine.is(Cause::Jam), 0x04) | bit(engine.is(Cause::RibbonOut), 0x20) | bit(engine.is(Cause::HeadHot), 0x40),
        _ => bit(engine.is(Cause::MediaOut), 0x6C),
    }
}

/// The four bytes of `GS a`.
fn auto_status(chassis: &Chassis) -> [u8; 4] {
    let engine = &chassis.engine;
    let bit = |there: bool, bit: u8| if there { bit } else { 0 };
    [
        0x10 | bit(!engine.causes().is_empty(), 0x08) | bit(engine.is(Cause::CoverOpen), 0x20),
        bit(engine.is(Cause::Paused), 0x01)
            | bit(engine.is(Cause::Jam), 0x04)
            | bit(engine.is(Cause::RibbonOut), 0x20)
            | bit(engine.is(Cause::HeadHot), 0x40),
        bit(engine.is(Cause::MediaOut), 0x0F),
        0x0F,
    ]
}

fn answer(question: Question, chassis: &Chassis) -> Vec<u8> {
    let text = |text: &str| [b"_", text.as_bytes(), b"\0"].concat();
    match question {
        // It is not worked off while media is out: it never says so (TM-T90 specification, GS r).
        Question::Sensors => vec![0],
        Question::Identity(65) => text("1.00 ESC/POS"),
        Question::Identity(66) => text("virtual"),
        Question::Identity(67) => text(&chassis.settings.model),
        Question::Identity(68) => text(&chassis.settings.serial),
        // Model, type (with a cutter or without), version: a byte each.
        Question::Identity(2 | 50) => vec![if chassis.settings.escpos.stock == Stock::Roll { 0x02 } else { 0x00 }],
        Question::Identity(1 | 3 | 49 | 51) => vec![0x01],
        Question::Identity(_) => Vec::new(),
        // Bit 2 of the first: standing at the print starting position.
        Question::Position => vec![0x37, 0x38, if chassis.engine.begun().is_none() { 0x44 } else { 0x40 }, 0x40, 0],
        Question::UserMode => vec![0x37, 0x20, 0],
    }
}
