/**
 * The view as an address: all of it after the #, so that no server sees it. A sample of the page's is in it; of a
 * recording from this device there are the settings alone.
 */

/** What is chosen in the page, by its name in the address. */
const CHOICES = {
  layout: "layout",
  rhythm: "rhythm",
  speed: "speed",
  gain: "gain",
  filter: "filter",
  map: "map-style",
  paper: "paper-kind",
};

export class Link {
  /** @param {import("../element.js").EcgXplaim} host */
  constructor(host) {
    this.host = host;
    this.asked = new URLSearchParams(host.hasAttribute("fill") ? location.hash.slice(1) : "");
  }

  /** Settings that do not wait for a recording. @returns {boolean} whether a sample was asked for */
  begin() {
    const { host, asked } = this;
    for (const [name, id] of Object.entries(CHOICES)) {
      const select = host.$(id);
      const value = asked.get(name);
      if (value !== null && [...select.options].some((option) => option.value === value)) select.value = value;
    }
    if (asked.has("layout")) host.panel.chosen = true;
    if (asked.has("marks")) host.$("marks").setAttribute("aria-pressed", "true");
    const sample = asked.get("sample");
    if (sample) host.guarded(() => this.openAsked(sample));
    return Boolean(sample);
  }

  /** @param {string} sample */
  async openAsked(sample) {
    const { host, asked } = this;
    await host.openSample(sample);
    const found = host.analysis?.report.labels.findIndex((label) => label.name === asked.get("finding")) ?? -1;
    if (found >= 0 && !host.hiding) host.answers.chooseLabel(found);
    if (asked.has("segment")) host.chooseWindow(Number(asked.get("segment")) - 1 || 0);
    await host.drawn;
    const pairs = asked.getAll("cal");
    if (!pairs.length || host.row?.sample?.record !== sample) return;
    await host.measurements?.done; // QTc needs an RR interval
    host.caliperTools?.put(pairs);
  }

  /** Of the view as it is. @returns {string} */
  get address() {
    const { host } = this;
    const said = new URLSearchParams();
    if (host.row?.sample) said.set("sample", host.row.sample.record);
    for (const [name, id] of Object.entries(CHOICES)) said.set(name, host.$(id).value);
    if (host.marks?.on) said.set("marks", "1");
    const { analysis, chosen, label, window } = host;
    if (analysis && chosen && !host.hiding) said.set("finding", analysis.report.labels[label].name);
    if (window) said.set("segment", String(window + 1));
    for (const pair of host.caliperTools?.addresses ?? []) said.append("cal", pair);
    return `${location.origin}${location.pathname}${location.search}#${said}`;
  }
}
