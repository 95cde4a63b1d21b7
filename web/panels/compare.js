/**
 * Two ECGs of what is open: lead under lead, side by side, or their median beats over each other, and a table of what
 * differs. What is printed or copied has both.
 */

import { drawComparison } from "../drawing/compare_draw.js";
import { ABOVE, findingRows, leadRows, measuredRows, rowLines } from "./compare_table.js";
import { gainOf } from "../drawing/drawing.js";
import { save, svgElement } from "../base/exports.js";
import { make } from "../base/dom.js";
import { addKeyHelp } from "./key_help.js";
import { changes, fill, phrase, setPhrase, setPhraseOf, SpokenError, deferred } from "../words/language.js";
import { OtherRecord } from "../workers/other_record.js";
import { messageOf } from "../words/messages.js";
import { WAVES } from "../words/quantities.js";

/**
 * @typedef {import("./records.js").Row} Row
 * @typedef {import("../drawing/compare_draw.js").Mode} Mode
 * @typedef {import("../drawing/compare_draw.js").Side} Side
 * @typedef {import("./compare_table.js").Row} Line
 */

/** With what they are called. @type {[Mode, import("../words/language.js").Key][]} */
const MODES = [
  ["stacked", "compare.stacked"],
  ["beside", "compare.beside"],
  ["beats", "compare.beats"],
];
/** Landscape A4, mm. @type {[number, number]} */
const SHEET = [297, 210];
const USUAL_WAVE = "st60";

export class Compare {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {OtherRecord | null} */
    this.other = null;
    /** @type {[Side, Side] | null} */
    this.sides = null;
    /** @type {Mode} */
    this.mode = "stacked";
    /** Counts comparisons and drawings: what an older one still brings is dropped. */
    this.turn = 0;
    /** For the printer, which does not wait. @type {import("../core/core.js").DisplayList | null} */
    this.sheet = null;
    /** Fulfilled once what was asked for is to be seen. @type {Promise<unknown>} */
    this.done = Promise.resolve();
    this.printing = () => this.fillPrint();
    changes.addEventListener("change", () => this.retell(), { signal: host.leaving?.signal });
    this.makeDialog();
    this.makeDoors();
    this.retell();
    this.show();
  }

  /* ---- structure ---- */

  makeDialog() {
    const { host } = this;
    const close = make("button", { id: "compare-close" });
    setPhraseOf(close, "aria-label", "compare.close");
    this.close = close;
    this.choice = make("select", { id: "compare-with" });
    this.choice.addEventListener("change", () => this.begin(this.rows[Number(this.choice?.value)] ?? null));
    const modes = setPhraseOf(make("span", { className: "group" }), "aria-label", "compare.layout-of");
    modes.setAttribute("role", "group");
    this.modes = MODES.map(([mode, title]) => {
      const button = setPhrase(make("button", { type: "button", id: `compare-${mode}` }), title);
      button.addEventListener("click", () => this.choose(mode));
      modes.append(button);
      return button;
    });
    const label = make("label", {}, setPhrase(make("span", {}), "compare.with"), " ", this.choice);
    this.status = make("p", { id: "compare-status", className: "faint" });
    this.status.setAttribute("role", "status");
    this.drawing = setPhraseOf(
      make("div", { id: "compare-drawing", tabIndex: 0 }),
      "aria-label",
      "compare.both-scroll",
    );
    this.drawing.setAttribute("role", "region");
    this.tables = make("div", { id: "compare-tables" });
    this.wave = setPhraseOf(make("select", { id: "compare-wave" }), "aria-label", "compare.amplitude");
    this.wave.append(...Object.entries(WAVES).map(([key, title]) => new Option(title, key, false, key === USUAL_WAVE)));
    this.wave.addEventListener("change", () => this.showTables());
    const title = setPhrase(make("h2", { id: "compare-title" }), "compare.title");
    const bar = make("p", { className: "bar-line" }, label, modes, ...this.makeActions());
    const body = make("div", { className: "compare-body" }, this.drawing, this.tables);
    const form = make("form", { method: "dialog" }, close);
    this.dialog = make("dialog", { id: "compare-dialog" }, form, title, bar, this.status, body);
    this.dialog.setAttribute("aria-labelledby", "compare-title");
    this.dialog.addEventListener("close", () => this.end());
    this.dialog.addEventListener("keydown", (event) => this.key(event));
    host.$("app").append(this.dialog);
  }

  makeActions() {
    const { host } = this;
    /** @type {[string, import("../words/language.js").Key | "", () => Promise<unknown>][]} */
    const actions = [
      ["compare-copy-png", "save.copy-picture", () => this.copyPicture()],
      ["compare-copy", "save.copy-numbers", () => this.copyNumbers()],
      ["compare-png", "", async () => save(host.saving.fileName("compared.png"), await this.picture())],
      ["compare-print", "save.print", () => this.print()],
    ];
    this.actions = actions.map(([id, key, work]) => {
      const button = make("button", { type: "button", id, textContent: "PNG" });
      button.addEventListener("click", () => this.doing(work));
      return { button, key };
    });
    return this.actions.map(({ button }) => button);
  }

  /** How one comes here: a button beside the drawing's tools, a key, and one in each line of the table. */
  makeDoors() {
    const { host } = this;
    this.button = setPhrase(make("button", { type: "button", id: "compare-open" }), "compare.open");
    setPhraseOf(this.button, "title", "compare.open-says");
    this.button.setAttribute("aria-haspopup", "dialog");
    this.button.addEventListener("click", () => this.open());
    host.$("marks-place").append(this.button);
    host.keys?.on("d", () => (this.possible ? this.open() : false));
    addKeyHelp(host, [[["d"], "compare.key"]]);
    host.list.onLine = (line, row) => this.addDoor(line, row);
  }

  /** @param {HTMLTableRowElement} line @param {Row} row */
  addDoor(line, row) {
    if (!row.group) return;
    const button = make("button", { type: "button", className: "compare-row", textContent: "⇄" });
    setPhraseOf(button, "title", "compare.open-with");
    setPhraseOf(button, "aria-label", "compare.open-with-number", { n: row.number });
    button.addEventListener("click", () => this.open(row));
    line.cells[0].append(button);
  }

  /** In another language. */
  retell() {
    if (this.close) this.close.textContent = phrase("close");
    for (const { button, key } of this.actions ?? []) button.textContent = key ? phrase(key) : "PNG";
    if (this.sides) this.choose(this.mode);
    this.showTables();
  }

  /* ---- what there is ---- */

  /** The others that can be compared. What is to be read first is not looked up here. @returns {Row[]} */
  get rows() {
    const { host } = this;
    return host.list.sorted().filter((row) => row !== host.row && row.group && !host.list.covered(row));
  }

  get possible() {
    const { host } = this;
    return host.row !== null && host.record !== null && !host.hiding && !host.locked && this.rows.length > 0;
  }

  /** As things stand. */
  show() {
    if (this.button) this.button.hidden = !this.possible;
    if (!this.possible && this.dialog?.open) this.dialog.close();
  }

  /** As it may be told. @param {Row} row */
  nameOf(row) {
    const { host } = this;
    return host.blind
      ? phrase("compare.recording", { n: row.number })
      : phrase("compare.number", { name: row.name, n: row.number });
  }

  /** As it may leave the page. @param {Row} row */
  outName(row) {
    return this.host.withNames ? row.name : phrase("compare.recording", { n: row.number });
  }

  /* ---- comparing ---- */

  /** @param {Row} [wanted]  of a line of the table; the ECG that is open is compared with the one before it */
  open(wanted) {
    const { host } = this;
    if (!this.possible || !this.dialog) return false;
    const { rows } = this;
    const all = host.list.sorted();
    const before = all.slice(0, all.indexOf(/** @type {Row} */ (host.row))).reverse();
    const usual = before.find((row) => rows.includes(row)) ?? rows[0];
    if (wanted && !rows.includes(wanted)) return host.say(deferred("compare.read-first"));
    const row = wanted ?? usual;
    this.choice?.replaceChildren(
      ...rows.map((each, i) => new Option(this.nameOf(each), String(i), false, each === row)),
    );
    host.tableView?.hide();
    if (!this.dialog.open) this.dialog.showModal();
    window.addEventListener("beforeprint", this.printing); // after the page's own, whose sheets it replaces
    this.drawing?.focus({ preventScroll: true });
    this.begin(row);
    return true;
  }

  /** @param {Row | null} row */
  begin(row) {
    if (row) this.done = this.doing(() => this.compareWith(row));
  }

  /** What goes wrong is said here: the page's own line is behind. @param {() => Promise<unknown>} work */
  async doing(work) {
    try {
      await work();
    } catch (error) {
      if (this.dialog?.open) this.say(messageOf(error));
    }
  }

  /** @param {string} text */
  say(text) {
    if (this.status) this.status.textContent = text;
  }

  /** @param {Row} row */
  async compareWith(row) {
    const { host } = this;
    const turn = ++this.turn;
    const { record, live } = host;
    if (!record || !host.row) return;
    this.say(phrase("compare.reading-other"));
    this.other?.close();
    this.sides = this.sheet = null;
    const other = (this.other = new OtherRecord(row));
    const opened = await other.open(live);
    const [found] = await Promise.all([other.measure(), host.measurements?.done]);
    if (turn !== this.turn) return;
    const finding = found && host.edits.apply(row, found);
    this.sides = [
      {
        name: this.nameOf(host.row),
        record,
        finding: host.measurements?.shown ?? null,
        start: host.page()?.start ?? 0,
        draw: (request, values) => live.draw(record, request, values),
      },
      {
        name: this.nameOf(row),
        record: opened,
        finding,
        start: 0,
        draw: (request, values) => other.draw(request, values),
      },
    ];
    this.showTables();
    await this.redraw();
  }

  /** @param {Mode} mode */
  choose(mode) {
    this.mode = mode;
    this.done = this.doing(() => this.redraw());
  }

  get gain() {
    return gainOf(this.host.$("gain").value);
  }

  async redraw() {
    const { host, sides, mode } = this;
    const turn = ++this.turn;
    this.modes?.forEach((button, i) => button.setAttribute("aria-pressed", String(MODES[i][0] === mode)));
    if (!sides) return;
    this.say(phrase("compare.drawing"));
    this.sheet = null;
    this.drawing?.replaceChildren();
    const { dark } = host.drawing;
    const list = await drawComparison(mode, sides, { ...this.gain, dark });
    const pictures = await host.live.printer;
    if (turn !== this.turn) return;
    const svg = svgElement(pictures, list, phrase("compare.title"));
    for (const side of ["width", "height"]) svg.removeAttribute(side);
    svg.style.setProperty("--ratio", String(list.width / list.height));
    this.drawing?.replaceChildren(svg);
    this.say(this.caveats);
    const sheet = await this.drawSheet();
    if (turn === this.turn) this.sheet = sheet;
  }

  /** What is to be known of the comparison, in a sentence. */
  get caveats() {
    const [own, other] = this.sides ?? [];
    const missing = [own, other].filter((side) => side && !side.finding);
    const parts = [phrase("compare.minus")];
    if (missing.length) parts.push(phrase(missing.length > 1 ? "compare.neither" : "compare.one-not"));
    if (!this.outcomes[0] || !this.outcomes[1]) parts.push(phrase("compare.findings-later"));
    return parts.join(" ");
  }

  /** With names only where they may leave the page. */
  drawSheet() {
    const { host, sides, mode, other } = this;
    if (!sides || !host.row || !other) throw new SpokenError("compare.nothing");
    const [one, two] = sides;
    /** @type {[Side, Side]} */
    const named = [
      { ...one, name: this.outName(host.row) },
      { ...two, name: this.outName(other.row) },
    ];
    return drawComparison(mode, named, { ...this.gain, sheet: SHEET });
  }

  /** The comparison is over. */
  end() {
    window.removeEventListener("beforeprint", this.printing);
    this.turn++;
    this.other?.close();
    this.other = this.sides = this.sheet = null;
    this.drawing?.replaceChildren();
    this.tables?.replaceChildren();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    const typed = event.target instanceof HTMLSelectElement;
    if (event.key !== "d" || !plain || typed || !this.host.$("shortcuts").checked) return;
    event.preventDefault(); // else the key opens it again
    this.dialog?.close();
  }

  /* ---- numbers ---- */

  /** @returns {(import("./compare_table.js").Found | null)[]} */
  get outcomes() {
    const { host, other } = this;
    const outcome = other?.row.outcome;
    const found = outcome && "labels" in outcome ? outcome : null;
    const own = host.analysis?.report ?? null;
    const same = own && found && own.model.sha256 === found.model.sha256;
    return same ? [/** @type {any} */ (own), /** @type {any} */ (found)] : [null, null];
  }

  get waveKey() {
    return /** @type {keyof typeof WAVES} */ (this.wave?.value ?? USUAL_WAVE);
  }

  get waveTitle() {
    return WAVES[this.waveKey];
  }

  /** @returns {{title: string, rows: Line[]}[]} */
  get parts() {
    const [own, other] = (this.sides ?? []).map(({ finding }) => finding?.measured ?? null);
    const [a, b] = this.outcomes;
    const { waveTitle } = this;
    const wave = this.waveKey;
    return [
      { title: phrase("measured.title"), rows: measuredRows(own ?? null, other ?? null) },
      { title: phrase("findings.title"), rows: findingRows(a, b) },
      { title: phrase("compare.wave-by-lead", { wave: waveTitle }), rows: leadRows(own ?? null, other ?? null, wave) },
    ];
  }

  showTables() {
    if (!this.sides) return;
    const [measured, findings, leads] = this.parts.map(({ title, rows }) => tableOf(title, rows));
    const none = make("p", {
      className: "faint",
      textContent: phrase("compare.no-findings"),
    });
    const wave = make("label", { className: "faint" }, `${phrase("compare.by-lead")} `, /** @type {any} */ (this.wave));
    const above = make("p", { className: "faint", textContent: `${ABOVE} ${phrase("compare.above")}` });
    this.tables?.replaceChildren(
      ...(measured ? [measured] : []),
      ...(findings ? [findings, above] : [none]),
      ...(leads ? [wave, leads] : []),
    );
    if (this.tables) fill(this.tables);
  }

  /** As text. */
  get text() {
    const { host, other, parts } = this;
    if (!host.row || !other || !this.sides) throw new SpokenError("compare.nothing");
    const [measured, findings, leads] = parts;
    return [
      phrase("compare.head", { own: this.outName(host.row), other: this.outName(other.row) }),
      ...rowLines(measured.rows),
      ...rowLines(findings.rows),
      ...rowLines(leads.rows, (lead) => phrase("compare.in-lead", { wave: this.waveTitle, lead })),
      phrase("disclaimer"),
    ].join("\n");
  }

  /* ---- what leaves the page ---- */

  /** @returns {Promise<Blob>} */
  async picture() {
    return this.host.live.picture(await this.drawSheet());
  }

  /** The clipboard takes the picture's promise: it has to be asked at once. */
  async copyPicture() {
    const { clipboard } = navigator;
    if (!clipboard?.write || typeof ClipboardItem === "undefined") throw new SpokenError("save.no-clipboard-picture");
    await clipboard.write([new ClipboardItem({ "image/png": this.picture() })]);
    this.say(phrase("save.picture-copied"));
  }

  async copyNumbers() {
    await this.host.saving.copyText(this.text);
    this.say(phrase("save.numbers-copied"));
  }

  async print() {
    await this.done;
    window.print();
  }

  /** In place of the page's own sheets, which were filled in before. */
  fillPrint() {
    const { host, sheet } = this;
    if (!this.dialog?.open || !sheet || !host.pictures || !host.row || !this.other) return;
    const svg = svgElement(host.pictures, sheet, phrase("compare.title"));
    svg.setAttribute("preserveAspectRatio", "xMidYMin slice");
    const heading = make("p", { textContent: this.text.split("\n")[0] });
    const tables = this.parts.flatMap(({ title, rows }) => tableOf(title, rows) ?? []);
    const page = make(
      "section",
      { className: "compare-print" },
      heading,
      ...tables,
      make("p", { textContent: phrase("disclaimer") }),
    );
    host.$("sheet").replaceChildren(svg, page);
  }
}

/** @param {string} title @param {Line[]} rows @returns {HTMLTableElement | null} null: there is nothing in it */
function tableOf(title, rows) {
  if (!rows.length) return null;
  const head = [title, phrase("compare.own"), phrase("compare.other"), phrase("compare.difference")].map((text) =>
    make("th", { scope: "col", textContent: text }),
  );
  const lines = rows.map(({ key, title: name, own, other, difference }) => {
    const cells = [own, other, difference].map((textContent) => make("td", { textContent }));
    const line = make("tr", {}, make("th", { scope: "row", textContent: name }), ...cells);
    line.dataset.compared = key;
    return line;
  });
  const caption = make("caption", { className: "visually-hidden", textContent: title });
  return make("table", {}, caption, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...lines));
}
