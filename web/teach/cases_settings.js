/** How a case set is played: what it says, what it leaves out, and what the page around asks for. */

/**
 * @typedef {import("./cases_source.js").Settings} Settings
 * @typedef {import("./cases_source.js").SetDocument} SetDocument
 */

/** What a set without settings has, and what stands in a set that was checked where a setting was left out. */
export const DEFAULT_SETTINGS = Object.freeze({
  level: "beginner",
  order: "given", // "mixed" beyond beginners
  pick: null,
  feedback: "each",
  network: "after",
  measurements: "after",
  names: "hidden",
  certainty: "no",
  check: /** @type {string[]} */ ([]),
  attempts: 1,
  seconds: null,
  pass: null,
  lock: false,
});

/** What an embedding page may ask for, over the set's own. */
const CHOICES = {
  order: ["given", "mixed", "grouped"],
  network: ["never", "after", "request", "before"],
  feedback: ["each", "end", "none"],
};

/** The set's settings, with those that the page around asks for. Beyond beginners, cases are mixed unless the set says otherwise.
 * @param {SetDocument} set @param {Record<string, any>} [asked] @returns {Settings} */
export function settingsOf(set, asked = {}) {
  const own = set.settings ?? {};
  const level = own.level ?? DEFAULT_SETTINGS.level;
  const order = own.order ?? (level === "beginner" ? "given" : "mixed");
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined && value !== null));
  /** @type {Record<string, string>} */
  const over = {};
  for (const [key, values] of Object.entries(CHOICES)) if (values.includes(asked[key])) over[key] = asked[key];
  const attempts = own.attempts === null ? Infinity : (own.attempts ?? DEFAULT_SETTINGS.attempts);
  return { ...DEFAULT_SETTINGS, ...given, level, order, attempts, ...over };
}
