/**
 * A case set being played, without a page: which cases in which order, what was answered, and all of it in the few
 * characters that a course keeps between visits.
 */

/**
 * @typedef {import("./cases_source.js").Settings} Settings
 * @typedef {import("./cases_source.js").SetDocument} SetDocument
 * @typedef {import("./cases_source.js").Case} Case
 * @typedef {{lead: string, from: number, to: number}} Span  s from the record's start
 * @typedef {{named?: string[], chosen?: string[], value?: number, lead?: string, from?: number, to?: number, qt?: number,
 *   rr?: number, marks?: Span[], text?: string, self?: boolean | null}} Response  of a task, as tools/schema/answers.schema.json
 *   has it
 * @typedef {{responses: Record<string, Response>, certainty: number | null, committed: boolean, attempt: number,
 *   seconds: number, startedAt: string, networkShown: boolean, networkFindings: string[], measurementsShown: boolean,
 *   kept: boolean, points: number | null}} CaseState  kept: false where a course has not kept all responses;
 *   points: as they were scored
 */

/** 32 bits from a text (FNV-1a). @param {string} text */
export function hash32(text) {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}

/** Numbers from 0 to 1 that a seed always gives in the same order (mulberry32). @param {number} seed */
export function randomFrom(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @template T @param {T[]} list @param {() => number} random @returns {T[]} */
function shuffled(list, random) {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

/** Which cases, and in which order. @param {Case[]} cases @param {Pick<Settings, "order" | "pick">} settings
 * @param {number} seed @returns {number[]} places in the set */
export function orderOf(cases, { order, pick }, seed) {
  const random = randomFrom(seed);
  const all = cases.map((_, i) => i);
  const mixed = shuffled(all, random);
  const some = pick && pick < all.length ? mixed.slice(0, pick) : mixed;
  if (order === "mixed") return some;
  const given = [...some].sort((a, b) => a - b);
  if (order !== "grouped") return given;
  const tagOf = (/** @type {number} */ i) => cases[i].tags?.[0] ?? "";
  const tags = [...new Set(all.map(tagOf))];
  return given.sort((a, b) => tags.indexOf(tagOf(a)) - tags.indexOf(tagOf(b)) || a - b);
}

/** @returns {CaseState} */
export const freshCase = () => ({
  responses: {},
  certainty: null,
  committed: false,
  attempt: 1,
  seconds: 0,
  startedAt: "",
  networkShown: false,
  networkFindings: [],
  measurementsShown: false,
  kept: true,
  points: null,
});

/** @param {unknown} value */
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** Whether anything was answered. @param {Response | undefined} response */
export function isAnswered(response) {
  if (!response) return false;
  const { named, chosen, value, qt, rr, marks, text, self } = response;
  const some = named?.length || chosen?.length || marks?.length || text?.trim() || self;
  return Boolean(some) || [value, qt, rr].some(isNumber);
}

/* ---- in a course, between visits ---- */

/** What SCORM 1.2 keeps. */
const MAX_CHARS = 4096;
/** Of a case, its length byte with it; less where there are more than sixty. */
const CASE_BYTES = 40;
const HEAD_BYTES = 11;
const VERSION = 1;
/** Hundredths of points, which may be below 0. */
const POINTS_ZERO = 2 ** 15;
/** ms, of times in a recording: over an hour. */
const TIME_BITS = 22;

/** Bytes in which numbers of some bits follow each other. */
class Bits {
  constructor() {
    /** @type {number[]} */
    this.bits = [];
  }

  /** @param {number} value  whole, not negative @param {number} width */
  put(value, width) {
    for (let i = width - 1; i >= 0; i--) this.bits.push(Math.floor(value / 2 ** i) % 2);
  }

  get bytes() {
    const out = new Uint8Array(Math.ceil(this.bits.length / 8));
    for (const [i, bit] of this.bits.entries()) out[i >> 3] |= bit << (7 - (i & 7));
    return out;
  }
}

class BitReader {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  /** @param {number} width @returns {number} NaN beyond the end */
  take(width) {
    if (this.at + width > 8 * this.bytes.length) return NaN;
    let value = 0;
    for (let i = 0; i < width; i++, this.at++)
      value = 2 * value + ((this.bytes[this.at >> 3] >> (7 - (this.at & 7))) & 1);
    return value;
  }
}

/** What can be chosen in a task, in the set's order. @param {SetDocument} set @param {import("./cases_source.js").Task} task @returns {string[]} */
export function choicesOf(set, task) {
  if (task.type === "findings") return (set.lists?.[task.list ?? ""] ?? []).map(({ id }) => id);
  return task.type === "choice" ? (task.options ?? []).map(({ id }) => id) : [];
}

/** A number as float32, so that none is too large or too small. @param {number} value */
function floatBits(value) {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0);
}

/** @param {number} bits */
function bitsFloat(bits) {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return Number(view.getFloat32(0).toPrecision(7));
}

const LEADS = ["*", "I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];

/** Whether a span can be kept. @param {Partial<Span>} span */
const fits = ({ lead = "", from = NaN, to = NaN }) =>
  LEADS.includes(lead) && [from, to].every((s) => s >= 0 && 1000 * s < 2 ** TIME_BITS - 1);

/** @param {Bits} bits @param {Partial<Span>} span */
function putSpan(bits, { lead = "*", from = 0, to = 0 }) {
  bits.put(LEADS.indexOf(lead), 4);
  for (const s of [from, to]) bits.put(Math.round(1000 * s), TIME_BITS);
}

/** @param {BitReader} bits @returns {Span} */
const takeSpan = (bits) => ({
  lead: LEADS[bits.take(4)] ?? "*",
  from: bits.take(TIME_BITS) / 1000,
  to: bits.take(TIME_BITS) / 1000,
});

/** @typedef {{fits: (r: Response) => boolean, write: (bits: Bits, r: Response) => void, read: (bits: BitReader) => Response}} Codec */

/** Which of them were taken, a bit each. @param {"named" | "chosen"} key @param {string[]} choices @returns {Codec} */
const some = (key, choices) => ({
  fits: () => true,
  write: (bits, response) => {
    for (const id of choices) bits.put(Number(response[key]?.includes(id) ?? false), 1);
  },
  read: (bits) => ({ [key]: choices.filter(() => bits.take(1) === 1) }),
});

/** @type {Codec} */
const MEASURE = {
  fits: (response) => response.lead === undefined || fits(response),
  write: (bits, { value, qt, rr, ...span }) => {
    for (const each of [value, qt, rr]) {
      bits.put(Number(isNumber(each)), 1);
      if (isNumber(each)) bits.put(floatBits(Number(each)), 32);
    }
    bits.put(Number(span.lead !== undefined), 1);
    if (span.lead !== undefined) putSpan(bits, span);
  },
  read: (bits) => {
    /** @type {Response} */
    const response = {};
    for (const key of /** @type {const} */ (["value", "qt", "rr"]))
      if (bits.take(1) === 1) response[key] = bitsFloat(bits.take(32));
    return bits.take(1) === 1 ? { ...response, ...takeSpan(bits) } : response;
  },
};

const MARK_COUNT_BITS = 4;
/** Of one task, which a learner can make. */
export const MAX_MARKS = 2 ** MARK_COUNT_BITS - 1;

/** @type {Codec} */
const MARK = {
  fits: ({ marks = [] }) => marks.length <= MAX_MARKS && marks.every(fits),
  write: (bits, { marks = [] }) => {
    bits.put(marks.length, MARK_COUNT_BITS);
    for (const mark of marks) putSpan(bits, mark);
  },
  read: (bits) => ({ marks: Array.from({ length: bits.take(MARK_COUNT_BITS) || 0 }, () => takeSpan(bits)) }),
};

/** There is no room for texts; only what its writer said of it. @type {Codec} */
const TEXT = {
  fits: ({ self }) => Boolean(self),
  write: () => {},
  read: () => ({ self: true }),
};

/** How a task's answer is kept. @param {SetDocument} set @param {import("./cases_source.js").Task} task @returns {Codec | undefined} */
function codecOf(set, task) {
  if (task.type === "findings") return some("named", choicesOf(set, task));
  if (task.type === "choice") return some("chosen", choicesOf(set, task));
  return { measure: MEASURE, mark: MARK, text: TEXT }[task.type];
}

/** After a task's first bit: its answer is here, or there was one that is not. */
const HERE = [1, 0];
const GONE = [1, 1];

/**
 * A case in few bytes: what is counted, then its answers as far as they fit.
 * @param {SetDocument} set @param {Case} one @param {CaseState | undefined} state
 * @param {number} most  bytes @returns {Uint8Array} empty: nothing of it
 */
function packCase(set, one, state, most) {
  if (!state || (!state.committed && !Object.values(state.responses).some(isAnswered))) return new Uint8Array(0);
  const head = new Bits();
  head.put(Number(state.committed), 1);
  head.put(state.certainty ?? 0, 2);
  head.put(Number(state.networkShown), 1);
  head.put(Math.min(state.attempt, 15), 4);
  head.put(Number(state.measurementsShown), 1);
  head.put(Math.min(Math.round(state.seconds), 16383), 14);
  head.put(Number(state.points !== null), 1);
  if (state.points !== null)
    head.put(Math.min(Math.max(Math.round(100 * state.points) + POINTS_ZERO, 0), 2 * POINTS_ZERO - 1), 16);
  let bits = head;
  const bytes = (/** @type {Bits} */ of) => Math.ceil(of.bits.length / 8);
  for (const task of one.tasks) {
    const codec = codecOf(set, task);
    const response = state.responses[task.id];
    const more = new Bits();
    more.bits = [...bits.bits];
    if (!codec || !isAnswered(response)) more.put(0, 1);
    else if (codec.fits(response)) {
      more.bits.push(...HERE);
      codec.write(more, response);
    } else more.bits.push(...GONE);
    if (bytes(more) > most) {
      more.bits = [...bits.bits, ...GONE];
      if (bytes(more) > most) break;
    }
    bits = more;
  }
  return bits.bytes;
}

/** @param {SetDocument} set @param {Case} one @param {Uint8Array} bytes @returns {CaseState} */
function unpackCase(set, one, bytes) {
  const bits = new BitReader(bytes);
  const state = freshCase();
  state.committed = bits.take(1) === 1;
  state.certainty = bits.take(2) || null;
  state.networkShown = bits.take(1) === 1;
  state.attempt = bits.take(4) || 1;
  state.measurementsShown = bits.take(1) === 1;
  state.seconds = bits.take(14) || 0;
  if (bits.take(1) === 1) state.points = (bits.take(16) - POINTS_ZERO) / 100;
  for (const task of one.tasks) {
    const there = bits.take(1);
    if (Number.isNaN(there)) {
      state.kept = false; // there was no room for more
      break;
    }
    if (!there) continue;
    const codec = codecOf(set, task);
    if (bits.take(1) !== 0 || !codec) state.kept = false;
    else state.responses[task.id] = codec.read(bits);
  }
  return state;
}

/** @param {Uint8Array} bytes */
const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

/** @param {string} text @returns {Uint8Array} */
function fromBase64url(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

/** What a set is known by, so that answers to another one, or to a set that was changed, are not taken for its own. @param {SetDocument} set */
const identity = (set) =>
  hash32(JSON.stringify([set.id, set.cases.map(({ id, tasks }) => [id, tasks.map((task) => [task.id, task.type])])]));

/**
 * @param {SetDocument} set @param {{seed: number, order: number[], at: number, states: Map<number, CaseState>}} play
 *   order: places in the set; at: in the order
 * @returns {string} at most 4,096 characters
 */
export function suspend(set, { seed, order, at, states }) {
  const room = Math.floor((MAX_CHARS * 3) / 4) - HEAD_BYTES - 2;
  const most = Math.min(CASE_BYTES, Math.floor(room / Math.max(order.length, 1))) - 1;
  const head = new Bits();
  head.put(VERSION, 8);
  head.put(identity(set), 32);
  head.put(seed >>> 0, 32);
  head.put(Math.min(at, 65535), 16);
  const bytes = [...head.bytes];
  for (const place of order) {
    const packed = packCase(set, set.cases[place], states.get(place), most);
    bytes.push(packed.length, ...packed);
  }
  return base64url(new Uint8Array(bytes));
}

/**
 * @param {SetDocument} set @param {Pick<Settings, "order" | "pick">} settings @param {string} text
 * @returns {{seed: number, order: number[], at: number, states: Map<number, CaseState>} | null} null: of something else
 */
export function resume(set, settings, text) {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  let bytes;
  try {
    bytes = fromBase64url(text);
  } catch {
    return null;
  }
  const head = new BitReader(bytes.subarray(0, HEAD_BYTES));
  if (head.take(8) !== VERSION || head.take(32) !== identity(set)) return null;
  const seed = head.take(32);
  const at = head.take(16);
  if (Number.isNaN(at)) return null;
  const order = orderOf(set.cases, settings, seed);
  /** @type {Map<number, CaseState>} */
  const states = new Map();
  let from = HEAD_BYTES;
  for (const place of order) {
    const length = bytes[from] ?? 0;
    if (length) states.set(place, unpackCase(set, set.cases[place], bytes.subarray(from + 1, from + 1 + length)));
    from += 1 + length;
  }
  return { seed, order, at: Math.min(at, order.length), states };
}
