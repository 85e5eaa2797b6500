//! A seller's export taken as a job: read with a map, submitted, and its faults led back to the cells they came from.

use super::maps::{self, NoMap};
use super::{Intake, Keep, Rejected, Submitted, content_of};
use crate::config::LABELS_MAX;
use crate::fault::{Code, Fault};
use crate::import::field_map::LeftOut;
use crate::import::{self, Import};
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
}

/// What a file came to.
pub struct Imported {
    /// `None`: every order was left out.
    pub job: Option<Submitted>,
    pub map: String,
    pub written: &'static str,
    /// Labels it came to.
    pub labels: usize,
    pub left_out: Vec<LeftOut>,
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
        let (rules, name) = (self.rules.clone(), request.map.clone());
        let reading = self.compute.run(move || {
            let map = name.map(|name| maps::named(&name, rules.config.maps.as_deref())).transpose().map_err(no_map)?;
            import::read(&bytes, map).map_err(refused)
        });
        let Import { map, written, labels, left_out, origins } = reading.await??;
        let mut imported = Imported { job: None, map: map.unwrap_or_default(), written, labels: labels.len(), left_out };
        match labels.len() {
            0 if imported.left_out.is_empty() => {
                return Err(refused(vec![Fault::new(Code::Missing, "", "there is no order in it.")]));
            }
            0 => return Ok(imported),
            1..=LABELS_MAX => {}
            count => {
                let message = format!(
                    "it comes to {count} labels and a job takes {LABELS_MAX}: export fewer at once, or use `waybilld submit`, which makes several jobs of it."
                );
                return Err(refused(vec![Fault::new(Code::TooMany, "labels", message)]));
            }
        }
        let submitted = self.submit(job_of(labels, &request), memory, now, keep).await;
        imported.job = Some(submitted.map_err(|rejected| match &origins {
            Some(origins) => rejected.with_faults(|faults| origins.told(faults, 0)),
            None => rejected,
        })?);
        Ok(imported)
    }
}

fn refused(faults: Vec<Fault>) -> Rejected {
    Rejected::Faults { faults, not_done: NOTHING_TAKEN }
}

fn no_map(why: NoMap) -> Rejected {
    let unread = |message: String| refused(vec![Fault::new(Code::Unreadable, "map", message)]);
    match why {
        NoMap::Unknown { hint } => Rejected::Query(format!("there is no such map.{hint}")),
        NoMap::Wrong(faults) => {
            refused(faults.iter().map(|fault| Fault::new(Code::Unreadable, "map", fault.to_string())).collect())
        }
        NoMap::Unread(error) => unread(format!("cannot be read: {error}.")),
        NoMap::TooLarge => unread("is too large for a field map.".to_owned()),
        NoMap::NotText => unread("is not UTF-8 text, so it is not a field map.".to_owned()),
    }
}

/// The job as a caller would have written it.
fn job_of(labels: Vec<Node>, request: &Request) -> Node {
    let Request { printer, sender, template, job, .. } = request;
    let given = [("printer", printer), ("sender", sender), ("template", template), ("id", job)];
    let given = given.into_iter().filter_map(|(field, word)| Some((field.to_owned(), Node::text(word.as_ref()?))));
    let mut fields: Vec<(String, Node)> = given.collect();
    if let Some(keys) = &request.sort {
        let keys = keys.split(',').map(|key| Node::text(key.trim()));
        fields.push(("sort".to_owned(), Node::List(keys.collect())));
    }
    fields.push(("labels".to_owned(), Node::List(labels)));
    if job.is_none() {
        let content = content_of(&Node::Object(fields.clone())).to_hex();
        fields.push(("id".to_owned(), Node::text(format!("import-{}", &content[..16]))));
    }
    Node::Object(fields)
}
