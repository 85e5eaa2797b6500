// The import of a file: a table of what each label will say and what becomes of each row, questions first.
//
// Nothing is taken before the table was seen. A question is answered by its box, or all of its kind at once; what is not answered
// or refused stays in the file, and the rest is taken.

import { send } from "./door.js";
import { at, make } from "./page.js";
import { say, store } from "./words.js";

const ROWS_SHOWN = 500;
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const NOTHING = { rows: [], questions: [] };

/** The daemon's last answer, and the questions that were answered with yes, as `kind@row`. */
let checked = NOTHING;
const yes = new Set();

export function openImport(file) {
  const dialog = at("importing");
  forget();
  if (file) {
    const files = new DataTransfer();
    files.items.add(file);
    at("file").files = files.files;
  }
  if (!dialog.open) dialog.showModal();
  at(file ? "import-check" : "file").focus();
}

/** Another file or another map: what was seen says nothing of it. */
export function forget() {
  checked = NOTHING;
  yes.clear();
  at("import-said").replaceChildren();
  at("import-rows").replaceChildren();
  at("import-take").disabled = true;
  at("import-take").textContent = say("import.take");
}

export async function sendFile(isDry) {
  const file = at("file").files[0];
  const said = (tone, ...lines) => at("import-said").replaceChildren(...lines.map((line) => make("p", { class: tone }, line)));
  const isAnswered = !isDry && checked !== NOTHING;
  at("import-take").disabled = true;
  if (!file) return said("bad", say("import.no-file"));
  const asked = new URLSearchParams();
  for (const [name, id] of [["map", "map"], ["printer", "import-printer"], ["sender", "sender"]]) {
    if (at(id).value.trim()) asked.set(name, at(id).value.trim());
  }
  if (isDry) asked.set("dry", "true");
  else asked.set("partial", "true");
  if (isAnswered && yes.size > 0) asked.set("yes", [...yes].join(","));
  const type = /\.xlsx$/i.test(file.name) ? XLSX : "text/csv";
  said("", say("import.wait"));
  try {
    const answer = await send(`/v1/import?${asked}`, file, type);
    checked = isDry ? answer : NOTHING;
    if (isDry) yes.clear();
    const { id: job, checked: count, written, map, sheet } = answer;
    const readAs = say("import.read-as", { written: sheet ? `${written}, ${sheet}` : written, map });
    if (isDry) said("", say("import.sum", sums(answer.rows)), readAs);
    else said(job ? "good" : "bad", job ? say("import.taken", { count, job }) : say("import.none"));
    renderRows(answer, isDry);
    // A scan ends in Enter, which must not take a file.
    at("import-close").focus();
    store("map", at("map").value.trim());
    store("sender", at("sender").value.trim());
  } catch (error) {
    // Each message names its row and column already.
    const faults = (error.faults ?? []).map((fault) => fault.message);
    const sentence = error.status ? error.message : say("line.lost");
    said("bad", ...(faults.length ? [say("import.faults"), ...faults] : [sentence]));
  }
}

function sums(rows) {
  const of = (end) => rows.filter((row) => row.end === end).length;
  return { takes: of("takes"), asks: of("asks"), refuses: of("refuses"), out: of("leaves_out") };
}

const answerOf = (question) => `${question.kind}@${question.row}`;
const isOpen = (question) => !question.answered && !yes.has(answerOf(question));

/** How many labels would be taken as the boxes stand. */
function takable() {
  if (checked.questions.some(isOpen)) return 0;
  return checked.rows.filter((row) => ["takes", "asks"].includes(row.end) && !row.asks?.some(isOpen)).length;
}

function renderTake() {
  const count = takable();
  const isRest = checked.rows.some((row) => row.end === "refuses" || row.asks?.some(isOpen));
  at("import-take").textContent = count === 0 ? say("import.take") : say(isRest ? "import.take-rest" : "import.take-all", { count });
  at("import-take").disabled = count === 0;
}

function renderRows(answer, isDry) {
  const rows = answer.rows.slice(0, ROWS_SHOWN);
  const everyAsk = [...answer.questions, ...answer.rows.flatMap((row) => row.asks ?? [])].filter((question) => !question.answered);
  const kinds = [...new Set(everyAsk.map((question) => question.kind))];
  const list = at("import-rows");
  const ofKind = (kind) => everyAsk.filter((question) => question.kind === kind);
  list.replaceChildren(
    ...(isDry ? kinds.filter((kind) => ofKind(kind).length > 1) : []).map((kind) =>
      make("p", { class: "kind" }, make("button", { type: "button", "data-kind": kind, onclick: () => yesToAll(kind, ofKind(kind)) },
        say("import.yes-to-all", { count: ofKind(kind).length, kind: say(`ask.${kind}`) })))),
    ...answer.questions.map((question) => make("p", { class: "asks" }, questionItem(question, isDry))),
    make("table", {},
      make("thead", {}, make("tr", {}, ...["row", "end", "order", "to", "collect", "status", "items"].map((key) =>
        make("th", {}, say(`import.column-${key}`))))),
      make("tbody", {}, ...rows.map((row) => rowItem(row, isDry)))),
    answer.rows.length > ROWS_SHOWN ? make("p", {}, say("import.more", { count: answer.rows.length - ROWS_SHOWN })) : null,
  );
  if (isDry) renderTake();
}

function rowItem(row, isDry) {
  const to = [row.name, row.place, row.postcode, row.phone].filter(Boolean).join(" · ");
  const state = [row.status, row.ship_by && say("import.by", { time: row.ship_by })].filter(Boolean).join(" · ");
  const why = row.left_out ? make("p", {}, `${say(`leave.${row.left_out.kind}`)}: ${row.left_out.why}`) : null;
  const cell = (text) => make("td", {}, text ?? "");
  return make("tr", { class: row.end, "data-row": row.row, "data-end": row.end },
    cell(String(row.row)), cell(say(`import.end-${row.end}`)), cell(row.order),
    make("td", {}, to,
      ...(row.asks ?? []).map((question) => questionItem(question, isDry)),
      ...(row.refused ?? []).map((refusal) => make("p", { class: "bad" }, `${say(`refuse.${refusal.kind}`)}: ${refusal.sentence}`)),
      ...(row.remarks ?? []).map((remark) => make("p", { class: "remark" }, remark)), why),
    cell(row.collect), cell(state), cell((row.items ?? []).join(", ")));
}

function questionItem(question, isDry) {
  const answer = answerOf(question);
  const box = make("input", { type: "checkbox", "data-answer": answer, checked: question.answered || yes.has(answer), disabled: !isDry,
    onchange: (event) => { if (event.target.checked) yes.add(answer); else yes.delete(answer); renderTake(); } });
  const would = question.would_print ? make("b", {}, ` → ${question.would_print}`) : null;
  return make("label", { class: "question" }, box, make("span", {}, make("b", {}, say(`ask.${question.kind}`)), ": ", question.sentence, would));
}

/** The same answer to all questions of a kind; pressed again, it is taken back. */
function yesToAll(kind, questions) {
  const answers = questions.map(answerOf);
  const isAll = answers.every((answer) => yes.has(answer));
  answers.forEach((answer) => (isAll ? yes.delete(answer) : yes.add(answer)));
  for (const box of at("import-rows").querySelectorAll("[data-answer]")) {
    if (answers.includes(box.dataset.answer)) box.checked = yes.has(box.dataset.answer);
  }
  renderTake();
}
