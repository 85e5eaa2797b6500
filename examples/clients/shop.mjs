#!/usr/bin/env node
// Prints labels with waybilld: submits a job, waits until every label has its end, prints one again.
//
//     node shop.mjs wave-0712 labels.jsonl        (one label a line; nothing to install)
import { readFileSync } from "node:fs";
import http from "node:http";
import { createInterface } from "node:readline";

const socketPath = process.env.WAYBILLD_SOCKET ?? `${process.env.XDG_RUNTIME_DIR}/waybilld.sock`;
const onItsWay = ({ counts }) => "waiting" in counts || "sending" in counts;

/** Begins a request over the daemon's Unix socket; answers when its head is there. */
function open(method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const request = http.request({ socketPath, method, path, headers, agent: false }, resolve).on("error", reject);
    request.end(body && JSON.stringify(body));
  });
}

/** What the daemon answers, or the end of this program with its reasons. */
async function ask(method, path, body) {
  const answer = await open(method, path, body);
  const pieces = [];
  for await (const piece of answer) pieces.push(piece);
  const said = JSON.parse(Buffer.concat(pieces));
  if (answer.statusCode < 300) return said;
  // 422 tells every fault of every label, and nothing was taken. Any other no has its reason in `detail`.
  for (const { label = "the job", field, message } of said.faults ?? []) console.error(`${label}: ${field}: ${message}`);
  console.error(`${answer.statusCode}: ${said.detail}`);
  process.exit(1);
}

/** Waits until no label of the job is on its way any more. */
async function follow(job) {
  const events = await open("GET", "/v1/events");
  // Asked once the events flow, so that nothing is missed in between.
  let stands = await ask("GET", `/v1/jobs/${encodeURIComponent(job)}`);
  if (onItsWay(stands)) {
    for await (const line of createInterface({ input: events })) {
      if (!line.startsWith("data:") || JSON.parse(line.slice(5)).job !== job) continue;
      stands = await ask("GET", `/v1/jobs/${encodeURIComponent(job)}`);
      if (!onItsWay(stands)) break;
    }
  }
  events.destroy();
  if (onItsWay(stands)) throw new Error("The daemon went away. Run this again when it is back: nothing prints twice.");
  return stands;
}

/** How many labels stand in which state, and what needs a person. */
function tell({ id, counts, runs }) {
  console.log(`job ${id}: ${Object.keys(counts).sort().map(state => `${counts[state]} ${state}`).join(", ")}`);
  for (const { id, state, reason = "look at the tray" } of runs.flatMap(run => run.labels)) {
    if (state === "in_doubt" || state === "held") console.log(`label ${id} is ${state}: ${reason}`);
  }
}

const [job, file] = process.argv.slice(2);
const labels = readFileSync(file, "utf8").split("\n").filter(line => line.trim()).map(line => JSON.parse(line));
// The id makes it safe to send again: the same job is taken once.
await ask("POST", "/v1/jobs", { id: job, sort: ["ship_by", "priority"], labels });
tell(await follow(job));

const first = `/v1/labels/${encodeURIComponent(labels[0].id)}`;
await ask("POST", `${first}/reprint`, { reason: "smudged", by: "shop.mjs" });
await follow(job);
const { id, state, copies } = await ask("GET", first);
console.log(`label ${id}: ${state}, ${copies} copies`);
