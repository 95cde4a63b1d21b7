/** Menus of the app bar: a button opens the panel below it; Escape, or a press anywhere else, closes it. */

export class Menus {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    /** @type {HTMLElement[]} */
    this.buttons = [...host.root.querySelectorAll(".menu > button")].map((each) => /** @type {HTMLElement} */ (each));
    for (const button of this.buttons) button.addEventListener("click", () => this.toggle(button));
    host.root.addEventListener("pointerdown", ({ target }) => {
      if (!(target instanceof Element && target.closest(".menu"))) this.close();
    });
    host.root.addEventListener("keydown", (event) => {
      if (/** @type {KeyboardEvent} */ (event).key === "Escape" && this.close()) event.preventDefault();
    });
  }

  /** @param {HTMLElement} button */
  panelOf(button) {
    return /** @type {HTMLElement} */ (this.host.$(button.getAttribute("aria-controls") ?? ""));
  }

  /** @param {HTMLElement} button */
  toggle(button) {
    const open = this.panelOf(button).hidden;
    this.close();
    this.set(button, open);
  }

  /** @param {HTMLElement} button @param {boolean} open */
  set(button, open) {
    this.panelOf(button).hidden = !open;
    button.setAttribute("aria-expanded", String(open));
  }

  /** The focus of a panel that closes goes to its button. @returns {boolean} whether one was open */
  close() {
    const open = this.buttons.filter((button) => !this.panelOf(button).hidden);
    for (const button of open) {
      const held = this.panelOf(button).contains(this.host.root.activeElement);
      this.set(button, false);
      if (held) button.focus({ preventScroll: true });
    }
    return open.length > 0;
  }
}
