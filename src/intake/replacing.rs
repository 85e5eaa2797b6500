//! A label in place of another one.

use super::job::{Aim, Job};
use super::{Intake, NOTHING_TAKEN, Rejected, Rules, faults_of};
use crate::fault::{Code, Fault};
use crate::spool::{LabelView, NewLabel, Replaced};
use crate::waybill::json::Node;
use jiff::Zoned;

/// How often a label that moves on while it is being replaced is looked at again.
const TRIES: usize = 4;

impl Intake<'_> {
    /// Has that label stand instead of the other one: in its place while no copy of it is out, else as a label of its own.
    /// The answer is the label to use.
    pub async fn replace(&self, id: &str, label: Node, now: Zoned, by: &str) -> Result<LabelView, Rejected> {
        let old = self.spool.label(id).await?.label;
        let mut in_place = old.copies == 0;
        for _ in 0..TRIES {
            let (rules, printer, node, now) = (self.rules.clone(), old.printer.clone(), label.clone(), now.clone());
            let own_id = in_place.then(|| old.id.clone());
            let new = self.compute.run(move || read(&rules, &printer, node, own_id, &now)).await?;
            let new = new.map_err(|faults| Rejected::Faults { faults, not_done: "nothing was changed" })?;
            match self.spool.replace(id, new, by).await? {
                Replaced::Done(label) => return Ok(*label),
                Replaced::Conflicts(conflicts) => {
                    return Err(Rejected::Faults { faults: faults_of(conflicts), not_done: NOTHING_TAKEN });
                }
                Replaced::Otherwise { in_place: false } if !in_place => {
                    let message = format!("a copy of label {id} is out, so the new one needs an id of its own.");
                    let faults = vec![Fault::new(Code::Conflict, "id", message)];
                    return Err(Rejected::Faults { faults, not_done: NOTHING_TAKEN });
                }
                Replaced::Otherwise { in_place: now } => in_place = now,
            }
        }
        Err(Rejected::Busy(format!("label {id} moves on too quickly: ask again in a moment.")))
    }
}

/// Reads and checks one label for that printer; `id`: it is called so, whatever it says.
fn read(rules: &Rules, printer: &str, mut label: Node, id: Option<String>, now: &Zoned) -> Result<NewLabel, Vec<Fault>> {
    if let (Node::Object(fields), Some(id)) = (&mut label, id) {
        fields.retain(|(name, _)| name != "id");
        fields.push(("id".to_owned(), Node::Text(id)));
    }
    let job = [("id", Node::text("replace")), ("printer", Node::text(printer)), ("labels", Node::List(vec![label]))];
    let job = Node::Object(job.into_iter().map(|(name, node)| (name.to_owned(), node)).collect());
    let mut job = Job::read(job, rules, Aim::Take);
    job.check(rules);
    match job.pieces(rules, now).first().filter(|_| job.faults.is_empty()) {
        Some(piece) => Ok(piece.to_label(false)),
        None => {
            let of_label = |fault: Fault| Fault { field: fault.field.trim_start_matches("labels[0].").to_owned(), ..fault };
            Err(job.faults.into_iter().map(of_label).collect())
        }
    }
}
