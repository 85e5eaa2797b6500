// The pack station's page: one field that takes every key, the answer to the last scan, doubts before everything.
//
// The page keeps no truth of its own: whatever happens, it asks the daemon again how things stand. Everything shown is
// set as text, for a label's data may be hostile.

import { Refusal, follow, get, post } from "./door.js";
import { forget, openImport, sendFile } from "./import.js";
import { at, make } from "./page.js";
import { scanner } from "./scan.js";
import { isMuted, play, toggleMuted } from "./sound.js";
import { has, onLanguage, say, store, stored, toggleLanguage } from "./words.js";

/** Between two questions how things stand, however much happens. */
const REFRESH_MS = 300;
/** A question that just came up under a finger is not answered by it. */
const DOUBT_SETTLES_MS = 600;
const CLOCK_MS = 10_000;
const WAVES_SHOWN = 8;
const WAVES_DRAWN = 3;
const SCANS_SHOWN = 6;
const FOUND_MAX = 50;
const SOON_MS = 4 * 3600_000;
const URGENT_MS = 3600_000;

const STATES = ["waiting", "sending", "printed", "sent", "in_doubt", "held", "canceled", "voided"];
const GLYPHS = { waiting: "", sending: "▸", printed: "✓", sent: "✓", in_doubt: "?", held: "‖", canceled: "×", voided: "×" };
const MODES = { reprint: "XD0TOREPRINT", print: "XD0TOPRINT", ship: "XD0TOSHIP" };
const UNDO = "XD0UNDO";
const REPRINT_LAST = "XD0REPRINT";
const CANCEL_WAVE = "XD0DROPRUN";
const PICK = "XD0PICK";

const state = {
  live: null, version: null, stations: [], station: stored("station"), printers: [], orphaned: [], jobs: [], runs: {}, doubts: [],
  answer: { code: "ready", tone: "quiet" }, scans: [], scanned: 0, waiting: 0, found: null, label: null, heard: null,
};

const drawn = {};
let redrawAll = 0;

/** Draws a part of the page anew if what it shows has changed; the focus stays where it was. */
function draw(id, shown, children) {
  const now = JSON.stringify([redrawAll, shown]);
  if (drawn[id] === now) return;
  drawn[id] = now;
  const part = at(id);
  const focused = part.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  part.replaceChildren(...children());
  if (focused) [...part.querySelectorAll("[data-key]")].find((element) => element.dataset.key === focused)?.focus();
}

const clockTime = (time) => new Date(time).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayTime = (time) => new Date(time).toLocaleString(say("language.tag"), { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false });

function deadline(shipBy) {
  if (!shipBy) return null;
  const left = new Date(shipBy) - Date.now();
  const due = left < 0 ? "past" : left < URGENT_MS ? "urgent" : left < SOON_MS ? "soon" : "left";
  const minutes = Math.floor(left / 60_000);
  const words =
    minutes < 60 ? say("time.minutes", { minutes })
    : minutes < 48 * 60 ? say("time.hours", { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
    : say("time.days", { days: Math.floor(minutes / 1440) });
  const facts = { at: minutes > -720 && minutes < 720 ? clockTime(shipBy) : dayTime(shipBy), left: words };
  return make("span", { class: "due", "data-due": due }, say(`due.${due}`, facts));
}

const counted = (counts) => STATES.filter((word) => counts[word]).map((word) => `${counts[word]} ${say(`state.${word}`)}`).join(" · ");
const paper = (label) => (label.paper ? `${say(`paper.${label.paper}`)} ` : "");
const named = (label) => [paper(label) + label.id, label.order, label.tracking].filter(Boolean).join(" · ");

// How things stand.

const station = () => state.stations.find((one) => one.name === state.station) ?? null;
const person = () => station()?.by ?? state.station ?? "console";
const printerOfStation = () => station()?.printer;

let refreshing = null;
let again = false;

/** Asks how everything stands: at once, and once more if something happened meanwhile. */
function refresh() {
  if (refreshing) { again = true; return; }
  refreshing = (async () => {
    do {
      again = false;
      try { await askAll(); } catch (error) { if (!(error instanceof Refusal)) throw error; }
      render();
      await new Promise((soon) => setTimeout(soon, REFRESH_MS));
    } while (again);
    refreshing = null;
  })();
}

let looked = false;

async function askAll() {
  const [doubts, stations, printers, jobs] = await Promise.all([
    get("/v1/labels?state=in_doubt"),
    get("/v1/stations"),
    // Opening the page looks at printers with nothing to print; what follows is told by events.
    get(looked ? "/v1/printers" : "/v1/printers?look=true"),
    get(`/v1/jobs?limit=${WAVES_SHOWN}`),
  ]);
  looked = true;
  state.doubts = doubts.labels.reverse();
  state.stations = stations.stations;
  state.printers = printers.printers;
  state.orphaned = printers.orphaned ?? [];
  state.jobs = inTurn(jobs.jobs);
  if (state.stations.length === 1 && !station()) state.station = state.stations[0].name;
  heardElsewhere();
  const runs = await Promise.all(state.jobs.slice(0, WAVES_DRAWN).map((job) => get(`/v1/jobs/${encodeURIComponent(job.id)}`)));
  state.runs = Object.fromEntries(runs.map((job) => [job.id, job.runs]));
  if (state.label) state.label = await get(`/v1/labels/${encodeURIComponent(state.label.id)}`).catch(() => state.label);
}

/** What is not out yet comes first, the earliest deadline before all. */
function inTurn(jobs) {
  const due = (job) => (job.ship_by ? Date.parse(job.ship_by) : Infinity);
  const open = jobs.filter(isOpen).sort((one, other) => (due(one) < due(other) ? -1 : due(one) > due(other) ? 1 : 0));
  return [...open, ...jobs.filter((job) => !isOpen(job))];
}

const isOpen = (job) => ["waiting", "sending", "in_doubt", "held"].some((word) => job.counts[word]);

/** A scan that the station's own scanner heard is answered here too. */
function heardElsewhere() {
  // What a scan of this page comes to is told when its own answer arrives; then is soon enough for the others too.
  if (!station() || state.waiting) return;
  const last = station().last;
  const number = last?.number ?? 0;
  if (state.heard !== null && number > state.heard) tell(last, last.facts.label ?? "·");
  state.heard = Math.max(state.heard ?? 0, number);
}

// Scans.

/** Shows an answer, keeps it in the list of the last ones, and sounds it. */
function tell(answer, text = "") {
  state.answer = answer;
  if (text) {
    state.scanned += 1;
    state.scans = [{ text, code: answer.code, tone: answer.tone, at: Date.now() }, ...state.scans].slice(0, SCANS_SHOWN);
  }
  play(answer.tone);
  renderAnswer();
}

const isControl = (text) => text.startsWith("XD0");

async function answer(text) {
  if (!station()) return isControl(text) ? undefined : lookUp(text, "");
  state.waiting = 1;
  if (state.live === false) {
    tell({ code: "lost", tone: "bad" }, text);
  } else {
    try {
      const scanned = await post("/v1/scan", { station: state.station, text });
      state.heard = Math.max(state.heard ?? 0, scanned.number);
      tell(scanned, text);
    } catch (error) {
      tell(error.status ? { code: "error", tone: "bad", sentence: error.message } : { code: "silent", tone: "bad" }, text);
    }
  }
  state.waiting = 0;
  refresh();
}

const scans = scanner({
  show: (text) => { at("typed").textContent = text; },
  answer,
  overflow: (text) => tell({ code: "full", tone: "bad" }, text),
  isChoice: (number) => choices().some((choice) => choice.number === number),
  choose: (number) => scans.enter(PICK + number),
  queued: (count) => { at("queued").textContent = count > 1 ? say("scans.queued", { count }) : ""; },
});

const choices = () => state.answer.choices ?? [];

// Doubts.

let doubtShown = null;

const doubt = () => state.doubts.find((label) => label.printer === printerOfStation()) ?? state.doubts[0] ?? null;

/** Whether the question may be answered. */
function settled(isSettled) {
  at("came-out").disabled = at("did-not").disabled = !isSettled;
}

async function settle(cameOut) {
  const asked = doubtShown;
  if (!asked || at("came-out").disabled) return;
  settled(false);
  try {
    await post(`/v1/labels/${encodeURIComponent(asked)}/outcome`, { came_out: cameOut, by: person() });
    tell({ code: cameOut ? "came_out" : "did_not", tone: "good", facts: { label: asked } });
  } catch (error) {
    tell({ code: "error", tone: "bad", sentence: error.message });
    settled(true);
  }
  refresh();
}

// What a person asks of a label or a printer.

async function verb(path, body, done, facts) {
  try {
    await post(path, body);
    tell({ code: "done", tone: "good", word: DONE[done], said: [done, facts] });
  } catch (error) {
    tell({ code: "error", tone: "bad", sentence: error.message });
  }
  refresh();
}

/** The large word for what was done. */
const DONE = {
  "done.reprint": "code.reprinting", "done.void": "code.refused_voided", "done.hold": "code.refused_held", "done.release": "release",
  "done.pause": "code.paused", "done.resume": "code.resumed",
};

const path = (label, word) => `/v1/labels/${encodeURIComponent(label)}/${word}`;

const VERBS = {
  reprint: async (label) => {
    const reasons = { "reprint.smudged": "smudged or torn", "reprint.lost": "lost", "reprint.jam": "printer jam", "reprint.other": "at the console" };
    const reason = await choose(say("reprint.why", { label }), reasons);
    if (reason) await verb(path(label, "reprint"), { reason, by: person() }, "done.reprint", { label });
  },
  void: async (label) => {
    if (await choose(say("void.sure", { label }), { "void.yes": true })) await verb(path(label, "void"), { by: person() }, "done.void", { label });
  },
  hold: async (label) => {
    const causes = {
      "hold.cancel": { cause: "buyer_asked", reason: "the buyer asked to cancel" },
      "hold.address": { cause: "asked", reason: "the address is in question" },
      "hold.stock": { cause: "asked", reason: "goods are missing" },
    };
    const hold = await choose(say("hold.why", { label }), causes);
    if (hold) await verb(path(label, "hold"), hold, "done.hold", { label });
  },
  release: (label) => verb(path(label, "release"), {}, "done.release", { label }),
};
const VERB_KEYS = { reprint: "R", void: "V", hold: "H", release: "L" };

/**
 * Asks in a dialog; answers with what was chosen, or null. The focus begins on leaving things as they are, so that a
 * scan into the dialog changes nothing.
 */
function choose(title, options) {
  const dialog = at("ask");
  at("ask-title").textContent = title;
  let chosen = null;
  const button = (key, value) => make("button", { type: "button", onclick: () => { chosen = value; dialog.close(); } }, say(key));
  at("ask-options").replaceChildren(...Object.entries({ ...options, keep: null }).map(([key, value]) => button(key, value)));
  dialog.showModal();
  at("ask-options").lastElementChild.focus();
  return new Promise((answered) => dialog.addEventListener("close", () => { focusScan(); answered(chosen); }, { once: true }));
}

at("ask").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = [...at("ask-options").children];
  buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
  event.preventDefault();
});

// Looking labels up.

async function lookUp(text, inState) {
  const asked = new URLSearchParams({ limit: FOUND_MAX });
  if (inState) asked.set("state", inState);
  const by = (name) => get(`/v1/labels?${new URLSearchParams([...asked, [name, text]])}`).then((page) => page.labels);
  const own = () => get(`/v1/labels/${encodeURIComponent(text)}`).then((label) => (!inState || label.state === inState ? [label] : []), () => []);
  try {
    const pages = text ? await Promise.all([own(), by("tracking"), by("order")]) : [(await get(`/v1/labels?${asked}`)).labels];
    const found = new Map(pages.flat().map((label) => [label.id, label]));
    state.found = [...found.values()].slice(0, FOUND_MAX);
    state.label = state.found.length === 1 ? await get(`/v1/labels/${encodeURIComponent(state.found[0].id)}`) : null;
  } catch (error) {
    tell({ code: error.status ? "error" : "lost", tone: "bad", sentence: error.message });
  }
  render();
}

async function openLabel(id) {
  state.label = await get(`/v1/labels/${encodeURIComponent(id)}`).catch(() => null);
  render();
  at("label").querySelector("button")?.focus();
}

function goBack() {
  if (state.label && state.found?.length > 1) {
    state.label = null;
    render();
    at("found").querySelector("button")?.focus();
    return;
  }
  state.label = state.found = null;
  at("wanted").value = "";
  at("state").value = "";
  scans.clear();
  render();
  focusScan();
}

// Drawing.

function render() {
  renderHead();
  renderDoubt();
  renderAnswer();
  renderFound();
  renderLabel();
  at("overview").hidden = Boolean(state.found || state.label);
  draw("printers", [state.printers, state.orphaned], () => [...state.orphaned.map(orphanedItem), ...state.printers.map(printerItem)]);
  const minute = Math.floor(Date.now() / CLOCK_MS);
  draw("waves", [state.jobs, state.runs, minute], () =>
    state.jobs.length ? state.jobs.map(waveItem) : [make("li", {}, say("waves.none"))]);
  const targets = [...new Set(state.printers.flatMap((printer) => [printer.name, printer.group].filter(Boolean)))];
  draw("import-printer", targets, () => targets.map((name) => make("option", { value: name, selected: name === printerOfStation() }, name)));
  draw("legend", null, () => STATES.map((word) => make("span", {}, cell(word), " ", say(`state.${word}`))));
}

function renderHead() {
  const names = state.stations.map((one) => one.name);
  draw("station", [names, state.station], () => [
    make("option", { value: "" }, say("station.none")),
    ...names.map((name) => make("option", { value: name, selected: name === state.station }, name)),
  ]);
  const mode = station()?.mode;
  at("modes").hidden = !mode;
  draw("modes", mode, () => Object.entries(MODES).map(([word, code]) =>
    make("button", { type: "button", "data-key": word, "aria-pressed": String(word === mode), onclick: () => scans.enter(code) }, say(`mode.${word}`))));
  at("person").textContent = station()?.by ? say("person", { by: station().by }) : "";
  at("link").dataset.live = String(Boolean(state.live));
  at("link").textContent = say(state.live ? "link.live" : "link.lost");
  at("clock").textContent = clockTime(Date.now());
  at("mute").textContent = say(isMuted() ? "unmute" : "mute");
  at("mute").setAttribute("aria-pressed", String(isMuted()));
  at("language").textContent = say("language");
  at("typed").dataset.hint = say(station() ? "scan.hint" : "scan.look");
}

function renderDoubt() {
  const label = doubt();
  at("doubt").hidden = !label;
  if (!label) { doubtShown = null; return; }
  if (doubtShown !== label.id) {
    doubtShown = label.id;
    settled(false);
    setTimeout(() => settled(doubtShown === label.id), DOUBT_SETTLES_MS);
    at("doubt-picture").src = path(label.id, "preview.png");
    play("ask");
  }
  at("doubt-facts").textContent = `${named(label)} · ${label.printer}`;
  const more = state.doubts.length - 1;
  at("doubt-more").textContent = more > 0 ? say("doubt.more", { count: more }) : "";
}

function renderAnswer() {
  const { code, tone, sentence, facts = {}, word, said, label } = state.answer;
  const box = at("answer");
  box.dataset.tone = tone;
  box.dataset.code = code;
  at("tone").textContent = say(`tone.${tone}`, {}, "tone.quiet");
  at("word").textContent = say(word ?? `code.${code}`, {}, "code.error");
  const known = has(`line.${code}`) ? `line.${code}` : "line.error";
  at("sentence").textContent = said ? say(...said) : say(known, { ...facts, sentence: sentence ?? "" });
  at("facts").textContent = label ? named(label) : facts.label ?? "";
  at("choices").hidden = choices().length === 0;
  draw("choices", choices(), () => choices().map(({ number, label }) =>
    make("li", {}, make("button", { type: "button", "data-key": number, onclick: () => scans.enter(PICK + number) },
      make("kbd", {}, String(number)), make("span", {}, `${named(label)} · ${say(`state.${label.state}`)}`), deadline(label.ship_by)))));
  draw("scans", state.scans, () => state.scans.map((scan) =>
    make("li", { "data-tone": scan.tone }, `${clockTime(scan.at)} ${scan.text} ${say(`code.${scan.code}`, {}, "code.error")}`)));
  // Last: whoever watches this number finds the whole answer.
  box.dataset.scan = state.scans[0]?.text ?? "";
  box.dataset.scanned = state.scanned;
}

/** A printer that left the configuration, with labels that wait for it. */
const orphanedItem = ({ name, counts, sentence }) =>
  make("li", { "data-state": "stopped", "data-orphaned": name },
    make("p", {}, make("b", {}, `${name}: ${say("printer.orphaned")}`)),
    make("p", {}, sentence),
    make("p", { class: "counts" }, counted(counts)));

/** When it was last reached; nothing looked at is not fine. */
function reached({ not_reached_since: since, reached_at: at }) {
  if (since) return say("printer.not-reached", { at: clockTime(Date.parse(since)) });
  return at ? say("printer.reached", { at: clockTime(Date.parse(at)) }) : say("printer.not-looked");
}

function printerItem(printer) {
  const reason = printer.reasons[0] ?? printer.state;
  const sentence = say(`reason.${reason}`, { sentence: printer.sentence }, "reason.none");
  const isPaused = printer.state === "paused";
  const word = isPaused ? "resume" : "pause";
  const order = () => verb(`/v1/printers/${encodeURIComponent(printer.name)}/${word}`, {}, `done.${word}`, { printer: printer.name });
  return make("li", { "data-state": printer.state, "data-printer": printer.name },
    make("p", {}, make("b", {}, `${printer.name}: ${say(`printer.${printer.state}`)}`)),
    make("button", { type: "button", "data-key": printer.name, onclick: order }, say(`printer.${word}`)),
    make("p", {}, sentence),
    make("p", { class: "reached" }, reached(printer)),
    make("p", { class: "counts" }, counted(printer.counts)));
}

const cell = (word, id) => make("i", { class: "cell", "data-state": word, title: id }, GLYPHS[word]);

/** The labels of each run; those of reprints, each a run of its own, side by side. */
function rows(runs) {
  const long = runs.filter((run) => run.labels.length > 1).map((run) => run.labels);
  const short = runs.filter((run) => run.labels.length === 1).flatMap((run) => run.labels);
  return short.length ? [...long, short] : long;
}

function waveItem(job) {
  const total = Object.values(job.counts).reduce((sum, labels) => sum + labels, 0);
  const done = (job.counts.printed ?? 0) + (job.counts.sent ?? 0);
  const runs = rows(state.runs[job.id] ?? []).map((labels) =>
    make("div", { class: "cells", role: "img", "aria-label": counted(Object.fromEntries(STATES.map((word) => [word, labels.filter((label) => label.state === word).length]))) },
      ...labels.map((label) => cell(label.state, label.id))));
  return make("li", { "data-job": job.id, "data-done": done, "data-total": total },
    make("div", { class: "wave-head" }, make("b", {}, job.id), make("span", {}, say("wave.done", { done, total }))),
    deadline(job.ship_by),
    ...runs,
    make("p", {}, counted(job.counts)));
}

function renderFound() {
  const shown = state.label ? null : state.found;
  at("found").hidden = !shown;
  draw("found", shown, () => [
    make("button", { type: "button", onclick: goBack }, make("kbd", {}, "Esc"), " ", say("back")),
    make("ol", {}, ...(shown ?? []).map((label) =>
      make("li", {}, make("button", { type: "button", "data-key": label.id, onclick: () => openLabel(label.id) },
        make("span", {}, named(label)), make("b", {}, say(`state.${label.state}`)), deadline(label.ship_by), make("small", {}, label.job))))),
    shown?.length === 0 && make("p", {}, say("found.none")),
    shown?.length === FOUND_MAX && make("p", {}, say("found.more")),
  ].filter(Boolean));
}

function renderLabel() {
  const label = state.label;
  at("label").hidden = !label;
  draw("label", label, () => (label ? labelSheet(label) : []));
}

function labelSheet(label) {
  const row = (key, value) => (value ? [make("dt", {}, say(key)), make("dd", {}, value)] : []);
  const { recipient: to } = label;
  const picture = make("img", { src: path(label.id, "preview.png"), alt: say("label.picture") });
  picture.addEventListener("error", () => picture.replaceWith(make("p", {}, say("label.no-picture"))));
  const verbs = Object.keys(VERBS).map((word) =>
    make("button", { type: "button", "data-key": word, onclick: () => VERBS[word](label.id) }, make("kbd", {}, `Alt ${VERB_KEYS[word]}`), " ", say(word)));
  return [
    make("button", { type: "button", "data-key": "back", onclick: goBack }, make("kbd", {}, "Esc"), " ", say("back")),
    make("div", { class: "verbs" }, ...verbs),
    make("div", { class: "sheet" }, picture, make("dl", {},
      ...row("label", paper(label) + label.id),
      ...row("label.state", [say(`state.${label.state}`), label.reason].filter(Boolean).join(": ")),
      ...row("label.order", label.order), ...row("label.tracking", label.tracking), ...row("label.carrier", label.carrier),
      ...row("label.deadline", deadline(label.ship_by)), ...row("label.expires", label.expires && dayTime(label.expires)),
      ...row("label.recipient", to && [to.name, to.phone, to.city, to.region, to.country].filter(Boolean).join(", ")),
      ...row("label.job", label.job), ...row("label.printer", label.printer), ...row("label.copies", String(label.copies)),
      ...row("label.shipped", label.shipped_at && dayTime(label.shipped_at)), ...row("label.replaced", label.replaced_by))),
    make("h2", {}, say("label.history")),
    make("ol", { class: "history" }, ...(label.prints.length ? label.prints.map(printItem) : [make("li", {}, say("label.unprinted"))])),
  ];
}

function printItem(print) {
  const line = say("print.line", { at: dayTime(print.sending_at), printer: print.printer, state: say(`state.${print.state}`) });
  const more = [print.reason, print.evidence && say(`evidence.${print.evidence}`), print.settled_by, print.reprint && say("print.reprint", print.reprint)];
  return make("li", {}, [line, ...more].filter(Boolean).join(" · "));
}

let lostWord = null;

function showLost() {
  at("lost").hidden = !lostWord;
  if (lostWord) at("lost").textContent = say(lostWord);
}

// Keys.

const focusScan = () => at("scan").focus();

/** A code that is to be scanned twice is the same pull of the trigger for two seconds. */
const CONFIRM_MS = 2300;

/** Keys with Alt: no scanner holds it, so a scan never presses them. */
const ALT = {
  KeyS: () => { at("wanted").focus(); at("wanted").select(); },
  KeyI: () => openImport(null),
  KeyU: () => scans.enter(UNDO),
  KeyP: () => scans.enter(REPRINT_LAST),
  KeyW: async () => {
    if (!station()) return;
    // The code is asked for twice, and twice at once would be one pull of the trigger too many.
    scans.enter(CANCEL_WAVE);
    const first = Date.now();
    if (await choose(`${say("key.wave")}?`, { "key.wave": true })) {
      setTimeout(() => scans.enter(CANCEL_WAVE), Math.max(0, first + CONFIRM_MS - Date.now()));
    }
  },
  KeyO: () => {
    const words = Object.keys(MODES);
    if (station()) scans.enter(MODES[words[(words.indexOf(station().mode) + 1) % words.length]]);
  },
  KeyB: () => at("station").focus(),
  KeyG: () => toggleLanguage(),
  KeyM: () => { toggleMuted(); renderHead(); },
  KeyN: () => {
    const stops = ["scan", "wanted", "overview", "label", "found"].map(at).filter((part) => part.getClientRects().length);
    const here = stops.findIndex((part) => part.contains(document.activeElement));
    const next = stops[(here + 1) % stops.length];
    (next.matches("section") ? next.querySelector("button") ?? next : next).focus();
  },
  ...Object.fromEntries(Object.entries(VERB_KEYS).map(([word, key]) => [`Key${key}`, () => state.label && VERBS[word](state.label.id)])),
};
const FOOTER = [["F2", "doubt.came-out"], ["F4", "doubt.did-not"], ["Alt S", "key.search"], ["Alt O", "key.mode"], ["Alt U", "key.undo"],
  ["Alt P", "key.last"], ["Alt W", "key.wave"], ["Alt I", "import"], ["Alt B", "station"], ["Alt N", "key.next"], ["Alt M", "key.mute"],
  ["Alt G", "key.language"], ["Esc", "key.escape"]];

function pressed(event) {
  if (document.querySelector("dialog[open]")) return;
  const isField = event.target.matches("input, select");
  const alt = event.altKey && !event.ctrlKey && !event.metaKey && ALT[event.code];
  const taken =
    alt ? (alt(), true)
    : event.key === "F2" ? (settle(true), true)
    : event.key === "F4" && !event.altKey ? (settle(false), true)
    : event.key === "Escape" ? (goBack(), true)
    : isField ? false
    : moves(event) ? true
    // A button under the focus keeps its own keys, unless a scan is on its way.
    : event.key === " " && event.target.matches("button") && scans.isEmpty() ? false
    : scans.key(event) ? (focusScan(), true)
    : false;
  if (taken) event.preventDefault();
}

/** Arrows go from label to label of a list. */
function moves(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const list = step && event.target.closest("#found ol, #choices, #printers");
  if (!list) return false;
  const buttons = [...list.querySelectorAll("button")];
  buttons[buttons.indexOf(event.target) + step]?.focus();
  return true;
}

document.addEventListener("keydown", pressed);
document.addEventListener("paste", (event) => {
  if (event.target.matches?.("input") || document.querySelector("dialog[open]")) return;
  scans.paste(event.clipboardData.getData("text"));
});
// A press of the mouse on nothing in particular leaves the keys with the scanner.
document.addEventListener("mouseup", (event) => {
  if (!event.target.closest("button, input, select, dialog, a") && getSelection().isCollapsed) focusScan();
});

at("wanted").addEventListener("keydown", (event) => {
  if (event.key === "Enter") lookUp(at("wanted").value.trim(), at("state").value).then(() => at(state.label ? "label" : "found").querySelector("ol button, button")?.focus());
  if (event.key === "ArrowDown") at("found").querySelector("ol button")?.focus();
});
at("state").addEventListener("change", () => lookUp(at("wanted").value.trim(), at("state").value));
at("station").addEventListener("change", () => {
  state.station = at("station").value;
  state.heard = null;
  state.answer = { code: "ready", tone: "quiet" };
  store("station", state.station);
  render();
  focusScan();
});
at("came-out").addEventListener("click", () => settle(true));
at("did-not").addEventListener("click", () => settle(false));
at("mute").addEventListener("click", () => { toggleMuted(); renderHead(); focusScan(); });
at("language").addEventListener("click", () => { toggleLanguage(); focusScan(); });
at("import").addEventListener("click", () => openImport(null));
at("import-check").addEventListener("click", () => sendFile(true));
at("import-take").addEventListener("click", () => sendFile(false).then(refresh));
at("import-close").addEventListener("click", () => at("importing").close());
at("importing").addEventListener("close", focusScan);
for (const id of ["file", "map", "sender"]) at(id).addEventListener("change", forget);
document.addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("dropping"); });
document.addEventListener("dragleave", () => document.body.classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  const file = event.dataTransfer.files[0];
  if (file) openImport(file);
});

onLanguage(() => {
  redrawAll += 1;
  document.documentElement.lang = say("language.tag");
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = say(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  for (const element of document.querySelectorAll("[data-alt]")) element.alt = say(element.dataset.alt);
  for (const element of document.querySelectorAll("input[data-hint]")) element.placeholder = say(element.dataset.hint);
  at("state").replaceChildren(make("option", { value: "" }, say("search.any")), ...STATES.map((word) => make("option", { value: word }, say(`state.${word}`))));
  at("keys").replaceChildren(...FOOTER.map(([key, word]) => make("span", {}, make("kbd", {}, key), " ", say(word))));
  showLost();
  render();
});

at("map").value = stored("map") ?? "";
at("sender").value = stored("sender") ?? "";
setInterval(render, CLOCK_MS);
focusScan();
follow({
  happened: refresh,
  live: async () => {
    state.live = true;
    // A daemon that starts counts its answers anew.
    state.heard = null;
    lostWord = null;
    showLost();
    const { version } = await get("/healthz").catch(() => ({ version: state.version }));
    // Another daemon has another page.
    if (state.version && version && version !== state.version) location.reload();
    state.version = version;
    refresh();
  },
  lost: (status) => {
    state.live = false;
    lostWord = status === 401 || status === 403 ? "lost.token" : "lost";
    showLost();
    renderHead();
  },
});
