//! Taking jobs, and telling how they stand.

use super::body::JsonBody;
use super::extract::{Id, Query};
use super::problem::{Kind, Problem};
use super::submission::{Aim, Order, Submission, content_of, id_of};
use super::{AppState, Services};
use crate::api;
use crate::api::refusals::{NotFound, ServerError, Unreadable};
use crate::api::requests::JobRequest;
use crate::designs::{Sheet, WavePapers, wall_clock};
use crate::fault::{Code, Fault};
use crate::papers::Wave;
use crate::spool::{Clash, Hash, Hold, HoldCause, NewJob, NewLabel, Number, Taken};
use crate::waybill::json::Node;
use crate::waybill::{Item, tracking};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// What was not done with a job that has faults.
pub const NOTHING_TAKEN: &str = "nothing was taken: mend what is told and send the whole job again";

/// How to take it.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Taking {
    /// Checks everything and takes nothing: the answer is 200 and how many labels are sound.
    #[serde(default)]
    dry: bool,
}

/// Take a job
///
/// Everything that could stop a label from printing is checked first. Every fault of every label comes back in one
/// answer, and nothing is taken then. When the answer is 201, every label is on disk. Sending the same job again is
/// harmless: the answer is 200 and how it stands now.
#[utoipa::path(post, path = "/v1/jobs", tag = "jobs", params(Taking), request_body = JobRequest, responses(
    (status = 201, description = "Taken: every label is on disk.", body = api::Job),
    (status = 200, description = "This job was taken before, and so it stands now; or, with `dry`, it could be taken.",
        content((api::Job = "application/json"), (api::Checked = "application/json"))),
    (status = 409, description = "The id belongs to a job with other content.", body = api::ProblemShape,
        content_type = "application/problem+json"),
    Unreadable, ServerError,
))]
pub async fn submit(State(app): State<Arc<AppState>>, Query(taking): Query<Taking>, body: JsonBody) -> Result<Response, Problem> {
    if taking.dry {
        let checked = try_out(&app, body).await?;
        return Ok(Json(api::Checked { checked }).into_response());
    }
    take(&app, body).await.map(IntoResponse::into_response)
}

/// Takes the job, or says how it stands if it was taken before.
pub async fn take(app: &Arc<AppState>, body: JsonBody) -> Result<(StatusCode, Json<api::Job>), Problem> {
    let spool = &app.services.spool;
    let content = content_of(&body.node);
    let id = id_of(&body.node).unwrap_or_default().to_owned();
    // A job sent again is not checked again: what it names may have changed since.
    let known = if id.is_empty() { None } else { spool.known(&id, content).await? };
    let taken = match known {
        Some(taken) => taken,
        None => take_new(app, id.clone(), content, body).await?,
    };
    match taken {
        Taken::New(job) => {
            tracing::info!(job = job.id, printer = job.printer, labels = job.labels.len(), runs = job.runs.len(), "taken");
            Ok((StatusCode::CREATED, Json(api::Job::of(job))))
        }
        Taken::Same(job) => Ok((StatusCode::OK, Json(api::Job::of(job)))),
        Taken::Conflict => Err(conflict(&id)),
        Taken::Refused(clashes) => {
            let faults = clashes.into_iter().map(|clash| Fault::new(Code::Conflict, clash.field, clash.message));
            Err(Problem::refused(faults.collect(), NOTHING_TAKEN))
        }
    }
}

fn conflict(id: &str) -> Problem {
    Problem::new(Kind::Conflict, format!("job {id} was taken with other content: give this one another id."))
}

/// How many labels could be taken, or everything that is wrong with the job.
pub async fn try_out(app: &Arc<AppState>, body: JsonBody) -> Result<usize, Problem> {
    let spool = &app.services.spool;
    let content = content_of(&body.node);
    let id = id_of(&body.node).unwrap_or_default().to_owned();
    let known = if id.is_empty() { None } else { spool.known(&id, content).await? };
    let (submission, job) = body.compute(app, move |services, node| check(services, id, content, node)).await?;
    match known {
        // Its labels are its own, not another's.
        Some(Taken::Same(_)) => return Ok(submission.orders.len()),
        Some(Taken::Conflict) => return Err(conflict(&job.id)),
        _ => {}
    }
    let labels: Vec<String> = job.labels.iter().map(|label| label.id.clone()).collect();
    let clashes = spool.clashes(job).await?;
    if submission.faults.is_empty() && clashes.is_empty() {
        return Ok(labels.len());
    }
    Err(refusal(submission, &labels, clashes))
}

/// Checks the job and takes it, or tells everything that is wrong with it.
async fn take_new(app: &Arc<AppState>, id: String, content: Hash, body: JsonBody) -> Result<Taken, Problem> {
    let spool = &app.services.spool;
    let (submission, job) = body.compute(app, move |services, node| check(services, id, content, node)).await?;
    let labels: Vec<String> = job.labels.iter().map(|label| label.id.clone()).collect();
    let clashes = if submission.faults.is_empty() {
        match spool.take(job).await? {
            Taken::Refused(clashes) => clashes,
            taken => return Ok(taken),
        }
    } else {
        spool.clashes(job).await?
    };
    Err(refusal(submission, &labels, clashes))
}

fn refusal(mut submission: Submission, labels: &[String], clashes: Vec<Clash>) -> Problem {
    let of_label = |Clash { index, field, message }| Fault::new(Code::Conflict, field, message).of_label(&labels[index]);
    submission.found(clashes.into_iter().map(of_label));
    let problem = Problem::refused(submission.faults, NOTHING_TAKEN);
    tracing::info!(faults = problem.faults(), "refused a job");
    problem
}

/// Reads the job and lays out every label once.
fn check(services: &Services, id: String, content: Hash, node: Node) -> (Submission, NewJob) {
    let mut submission = Submission::read(node, services, Aim::Take);
    let dpi = submission.printer.as_ref().map(|(_, printer)| printer.dpi).unwrap_or_default();
    let orders = submission.orders.iter().map(|order| (order.template.clone(), dpi, &order.waybill));
    let faults = services.designs.check(&orders.collect::<Vec<_>>());
    submission.found(faults);
    let printer = submission.printer.as_ref().map(|(name, _)| name.clone()).unwrap_or_default();
    let labels = pieces(services, &id, &mut submission);
    let job = NewJob {
        id,
        content,
        group: services.printers.dealt_to(&printer),
        printer,
        sort: submission.sort.iter().map(|key| key.word().to_owned()).collect(),
        labels,
        run_limit: services.config.limits.run,
        allow_reused_tracking: submission.reuse_tracking,
    };
    (submission, job)
}

/// The labels of the job with its papers between them, in the order they print.
fn pieces(services: &Services, id: &str, submission: &mut Submission) -> Vec<NewLabel> {
    let mut papers = WavePapers::default();
    if let (Some((printer, config)), false) = (&submission.printer, submission.papers.is_empty()) {
        let labels = submission.orders.iter().map(|order| &order.waybill).collect();
        let wave = Wave { id: id.to_owned(), printer: printer.clone(), at: wall_clock(), labels };
        match services.designs.papers(&wave, &submission.papers, config.media, config.dpi) {
            Ok(made) => papers = made,
            Err(faults) => submission.found(faults),
        }
    }
    let all_urgent = submission.orders.iter().all(|order| order.waybill.urgent);
    let mut pieces: Vec<NewLabel> = Vec::new();
    pieces.extend(papers.before.iter().map(|sheet| NewLabel { urgent: all_urgent, ..new_paper(sheet) }));
    let mut behind = papers.behind.iter();
    for order in &submission.orders {
        let label = new_label(order, submission.on_scan);
        // A slip comes with its label or not at all.
        let (urgent, held) = (label.urgent, label.held.clone());
        pieces.push(label);
        let slips = behind.next().into_iter().flatten();
        pieces.extend(slips.map(|sheet| NewLabel { urgent, held: held.clone(), ..new_paper(sheet) }));
    }
    pieces
}

/// A label of a paper as the spool takes it.
pub fn new_paper(Sheet { paper, template }: &Sheet) -> NewLabel {
    NewLabel {
        id: paper.id(),
        waybill: paper.to_json().into(),
        template: template.hash,
        order: None,
        tracking: None,
        ship_by: None,
        urgent: false,
        held: None,
        carrier: None,
        weight_g: None,
        expires: None,
        on_scan: false,
        skus: Vec::new(),
        paper: Some(paper.kind().word()),
    }
}

fn new_label(order: &Order, on_scan: bool) -> NewLabel {
    let waybill = &order.waybill;
    NewLabel {
        id: waybill.id.clone(),
        waybill: waybill.to_json().into(),
        template: order.template.hash,
        order: Some(number(&waybill.order)),
        tracking: Some(number(&waybill.tracking)),
        ship_by: waybill.ship_by.map(|ship_by| ship_by.at.as_millisecond()),
        urgent: waybill.urgent,
        held: hold(waybill, on_scan),
        carrier: waybill.carrier.clone(),
        weight_g: waybill.parcel.weight_g,
        expires: waybill.expires.map(|expires| expires.at.as_millisecond()),
        on_scan,
        skus: waybill.items.iter().flat_map(skus).collect(),
        paper: None,
    }
}

/// Why a label is taken as held, if it is.
fn hold(waybill: &crate::waybill::Waybill, on_scan: bool) -> Option<Hold> {
    match &waybill.hold {
        Some(text) if waybill.cancel_requested => Some(Hold::because(HoldCause::BuyerAsked, text)),
        Some(text) => Some(Hold::asked(text)),
        None => on_scan.then(|| Hold::of(HoldCause::OnScan)),
    }
}

/// Reads a label that is to stand instead of another one, at that printer; `in_place`: with the id of the other.
pub fn read_again(services: &Services, printer: &str, mut label: Node, in_place: Option<String>) -> Result<NewLabel, Problem> {
    if let (Node::Object(fields), Some(id)) = (&mut label, in_place) {
        fields.retain(|(name, _)| name != "id");
        fields.push(("id".to_owned(), Node::Text(id)));
    }
    let job = [("id", Node::text("replace")), ("printer", Node::text(printer)), ("labels", Node::List(vec![label]))];
    let job = Node::Object(job.into_iter().map(|(name, node)| (name.to_owned(), node)).collect());
    let (submission, job) = check(services, String::new(), content_of(&Node::Null), job);
    match job.labels.into_iter().next().filter(|_| submission.faults.is_empty()) {
        Some(new) => Ok(new),
        None => {
            let of_label = |fault: Fault| Fault { field: fault.field.trim_start_matches("labels[0].").to_owned(), ..fault };
            Err(Problem::refused(submission.faults.into_iter().map(of_label).collect(), "nothing was changed"))
        }
    }
}

/// The key of each piece of an item; the ledger asks only whether there are several.
fn skus(item: &Item) -> impl Iterator<Item = String> {
    // As it is written: what sets two articles apart may be a sign or a letter of any script.
    let key = item.sku.as_deref().map(|sku| sku.trim().to_uppercase()).unwrap_or_default();
    std::iter::repeat_n(key, item.quantity.min(2) as usize)
}

/// A number as written, and as it is looked for.
pub fn number(text: &str) -> Number {
    let key = match tracking::key(text) {
        key if key.is_empty() => text.to_owned(),
        key => key,
    };
    Number { text: text.to_owned(), key }
}

/// How many jobs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Newest {
    /// 1 to 100, usually 20.
    limit: Option<usize>,
}

/// The newest jobs, in numbers
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", params(Newest), responses(
    (status = 200, body = api::Jobs),
    (status = 400, description = "A parameter we do not know or understand.", body = api::ProblemShape,
        content_type = "application/problem+json"),
    ServerError,
))]
pub async fn jobs(State(app): State<Arc<AppState>>, Query(Newest { limit }): Query<Newest>) -> Result<Json<api::Jobs>, Problem> {
    Ok(Json(api::Jobs::of(app.services.spool.newest_jobs(limit.unwrap_or(20)).await?)))
}

/// How a job stands
#[utoipa::path(get, path = "/v1/jobs/{id}", tag = "jobs", params(("id" = String, Path, description = "The caller's id of it.")),
    responses((status = 200, body = api::Job), NotFound, ServerError))]
pub async fn job(State(app): State<Arc<AppState>>, Id(id): Id) -> Result<Json<api::Job>, Problem> {
    Ok(Json(api::Job::of(app.services.spool.job(&id).await?)))
}
