/** The key of a task of findings: which must, should, may and must not be named, picked from the page's list or written. */

import { casesCore } from "../files/assets.js";
import { button, line, selectOf, textField } from "./cases_fields.js";
import { FINDING_GROUPS } from "./cases_lists.js";
import { addFinding, findingFault, listOf, mustId, setShare, SHARES } from "./cases_draft.js";
import { make } from "../base/dom.js";

/**
 * @typedef {import("./cases_draft.js").Share} Share
 * @typedef {import("./cases_draft.js").FindingsTask} FindingsTask
 */

/** @type {Record<Share, string>} */
const SHARE_TEXTS = {
  must: "must be named",
  should: "should be named",
  may: "may be named",
  must_not: "must not be named",
};

export class FindingsKey {
  /** @param {import("./cases_author.js").Author} author */
  constructor(author) {
    this.author = author;
    /** Chosen last in this case, for the next finding. @type {Share} */
    this.share = "must";
  }

  /** Another case is in hand: what was expected in the one before says nothing of it. */
  begin() {
    this.share = "must";
  }

  /** @param {FindingsTask} task @param {string} key */
  parts(task, key) {
    const { set } = this.author;
    const list = listOf(set, task.list);
    const textOf = new Map(list.map(({ id, text }) => [id, text]));
    const chosen = SHARES.flatMap((share) => (task[share] ?? []).map((each) => ({ share, id: mustId(each) })));
    const offered = findingSelect(list);
    offered.setAttribute("aria-label", "Finding");
    offered.dataset.key = `${key}-finding`;
    const share = selectOf(
      SHARES.map((each) => [each, SHARE_TEXTS[each]]),
      this.share,
    );
    share.setAttribute("aria-label", "What is expected of it");
    share.dataset.key = `${key}-share`;
    share.addEventListener("change", () => (this.share = /** @type {Share} */ (share.value)));
    const take = () => this.take(task, offered.value, /** @type {Share} */ (share.value), `${key}-take`);
    const own = textField("A finding of your own", "", () => {}, { key: `${key}-own`, maxLength: 200 });
    const takeOwn = () => {
      const text = /** @type {HTMLInputElement} */ (own.querySelector("input")).value;
      const expected = /** @type {Share} */ (share.value);
      if (text.trim()) this.author.host.guarded(() => this.takeOwn(task, text, expected, `${key}-take-own`));
    };
    return [
      line(offered, share, button("Add", take, { key: `${key}-take`, name: "Add this finding to the key" })),
      line(own, button("Add", takeOwn, { key: `${key}-take-own`, name: "Add your own finding" })),
      make(
        "ul",
        { className: "author-key" },
        ...chosen.map((each) => this.keyRow(task, key, each, textOf.get(each.id) ?? each.id)),
      ),
    ];
  }

  /** @param {FindingsTask} task @param {string} id @param {Share} share
   * @param {string} focus  on nothing that letters are typed into: C has calipers next */
  take(task, id, share, focus) {
    if (!id) return;
    const { author } = this;
    author.keep();
    setShare(task, id, share);
    this.share = share;
    author.changed();
    author.tasks.render(focus);
    const text = listOf(author.set, task.list).find((each) => each.id === id)?.text ?? id;
    author.host.say(`${text}: ${SHARE_TEXTS[share]}.`);
  }

  /** Only one that a set can have. @param {FindingsTask} task @param {string} text @param {Share} share @param {string} focus */
  async takeOwn(task, text, share, focus) {
    const { author } = this;
    const { one } = author;
    const fault = findingFault(await casesCore(), text);
    if (fault) return author.refuse(`“${text.trim()}” is not added: ${fault}.`);
    if (author.one !== one || !one.tasks.includes(task)) return; // it is another case by now
    this.take(task, addFinding(author.set, task.list, text), share, focus);
  }

  /** @param {FindingsTask} task @param {string} key @param {{share: Share, id: string}} each @param {string} text */
  keyRow(task, key, { share, id }, text) {
    const { author } = this;
    const change = (/** @type {Share | ""} */ to, /** @type {string} */ focus) => {
      author.keep();
      setShare(task, id, to);
      author.changed();
      this.author.tasks.render(focus);
    };
    const select = selectOf(
      SHARES.map((other) => [other, SHARE_TEXTS[other]]),
      share,
    );
    select.dataset.key = `${key}-key-${id}`;
    select.setAttribute("aria-label", `${text}: what is expected of it`);
    select.addEventListener("change", () => change(/** @type {Share} */ (select.value), `${key}-key-${id}`));
    return make(
      "li",
      {},
      make("span", { textContent: text }),
      select,
      button("×", () => change("", `${key}-take`), { name: `Remove ${text}` }),
    );
  }
}

/** The findings of a list in the order of the page's own, those of the author's own behind them. @param {import("./cases_draft.js").Statement[]} list */
function findingSelect(list) {
  const select = make("select", {}, new Option("Choose a finding …", ""));
  const known = new Map(list.map((each) => [each.id, each]));
  for (const { title, findings } of FINDING_GROUPS) {
    const some = findings.flatMap(({ id }) => known.get(id) ?? []);
    if (some.length)
      select.append(make("optgroup", { label: title }, ...some.map(({ id, text }) => new Option(text, id))));
    for (const { id } of some) known.delete(id);
  }
  if (known.size)
    select.append(
      make("optgroup", { label: "Of this set" }, ...[...known.values()].map(({ id, text }) => new Option(text, id))),
    );
  return select;
}
