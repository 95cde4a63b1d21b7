/** What the network names on a case's recording, for its author: whether that agrees with the key. Learners see it after they have answered. */

import { button, refill, line } from "./cases_fields.js";
import { DIFFERS_TAG, differenceOf } from "./cases_draft.js";
import { make } from "../base/dom.js";
import { reaches, shownText, titleOf } from "../words/finding_words.js";
import { valueOf } from "../core/report.js";

export class NetworkView {
  /** @param {import("./cases_author.js").Author} author */
  constructor(author) {
    this.author = author;
    this.holder = make("div", { className: "author-part" });
    this.said = "";
  }

  /** @returns {{name: string, title: string, value: string, named: boolean}[] | null} of the recording on screen, where it is the case's */
  get labels() {
    const { host, shown } = this.author;
    const { analysis } = host;
    if (!shown || !analysis) return null;
    return analysis.model.labels.map((label, i) => {
      const value = valueOf(analysis.report.labels[i]);
      return {
        name: label.name,
        title: titleOf(label),
        value: shownText(value, analysis.model.outputs).replaceAll(" ", "\u00a0"),
        named: reaches(label, value),
      };
    });
  }

  /** Where something changed: a key press for each letter changes nothing here. */
  render() {
    const { author } = this;
    const { labels } = this;
    const difference = labels && differenceOf(author.set, author.one, labels);
    const tagged = (author.one.tags ?? []).includes(DIFFERS_TAG);
    const said = JSON.stringify([labels, difference, tagged]);
    if (said === this.said) return;
    this.said = said;
    if (!labels) {
      const text = author.shown
        ? "The network has not read this ECG yet."
        : "Show this case’s ECG to compare the network with the key.";
      return refill(this.holder, [make("p", { className: "faint", textContent: text })]);
    }
    const named = labels.filter((label) => label.named).map(({ title, value }) => `${title} ${value}`);
    const parts = /** @type {Node[]} */ ([
      make("p", { textContent: `It names at or above threshold: ${named.join(", ") || "nothing"}.` }),
    ]);
    if (difference) parts.push(...this.compared(difference, labels, tagged));
    else
      parts.push(
        make("p", { className: "faint", textContent: "With a task of findings it is compared with your key." }),
      );
    refill(this.holder, parts);
  }

  /** @param {import("./cases_draft.js").Difference} difference @param {{name: string, title: string}[]} labels @param {boolean} tagged
   * @returns {Node[]} */
  compared({ missed, extra }, labels, tagged) {
    const { author } = this;
    const titles = (/** @type {string[]} */ names) =>
      names.map((name) => labels.find((label) => label.name === name)?.title ?? name).join(", ");
    if (!missed.length && !extra.length)
      return [make("p", { className: "author-agrees", textContent: "It agrees with your key." })];
    const what = [
      missed.length && `it does not name ${titles(missed)}`,
      extra.length && `it names ${titles(extra)}, which your key does not have`,
    ];
    const text = make("p", {
      className: "author-differs",
      textContent: `It differs from your key: ${what.filter(Boolean).join("; ")}.`,
    });
    if (tagged) return [text, make("p", { className: "faint", textContent: `Tagged ${DIFFERS_TAG}.` })];
    const hint = "Cases on which the network is wrong teach most.";
    return [
      text,
      line(
        button(`Tag it ${DIFFERS_TAG}`, () => author.tagDiffering(), { key: "tag-differs" }),
        make("span", { className: "faint", textContent: hint }),
      ),
    ];
  }
}
