//! What goes with the parcels when they leave: handover manifests and bag labels.

use super::job::{Aim, read_printer};
use super::pieces::{urgent_paper, wall_clock};
use super::{Intake, NOTHING_TAKEN, Rejected, Rules, content_of, faults_of, number};
use crate::config::PrinterConfig;
use crate::content::Content;
use crate::fault::{Code, Fault};
use crate::papers::{self, Bag, Kind, Manifest, Paper, Parcel};
use crate::printer::Handle;
use crate::spool::{JobView, LabelKey, LabelView, NewLabel, Refusal, Shipments, SpoolError, State, Taken, UnixMs};
use crate::waybill::clean::Kind as Text;
use crate::waybill::fields::Fields;
use crate::waybill::json::Node;
use crate::waybill::{is_id, weight};
use jiff::{Timestamp, Zoned};
use std::collections::BTreeMap;

/// How far back parcels are looked for when nobody says: a shop that makes its first manifest has years behind it.
const BACK_MS: UnixMs = 7 * 24 * 3_600_000;
/// Parcels of one request.
const PARCELS_MAX: usize = 2_000;
/// Parcels told of that came out and were not handed over.
const MISSED_MAX: usize = 1_000;

const MANIFEST_FIELDS: [&str; 6] = ["id", "printer", "carrier", "date", "sender", "since"];
const BAG_FIELDS: [&str; 7] = ["id", "printer", "carrier", "sender", "since", "labels", "to"];

/// What is common to both requests.
struct Request {
    id: String,
    printer: Option<(String, PrinterConfig)>,
    carrier: Option<String>,
    sender: String,
    since: Option<UnixMs>,
}

/// The manifests of one request.
pub struct Manifests {
    /// They were made now, and not before.
    pub new: bool,
    pub job: JobView,
    pub manifests: Vec<Listed>,
    /// What came out and was not handed over.
    pub missed: Vec<LabelView>,
}

/// One manifest, and what stands on it.
pub struct Listed {
    pub first: LabelView,
    pub pages: usize,
    pub weight_g: Option<u64>,
    pub parcels: Vec<LabelView>,
}

impl Request {
    fn read(fields: &Fields<'_>, rules: &Rules) -> Request {
        let id = fields.text("id", 64, Text::Plain).unwrap_or_default();
        if !is_id(&id) {
            let message = "must be 1 to 64 Latin letters, digits and - _ . : /: it is encoded in the barcode.";
            fields.fault(Code::BadFormat, "id", message);
        }
        let senders = &rules.config.senders;
        let named = fields.text("sender", 200, Text::Plain);
        let sender = match (named, senders.names().as_slice()) {
            (Some(name), _) => senders.get(&name).map_or(name, |party| party.name.clone()),
            (None, [only]) => senders.get(only).map(|party| party.name.clone()).unwrap_or_default(),
            (None, _) => String::new(),
        };
        let since = fields.text("since", 40, Text::Plain).and_then(|since| {
            let time = since.parse::<Timestamp>().ok();
            if time.is_none() {
                fields.fault(Code::BadFormat, "since", "is not a timestamp: use one such as 2026-07-14T18:00:00Z.");
            }
            time
        });
        let printer = read_printer(fields, rules, Aim::Take);
        let carrier = fields.text("carrier", 60, Text::Plain);
        Request { id, printer, carrier, sender, since: since.map(Timestamp::as_millisecond) }
    }
}

impl Intake<'_> {
    /// Makes the manifests of what was handed over and stands on none yet, one for each carrier; or says what stands on
    /// them, if the request was sent before.
    pub async fn manifests(&self, node: &Node, now: Zoned) -> Result<Manifests, Rejected> {
        let content = content_of(node);
        let (request, date) =
            read(node, &MANIFEST_FIELDS, |fields| (Request::read(fields, self.rules), fields.text("date", 40, Text::Plain)))?;
        let since = request.since.unwrap_or_else(|| self.spool.now() - BACK_MS);
        if let Some(known) = self.spool.known(&request.id, content).await? {
            return self.listed(known, since).await;
        }
        let mut carriers: BTreeMap<Option<String>, Vec<LabelView>> = BTreeMap::new();
        for label in self.handed_over(&request, since).await? {
            carriers.entry(label.carrier.clone()).or_default().push(label);
        }
        let (several, at) = (carriers.len() > 1, wall_clock(&now));
        let mut papers = Vec::new();
        let mut stands: Vec<(LabelKey, String)> = Vec::new();
        for (number, (carrier, parcels)) in (1..).zip(carriers) {
            let id = if several { format!("{}-{number}", request.id) } else { request.id.clone() };
            stands.extend(parcels.iter().map(|label| (label.key, id.clone())));
            let manifest = Manifest {
                manifest: id,
                carrier: carrier.clone().unwrap_or_default(),
                sender: request.sender.clone(),
                date: date.clone().unwrap_or_else(|| now.strftime("%Y-%m-%d").to_string()),
                at: at.clone(),
                count: parcels.len(),
                weight: sum(&parcels).map(weight).unwrap_or_default(),
                unweighed: parcels.iter().filter(|label| label.weight_g.is_none()).count(),
                parcels: (1..).zip(parcels).map(|(number, label)| parcel(number, label)).collect(),
            };
            papers.push((Paper::whole(papers::Content::Manifest(manifest), country(self.rules)), carrier));
        }
        let (id, printer, labels) = self.sheets(request, papers).await?;
        let job = self.new_job(&id, content, printer, labels);
        let taken = self.spool.take_manifests(job, stands).await?;
        self.listed(taken, since).await
    }

    /// What stands on the manifests of that request.
    pub async fn manifests_of(&self, id: &str) -> Result<Manifests, Rejected> {
        let job = self.spool.job(id).await?;
        let is_manifest = |label: &LabelView| label.paper == Some(Kind::Manifest);
        if !job.labels.iter().any(is_manifest) {
            return Err(SpoolError::from(Refusal::NoJob(id.to_owned())).into());
        }
        let since = job.taken_at - BACK_MS;
        self.listed(Taken::Same(job), since).await
    }

    /// Makes the label of a bag, of the parcels that are named or of all that were handed over and stand on no manifest.
    /// The answer says whether it was made now.
    pub async fn bag(&self, node: &Node, now: Zoned) -> Result<(bool, LabelView, Bag), Rejected> {
        let content = content_of(node);
        let (request, to, named) = read(node, &BAG_FIELDS, |fields| {
            let to = fields.text("to", 200, Text::Plain);
            fields.need("to", to.is_some(), "say where the bag goes.");
            let labels = fields.list("labels", PARCELS_MAX).iter().enumerate().map(|(at, node)| {
                let text = node.as_text().map(str::trim).filter(|text| !text.is_empty());
                if text.is_none() {
                    let message = "must be a label's id or tracking number in quotes.";
                    fields.fault(Code::WrongType, &format!("labels[{at}]"), message);
                }
                text.unwrap_or_default().to_owned()
            });
            let labels: Vec<String> = labels.collect();
            (Request::read(fields, self.rules), to.unwrap_or_default(), labels)
        })?;
        let taken = match self.spool.known(&request.id, content).await? {
            Some(known) => known,
            None => {
                let since = request.since.unwrap_or_else(|| self.spool.now() - BACK_MS);
                let parcels = match named.as_slice() {
                    [] => self.handed_over(&request, since).await?,
                    named => self.looked_up(named).await?,
                };
                let bag = bag_of(&request, to, &parcels, &now).map_err(|fault| refused(vec![fault]))?;
                let carrier = parcels[0].carrier.clone();
                let paper = Paper::whole(papers::Content::Bag(bag), country(self.rules));
                let (id, printer, labels) = self.sheets(request, vec![(paper, carrier)]).await?;
                self.spool.take(self.new_job(&id, content, printer, labels)).await?
            }
        };
        let (new, job) = settled(taken)?;
        let detail = self.spool.label(&job.id).await?;
        let text = detail.waybill.ok_or_else(|| SpoolError::from(Refusal::Erased(job.id.clone())))?;
        match Content::parse(&text) {
            Ok(Content::Paper(paper)) => match paper.content {
                papers::Content::Bag(bag) => Ok((new, detail.label, bag)),
                _ => Err(not_a_bag(&job.id)),
            },
            _ => Err(not_a_bag(&job.id)),
        }
    }

    /// The labels of these papers, ahead of what waits: the driver stands there. With the job's id and its printer.
    async fn sheets(
        &self,
        request: Request,
        papers: Vec<(Paper, Option<String>)>,
    ) -> Result<(String, String, Vec<NewLabel>), Rejected> {
        let (printer, config) = request.printer.expect("a request without a printer was refused");
        let (rules, dpi) = (self.rules.clone(), self.printers.get(&printer).map_or(config.dpi, Handle::dpi));
        let cutting = self.compute.run(move || {
            let mut labels = Vec::new();
            for (paper, carrier) in papers {
                let sheets = rules.designs.pages(&paper, config.media, dpi)?;
                labels.extend(sheets.into_iter().map(|sheet| urgent_paper(sheet, carrier.clone())));
            }
            Ok(labels)
        });
        Ok((request.id, printer, cutting.await?.map_err(refused)?))
    }

    /// What was handed over since then and stands on no manifest yet.
    async fn handed_over(&self, request: &Request, from: UnixMs) -> Result<Vec<LabelView>, Rejected> {
        let wanted = Shipments { from, until: UnixMs::MAX, carrier: request.carrier.clone(), on_manifest: Some(false) };
        let mut parcels = self.spool.shipped(wanted, PARCELS_MAX + 1).await?;
        if parcels.len() > PARCELS_MAX {
            let detail = format!("more than {PARCELS_MAX} parcels were handed over: name a `carrier`, or a later `since`.");
            return Err(Rejected::Conflict(detail));
        }
        parcels.retain(|label| label.paper.is_none() && !matches!(label.state, State::Canceled | State::Voided));
        if parcels.is_empty() {
            let whose = request.carrier.as_ref().map(|carrier| format!(" to {carrier}")).unwrap_or_default();
            let detail = format!("nothing was scanned as handed over{whose} that stands on no manifest yet.");
            return Err(Rejected::Conflict(detail));
        }
        Ok(parcels)
    }

    /// The labels of these ids or tracking numbers, each once.
    async fn looked_up(&self, named: &[String]) -> Result<Vec<LabelView>, Rejected> {
        let mut found: Vec<LabelView> = Vec::new();
        let mut faults = Vec::new();
        for (at, text) in named.iter().enumerate() {
            let mut labels = self.spool.find_first(vec![text.clone(), number(text).key], 10).await?;
            labels.retain(|label| label.paper.is_none());
            let (code, said) = match labels.as_slice() {
                [label] if found.iter().any(|other| other.key == label.key) => {
                    (Code::Conflict, format!("label {} is named twice.", label.id))
                }
                [_] => {
                    found.append(&mut labels);
                    continue;
                }
                [] => (Code::UnknownValue, "no label has this id or tracking number.".to_owned()),
                [one, other, ..] => (Code::Conflict, format!("could be label {} or {}: give the label's id.", one.id, other.id)),
            };
            faults.push(Fault::new(code, format!("labels[{at}]"), said));
        }
        if faults.is_empty() { Ok(found) } else { Err(refused(faults)) }
    }

    async fn listed(&self, taken: Taken, since: UnixMs) -> Result<Manifests, Rejected> {
        let (new, job) = settled(taken)?;
        let mut manifests = Vec::new();
        for label in &job.labels {
            // Only the first label of a manifest has its id, and parcels on it.
            let parcels = self.spool.parcels(&label.id).await?;
            if !parcels.is_empty() {
                let prefix = format!("{}/manifest-", label.id);
                let pages = 1 + job.labels.iter().filter(|other| other.id.starts_with(&prefix)).count();
                manifests.push(Listed { first: label.clone(), pages, weight_g: sum(&parcels), parcels });
            }
        }
        let missed = self.spool.not_shipped(since, MISSED_MAX).await?;
        Ok(Manifests { new, job, manifests, missed })
    }
}

/// Reads the fields of a request, or everything wrong with them.
fn read<T>(node: &Node, known: &[&str], read: impl FnOnce(&Fields<'_>) -> T) -> Result<T, Rejected> {
    Fields::read(node, known, read).map_err(|faults| Rejected::Faults { faults, not_done: "nothing was changed" })
}

fn refused(faults: Vec<Fault>) -> Rejected {
    Rejected::Faults { faults, not_done: NOTHING_TAKEN }
}

/// The label of a bag with these parcels in it.
fn bag_of(request: &Request, to: String, parcels: &[LabelView], now: &Zoned) -> Result<Bag, Fault> {
    let carrier = |label: &LabelView| label.carrier.clone().unwrap_or_default();
    let first = carrier(&parcels[0]);
    if let Some(other) = parcels.iter().find(|label| carrier(label) != first) {
        let said = format!(
            "label {} goes with \"{}\", label {} with \"{first}\": give each carrier its own bag.",
            other.id,
            carrier(other),
            parcels[0].id
        );
        return Err(Fault::new(Code::Conflict, "labels", said));
    }
    if let Some(gone) = parcels.iter().find(|label| matches!(label.state, State::Canceled | State::Voided)) {
        let said = format!("label {} is {}: take it out of the bag.", gone.id, gone.state);
        return Err(Fault::new(Code::Conflict, "labels", said));
    }
    if let Some(asked) = request.carrier.as_ref().filter(|asked| **asked != first) {
        return Err(Fault::new(Code::Conflict, "carrier", format!("the labels go with \"{first}\", not with \"{asked}\".")));
    }
    Ok(Bag {
        bag: request.id.clone(),
        carrier: first,
        count: parcels.len(),
        to,
        sender: request.sender.clone(),
        at: wall_clock(now),
        weight: sum(parcels).map(weight).unwrap_or_default(),
    })
}

/// Whether the job was taken now, and how it stands.
fn settled(taken: Taken) -> Result<(bool, JobView), Rejected> {
    match taken {
        Taken::New(job) => Ok((true, job)),
        Taken::Same(job) => Ok((false, job)),
        Taken::Conflict => {
            Err(Rejected::Conflict("this id was taken for something else: give the new one another id.".to_owned()))
        }
        Taken::Refused(conflicts) => Err(refused(faults_of(conflicts))),
    }
}

fn not_a_bag(id: &str) -> Rejected {
    Rejected::Conflict(format!("{id} is not a bag: give the bag another id."))
}

fn parcel(number: usize, label: LabelView) -> Parcel {
    Parcel {
        number,
        tracking: label.tracking.unwrap_or_default(),
        order: label.order.unwrap_or_default(),
        weight: label.weight_g.map(|grams| weight(grams.into())).unwrap_or_default(),
    }
}

/// What they weigh, as far as that is known.
fn sum(parcels: &[LabelView]) -> Option<u64> {
    let known = parcels.iter().filter_map(|label| label.weight_g);
    known.map(u64::from).reduce(|sum, grams| sum + grams)
}

/// Where those sit who read them.
fn country(rules: &Rules) -> &'static str {
    let senders = &rules.config.senders;
    senders.names().first().and_then(|name| senders.get(name)).map_or("", |party| party.country.code())
}
