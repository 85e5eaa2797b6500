//! The labels of a job as they print: waybills, and the job's papers between them.

use super::Rules;
use super::job::{Aim, Job};
use super::number;
use crate::content::Content;
use crate::designs::{Sheet, WavePapers};
use crate::dots::{Dpi, Mm};
use crate::papers::Wave;
use crate::spool::{Hold, HoldCause, NewLabel};
use crate::template::Template;
use crate::waybill::{Item, Waybill};
use jiff::Zoned;
use std::sync::Arc;

/// One label as it is to print, and its design.
pub struct Piece {
    pub content: Content,
    pub template: Arc<Template>,
    /// Goes before labels that are not; a paper is as urgent as its labels.
    urgent: bool,
    /// A slip waits with its label.
    hold: Option<Hold>,
}

/// Date and time by the clock on the wall there, as papers say it.
pub fn wall_clock(now: &Zoned) -> String {
    now.strftime("%Y-%m-%d %H:%M").to_string()
}

impl Job {
    /// Its labels with its papers between them, in the order they print.
    pub fn pieces(&mut self, rules: &Rules, now: &Zoned) -> Vec<Piece> {
        let papers = self.papers(rules, now).unwrap_or_default();
        let all_urgent = self.orders.iter().all(|order| order.waybill.urgent);
        let paper = |sheet: &Sheet, urgent: bool, hold: Option<Hold>| {
            let Sheet { paper, template } = sheet.clone();
            Piece { content: Content::Paper(Box::new(paper)), template, urgent, hold }
        };
        let mut pieces: Vec<Piece> = papers.before.iter().map(|sheet| paper(sheet, all_urgent, None)).collect();
        let mut behind = papers.behind.iter();
        for order in std::mem::take(&mut self.orders) {
            let urgent = order.waybill.urgent;
            let hold = hold(&order.waybill, self.on_scan);
            let content = Content::Waybill(Box::new(order.waybill));
            pieces.push(Piece { content, template: order.template, urgent, hold: hold.clone() });
            // A slip comes with its label or not at all.
            let slips = behind.next().into_iter().flatten();
            pieces.extend(slips.map(|sheet| paper(sheet, urgent, hold.clone())));
        }
        pieces
    }

    /// The papers it asks for; faults are noted.
    fn papers(&mut self, rules: &Rules, now: &Zoned) -> Option<WavePapers> {
        if self.wants.is_empty() {
            return None;
        }
        let (printer, media, dpi) = self.place()?;
        let id = if self.id.is_empty() { "wave".to_owned() } else { self.id.clone() };
        let labels = self.orders.iter().map(|order| &order.waybill).collect();
        let wave = Wave { id, printer, at: wall_clock(now), labels };
        let made = rules.designs.papers(&wave, &self.wants, media, dpi);
        made.map_err(|faults| self.found(faults)).ok()
    }

    /// Where it prints, on which media, at which head. A job that is only drawn is drawn on its usual template's media.
    fn place(&self) -> Option<(String, (Mm, Mm), Dpi)> {
        match (&self.printer, self.aim) {
            (Some((name, printer)), _) => Some((name.clone(), printer.media, self.dpi.unwrap_or(printer.dpi))),
            (None, Aim::Draw) => {
                let usual = self.usual.as_ref()?;
                Some(("not printed".to_owned(), (usual.width, usual.height), self.dpi.unwrap_or_default()))
            }
            (None, Aim::Take) => None,
        }
    }
}

impl Piece {
    /// As the spool takes it. `on_scan`: a waybill waits for a scan of it, its order or its goods.
    pub fn to_label(&self, on_scan: bool) -> NewLabel {
        let label = NewLabel {
            id: self.content.by_ref().id(),
            waybill: self.content.by_ref().to_text().into(),
            template: self.template.hash,
            order: None,
            tracking: None,
            ship_by: None,
            urgent: self.urgent,
            held: self.hold.clone(),
            carrier: None,
            weight_g: None,
            expires: None,
            on_scan: false,
            skus: Vec::new(),
            paper: self.content.by_ref().paper(),
        };
        match &self.content {
            Content::Waybill(waybill) => with_waybill(label, waybill, on_scan),
            Content::Paper(_) => label,
        }
    }
}

/// What the ledger finds and orders a waybill's label by.
fn with_waybill(label: NewLabel, waybill: &Waybill, on_scan: bool) -> NewLabel {
    NewLabel {
        order: Some(number(&waybill.order)),
        tracking: Some(number(&waybill.tracking)),
        ship_by: waybill.ship_by.map(|ship_by| ship_by.at.as_millisecond()),
        carrier: waybill.carrier.clone(),
        weight_g: waybill.parcel.weight_g,
        expires: waybill.expires.map(|expires| expires.at.as_millisecond()),
        on_scan,
        skus: waybill.items.iter().flat_map(skus).collect(),
        ..label
    }
}

/// Why a label is taken as held, if it is.
fn hold(waybill: &Waybill, on_scan: bool) -> Option<Hold> {
    match &waybill.hold {
        Some(text) if waybill.cancel_requested => Some(Hold::because(HoldCause::BuyerAsked, text)),
        Some(text) => Some(Hold::asked(text)),
        None => on_scan.then(|| Hold::of(HoldCause::OnScan)),
    }
}

/// A sheet of a paper that prints ahead of what waits, of that carrier.
pub fn urgent_paper(sheet: Sheet, carrier: Option<String>) -> NewLabel {
    let Sheet { paper, template } = sheet;
    let piece = Piece { content: Content::Paper(Box::new(paper)), template, urgent: true, hold: None };
    NewLabel { carrier, ..piece.to_label(false) }
}

/// The key of each piece of an item; the ledger asks only whether there are several.
fn skus(item: &Item) -> impl Iterator<Item = String> {
    // As it is written: what sets two articles apart may be a sign or a letter of any script.
    let key = item.sku.as_deref().map(|sku| sku.trim().to_uppercase()).unwrap_or_default();
    std::iter::repeat_n(key, item.quantity.min(2) as usize)
}
