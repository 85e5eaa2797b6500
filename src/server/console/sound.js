// A short sound for each tone of an answer: heard without a look at the page.

import { store, stored } from "./words.js";

/** Per tone: frequency in Hz, length in s, and shape, one after another. */
const SOUNDS = {
  good: [[1320, 0.09, "sine"]],
  ask: [[660, 0.12, "triangle"], [990, 0.12, "triangle"], [660, 0.12, "triangle"]],
  bad: [[196, 0.28, "square"], [147, 0.4, "square"]],
};

let context = null;
let muted = stored("muted") === "true";

export function isMuted() {
  return muted;
}

export function toggleMuted() {
  muted = !muted;
  store("muted", muted);
}

export function play(tone) {
  const notes = SOUNDS[tone];
  // A browser lets a page sound only after a key was pressed, and every scan presses some.
  if (muted || !notes || !navigator.userActivation?.hasBeenActive) return;
  context ??= new AudioContext();
  let at = context.currentTime;
  for (const [frequency, length, type] of notes) {
    const note = new OscillatorNode(context, { frequency, type });
    const loudness = new GainNode(context, { gain: 0.2 });
    note.connect(loudness).connect(context.destination);
    note.start(at);
    note.stop(at + length);
    at += length;
  }
}
