//! A seller's export taken as a job: read with a map, submitted, and its faults led back to the cells they came from.

use super::maps::{self, NoMap};
use super::{Intake, Keep, Rejected, Submitted, content_of};
use crate::config::LABELS_MAX;
use crate::fault::{Code, Fault};
use crate::import::ends::{Answer, Answers, LeaveKind, RefuseKind};
use crate::import::preview::{End, LeftOutWhy, Line, Question, Refusal};
use crate::import::{self, Options, Settled};
use crate::spool::{Refusal as SpoolRefusal, SpoolError};
use crate::waybill::json::Node;
use jiff::Zoned;

/// What was not done with a file that has faults.
const NOTHING_TAKEN: &str = "nothing was taken: mend the file and send it again";

/// What to make of a file.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// A map by name; a table's is found by its columns.
    pub map: Option<String>,
    pub printer: Option<String>,
    pub sender: Option<String>,
    pub template: Option<String>,
    /// The job's id; else it is called by its content.
    pub job: Option<String>,
    /// Sort keys with commas.
    pub sort: Option<String>,
    /// Of a text file; found out otherwise.
    pub encoding: Option<String>,
    /// Of a workbook; the one that is open otherwise.
    pub sheet: Option<String>,
    /// Questions that are answered with yes, with commas: `postcode_zero,amount@7`.
    pub yes: Option<String>,
    /// Takes what is neither refused nor asked about.
    pub partial: bool,
}

/// What a file came to.
pub struct Imported {
    /// `None`: every order was left out.
    pub job: Option<Submitted>,
    pub map: String,
    pub written: String,
    pub sheet: Option<String>,
    /// Labels that are taken, or would be.
    pub labels: usize,
    /// Questions about the whole file.
    pub questions: Vec<Question>,
    /// What becomes of each row, questions first.
    pub lines: Vec<Line>,
}

impl Intake<'_> {
    /// Takes the orders of that file as one job, or only tries it.
    pub async fn import(
        &self,
        bytes: Vec<u8>,
        request: Request,
        memory: impl Send + 'static,
        now: Zoned,
        keep: Keep,
    ) -> Result<Imported, Rejected> {
        let rules = self.rules.clone();
        let answers = read_answers(request.yes.as_deref())?;
        let encoding = request.encoding.as_deref().map(|name| {
            let known = encoding_rs::Encoding::for_label(name.trim().as_bytes());
            known.ok_or_else(|| unknown("encoding", format!("\"{name}\" is not an encoding of the web, such as big5 or euc-kr.")))
        });
        let (name, sheet) = (request.map.clone(), request.sheet.clone());
        let (encoding, at) = (encoding.transpose()?, now.timestamp());
        let reading = self.compute.run(move || {
            let map = name.map(|name| maps::named(&name, rules.config.maps.as_deref())).transpose().map_err(no_map)?;
            import::read(&bytes, Options { map, encoding, sheet, now: at }).map_err(refused)
        });
        let import = reading.await??;
        let mut imported = Imported {
            job: None,
            map: import.map.clone().unwrap_or_default(),
            written: import.written.clone(),
            sheet: import.sheet.clone(),
            labels: 0,
            questions: import.questions(&answers),
            lines: import.preview(&answers),
        };
        if import.entries.is_empty() && import.left_out.is_empty() {
            return Err(refused(vec![Fault::new(Code::Missing, "", "there is no order in it.")]));
        }
        let is_dry = matches!(keep, Keep::No);
        let settled = match import.settle(&answers, request.partial || is_dry) {
            Ok(settled) => settled,
            // Asked only what would become of it: the table is the answer.
            Err(_) if is_dry => return Ok(imported),
            Err(mut faults) => {
                // A person mends a file once: what the good rows lack is told with it.
                if let Ok(Settled { labels, origins: Some(origins), .. }) = import.settle(&answers, true)
                    && (1..=LABELS_MAX).contains(&labels.len())
                    && let Err(Rejected::Faults { faults: more, .. }) =
                        self.submit(job_of(labels, true, &request), memory, now, Keep::No).await
                {
                    faults.extend(origins.told(more, 0));
                }
                return Err(refused(faults));
            }
        };
        let whole = job_of(settled.labels.clone(), settled.reuse_tracking, &request);
        let id = whole.get("id").and_then(Node::as_text).unwrap_or_default().to_owned();
        // A file that is sent again is the same job.
        if !settled.labels.is_empty() && self.spool.known(&id, content_of(&whole)).await?.is_some() {
            imported.labels = settled.labels.len();
            imported.job = Some(self.submit(whole, memory, now, keep).await?);
            return Ok(imported);
        }
        let (labels, before) = self.without_printed_before(&settled, &mut imported.lines).await?;
        imported.labels = labels.len();
        match labels.len() {
            0 => return Ok(imported),
            1..=LABELS_MAX => {}
            count => {
                let message = format!(
                    "it comes to {count} labels and a job takes {LABELS_MAX}: export fewer at once, or use `waybilld submit`, which makes several jobs of it."
                );
                return Err(refused(vec![Fault::new(Code::TooMany, "labels", message)]));
            }
        }
        let mut origins = settled.origins;
        if let Some(origins) = &mut origins {
            let mut before = before.into_iter();
            origins.retain(|| !before.next().unwrap_or(false));
        }
        let reuse_tracking = settled.reuse_tracking;
        let submitted = self.submit(job_of(labels, reuse_tracking, &request), memory, now, keep).await;
        match submitted.map_err(|rejected| match &origins {
            Some(origins) => rejected.with_faults(|faults| origins.told(faults, 0)),
            None => rejected,
        }) {
            Ok(submitted) => imported.job = Some(submitted),
            Err(Rejected::Faults { faults, .. }) if is_dry && faults.iter().all(|fault| fault.label.is_some()) => {
                note_faults(&mut imported, faults);
            }
            Err(rejected) => return Err(rejected),
        }
        Ok(imported)
    }

    /// The labels that are new to the ledger, and which of them all are not: those it has with the same order and tracking number
    /// were taken before, and their lines say so.
    async fn without_printed_before(&self, settled: &Settled, lines: &mut [Line]) -> Result<(Vec<Node>, Vec<bool>), Rejected> {
        let mut before = Vec::with_capacity(settled.labels.len());
        for label in &settled.labels {
            let text = |field: &str| label.get(field).and_then(Node::as_text).map(str::trim);
            let known = match text("id") {
                Some(id) => match self.spool.label(id).await {
                    Ok(known) => Some(known),
                    Err(SpoolError::Refusal(SpoolRefusal::NoLabel(_))) => None,
                    Err(error) => return Err(error.into()),
                },
                None => None,
            };
            let same = known.is_some_and(|known| {
                known.label.order.as_deref() == text("order") && known.label.tracking.as_deref() == text("tracking")
            });
            before.push(same);
        }
        let mut new = Vec::new();
        for (label, same) in settled.labels.iter().zip(&before) {
            if !same {
                new.push(label.clone());
                continue;
            }
            let id = label.get("id").and_then(Node::as_text).map(str::trim);
            for line in lines.iter_mut().filter(|line| line.id.as_deref() == id) {
                line.end = End::LeavesOut;
                line.left_out = Some(LeftOutWhy { kind: LeaveKind::PrintedBefore, why: "printed before".to_owned() });
            }
        }
        Ok((new, before))
    }
}

/// What the daemon finds wrong with labels, in their lines.
fn note_faults(imported: &mut Imported, faults: Vec<Fault>) {
    for fault in faults {
        for line in imported.lines.iter_mut().filter(|line| line.id == fault.label) {
            imported.labels -= usize::from(line.end == End::Takes);
            line.end = End::Refuses;
            line.refused.push(Refusal { kind: RefuseKind::Field, field: fault.field.clone(), sentence: fault.message.clone() });
        }
    }
    imported.lines.sort_by_key(|line| line.end);
}

fn read_answers(yes: Option<&str>) -> Result<Answers, Rejected> {
    let words = yes.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| word.parse::<Answer>().map_err(|why| unknown("yes", why))).collect()
}

/// What was asked names something that is not there.
fn unknown(field: &str, message: String) -> Rejected {
    refused(vec![Fault::new(Code::UnknownValue, field, message)])
}

fn refused(faults: Vec<Fault>) -> Rejected {
    Rejected::Faults { faults, not_done: NOTHING_TAKEN }
}

fn no_map(why: NoMap) -> Rejected {
    let unread = |message: String| refused(vec![Fault::new(Code::Unreadable, "map", message)]);
    match why {
        NoMap::Unknown { hint } => unknown("map", format!("there is no such map.{hint}")),
        NoMap::Wrong(faults) => {
            refused(faults.iter().map(|fault| Fault::new(Code::Unreadable, "map", fault.to_string())).collect())
        }
        NoMap::Unread(error) => unread(format!("cannot be read: {error}.")),
        NoMap::TooLarge => unread("is too large for a field map.".to_owned()),
        NoMap::NotText => unread("is not UTF-8 text, so it is not a field map.".to_owned()),
    }
}

/// The job as a caller would have written it.
fn job_of(labels: Vec<Node>, reuse_tracking: bool, request: &Request) -> Node {
    let Request { printer, sender, template, job, .. } = request;
    let given = [("printer", printer), ("sender", sender), ("template", template), ("id", job)];
    let given = given.into_iter().filter_map(|(field, word)| Some((field.to_owned(), Node::text(word.as_ref()?))));
    let mut fields: Vec<(String, Node)> = given.collect();
    if let Some(keys) = &request.sort {
        let keys = keys.split(',').map(|key| Node::text(key.trim()));
        fields.push(("sort".to_owned(), Node::List(keys.collect())));
    }
    if reuse_tracking {
        fields.push(("reuse_tracking".to_owned(), Node::Boolean(true)));
    }
    fields.push(("labels".to_owned(), Node::List(labels)));
    if job.is_none() {
        let content = content_of(&Node::Object(fields.clone())).to_hex();
        fields.push(("id".to_owned(), Node::text(format!("import-{}", &content[..16]))));
    }
    Node::Object(fields)
}
