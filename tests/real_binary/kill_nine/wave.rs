//! One wave of fifty labels, and what a shop does about kills: sends the job again, looks into the tray, answers
//! doubts, puts in a new roll.
//!
//! At every look the job is held against the tray as it was just before and just after, so nothing has to stand still.

use super::chance::Chance;
use super::printer::{Moment, Pieces, Printer};
use super::start;
use crate::support::process::Process;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use waybilld::virtual_printer::Answers;

const SAMPLES: &str = include_str!("../../../samples/wave.jsonl");
pub const LABELS: usize = 50;
const KILLS: usize = 8;
/// Labels on the wire without proof: the usual `window`.
const WINDOW: usize = 2;
const BROKE_OFF: &str = "the daemon broke off by itself";
const LOOK_EVERY: Duration = Duration::from_millis(60);
/// Half a minute, unless the machine is very busy.
const WAVE_MAX: Duration = Duration::from_secs(480);

/// What is done to what.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    pub answers: Answers,
    /// The printer's power goes with each kill.
    pub power: bool,
}

/// What happened, for whoever reads the test's output.
#[derive(Debug, Default)]
pub struct Told {
    pub waves: usize,
    pub kills: usize,
    /// Kills while the job was on its way to the daemon.
    pub kills_submitting: usize,
    pub printed: usize,
    pub sent: usize,
    /// Doubts, by what the tray said.
    pub doubts_out: usize,
    pub doubts_not: usize,
    pub torn: usize,
}

pub struct Wave {
    life: Life,
    seed: u64,
    chance: Chance,
    house: TempDir,
    printer: Printer,
    daemon: Process,
    job: Value,
    /// Tracking numbers by label.
    labels: BTreeMap<String, String>,
    /// When the daemon says it took the job, once it has.
    taken_at: Option<String>,
    submitting: bool,
    doubted: Vec<String>,
    kills_unseen: usize,
    told: Told,
}

impl Wave {
    pub async fn open(life: Life, seed: u64) -> Wave {
        let mut chance = Chance::new(seed);
        let house = TempDir::new().unwrap();
        let printer = Printer::start(life.answers, &house.path().join("tray"), &mut chance).await;
        let job = job();
        let orders = job["labels"].as_array().unwrap();
        let text = |order: &Value, field: &str| order[field].as_str().unwrap().to_owned();
        Wave {
            life,
            seed,
            chance,
            daemon: start(house.path(), Some(printer.address)),
            house,
            printer,
            labels: orders.iter().map(|order| (text(order, "id"), text(order, "tracking"))).collect(),
            job,
            taken_at: None,
            submitting: false,
            doubted: Vec::new(),
            kills_unseen: 0,
            told: Told { waves: 1, ..Told::default() },
        }
    }

    /// Lives it to its end; what was wrong, with the seed and the daemon's log.
    pub async fn live(mut self) -> Result<Told, String> {
        let lived = timeout(WAVE_MAX, self.kill_and_go_on()).await.unwrap_or_else(|_| Err("it does not end".to_owned()));
        let Err(fault) = lived else { return Ok(self.told) };
        let log = std::fs::read_to_string(self.house.path().join("log")).unwrap_or_default();
        let tray = self.printer.pieces();
        Err(format!("SEED={} {:?}: {fault}\n{tray:?}\n{:?}\n{log}", self.seed, self.life, self.told))
    }

    async fn kill_and_go_on(&mut self) -> Result<(), String> {
        for kill in 0..KILLS {
            let moment = self.moment(kill);
            let moment = self.printer.until(moment);
            tokio::select! {
                ended = self.tend() => {
                    ended?;
                    break;
                }
                () = moment => {}
            }
            self.cut_off().await;
        }
        self.tend().await?;
        self.printer.rests().await;
        self.judge().await
    }

    /// The first kills fall into the taking of the job, the others anywhere.
    fn moment(&mut self, kill: usize) -> Moment {
        match self.chance.number(0..10) {
            _ if kill == 0 => Moment::After(self.chance.ms(0..600)),
            0..3 => Moment::After(self.chance.ms(0..150)),
            3 => Moment::After(self.chance.ms(0..4000)),
            // The next label is under the head.
            4..8 if self.life.power => Moment::Pieces(1, self.chance.ms(0..40)),
            4 => Moment::Pieces(1, self.chance.ms(0..400)),
            _ => Moment::Pieces(self.chance.number(1..7), self.chance.ms(0..60)),
        }
    }

    /// Kills the daemon, and perhaps the printer's power with it, and starts it again.
    async fn cut_off(&mut self) {
        let printer_first = self.life.power && self.chance.number(0..2) == 0;
        if printer_first {
            self.printer.cut_power();
            sleep(self.chance.ms(0..3)).await;
        }
        self.daemon.kill();
        self.told.kills += 1;
        self.told.kills_submitting += usize::from(std::mem::take(&mut self.submitting));
        self.kills_unseen += 1;
        if self.life.power && !printer_first {
            sleep(self.chance.ms(0..20)).await;
            self.printer.cut_power();
        }
        self.printer.leave_line().await;
        self.daemon = start(self.house.path(), Some(self.printer.address));
        if self.life.power {
            sleep(self.chance.ms(100..600)).await;
            self.printer.power_on();
        }
    }

    /// What the shop does until every label has its end.
    async fn tend(&mut self) -> Result<(), String> {
        self.submit().await?;
        loop {
            let before = self.printer.pieces();
            let labels = states(&self.daemon.try_get("/v1/jobs/wave").await.ok_or(BROKE_OFF)?.body);
            let after = self.printer.pieces();
            self.hold_against(&before, &labels, &after)?;
            if labels.values().all(|state| ["printed", "sent"].contains(&state.as_str())) {
                return Ok(());
            }
            self.answer_doubts().await?;
            if self.chance.number(0..4) == 0 {
                self.printer.load_if_empty();
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Sends the job, once more after each kill. It was taken whole, or not at all.
    async fn submit(&mut self) -> Result<(), String> {
        self.daemon.ready().await;
        let known = self.daemon.try_get("/v1/jobs/wave").await.ok_or(BROKE_OFF)?;
        match known.status.as_u16() {
            404 if self.taken_at.is_none() => {}
            200 if states(&known.body).len() == LABELS => {}
            _ => return Err(format!("after a restart the job stands so: {} {}", known.status, known.body)),
        }
        self.submitting = true;
        let answer = self.daemon.try_post("/v1/jobs", &self.job).await.ok_or(BROKE_OFF)?;
        self.submitting = false;
        let taken_at = answer.body["taken_at"].as_str().map(str::to_owned);
        let right = answer.status == if known.status == 404 { 201 } else { 200 }
            && states(&answer.body).len() == LABELS
            && (self.taken_at.is_none() || self.taken_at == taken_at);
        if !right {
            return Err(format!("the same job again was answered with {} {}", answer.status, answer.body));
        }
        self.taken_at = taken_at;
        Ok(())
    }

    /// Holds where the labels stand against the tray a moment before and a moment after they were asked for.
    fn hold_against(&mut self, before: &Pieces, labels: &BTreeMap<String, String>, after: &Pieces) -> Result<(), String> {
        for (id, tracking) in &self.labels {
            let state = labels.get(id).ok_or_else(|| format!("label {id} is lost"))?;
            let (before, after) = (before.of(tracking), after.of(tracking));
            let wrong = match state.as_str() {
                "waiting" => before > 0,
                "printed" => after == 0,
                "sending" | "sent" | "in_doubt" => false,
                _ => true,
            };
            if wrong || after > 1 {
                return Err(format!("label {id} is {state}; {before} pieces of it were out before, {after} after"));
            }
        }
        let standing =
            |word: &str| labels.iter().filter(|(_, state)| *state == word).map(|(id, _)| id.clone()).collect::<Vec<_>>();
        let (in_doubt, sending) = (standing("in_doubt"), standing("sending"));
        if sending.len() > WINDOW {
            return Err(format!("more on the wire than the window: {sending:?}"));
        }
        let news = in_doubt.iter().filter(|id| !self.doubted.contains(id)).count();
        if news > WINDOW * std::mem::take(&mut self.kills_unseen) {
            return Err(format!("more doubts than the window: {in_doubt:?}, before: {:?}", self.doubted));
        }
        self.doubted = in_doubt;
        Ok(())
    }

    /// Somebody looks into the tray: what lies there came out; what does not when all is quiet, did not.
    async fn answer_doubts(&mut self) -> Result<(), String> {
        if self.doubted.is_empty() {
            return Ok(());
        }
        let settled = self.printer.is_settled().await;
        let tray = self.printer.pieces();
        for id in self.doubted.clone() {
            let came_out = tray.of(&self.labels[&id]) > 0;
            if !came_out && !settled {
                continue;
            }
            let said =
                self.daemon.try_post(&format!("/v1/labels/{id}/outcome"), &json!({"came_out": came_out, "by": "tray"})).await;
            let said = said.ok_or(BROKE_OFF)?;
            if said.status != 200 {
                return Err(format!("label {id}: came out: {came_out} was answered with {} {}", said.status, said.body));
            }
            self.told.doubts_out += usize::from(came_out);
            self.told.doubts_not += usize::from(!came_out);
        }
        Ok(())
    }

    /// After the end: each label came out once, and its history says the same.
    async fn judge(&mut self) -> Result<(), String> {
        let tray = self.printer.pieces();
        self.told.torn = tray.torn;
        for (id, tracking) in &self.labels {
            let label = self.daemon.try_get(&format!("/v1/labels/{id}")).await.ok_or(BROKE_OFF)?.body;
            let prints: Vec<&str> =
                label["prints"].as_array().into_iter().flatten().filter_map(|p| p["state"].as_str()).collect();
            let (last, earlier) = prints.split_last().ok_or_else(|| format!("label {id} has no print"))?;
            let right = tray.of(tracking) == 1
                && ["printed", "sent"].contains(last)
                && earlier.iter().all(|state| *state == "waiting")
                && label["copies"] == 1;
            if !right {
                return Err(format!("label {id} came out {} times; its history: {label}", tray.of(tracking)));
            }
            self.told.printed += usize::from(*last == "printed");
            self.told.sent += usize::from(*last == "sent");
        }
        if tray.whole() == LABELS { Ok(()) } else { Err(format!("{} pieces for {LABELS} labels", tray.whole())) }
    }
}

impl Told {
    pub fn add(&mut self, more: &Told) {
        self.waves += more.waves;
        self.kills += more.kills;
        self.kills_submitting += more.kills_submitting;
        self.printed += more.printed;
        self.sent += more.sent;
        self.doubts_out += more.doubts_out;
        self.doubts_not += more.doubts_not;
        self.torn += more.torn;
    }
}

/// Our fifty sample orders.
pub fn job() -> Value {
    let orders: Vec<Value> = SAMPLES.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    json!({"id": "wave", "printer": "pack-1", "labels": orders})
}

/// Where each label of a job stands.
pub fn states(job: &Value) -> BTreeMap<String, String> {
    let runs = job["runs"].as_array().into_iter().flatten();
    let labels = runs.flat_map(|run| run["labels"].as_array().into_iter().flatten());
    labels.filter_map(|label| Some((label["id"].as_str()?.to_owned(), label["state"].as_str()?.to_owned()))).collect()
}
