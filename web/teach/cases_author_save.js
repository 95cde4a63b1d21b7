/** What of a case set leaves the editor: zip, packages, embed code, answer sheet, and the case that is tried. */

import { assetText, casesCore } from "../files/assets.js";
import { SetFiles } from "./cases_author_files.js";
import { button, checkField, line, textField } from "./cases_fields.js";
import { archiveOf, embedCode, htmlOf, scormFiles, singlePage, zipFiles } from "./cases_pack.js";
import { cleaned, idOf, lacksOf, statementsNamed, authorText } from "./cases_draft.js";
import { answerSheet } from "./cases_sheet.js";
import { DISCLAIMER } from "../core/core_constants.js";
import { save } from "../base/exports.js";
import { make } from "../base/dom.js";

/**
 * @typedef {import("../package/documents.js").Case} Case
 * @typedef {import("../package/documents.js").CaseSet} CaseSet
 * @typedef {import("../core/cases_core.js").PackedFile} PackedFile
 * @typedef {import("../files/files.js").FileGroup} FileGroup
 * @typedef {{set: CaseSet, text: string, files: PackedFile[]}} Made
 */

export class SetSaver {
  /** @param {import("./cases_author.js").Author} author */
  constructor(author) {
    this.author = author;
    /** The page's model goes into packages. */
    this.network = false;
    /** Recordings keep who they are of. */
    this.identity = false;
    this.address = "";
    this.files = new SetFiles(author);
  }

  menu() {
    const { host } = this.author;
    const guarded = (/** @type {() => Promise<unknown>} */ work) => () => host.guarded(work);
    this.embed = make("div", { className: "author-embed", hidden: true });
    this.notes = make("ul", { className: "author-lacks", hidden: true });
    return make(
      "details",
      { className: "author-save" },
      make("summary", { textContent: "Save ▾" }),
      make(
        "div",
        { className: "author-menu" },
        line(
          button(
            "Case set (zip)",
            guarded(() => this.saveZip()),
            { key: "save-zip", className: "primary" },
          ),
          button(
            "SCORM 1.2 package",
            guarded(() => this.saveScorm()),
            { key: "save-scorm" },
          ),
          button(
            "One HTML file",
            guarded(() => this.saveHtml()),
            { key: "save-html" },
          ),
        ),
        line(
          button(
            "Embed code",
            guarded(() => this.showEmbed()),
            { key: "save-embed" },
          ),
          button(
            "Answer sheet",
            guarded(() => this.printSheet()),
            { key: "save-sheet" },
          ),
        ),
        checkField(
          "Packages with the network (some 7 MB more; without it they have its answers)",
          this.network,
          (on) => (this.network = on),
          {
            key: "save-network",
          },
        ),
        checkField("Recordings keep name, numbers and dates", this.identity, (on) => (this.identity = on), {
          key: "save-identity",
        }),
        make("p", {
          className: "faint",
          textContent:
            "The answers can be read in the source of a package. For an examination choose feedback: none, and mark the saved results.",
        }),
        this.notes,
        this.embed,
      ),
    );
  }

  /* ---- what is saved ---- */

  async saveZip() {
    const made = await this.make();
    if (!made) return;
    await this.keep(`${this.baseName}.zip`, await archiveOf(zipFiles(made.text, made.files)));
    this.author.saved = this.author.state;
    this.author.host.say("Saved. Opened here again, the set goes on where it is now.");
  }

  async saveScorm() {
    const what = await this.package();
    if (!what) return;
    await this.keep(`${this.baseName}-scorm12.zip`, await archiveOf(await scormFiles(what)));
    this.author.host.say(
      "Saved: add it to your course as a SCORM package. Keep the zip of the set too, to go on with it.",
    );
  }

  async saveHtml() {
    const what = await this.package();
    if (!what) return;
    await this.keep(`${this.baseName}.html`, await htmlOf(what));
    this.author.host.say("Saved: this one file plays the set, also offline.");
  }

  async package() {
    const made = await this.make();
    if (!made) return null;
    const core = await casesCore();
    return { ...made, core, network: this.network, page: () => singlePage(document, assetText) };
  }

  async printSheet() {
    const { host, set } = this.author;
    if (!this.ready()) return;
    const sheet = host.$("sheet");
    // The printer's sheet is filled with the ECG when the browser says it prints: this one comes after.
    const fill = () => sheet.replaceChildren(answerSheet(set, DISCLAIMER));
    window.addEventListener("beforeprint", fill, { once: true });
    window.print();
  }

  /** For a page that shows the packed file. */
  async showEmbed() {
    if (!this.embed) return;
    const code = make("textarea", { readOnly: true, rows: 4, spellcheck: false });
    code.setAttribute("aria-label", "Code for your page");
    const link = make("textarea", { readOnly: true, rows: 2, spellcheck: false });
    link.setAttribute("aria-label", "Link, where frames are not allowed");
    const fill = () => {
      const made = embedCode({ address: this.address || `${this.baseName}.html`, title: this.author.set.title });
      code.value = made.frame;
      link.value = made.link;
    };
    const address = textField(
      "Address of the HTML file once you have put it on your site",
      this.address,
      (value) => {
        this.address = value.trim();
        fill();
      },
      { key: "embed-address", spellcheck: false, placeholder: `https://your.site/${this.baseName}.html` },
    );
    fill();
    const copy = (/** @type {HTMLTextAreaElement} */ area) => () =>
      this.author.host.guarded(async () => {
        await this.author.host.saving.copyText(area.value);
        this.author.host.say("The code is in the clipboard.");
      });
    this.embed.replaceChildren(
      address,
      make("p", {
        className: "faint",
        textContent:
          "Frame: for Moodle’s HTML editor (source view), and in WordPress for administrators and editors of a single site.",
      }),
      code,
      button("Copy the frame", copy(code), { key: "embed-copy" }),
      make("p", { className: "faint", textContent: "Link: where your site takes frames out." }),
      link,
      button("Copy the link", copy(link), { key: "embed-copy-link" }),
    );
    this.embed.hidden = false;
    this.author.focus("embed-address");
  }

  get baseName() {
    return idOf(this.author.set.title).toLowerCase() || "ecg-cases";
  }

  /** @param {string} name @param {Uint8Array | string} content */
  async keep(name, content) {
    save(name, new Blob([/** @type {BlobPart} */ (content)]));
  }

  /* ---- what it is made of ---- */

  /** Whether there is something to save; else it is told why not. */
  ready() {
    const { author } = this;
    const { cases } = author.set;
    // A first case that is complete needs no second press.
    if (!author.inSet && !lacksOf(author.one).length) author.addToSet();
    if (!cases.length) {
      author.refuse(lacksOf(author.one)[0] ?? "There is no case in the set yet: add one first.");
      return false;
    }
    for (const one of cases) {
      const [lack] = lacksOf(one);
      if (lack) {
        author.refuse(`Case ${one.id}: ${lack}`);
        return false;
      }
    }
    return true;
  }

  /** The set with its files. @returns {Promise<Made | null>} null: it was told why not */
  async make() {
    const { author } = this;
    if (!this.ready()) return null;
    author.host.say("Putting the case set together …");
    await author.host.live.modelReady.catch(() => {}); // without one, nothing is told of it
    return this.checked(author.set, author.set.cases);
  }

  /** @param {CaseSet} set @param {Case[]} cases  those of it that are wanted @returns {Promise<Made>} */
  async checked(set, cases) {
    const { files, records } = await this.files.of(cases, this.identity);
    // A case that is tried has the findings of the others to choose from, too.
    const kept = new Set([...this.author.spare, ...statementsNamed(set)]);
    const whole = cleaned({ ...set, cases }, kept);
    const text = `${JSON.stringify(whole, null, 2)}\n`;
    const core = await casesCore();
    const inventory = files.map(({ name, bytes }) => ({ name, size: bytes.length, sha256: core.sha256(bytes) }));
    const outcome = core.check(text, { files: inventory, records });
    if ("error" in outcome) throw new Error(authorText(whole, outcome.error));
    this.showNotes(outcome.warnings.map((warning) => authorText(whole, warning)));
    return { set: whole, text, files };
  }

  /** What is odd, and stops nothing. @param {string[]} texts */
  showNotes(texts) {
    if (!this.notes) return;
    this.notes.replaceChildren(...texts.map((text) => make("li", { textContent: text })));
    this.notes.hidden = !texts.length;
  }

  /* ---- trying ---- */

  /** One case, as a learner plays it; nothing is added to the set by that. @param {Case} one */
  async tryOne(one) {
    const { author } = this;
    const { set, files } = await this.checked(author.set, [one]);
    const sources = files.map(({ name, bytes }) => {
      const read = async () => bytes.slice().buffer;
      return /** @type {const} */ ([
        name,
        { path: name, size: bytes.length, read, start: async (/** @type {number} */ n) => bytes.slice(0, n).buffer },
      ]);
    });
    const trial = { ...set, settings: { ...set.settings, pick: null, lock: false } };
    const tried = /** @type {any} */ ({
      text: JSON.stringify(trial),
      set: trial,
      files: new Map(sources),
      name: set.title,
    });
    await author.host.playCases(tried, { preview: true, lock: false, edit: undefined, closed: () => author.tried() });
  }
}
