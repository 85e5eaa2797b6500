//! Labels as pictures or as a printer's bytes, without printing.

use super::job::{Aim, Job};
use super::{Intake, Rejected, Rules};
use crate::content::Content;
use crate::dots::Dpi;
use crate::fault::Fault;
use crate::label::Label;
use crate::language::{Encoder, Language, Options, Setup, zpl};
use crate::printer::Handle;
use crate::spool::{Refusal, SpoolError};
use crate::waybill::json::Node;
use jiff::Zoned;
use std::collections::BTreeMap;

/// How to draw.
#[derive(Debug, Clone, Default)]
pub struct How {
    /// Otherwise the head of the printer the job names, or 203 dpi.
    pub dpi: Option<Dpi>,
    /// The heads of printers that were adopted, where the configuration says another.
    pub adopted: BTreeMap<String, Dpi>,
    /// The template of labels that name none.
    pub template: Option<String>,
    /// The job's papers too, where they would print.
    pub papers: bool,
}

/// Labels laid out, and how their printer is set.
pub struct Drawn {
    pub labels: Vec<Label>,
    pub setup: Setup,
    pub native_text: bool,
}

/// Lays out a job, or one label without a job around it; or every fault of every label.
pub fn draw(rules: &Rules, mut node: Node, how: How, now: &Zoned) -> Result<Drawn, Vec<Fault>> {
    if let (Some(template), Node::Object(entries)) = (how.template, &mut node) {
        entries.retain(|(key, _)| key != "template");
        entries.push(("template".to_owned(), Node::Text(template)));
    }
    let mut job = Job::read(node, rules, Aim::Draw);
    let adopted = job.printer.as_ref().and_then(|(name, _)| how.adopted.get(name).copied());
    job.dpi = how.dpi.or(adopted);
    if !how.papers {
        job.wants.clear();
    }
    let printer = job.printer.as_ref().map(|(_, printer)| printer);
    let dpi = job.dpi.or(printer.map(|printer| printer.dpi)).unwrap_or_default();
    let setup = printer.map(|printer| printer.setup).unwrap_or_default();
    let native_text = printer.is_some_and(|printer| printer.native_text);
    let mut labels = Vec::new();
    let mut faults = Vec::new();
    for piece in job.pieces(rules, now) {
        let made = rules.designs.with(&piece.template, dpi, |compositor| compositor.lay_out(&piece.content));
        match made.and_then(|made| made) {
            Ok(label) => labels.push(label),
            Err(found) => {
                let id = piece.content.by_ref().id();
                faults.extend(found.into_iter().map(|fault| fault.of_label(&id)));
            }
        }
    }
    job.found(faults);
    if job.faults.is_empty() { Ok(Drawn { labels, setup, native_text }) } else { Err(job.faults) }
}

impl Drawn {
    /// What a printer would be sent for these labels, from its first byte on.
    pub fn stream(&self, language: Language, zpl: zpl::Options) -> Vec<u8> {
        stream(language, &self.labels, &self.setup, zpl)
    }
}

/// What a printer that is set so would be sent for these labels, from its first byte on.
pub fn stream(language: Language, labels: &[Label], setup: &Setup, zpl: zpl::Options) -> Vec<u8> {
    let mut encoder = Encoder::new(language, Options { zpl, ..Options::default() });
    let mut bytes = labels.first().map(|label| encoder.start(setup, label.size, label.dpi)).unwrap_or_default();
    for label in labels {
        bytes.extend(encoder.label(label).bytes);
    }
    bytes
}

impl Intake<'_> {
    /// A taken label as it prints on the media its printer holds now; where it cannot, as it was taken. As a PNG.
    pub async fn preview(&self, id: &str) -> Result<Vec<u8>, Rejected> {
        let detail = self.spool.label(id).await?;
        let text = detail.waybill.ok_or_else(|| SpoolError::from(Refusal::Erased(id.to_owned())))?;
        let unreadable = || Rejected::Broken(format!("the stored data of label {id} is unreadable."));
        let content = Content::parse(&text).map_err(|_| unreadable())?;
        let designs = &self.rules.designs;
        let template = match designs.by_hash(&detail.template) {
            Some(template) => template,
            None => {
                let text = self.spool.template(detail.template).await?.ok_or_else(unreadable)?;
                let name = content.by_ref().template().unwrap_or("an earlier template");
                designs.recall(name, &text).map_err(|_| unreadable())?
            }
        };
        let printer = self.rules.config.printers.get(&detail.label.printer);
        let dpi = self.printers.get(&detail.label.printer).map(Handle::dpi).unwrap_or_default();
        let variant = printer.and_then(|printer| designs.for_media(&template, printer.media).ok());
        let (rules, template) = (self.rules.clone(), variant.unwrap_or(template));
        let drawing = self.compute.run(move || {
            let made = rules.designs.with(&template, dpi, |compositor| compositor.lay_out(&content)).and_then(|made| made);
            made.map(|label| label.raster().to_png())
        });
        drawing.await?.map_err(|faults| {
            let faults = faults.into_iter().map(|fault| fault.of_label(id)).collect();
            Rejected::Faults { faults, not_done: "it cannot be drawn for this printer" }
        })
    }
}
