// Every word of the page, in English and in Chinese, from one table.

const LANGUAGES = ["en", "zh"];
const table = await (await fetch("words.json")).json();
const listeners = [];
let language = stored("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

/** What this browser remembers; a browser that remembers nothing is no reason to fail. */
export function stored(key) {
  try { return localStorage.getItem(`waybilld.${key}`); } catch { return null; }
}

export function store(key, value) {
  try { localStorage.setItem(`waybilld.${key}`, value); } catch { /* it is asked again next time */ }
}

/** The words for that key, with `{facts}` filled in; those of `otherwise` when there is no such key. */
export function say(key, facts = {}, otherwise = key) {
  const words = table[key] ?? table[otherwise];
  if (!words) return key;
  return words[LANGUAGES.indexOf(language)].replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
}

export function has(key) {
  return key in table;
}

export function onLanguage(listener) {
  listeners.push(listener);
  listener();
}

export function toggleLanguage() {
  language = language === "en" ? "zh" : "en";
  store("language", language);
  listeners.forEach((listener) => listener());
}
