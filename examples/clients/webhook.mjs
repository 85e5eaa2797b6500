#!/usr/bin/env node
// Hears waybilld's events. In waybilld.toml: [webhooks.shop] url = "http://127.0.0.1:9000/", secret_file = "hook.key"
//
//     node webhook.mjs 9000 hook.key        (nothing to install)
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";

const ageMax = 300; // seconds
const [port, key] = process.argv.slice(2);
const secret = readFileSync(key, "utf8").trim();

/** Whether whoever sent this knows the secret, and sent it just now. */
function isOurs(headers, body) {
  const timestamp = headers["waybilld-timestamp"] ?? "";
  const given = Buffer.from(headers["waybilld-signature"] ?? "");
  const signed = Buffer.from(`v1=${createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex")}`);
  const isFresh = /^\d+$/.test(timestamp) && Math.abs(Date.now() / 1000 - timestamp) < ageMax;
  return isFresh && given.length === signed.length && timingSafeEqual(given, signed);
}

// Events come at least once and in order: keep this number beside your data, and what comes twice is done once.
let last = 0;

function handleEvent({ kind, label, job, printer }) {
  // Your work goes here: `printed`, `in_doubt`, `held`, `voided`, `media_empty`, … A `gap` says that events were erased
  // before you could hear them: ask for the labels you wait for.
  console.log(kind, label ?? job ?? printer);
}

http.createServer(async (request, answer) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces);
  if (!isOurs(request.headers, body)) return answer.writeHead(401).end();
  for (const event of JSON.parse(body).events) {
    if (event.seq > last) handleEvent(event);
    last = Math.max(last, event.seq);
  }
  // Any 2xx says that you have them. Without it they come again.
  answer.writeHead(204).end();
}).listen(Number(port), "127.0.0.1");
