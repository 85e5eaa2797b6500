// The way to the daemon: questions, and the stream of what happens.

const ANSWER_MS = 30_000;
/// The daemon gives a sign of life every 15 s.
const SILENCE_MS = 40_000;
const AGAIN_MS = 1_000;

/** The daemon said no, or nothing. `status` is 0 when nobody answered. */
export class Refusal extends Error {
  constructor(status, body) {
    super(body?.detail ?? String(status || ""));
    this.status = status;
    this.faults = body?.faults ?? [];
  }
}

export function get(path) {
  return ask("GET", path);
}

export function post(path, body = {}) {
  return ask("POST", path, JSON.stringify(body), "application/json");
}

/** A whole file as the body. */
export function send(path, file, type) {
  return ask("POST", path, file, type);
}

async function ask(method, path, body, type) {
  let answer, said;
  try {
    const headers = type ? { "content-type": type } : {};
    answer = await fetch(path, { method, body, headers, signal: AbortSignal.timeout(ANSWER_MS) });
    said = await answer.json().catch(() => null);
  } catch {
    throw new Refusal(0, null);
  }
  if (!answer.ok) throw new Refusal(answer.status, said);
  return said;
}

/**
 * Follows the events for as long as the page stands. Kinds of events are open-ended, which is why this reads the stream
 * itself: `EventSource` hears only kinds it was told of, and no signs of life.
 */
export async function follow({ happened, live, lost }) {
  let last = null;
  for (;;) {
    let refused = null;
    try {
      refused = await listen(last, (event) => {
        last = event.seq;
        happened(event);
      }, live, () => happened({}));
    } catch { /* the line broke: begin again */ }
    lost(refused);
    await new Promise((again) => setTimeout(again, AGAIN_MS));
  }
}

async function listen(last, happened, live, stirred) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const headers = last === null ? {} : { "last-event-id": String(last) };
    const answer = await fetch("/v1/events", { headers, signal: silence.signal });
    if (!answer.ok) return answer.status;
    live();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return null;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      const events = (text + value).split("\n\n");
      text = events.pop();
      for (const event of events) {
        const data = event.split("\n").find((line) => line.startsWith("data: "));
        if (data) happened(JSON.parse(data.slice(6)));
        // A scan was not worked on, which the ledger may not be able to keep.
        else if (/^: ?station$/m.test(event)) stirred();
      }
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}
