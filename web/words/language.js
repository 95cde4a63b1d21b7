/**
 * The language that the page speaks. English words come with it (strings_en.js); the file of another language is
 * loaded when that is chosen. A document speaks one language at a time: all its elements the one chosen last.
 *
 * A phrase has arguments in {braces}; where its form depends on a number, that is the argument n. Numbers are
 * written as the language writes them.
 */

import { EN } from "./strings_en.js";

/**
 * @typedef {string | {one: string, other: string}} Entry
 * @typedef {keyof typeof EN} Key
 * @typedef {Record<Key, Entry>} Strings
 * @typedef {Record<string, unknown>} Args
 * @typedef {string | DeferredPhrase | English} Words  what is to be said
 * @typedef {(text: string) => string | null} Translate  a sentence of the core's; null: not known
 */

/** By their own names. */
export const LANGUAGES = Object.freeze({
  en: "English",
  de: "Deutsch",
  el: "Ελληνικά",
  es: "Español",
  fr: "Français",
});

/** Beside English. @type {Record<string, () => Promise<{strings: Strings, translate: Translate}>>} */
const FILES = {
  de: () => import("./strings_de.js"),
  el: () => import("./strings_el.js"),
  es: () => import("./strings_es.js"),
  fr: () => import("./strings_fr.js"),
};

/** Of the document. @type {{code: string, locale: string, strings: Strings, translate: Translate | null}} */
const spoken = { code: "en", locale: "en", strings: EN, translate: null };
const ENGLISH = Object.freeze({ ...spoken });

/** Tells of another language by an event "change". */
export const changes = new EventTarget();

export const languageNow = () => spoken.code;
/** Of languages with their countries, as Intl takes it. */
export const localeNow = () => spoken.locale;

/** The first of those wished for that the page has. @param {(string | null | undefined)[]} wished  as HTML's lang
 * has them, or browsers */
export function pickLanguage(wished) {
  const codes = wished.map((tag) => (tag ?? "").toLowerCase().split("-")[0]);
  return codes.find((code) => Object.hasOwn(LANGUAGES, code)) ?? "en";
}

/** With the reader's country, where the browser knows one for that language. @param {string} code */
export const localeOf = (code) =>
  (globalThis.navigator?.languages ?? []).find((tag) => tag.toLowerCase().startsWith(`${code}-`)) ?? code;

/** Speaks another language from now on, once its words are there. Where they cannot be had it stays as it was.
 * @param {string} code  of LANGUAGES */
export async function speak(code) {
  const next = code === "en" ? { strings: EN, translate: null } : await FILES[code]();
  if (code === spoken.code) return;
  Object.assign(spoken, { ...next, code, locale: localeOf(code) });
  changes.dispatchEvent(new Event("change"));
}

/** What work gives, said in English: for documents that leave the page. It has to be done at once.
 * @template T @param {() => T} work @returns {T} */
export function inEnglish(work) {
  const kept = { ...spoken };
  Object.assign(spoken, ENGLISH);
  try {
    return work();
  } finally {
    Object.assign(spoken, kept);
  }
}

/* ---- words ---- */

/** An entry with its arguments. @param {Entry} entry @param {Args} args @param {{code: string, locale: string}} language */
function filled(entry, args, { code, locale }) {
  const { one, other } = typeof entry === "string" ? { one: entry, other: entry } : entry;
  const single = one !== other && new Intl.PluralRules(code).select(Number(args.n)) === "one";
  return (single ? one : other).replace(/\{(\w+)\}/g, (whole, name) =>
    name in args ? written(args[name], locale) : whole,
  );
}

/** An argument; a function is asked each time. @param {unknown} value @param {string} locale */
function written(value, locale) {
  const given = typeof value === "function" ? value() : value;
  return typeof given === "number" ? localised(String(given), locale) : String(given);
}

/** @param {Key} key @param {Args} [args] */
export const phrase = (key, args = {}) => filled(spoken.strings[key] ?? EN[key], args, spoken);

/** @template {string} K @typedef {(key: K, args?: Args) => string} Phrases */

/** A part of the page that speaks a language of its own. @template {string} K @param {string} code  of LANGUAGES
 * @param {Record<K, Entry>} strings @returns {Phrases<K>} */
export function phrasesIn(code, strings) {
  const language = { code, locale: localeOf(code) };
  return (key, args = {}) => filled(strings[key], args, language);
}

/** One of several by a name that comes from elsewhere; otherwise: what is said where there is none of that name.
 * @param {string} family  what the keys begin with @param {string} name @param {string} [otherwise] */
export function phraseOf(family, name, otherwise = name) {
  const key = /** @type {Key} */ (family + name);
  return Object.hasOwn(spoken.strings, key) ? phrase(key) : otherwise;
}

/** A phrase that is said later, or again, in the language of then. */
export class DeferredPhrase {
  /** @param {Key} key @param {Args} [args] */
  constructor(key, args = {}) {
    this.key = key;
    this.args = args;
  }

  toString() {
    return phrase(this.key, this.args);
  }
}

/** @param {Key} key @param {Args} [args] */
export const deferred = (key, args) => new DeferredPhrase(key, args);

/** What went wrong, in the page's words. */
export class SpokenError extends Error {
  /** @param {Key} key @param {Args} [args] */
  constructor(key, args) {
    super(phrase(key, args));
    this.phrase = deferred(key, args);
  }
}

/** English, as the core and browsers speak: translated where its sentence is known, else marked as what it is. */
export class English {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  /** In the language of the page, or null. */
  get translated() {
    return spoken.code === "en" ? this.text : (spoken.translate?.(this.text) ?? null);
  }

  toString() {
    return this.translated ?? this.text;
  }
}

/* ---- numbers and dates ---- */

/** A number's text, with the point that the language has. @param {string} text  as JavaScript writes it
 * @param {string} [locale] */
export function localised(text, locale = spoken.locale) {
  if (!text.includes(".")) return text;
  const parts = new Intl.NumberFormat(locale).formatToParts(0.5);
  return text.replace(".", parts.find(({ type }) => type === "decimal")?.value ?? ".");
}

/** @param {number} value @param {number} count  of decimals */
export const decimals = (value, count) => localised(value.toFixed(count));

/** The hour and minute. @param {string} at  ISO 8601 */
export const clockTime = (at) =>
  new Date(at).toLocaleTimeString(spoken.code === "en" ? [] : spoken.locale, { hour: "2-digit", minute: "2-digit" });

/** "a, b and c" @param {string[]} items */
export const listed = (items) => new Intl.ListFormat(spoken.code === "en" ? "en-GB" : spoken.locale).format(items);

/* ---- nodes ---- */

/** @type {WeakMap<Element, Args>} of what was said in it */
const argsOf = new WeakMap();
/** @type {WeakMap<Element, English>} what others than the page have said in it */
const englishIn = new WeakMap();

/** Says something in an element, and says it again in the next language. @template {Element} E @param {E} node
 * @param {Key} key @param {Args} [args] @returns {E} */
export function setPhrase(node, key, args = {}) {
  node.setAttribute("data-t", key);
  argsOf.set(node, args);
  fillOne(node);
  return node;
}

/** The same in an attribute. An element has one set of arguments, for its text and its attributes. @template {Element} E
 * @param {E} node @param {typeof ATTRIBUTES[number]} name @param {Key} key @param {Args} [args] @returns {E} */
export function setPhraseOf(node, name, key, args) {
  node.setAttribute(`data-t-${name}`, key);
  if (args) argsOf.set(node, args);
  fillAttribute(node, name);
  return node;
}

/** Says what it is given; English stays so, and is marked. @template {HTMLElement} E @param {E} node
 * @param {Words} words */
export function setWords(node, words) {
  if (words instanceof DeferredPhrase) return setPhrase(node, words.key, words.args);
  if (words instanceof English) {
    node.setAttribute("data-t", "");
    englishIn.set(node, words);
  } else node.removeAttribute("data-t");
  node.replaceChildren(...nodesOf(words));
  return node;
}

/** @param {Element} node */
function fillOne(node) {
  const key = /** @type {Key} */ (node.getAttribute("data-t"));
  const words = englishIn.get(node);
  if (!key && words) return node.replaceChildren(...nodesOf(words));
  const args = argsOf.get(node) ?? {};
  const english = Object.values(args).some((arg) => arg instanceof English && arg.translated === null);
  const text = phrase(key, args);
  if (english) node.replaceChildren(...withEnglish(key, args));
  else if (/[*`]/.test(text) && argsOf.get(node) === undefined) node.replaceChildren(...marked(text, node));
  else node.textContent = text;
}

/** A phrase some of whose arguments are English. @param {Key} key @param {Args} args */
function withEnglish(key, args) {
  const kept = Object.entries(args).filter(([, arg]) => arg instanceof English && arg.translated === null);
  const marks = Object.fromEntries(kept.map(([name], i) => [name, `\u0001${i}\u0001`]));
  return phrase(key, { ...args, ...marks })
    .split("\u0001")
    .flatMap((part, i) => nodesOf(i % 2 ? /** @type {English} */ (kept[Number(part)][1]) : part));
}

/** What stays English is marked for screen readers, and said to be it for everybody. @param {string | English} words
 * @returns {(Node | string)[]} */
function nodesOf(words) {
  if (typeof words === "string") return words ? [words] : [];
  if (words.translated !== null) return [words.translated];
  const node = document.createElement("span");
  node.lang = "en";
  node.textContent = words.text;
  const mark = document.createElement("small");
  mark.className = "in-english";
  mark.textContent = `\u00a0(${phrase("english.mark")})`;
  return [node, mark];
}

/** "**strong**", "*em*" and "`key`" become elements. @param {string} text @param {Element} holder
 * @returns {(Node | string)[]} */
function marked(text, holder) {
  return text.split(/(\*\*[^*]+\*\*|\*[^*]+\*|`[^`]+`)/).map((part) => {
    const [, fence, words] = /^(\*\*|\*|`)(.+)\1$/s.exec(part) ?? [];
    if (!fence) return part;
    const code = holder.closest(".keys") ? "kbd" : "code";
    const node = document.createElement({ "**": "strong", "*": "em", "`": code }[fence] ?? "span");
    node.textContent = words;
    return node;
  });
}

/** Attributes that hold words: what they are is said by data-t- and their name. */
const ATTRIBUTES = /** @type {const} */ (["title", "aria-label", "aria-roledescription", "data-disclaimer", "label"]);

/** @param {Element} node @param {string} name */
const fillAttribute = (node, name) =>
  node.setAttribute(name, phrase(/** @type {Key} */ (node.getAttribute(`data-t-${name}`)), argsOf.get(node)));

/** Says all that elements below a node are marked with. @param {ParentNode} root */
export function fill(root) {
  for (const node of root.querySelectorAll("[data-t]")) fillOne(node);
  for (const name of ATTRIBUTES)
    for (const node of root.querySelectorAll(`[data-t-${name}]`)) fillAttribute(node, name);
}
