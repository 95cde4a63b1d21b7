/** All recordings in place of the ECG: which of them have a finding, which are read. */

import { setText } from "../base/dom.js";
import { phrase } from "../words/language.js";
import { counted } from "../words/messages.js";

export class TableView {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    host.on("list-open", "click", () => this.toggle());
    host.on("table-close", "click", () => this.hide());
    host.on("records-filter", "change", ({ target }) => {
      host.list.filter = target.value;
      host.list.draw();
      this.count();
    });
  }

  get open() {
    return !this.host.$("table-view").hidden;
  }

  toggle() {
    if (this.open) this.hide();
    else this.show();
  }

  show() {
    const { host } = this;
    if (!host.list.rows.length || host.locked) return false;
    this.set(true);
    host.$("records").querySelector("[aria-current] .open-row")?.focus({ preventScroll: true });
    return true;
  }

  /** Back to the ECG, and the focus with it. */
  hide() {
    if (!this.open) return;
    const held = this.host.$("table-view").contains(this.host.root.activeElement);
    this.set(false);
    if (held) this.host.$("ecg").focus({ preventScroll: true });
  }

  /** @param {boolean} open */
  set(open) {
    const { host } = this;
    host.$("table-view").hidden = !open;
    host.$("table-view").parentElement?.classList.toggle("table", open);
    host.$("list-open").setAttribute("aria-pressed", String(open));
  }

  /** How many there are, and which of them is open. */
  count() {
    const { host } = this;
    const rows = host.list.rows;
    const good = rows.filter((row) => row.group && !row.bad);
    const bad = rows.length - good.length;
    const found = good.filter((row) => host.list.found(row).length > 0).length;
    const counts = [
      counted(good.length, "recording"),
      bad && phrase("table.unusable", { n: bad }),
      found && phrase("table.found", { n: found }),
    ];
    setText(host.$("records-count"), counts.filter(Boolean).join(" · "));
    const shown = host.list.steppable();
    host.$("steps").hidden = rows.length < 2;
    const at = host.row ? shown.indexOf(host.row) : -1;
    const place = at < 0 ? String(shown.length) : phrase("table.at", { at: at + 1, all: shown.length });
    setText(host.$("list-open"), `${place} ▾`);
    host.$("close-all").disabled = rows.length === 0;
    host.compare?.show();
    if (!rows.length) this.hide();
  }
}
