//! What goes with the parcels when they leave: handover manifests and bag labels.

use super::body::JsonBody;
use super::extract::Id;
use super::jobs::{NOTHING_TAKEN, new_paper, number};
use super::labels::read;
use super::problem::{Kind, Problem};
use super::submission::{Aim, content_of, read_printer};
use super::{AppState, Services};
use crate::api;
use crate::api::refusals::{NotFound, ServerError, Unreadable};
use crate::api::requests::{BagRequest, ManifestRequest};
use crate::config::PrinterConfig;
use crate::content::Content as Kept;
use crate::designs::wall_clock;
use crate::fault::{Code, Fault};
use crate::papers::{Bag, Content, Manifest, Paper, Parcel};
use crate::spool::{Hash, LabelKey, LabelView, NewJob, NewLabel, Shipments, SpoolError, State as Standing, Taken, UnixMs};
use crate::waybill::clean::Kind as Text;
use crate::waybill::fields::Fields;
use crate::waybill::weight;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How far back parcels are looked for when nobody says: a shop that makes its first manifest has years behind it.
const BACK_MS: UnixMs = 7 * 24 * 3_600_000;
/// Parcels of one request.
const PARCELS_MAX: usize = 2_000;
/// Parcels told of that came out and were not handed over.
const MISSED_MAX: usize = 1_000;

/// What is common to both.
struct Asked {
    id: String,
    printer: Option<(String, PrinterConfig)>,
    carrier: Option<String>,
    sender: String,
    since: UnixMs,
}

impl Asked {
    fn read(fields: &Fields<'_>, services: &Services) -> Asked {
        let id = fields.text("id", 64, Text::Plain).unwrap_or_default();
        if !crate::waybill::is_id(&id) {
            fields.fault(Code::BadFormat, "id", "must be 1 to 64 Latin letters, digits and - _ . : /: its bars say it.");
        }
        let senders = &services.config.senders;
        let named = fields.text("sender", 200, Text::Plain);
        let sender = match (named, senders.names().as_slice()) {
            (Some(name), _) => senders.get(&name).map_or(name, |party| party.name.clone()),
            (None, [only]) => senders.get(only).map(|party| party.name.clone()).unwrap_or_default(),
            (None, _) => String::new(),
        };
        let since = fields.text("since", 40, Text::Plain).and_then(|since| {
            let time = since.parse::<Timestamp>().ok();
            if time.is_none() {
                fields.fault(Code::BadFormat, "since", "is no time: use one such as 2026-07-14T18:00:00Z.");
            }
            time
        });
        let since = since.map_or_else(|| services.spool.now() - BACK_MS, Timestamp::as_millisecond);
        let printer = read_printer(fields, services, Aim::Take);
        Asked { id, printer, carrier: fields.text("carrier", 60, Text::Plain), sender, since }
    }

    /// The job of these papers, ahead of what waits: somebody stands there with a driver.
    fn job(&self, services: &Services, content: Hash, papers: &[(Paper, Option<String>)]) -> Result<NewJob, Problem> {
        let (printer, config) = self.printer.clone().expect("a request without a printer was refused");
        let mut labels = Vec::new();
        for (paper, carrier) in papers {
            let sheets = services.designs.pages(paper, config.media, config.dpi);
            let sheets = sheets.map_err(|faults| Problem::refused(faults, NOTHING_TAKEN))?;
            labels.extend(sheets.iter().map(|sheet| NewLabel { urgent: true, carrier: carrier.clone(), ..new_paper(sheet) }));
        }
        let (group, run_limit) = (services.printers.dealt_to(&printer), services.config.limits.run);
        let id = self.id.clone();
        Ok(NewJob { id, content, group, printer, sort: Vec::new(), labels, run_limit, allow_reused_tracking: false })
    }

    /// What was handed over and stands on no manifest yet.
    async fn handed_over(&self, services: &Services) -> Result<Vec<LabelView>, Problem> {
        let (from, carrier) = (self.since, self.carrier.clone());
        let wanted = Shipments { from, until: UnixMs::MAX, carrier, on_manifest: Some(false) };
        let mut parcels = services.spool.shipped(wanted, PARCELS_MAX + 1).await?;
        if parcels.len() > PARCELS_MAX {
            let detail = format!("more than {PARCELS_MAX} parcels were handed over: name a `carrier`, or a later `since`.");
            return Err(Problem::new(Kind::Conflict, detail));
        }
        parcels.retain(|label| label.paper.is_none() && !matches!(label.state, Standing::Canceled | Standing::Voided));
        if parcels.is_empty() {
            let whose = self.carrier.as_ref().map(|carrier| format!(" to {carrier}")).unwrap_or_default();
            let detail = format!("nothing was scanned as handed over{whose} that stands on no manifest yet.");
            return Err(Problem::new(Kind::Conflict, detail));
        }
        Ok(parcels)
    }
}

/// Make the handover manifests of what was shipped
///
/// One for each carrier, of every parcel that was scanned as handed over and stands on none yet. Sending the same
/// request again is harmless: the answer is 200 and what stands on them. A request with a new id takes what came since.
#[utoipa::path(post, path = "/v1/manifests", tag = "handover", request_body = ManifestRequest, responses(
    (status = 201, description = "Taken: they print next.", body = api::Manifests),
    (status = 200, description = "They were made before.", body = api::Manifests),
    (status = 409, description = "There is nothing to hand over, or the id belongs to something else.",
        body = api::ProblemShape, content_type = "application/problem+json"),
    Unreadable, ServerError,
))]
pub async fn manifests(State(app): State<Arc<AppState>>, body: JsonBody) -> Result<(StatusCode, Json<api::Manifests>), Problem> {
    let services = &app.services;
    let content = content_of(&body.node);
    let (asked, date) = read(&body, &["id", "printer", "carrier", "date", "sender", "since"], |fields| {
        (Asked::read(fields, services), fields.text("date", 40, Text::Plain))
    })?;
    if let Some(known) = services.spool.known(&asked.id, content).await? {
        return told(services, known, asked.since).await;
    }
    let mut carriers: BTreeMap<Option<String>, Vec<LabelView>> = BTreeMap::new();
    for label in asked.handed_over(services).await? {
        carriers.entry(label.carrier.clone()).or_default().push(label);
    }
    let (several, at) = (carriers.len() > 1, wall_clock());
    let mut papers = Vec::new();
    let mut stands: Vec<(LabelKey, String)> = Vec::new();
    for (number, (carrier, parcels)) in (1..).zip(carriers) {
        let id = if several { format!("{}-{number}", asked.id) } else { asked.id.clone() };
        stands.extend(parcels.iter().map(|label| (label.key, id.clone())));
        let manifest = Manifest {
            manifest: id,
            carrier: carrier.clone().unwrap_or_default(),
            sender: asked.sender.clone(),
            date: date.clone().unwrap_or_else(|| at.split(' ').next().unwrap_or_default().to_owned()),
            at: at.clone(),
            count: parcels.len(),
            weight: sum(&parcels).map(weight).unwrap_or_default(),
            unweighed: parcels.iter().filter(|label| label.weight_g.is_none()).count(),
            parcels: (1..).zip(parcels).map(|(number, label)| parcel(number, label)).collect(),
        };
        papers.push((Paper::whole(Content::Manifest(manifest), country(services)), carrier));
    }
    let since = asked.since;
    let job = app.compute(move |services| asked.job(services, content, &papers)).await??;
    let taken = services.spool.take_manifests(job, stands).await?;
    told(services, taken, since).await
}

/// What stands on the manifests of one request
#[utoipa::path(get, path = "/v1/manifests/{id}", tag = "handover",
    params(("id" = String, Path, description = "The id the request gave.")),
    responses((status = 200, body = api::Manifests), NotFound, ServerError))]
pub async fn manifest(State(app): State<Arc<AppState>>, Id(id): Id) -> Result<Json<api::Manifests>, Problem> {
    let services = &app.services;
    let job = services.spool.job(&id).await?;
    if job.labels.iter().all(|label| label.paper.as_deref() != Some("manifest")) {
        return Err(SpoolError::NoJob(id).into());
    }
    let since = job.taken_at - BACK_MS;
    Ok(told(services, Taken::Same(job), since).await?.1)
}

async fn told(services: &Services, taken: Taken, since: UnixMs) -> Result<(StatusCode, Json<api::Manifests>), Problem> {
    let (status, job) = settled(taken)?;
    let mut manifests = Vec::new();
    for label in &job.labels {
        // Only the first label of a manifest has its id, and parcels on it.
        let parcels = services.spool.parcels(&label.id).await?;
        if !parcels.is_empty() {
            let prefix = format!("{}/manifest-", label.id);
            let pages = 1 + job.labels.iter().filter(|other| other.id.starts_with(&prefix)).count();
            let weight_g = sum(&parcels);
            manifests.push(api::Manifest::of(label, pages, weight_g, parcels));
        }
    }
    let missed = services.spool.not_shipped(since, MISSED_MAX).await?;
    tracing::info!(job = job.id, printer = job.printer, manifests = manifests.len(), missed = missed.len(), "handover");
    Ok((status, Json(api::Manifests::of(job, manifests, missed))))
}

/// Make the label of a bag
///
/// Of the parcels named by id or tracking number; without any, of all that were scanned as handed over and stand on no
/// manifest yet. They must be of one carrier.
#[utoipa::path(post, path = "/v1/bags", tag = "handover", request_body = BagRequest, responses(
    (status = 201, description = "Taken: it prints next.", body = api::Bag),
    (status = 200, description = "It was made before.", body = api::Bag),
    (status = 409, description = "There is nothing to put into it, or the id belongs to something else.",
        body = api::ProblemShape, content_type = "application/problem+json"),
    Unreadable, ServerError,
))]
pub async fn bags(State(app): State<Arc<AppState>>, body: JsonBody) -> Result<(StatusCode, Json<api::Bag>), Problem> {
    let services = &app.services;
    let content = content_of(&body.node);
    let (asked, to, named) = read(&body, &["id", "printer", "carrier", "sender", "since", "labels", "to"], |fields| {
        let to = fields.text("to", 200, Text::Plain);
        fields.need("to", to.is_some(), "say where the bag goes.");
        let labels = fields.list("labels", PARCELS_MAX).iter().enumerate().map(|(at, node)| {
            let text = node.as_text().map(str::trim).filter(|text| !text.is_empty());
            if text.is_none() {
                fields.fault(Code::WrongType, &format!("labels[{at}]"), "must be a label's id or tracking number in quotes.");
            }
            text.unwrap_or_default().to_owned()
        });
        let labels: Vec<String> = labels.collect();
        (Asked::read(fields, services), to.unwrap_or_default(), labels)
    })?;
    let taken = match services.spool.known(&asked.id, content).await? {
        Some(known) => known,
        None => {
            let parcels = if named.is_empty() { asked.handed_over(services).await? } else { looked_up(services, &named).await? };
            let bag = bag(&asked, to, &parcels).map_err(|fault| Problem::refused(vec![fault], NOTHING_TAKEN))?;
            let carrier = parcels[0].carrier.clone();
            let paper = Paper::whole(Content::Bag(bag), country(services));
            let job = app.compute(move |services| asked.job(services, content, &[(paper, carrier)])).await??;
            services.spool.take(job).await?
        }
    };
    let (status, job) = settled(taken)?;
    let detail = services.spool.label(&job.id).await?;
    let kept = detail.waybill.ok_or_else(|| Problem::from(SpoolError::Erased(job.id.clone())))?;
    match Kept::parse(&kept) {
        Ok(Kept::Paper(paper)) => match paper.content {
            Content::Bag(bag) => Ok((status, Json(api::Bag::of(&detail.label, bag)))),
            _ => Err(other(&job.id)),
        },
        _ => Err(other(&job.id)),
    }
}

/// The label of a bag with these parcels in it.
fn bag(asked: &Asked, to: String, parcels: &[LabelView]) -> Result<Bag, Fault> {
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
    if let Some(gone) = parcels.iter().find(|label| matches!(label.state, Standing::Canceled | Standing::Voided)) {
        return Err(Fault::new(
            Code::Conflict,
            "labels",
            format!("label {} is {}: take it out of the bag.", gone.id, gone.state),
        ));
    }
    if let Some(asked) = asked.carrier.as_ref().filter(|asked| **asked != first) {
        return Err(Fault::new(Code::Conflict, "carrier", format!("the labels go with \"{first}\", not with \"{asked}\".")));
    }
    Ok(Bag {
        bag: asked.id.clone(),
        carrier: first,
        count: parcels.len(),
        to,
        sender: asked.sender.clone(),
        at: wall_clock(),
        weight: sum(parcels).map(weight).unwrap_or_default(),
    })
}

/// The labels of these ids or tracking numbers, each once.
async fn looked_up(services: &Services, named: &[String]) -> Result<Vec<LabelView>, Problem> {
    let mut found: Vec<LabelView> = Vec::new();
    let mut faults = Vec::new();
    for (at, text) in named.iter().enumerate() {
        let key = number(text).key;
        let mut labels = services.spool.find_first(vec![text.clone(), key], 10).await?;
        labels.retain(|label| label.paper.is_none());
        let said = match labels.as_slice() {
            [label] if found.iter().any(|other| other.key == label.key) => format!("label {} is named twice.", label.id),
            [_] => {
                found.append(&mut labels);
                continue;
            }
            [] => "no label has this id or tracking number.".to_owned(),
            [one, other, ..] => format!("could be label {} or {}: give the label's id.", one.id, other.id),
        };
        faults.push(Fault::new(Code::UnknownValue, format!("labels[{at}]"), said));
    }
    if faults.is_empty() { Ok(found) } else { Err(Problem::refused(faults, NOTHING_TAKEN)) }
}

fn settled(taken: Taken) -> Result<(StatusCode, crate::spool::JobView), Problem> {
    match taken {
        Taken::New(job) => Ok((StatusCode::CREATED, job)),
        Taken::Same(job) => Ok((StatusCode::OK, job)),
        Taken::Conflict => {
            Err(Problem::new(Kind::Conflict, "this id was taken for something else: give the new one another id."))
        }
        Taken::Refused(clashes) => {
            let faults = clashes.into_iter().map(|clash| Fault::new(Code::Conflict, clash.field, clash.message));
            Err(Problem::refused(faults.collect(), NOTHING_TAKEN))
        }
    }
}

fn other(id: &str) -> Problem {
    Problem::new(Kind::Conflict, format!("{id} is no bag: give the bag another id."))
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
fn country(services: &Services) -> &'static str {
    let senders = &services.config.senders;
    senders.names().first().and_then(|name| senders.get(name)).map_or("", |party| party.country.code())
}
