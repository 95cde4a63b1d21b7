/**
 * Single keys: they act wherever the focus is in the page, but never while something is typed or chosen, and not
 * at all where the reader has switched them off (WCAG 2.1.4). In a page of somebody else's, the focus has to be in
 * the element.
 */

/** Where a letter is an entry. */
const TYPED_INTO = "input:not([type=radio], [type=checkbox], [type=file]), select, textarea, [contenteditable]";

export class Keys {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {Map<string, () => unknown>} */
    this.works = new Map();
    const area = host.hasAttribute("fill") ? document : host;
    area.addEventListener("keydown", (event) => this.pressed(/** @type {KeyboardEvent} */ (event)), {
      signal: host.leaving?.signal,
    });
  }

  /** What a key does. @param {string} key  as KeyboardEvent has it @param {() => unknown} work  false: nothing */
  on(key, work) {
    this.works.set(key, work);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const [at] = event.composedPath();
    if (this.undoes(event)) return event.preventDefault();
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (at instanceof Element && at.closest(TYPED_INTO)) return;
    if (this.press(event.key)) event.preventDefault();
  }

  /** Ctrl Z, but not of what is typed. @param {KeyboardEvent} event @returns {boolean} whether there was something to undo */
  undoes(event) {
    const [at] = event.composedPath();
    const meant = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === "z";
    if (!meant || event.defaultPrevented || !this.host.status.undoing) return false;
    if (at instanceof Element && at.closest(TYPED_INTO)) return false;
    this.host.guarded(async () => this.host.status.undo());
    return true;
  }

  /** @param {string} key @returns {boolean} whether it did something */
  press(key) {
    const { host } = this;
    if (host.cases && key !== "?") return false; // what is played has keys of its own
    const work = this.works.get(key);
    if (!work || host.root.querySelector("dialog[open]") || (key.length === 1 && !host.$("shortcuts").checked))
      return false;
    return work() !== false;
  }
}
