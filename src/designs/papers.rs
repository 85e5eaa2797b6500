//! Papers cut into labels for one media and head.

use super::{Designs, on_all_cores};
use crate::dots::{Dpi, Mm};
use crate::fault::{Code, Fault};
use crate::papers::{Paper, Want, Wave};
use crate::template::Template;
use std::sync::Arc;

/// One label of a paper, and its design.
#[derive(Debug, Clone)]
pub struct Sheet {
    pub paper: Paper,
    pub template: Arc<Template>,
}

/// The papers of a wave, in the order they print.
#[derive(Debug, Default)]
pub struct WavePapers {
    /// Before the first label: the pick list, which is needed first, then the cover, which then lies on the labels.
    pub before: Vec<Sheet>,
    /// Behind each label, its packing slip; as many as there are labels, or none.
    pub behind: Vec<Vec<Sheet>>,
}

impl Designs {
    /// The paper as the labels it needs, every one of them sure to print; faults carry the paper's id.
    pub fn pages(&self, paper: &Paper, media: (Mm, Mm), dpi: Dpi) -> Result<Vec<Sheet>, Vec<Fault>> {
        let of_paper = |faults: Vec<Fault>| faults.into_iter().map(|fault| fault.of_label(&paper.id())).collect::<Vec<_>>();
        let design = self
            .design_for(paper.kind().template(), media)
            .map_err(|no| of_paper(vec![Fault::new(Code::Template, "template", no)]))?;
        let template = design.template.clone();
        let pages = self.with(&template, dpi, |compositor| compositor.pages(paper)).and_then(|made| made).map_err(of_paper)?;
        Ok(pages.into_iter().map(|paper| Sheet { paper, template: template.clone() }).collect())
    }

    /// The papers asked for of that wave, or everything that stops them.
    pub fn papers(&self, wave: &Wave, wants: &[Want], media: (Mm, Mm), dpi: Dpi) -> Result<WavePapers, Vec<Fault>> {
        let mut made = WavePapers::default();
        let mut faults = Vec::new();
        if wave.labels.is_empty() {
            return Ok(made);
        }
        if wants.contains(&Want::PickList) {
            match self.pages(&wave.pick_list(), media, dpi) {
                Ok(pages) => made.before = pages,
                Err(more) => faults.extend(more),
            }
        }
        if wants.contains(&Want::Slips) {
            let places: Vec<usize> = (0..wave.labels.len()).collect();
            for pages in on_all_cores(&places, |at| self.pages(&wave.packing_slip(*at), media, dpi)) {
                match pages {
                    Ok(pages) => made.behind.push(pages),
                    Err(more) => faults.extend(more),
                }
            }
        }
        if wants.contains(&Want::Cover) {
            // A slip that is kept back with its label is not in the stack.
            let there = wave.labels.iter().zip(&made.behind).filter(|(label, _)| label.hold.is_none());
            let others = made.before.len() + there.map(|(_, pages)| pages.len()).sum::<usize>();
            match self.cover(wave, others, media, dpi) {
                Ok(pages) => made.before.extend(pages),
                Err(more) => faults.extend(more),
            }
        }
        if faults.is_empty() { Ok(made) } else { Err(faults) }
    }

    /// The cover of a stack with so many other papers, counting its own labels too.
    fn cover(&self, wave: &Wave, others: usize, media: (Mm, Mm), dpi: Dpi) -> Result<Vec<Sheet>, Vec<Fault>> {
        let pages = self.pages(&wave.cover(others + 1), media, dpi)?;
        match pages.len() {
            1 => Ok(pages),
            more => self.pages(&wave.cover(others + more), media, dpi),
        }
    }
}
