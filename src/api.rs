//! What goes over the wire, as the OpenAPI document tells it.
//!
//! Answers are made here from what the spool and the printers say. Requests are read field by field elsewhere, so
//! that every fault has a name; their shapes stand in [`requests`], and a test sends their examples.

mod handover;
pub mod refusals;
pub mod requests;
pub mod stations;

pub use handover::{Bag, Manifest, Manifests};

use crate::fault::Fault;
use crate::printer::{Handle, View};
use crate::spool::{
    Canceled, Count, Event, JobBrief, JobView, LabelDetail, LabelPage, LabelView, MoveView, PrintView, State, UnixMs,
};
use crate::waybill::{Party, Waybill};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A job as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Job {
    pub id: String,
    /// The printer, or the group, it was sent to.
    pub printer: String,
    /// When it was on disk, RFC 3339 in UTC.
    pub taken_at: String,
    /// By which keys its labels were sorted.
    pub sort: Vec<String>,
    /// How many labels stand in which state; states with none are left out.
    pub counts: BTreeMap<&'static str, usize>,
    /// At most 50 labels each, in the order they print. A reprint is a run of its own.
    pub runs: Vec<Run>,
}

/// A job that was only checked.
#[derive(Debug, Serialize, ToSchema)]
pub struct Checked {
    /// How many labels could be taken.
    pub checked: usize,
}

/// What became of an imported file: the job, when one was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Imported {
    #[serde(flatten)]
    pub job: Option<Job>,
    /// The map it was read with.
    #[schema(example = "tiktok-shop-export")]
    pub map: String,
    /// How the file was written: an encoding, `Excel` or `JSON`.
    pub written: &'static str,
    /// How many labels it came to.
    pub checked: usize,
    /// Orders that became no label.
    pub left_out: Vec<LeftOutShape>,
}

/// An order that became no label.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeftOutShape {
    pub order: String,
    #[schema(example = "Canceled")]
    pub why: String,
}

/// Jobs, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Jobs {
    pub jobs: Vec<JobSummary>,
}

/// A job without its labels.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobSummary {
    pub id: String,
    /// The printer, or the group, it was sent to.
    pub printer: String,
    pub taken_at: String,
    /// How many labels stand in which state; states with none are left out.
    pub counts: BTreeMap<&'static str, i64>,
    /// The earliest deadline of its labels that are not out yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<String>,
}

/// Labels that print in one unbroken sequence.
#[derive(Debug, Serialize, ToSchema)]
pub struct Run {
    pub run: i64,
    pub printer: String,
    pub labels: Vec<RunLabel>,
}

/// A label of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunLabel {
    pub id: String,
    #[schema(example = "waiting")]
    pub state: &'static str,
    /// Why it stands so, when the state does not say it all.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub reason: String,
    /// Which paper it is, when it is no waybill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<String>,
}

/// A label as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct Label {
    pub id: String,
    pub job: String,
    pub printer: String,
    pub run: i64,
    /// Place in its run, from 1.
    pub position: i64,
    /// `waiting`, `sending`, `printed` (evidence, or a person's word), `sent` (to a printer that cannot confirm),
    /// `in_doubt`, `held`, `canceled` (voided before a copy came out) or `voided`.
    pub state: &'static str,
    /// Why it stands so, when the state does not say it all.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ship_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// It must not be used from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Held until it, its order or its goods are scanned.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub on_scan: bool,
    /// `pick-list`, `packing-slip`, `cover`, `bag` or `manifest`, when it is a paper of a wave and no waybill.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper: Option<String>,
    /// The label to use instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// When it was scanned as handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<String>,
    /// At which pack station.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipped_station: Option<String>,
    /// The manifest it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// The buyer asked to cancel, and nobody has decided: cancel or release the order.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub cancel_requested: bool,
    pub urgent: bool,
    /// How often its bytes were sent, wholly or in part.
    pub attempts: i64,
    /// How many copies came out.
    pub copies: i64,
    pub taken_at: String,
    /// When it came to stand so.
    pub moved_at: String,
}

/// One page of labels, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Labels {
    pub labels: Vec<Label>,
    /// Where the next page begins: ask again with `cursor` set to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// A label with its history. Who gets the parcel is masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelHistory {
    #[serde(flatten)]
    pub label: Label,
    /// Left out once its data is erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Recipient>,
    /// Every time its bytes went to a printer.
    pub prints: Vec<Print>,
    /// Every time it was given to another printer of its group before that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub moves: Vec<Move>,
}

/// A waiting label that was given to another printer of its group.
#[derive(Debug, Serialize, ToSchema)]
pub struct Move {
    pub from: String,
    pub to: String,
    pub why: String,
    pub at: String,
}

/// Who gets the parcel: enough to recognise, not enough to know.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recipient {
    #[schema(example = "J*** D**")]
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "138****1540")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// ISO 3166, two letters.
    pub country: &'static str,
}

/// One physical attempt at a label.
#[derive(Debug, Serialize, ToSchema)]
pub struct Print {
    /// From 1.
    pub number: i64,
    pub printer: String,
    pub run: i64,
    /// `sending`, `printed`, `sent`, `in_doubt`, or `waiting`: it did not come out and went back.
    pub state: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub reason: String,
    /// What the printer said that settled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Who settled it, when a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<String>,
    /// Why it was printed again, and for whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reprint: Option<ReprintReason>,
    pub sending_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<String>,
}

/// Why a label was printed again.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReprintReason {
    pub reason: String,
    pub by: String,
    /// The pack station it was asked for at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub station: Option<String>,
}

/// Where a label stands after what was asked of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelState {
    pub id: String,
    #[schema(example = "held")]
    pub state: &'static str,
    /// A voided label stands on this manifest: cross it out there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
}

/// What became of the labels of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderOutcome {
    pub order: String,
    /// The newest first.
    pub labels: Vec<LabelOutcome>,
}

/// What became of one label of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelOutcome {
    pub id: String,
    pub printer: String,
    /// Where it stands now.
    pub state: &'static str,
    /// `canceled`, `voided`, `held`; `flagged`: it is out, keep the parcel back; `pending`: its bytes are on their way,
    /// and it is voided or held as soon as its fate is known; `shipped`: it was handed over already; `released`;
    /// `unflagged`; `unchanged`.
    pub became: &'static str,
    /// The same for a person, with what to do.
    pub sentence: String,
}

/// Which label stands instead of another.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replacement {
    /// The one that was replaced.
    pub id: String,
    /// The one to use: the same, if it could be replaced in its place.
    #[serde(rename = "use")]
    #[schema(example = "pkg-1b")]
    pub use_: String,
    /// Where that one stands.
    pub state: &'static str,
    pub sentence: String,
}

/// What was let go at a printer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Released {
    pub printer: String,
    pub labels: usize,
}

/// A printer as it was last heard.
#[derive(Debug, Serialize, ToSchema)]
pub struct Printer {
    pub name: String,
    /// `idle`, `printing`, `stopped`, `paused` or `offline`.
    #[schema(example = "stopped")]
    pub state: &'static str,
    /// IPP keywords such as `media-empty` and `cover-open`.
    pub reasons: Vec<String>,
    /// The same in a sentence, with what to do.
    pub sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<i64>,
    /// The label it works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it answers when asked for its status; left out while nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers_status: Option<bool>,
    /// By what a label counts as printed: `counter`, `echo`, `buffers`, or `nothing`: labels are *sent*. Left out while
    /// nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "counter")]
    pub confirms_by: Option<&'static str>,
    /// Its device URI.
    #[schema(example = "tcp://192.168.1.50:9100")]
    pub device: String,
    /// `zpl`, `tspl` or `escpos`.
    pub language: &'static str,
    /// The template of labels that name none.
    pub template: String,
    /// The printers it shares jobs with: a job may name the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub dpi: u32,
    /// Width and height in millimetres.
    pub media_mm: [f64; 2],
    /// How many of its labels stand in which state.
    pub counts: BTreeMap<&'static str, i64>,
}

/// What became of something that was asked of a printer.
#[derive(Debug, Serialize, ToSchema)]
pub struct Errand {
    pub printer: String,
    /// `identify`, `test`, `control-sheet` or `calibrate`.
    pub order: &'static str,
    /// `printed`, `sent` (to a printer that cannot confirm, or an order it does not answer), `in_doubt`, or `waiting`:
    /// the printer does it as soon as it can.
    #[schema(example = "printed")]
    pub outcome: &'static str,
    /// The same in a sentence.
    pub sentence: String,
}

/// All printers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Printers {
    pub printers: Vec<Printer>,
}

/// Something that happened. Names ids, never a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventShape {
    pub seq: i64,
    pub at: String,
    /// The state a label came to, `taken` for a job, or a word about a printer such as `media-empty`.
    #[schema(example = "printed")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub printer: Option<String>,
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

/// The programs that are told of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhooksShape {
    pub webhooks: Vec<WebhookShape>,
}

/// A program that is told of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookShape {
    pub name: String,
    /// Its host and port.
    #[schema(example = "127.0.0.1:9000")]
    pub target: String,
    /// The newest event it has taken, or does not want.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<i64>,
    /// How many newer ones there are.
    pub behind: i64,
    /// Why it does not take them; it is tried again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "it answers 500 and not 2xx.")]
    pub trouble: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble_since: Option<String>,
    /// How often in a row it was tried in vain.
    pub failures: u32,
}

/// Why the answer is no (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemShape {
    /// A word that does not change, for programs.
    #[serde(rename = "type")]
    #[schema(example = "urn:waybilld:refused")]
    pub type_: String,
    pub title: String,
    pub status: u16,
    /// A sentence for a person: what is wrong and what to do.
    pub detail: String,
    /// Everything wrong with the request, at most 1,000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub faults: Vec<FaultShape>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    #[schema(required = false)]
    pub faults_untold: usize,
}

/// One thing wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultShape {
    /// The label's id, when the fault lies in one label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The field's path; empty when it is the whole.
    #[schema(example = "recipient.postcode")]
    pub field: String,
    pub message: String,
}

/// What to open in a browser.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsoleAddress {
    #[schema(example = "http://127.0.0.1:8631/?token=…")]
    pub url: String,
}

/// How the daemon is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    pub status: &'static str,
    pub version: &'static str,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// RFC 3339 in UTC.
pub(super) fn time(at: UnixMs) -> String {
    Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

impl Job {
    pub fn of(view: JobView) -> Job {
        let mut counts = BTreeMap::new();
        let mut runs: Vec<Run> =
            view.runs.into_iter().map(|run| Run { run: run.number, printer: run.printer, labels: Vec::new() }).collect();
        for label in view.labels {
            *counts.entry(label.state.word()).or_default() += 1;
            if let Some(run) = runs.iter_mut().find(|run| run.run == label.run && run.printer == label.printer) {
                run.labels.push(RunLabel { id: label.id, state: label.state.word(), reason: label.reason, paper: label.paper });
            }
        }
        // Its labels were all printed again elsewhere.
        runs.retain(|run| !run.labels.is_empty());
        Job { id: view.id, printer: view.printer, taken_at: time(view.taken_at), sort: view.sort, counts, runs }
    }
}

impl Jobs {
    pub fn of(briefs: Vec<JobBrief>) -> Jobs {
        Jobs { jobs: briefs.into_iter().map(JobSummary::of).collect() }
    }
}

impl JobSummary {
    fn of(brief: JobBrief) -> JobSummary {
        JobSummary {
            id: brief.id,
            printer: brief.printer,
            taken_at: time(brief.taken_at),
            counts: brief.counts.into_iter().map(|(state, labels)| (state.word(), labels)).collect(),
            ship_by: brief.ship_by.map(time),
        }
    }
}

impl Label {
    pub fn of(view: LabelView) -> Label {
        Label {
            id: view.id,
            job: view.job,
            printer: view.printer,
            run: view.run,
            position: view.position,
            state: view.state.word(),
            reason: view.reason,
            order: view.order,
            tracking: view.tracking,
            ship_by: view.ship_by.map(time),
            carrier: view.carrier,
            expires: view.expires.map(time),
            on_scan: view.on_scan,
            paper: view.paper,
            replaced_by: view.replaced_by,
            shipped_at: view.shipped_at.map(time),
            shipped_station: view.shipped_station,
            manifest: view.manifest,
            cancel_requested: view.cancel_requested,
            urgent: view.urgent,
            attempts: view.attempts,
            copies: view.copies,
            taken_at: time(view.taken_at),
            moved_at: time(view.moved_at),
        }
    }
}

impl Labels {
    pub fn of(page: LabelPage) -> Labels {
        Labels { labels: page.labels.into_iter().map(Label::of).collect(), next: page.next }
    }
}

impl LabelHistory {
    /// `waybill` is what is kept of the label, if it still is.
    pub fn of(detail: LabelDetail, waybill: Option<&Waybill>) -> LabelHistory {
        LabelHistory {
            label: Label::of(detail.label),
            recipient: waybill.map(|waybill| Recipient::of(&waybill.recipient)),
            prints: detail.prints.into_iter().map(Print::of).collect(),
            moves: detail.moves.into_iter().map(Move::of).collect(),
        }
    }
}

impl Recipient {
    fn of(party: &Party) -> Recipient {
        Recipient {
            name: party.masked_name(),
            phone: party.masked_phone(),
            city: party.city.clone(),
            region: party.region.clone(),
            country: party.country.code(),
        }
    }
}

impl Print {
    fn of(view: PrintView) -> Print {
        Print {
            number: view.number,
            printer: view.printer,
            run: view.run,
            state: view.state.word(),
            reason: view.reason,
            evidence: view.evidence,
            settled_by: view.settled_by,
            reprint: view.reprint.map(|reprint| ReprintReason {
                reason: reprint.reason,
                by: reprint.by,
                station: reprint.station,
            }),
            sending_at: time(view.sending_at),
            settled_at: view.settled_at.map(time),
        }
    }
}

impl Move {
    fn of(MoveView { from, to, why, at }: MoveView) -> Move {
        Move { from, to, why, at: time(at) }
    }
}

impl LabelState {
    pub fn of(id: String, state: State) -> LabelState {
        LabelState { id, state: state.word(), manifest: None }
    }
}

impl OrderOutcome {
    pub fn of(order: String, labels: Vec<Canceled>) -> OrderOutcome {
        OrderOutcome { order, labels: labels.into_iter().map(LabelOutcome::of).collect() }
    }
}

impl LabelOutcome {
    fn of(Canceled { label, became }: Canceled) -> LabelOutcome {
        let state = label.state;
        let sentence = match became {
            "canceled" => "it will not print.".to_owned(),
            "voided" => "a copy of it is out: throw it away. Scanning it refuses.".to_owned(),
            "held" => "it does not print before the order is canceled or released.".to_owned(),
            "flagged" => "it is out: keep the parcel back until the order is canceled or released.".to_owned(),
            "pending" if state == State::InDoubt => {
                "look at the tray and say whether it came out; what was asked is done then.".to_owned()
            }
            "pending" => "it is being sent; what was asked is done as soon as its fate is known.".to_owned(),
            "shipped" => "it was handed over already: stop the parcel at the carrier.".to_owned(),
            "released" => "it waits for its turn at the printer.".to_owned(),
            "unflagged" => "nothing keeps it back on behalf of the buyer any more.".to_owned(),
            _ => format!("it is {state} already."),
        };
        LabelOutcome { id: label.id, printer: label.printer, state: state.word(), became, sentence }
    }
}

impl Replacement {
    pub fn of(id: String, label: LabelView) -> Replacement {
        let sentence = match (label.id == id, label.state) {
            (true, state) => format!("replaced in its place; it is {state}."),
            (false, State::Held) => format!("voided: throw its copy away. Label {} stands instead and is held.", label.id),
            (false, _) => format!("voided: throw its copy away. Label {} prints next at {}.", label.id, label.printer),
        };
        Replacement { id, use_: label.id, state: label.state.word(), sentence }
    }
}

impl Printer {
    /// How it stands, with its own labels out of everybody's.
    pub fn of(printer: &Handle, counts: &[Count]) -> Printer {
        let View { state, reasons, sentence, run, label, answers_status, confirms_by } = printer.view();
        let (width, height) = printer.config.media;
        let own = counts.iter().filter(|count| count.printer == printer.name);
        Printer {
            name: printer.name.clone(),
            state,
            reasons,
            sentence,
            run,
            label,
            answers_status,
            confirms_by,
            device: printer.config.device.to_string(),
            language: printer.config.language.name(),
            template: printer.config.template.clone(),
            group: printer.config.group.clone(),
            dpi: printer.config.dpi.nominal(),
            media_mm: [width.0, height.0],
            counts: own.map(|count| (count.state.word(), count.labels)).collect(),
        }
    }
}

impl EventShape {
    pub fn of(event: Event) -> EventShape {
        let Event { seq, at, kind, job, label, printer, data } = event;
        let data = RawValue::from_string(data).unwrap_or_default();
        EventShape { seq, at: time(at), kind, job, label, printer, data }
    }
}

impl WebhookShape {
    /// `trouble`: why, since when, and how often in a row.
    pub fn of(name: &str, target: &str, told: Option<i64>, behind: i64, trouble: Option<(String, UnixMs, u32)>) -> WebhookShape {
        let (trouble, since, failures) =
            trouble.map_or((None, None, 0), |(why, since, failures)| (Some(why), Some(time(since)), failures));
        let (name, target) = (name.to_owned(), target.to_owned());
        WebhookShape { name, target, told, behind, trouble, trouble_since: since, failures }
    }
}

impl FaultShape {
    pub fn of(fault: &Fault) -> FaultShape {
        FaultShape { label: fault.label.clone(), field: fault.field.clone(), message: fault.message.clone() }
    }
}
