// What is scanned: keys become text, and texts are answered one after another, in their order.
//
// The field is no input of the browser's: an input method for Chinese would take a scanner's keys for pinyin.

/** Scans that wait for their answer; the next one is told so. */
const QUEUE_MAX = 500;
/** What stands in the field for so long was not meant to begin the next scan. */
const STALE_MS = 10_000;
/** A scanner's next key follows sooner; a finger's choice stands alone. */
const CHOICE_MS = 250;
const TEXT_MAX = 512;

let typed = "";
let typedAt = 0;
let choosing = null;
const queue = [];
let pumping = false;

/** `show(text)` shows what stands in the field, `answer(text)` answers a scan, `choose(number)` says whether a digit is a choice. */
export function scanner({ show, answer, overflow, isChoice, choose, queued }) {
  const enter = (text) => {
    if (queue.length >= QUEUE_MAX) return overflow(text);
    queue.push(text);
    if (!pumping) pump();
  };

  const pump = async () => {
    pumping = true;
    while (queue.length > 0) {
      await answer(queue.shift());
      queued(queue.length);
    }
    pumping = false;
  };

  const put = (text) => {
    typed = text.slice(0, TEXT_MAX);
    typedAt = performance.now();
    show(typed);
  };

  const finish = () => {
    clearTimeout(choosing);
    const text = typed.trim();
    put("");
    if (text) enter(text);
  };

  return {
    enter,
    isEmpty: () => typed === "",
    clear: () => put(""),
    paste: (text) => {
      for (const line of text.split(/[\r\n]+/)) if (line.trim()) enter(line.trim().slice(0, TEXT_MAX));
    },
    /** Takes a key that is not meant for anything else; says whether it did. */
    key: (event) => {
      const control = event.ctrlKey && !event.getModifierState("AltGraph");
      const ends = event.key === "Enter" || event.key === "Tab" || (control && /^[jm]$/i.test(event.key));
      if (ends) {
        if (typed === "") return false;
        finish();
        return true;
      }
      if (typed !== "" && performance.now() - typedAt > STALE_MS) put("");
      clearTimeout(choosing);
      // A scanner that types gives GS1's separator as Ctrl ].
      if (control && event.key === "]") { put(`${typed}\u001d`); return true; }
      if (control || event.metaKey || (event.altKey && !event.getModifierState("AltGraph"))) return false;
      if (event.key === "Backspace") { put(typed.slice(0, -1)); return true; }
      if (event.key.length !== 1) return false;
      put(typed + event.key);
      if (typed.length === 1 && isChoice(Number(typed))) {
        choosing = setTimeout(() => {
          const number = Number(typed);
          put("");
          choose(number);
        }, CHOICE_MS);
      }
      return true;
    },
  };
}
