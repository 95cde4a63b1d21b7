/** Where teaching begins: a part of the start page, and an entry of the menu. */

import { addressOf, asset } from "../files/assets.js";
import { setAmong } from "./cases_source.js";
import { make } from "../base/dom.js";
import { setPhrase, SpokenError } from "../words/language.js";

/** The set that comes with the page. */
const SHIPPED = "first-eight.zip";
const TEACHERS = "teachers.html";

export class CasesStart {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** The case editor, once it was asked for: whoever only reads ECGs fetches none of it. @type {import("./cases_author.js").Author | null} */
    this.author = null;
    if (host.locked) return;
    this.addMenuEntry();
    this.addStart();
  }

  addMenuEntry() {
    const { host } = this;
    const open = setPhrase(make("button", { type: "button", id: "author-open" }), "teaching.make");
    open.addEventListener("click", () => host.guarded(async () => (await this.editor()).begin()));
    host.$("network-open").before(open);
    const page = teachersPage();
    if (!page) return;
    host
      .$("help-open")
      .before(setPhrase(make("a", { href: page, id: "teachers-link", hreflang: "en" }), "teaching.link"));
    const more = setPhrase(make("a", { href: page, hreflang: "en" }), "teaching.page");
    host
      .$("single-file")
      .before(
        setPhrase(make("h3"), "teaching.title"),
        make("p", {}, setPhrase(make("span"), "teaching.help"), " ", more, "."),
      );
  }

  addStart() {
    const { host } = this;
    const play = setPhrase(make("button", { type: "button", id: "play-shipped" }), "teaching.play");
    play.addEventListener("click", () => host.guarded(() => this.playShipped()));
    const edit = setPhrase(make("button", { type: "button", id: "edit-shipped" }), "teaching.see");
    edit.addEventListener("click", () => host.guarded(() => this.editShipped()));
    const page = teachersPage();
    const more = page ? [" ", setPhrase(make("a", { href: page, hreflang: "en" }), "teaching.first"), "."] : [];
    const section = make(
      "section",
      { id: "cases-start" },
      setPhrase(make("h2", { id: "cases-start-title" }), "teaching.start"),
      make("p", { className: "actions" }, play, edit),
      make("p", { className: "faint" }, setPhrase(make("span"), "teaching.what"), ...more),
    );
    section.setAttribute("aria-labelledby", "cases-start-title");
    host.$("start").append(section);
  }

  async shipped() {
    const file = new File([await asset(`cases/${SHIPPED}`)], SHIPPED);
    const found = await setAmong([file]);
    if (!found) throw new SpokenError("teaching.none");
    return found;
  }

  async playShipped() {
    await this.host.opener.playSet(await this.shipped());
  }

  async editShipped() {
    const [editor, shipped] = await Promise.all([this.editor(), this.shipped()]);
    await editor.edit(shipped);
  }

  async editor() {
    const { Author } = await import("./cases_author.js");
    return (this.author ??= new Author(this.host));
  }

  /** From the start of a set that is played. @param {import("./cases_source.js").CaseSet} caseSet */
  edit(caseSet) {
    return this.host.guarded(async () => {
      const editor = await this.editor();
      this.host.cases?.close();
      await editor.edit(caseSet);
    });
  }
}

/** Its address, where this page lies on a site: the single file has no other beside it. */
function teachersPage() {
  const url = addressOf(TEACHERS);
  return url.protocol.startsWith("http") ? url.href : "";
}
