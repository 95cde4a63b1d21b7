// What the tests of the page's forms know about the page: functions that run inside it, whichever
// engine runs them. None uses anything of this file's but what install puts into the page: their
// text is what travels.

/** Makes globalThis.find, the first element of a selector, in shadow trees too; keeps what the page tells and saves. */
export function install() {
  globalThis.find = (selector, root = document) => {
    const here = root.querySelector(selector);
    if (here) return here;
    for (const element of root.querySelectorAll("*")) {
      const below = element.shadowRoot && globalThis.find(selector, element.shadowRoot);
      if (below) return below;
    }
    return null;
  };
  /** Drops what was kept (below), as a person does. */
  globalThis.dropKept = () => {
    globalThis.reports = [];
    const transfer = globalThis.kept;
    const event = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true, composed: true });
    // An engine that keeps the constructor's files to itself is handed them.
    if (!event.dataTransfer?.files.length) Object.defineProperty(event, "dataTransfer", { value: transfer });
    (globalThis.find("#drop") ?? document.body).dispatchEvent(event);
  };
  globalThis.reports = [];
  document.addEventListener("analysis", (event) => globalThis.reports.push(event.detail), true);
  globalThis.saved = [];
  const make = URL.createObjectURL.bind(URL);
  URL.createObjectURL = (blob) => {
    if (blob instanceof Blob) globalThis.saved.push(blob);
    return make(blob);
  };
}

export const status = () => globalThis.find?.("#status-text")?.textContent ?? "nothing";
export const isReady = () => /^Ready/.test(find("#status-text")?.textContent ?? "");

/** Whether the page says that it works without its site. */
export const isOffline = () => /^Ready offline/.test(document.querySelector("#offline")?.textContent ?? "");

/** Makes files of {name, base64}, to be dropped; gives how many. */
export function keep(files) {
  globalThis.kept = new DataTransfer();
  for (const { name, base64 } of files) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    globalThis.kept.items.add(new File([bytes], name));
  }
  return globalThis.kept.files.length;
}

export const dropKept = () => globalThis.dropKept();

/** Drops what was kept; the time from then to its picture on the canvas, ms. */
export async function drawnAfterDrop(record) {
  const element = document.querySelector("ecg-xplaim");
  const canvas = globalThis.find("#ecg");
  const start = performance.now();
  globalThis.dropKept();
  for (;;) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const shown = globalThis.find("#record-name").textContent === record && element.view.list;
    if (!shown) continue;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let ink = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] < 80 && data[i + 1] < 80 && data[i + 2] < 110) ink++;
    if (ink > 2000) return performance.now() - start;
  }
}

export function openSample() {
  globalThis.reports = [];
  find("#sample").click(); // also where the menu is closed
}

/** The labels and probabilities shown, in the model's order, or null until an analysis of what was opened last is there. */
export function shown() {
  if (globalThis.reports.length === 0) return null;
  const root = find("#labels");
  const outputs = [...(root?.querySelectorAll("output[data-probability]") ?? [])];
  const done = /^Analysed/.test(find("#status-text")?.textContent ?? "");
  if (!done || outputs.length === 0) return null;
  const index = (output) => Number(output.closest(".label").querySelector("input").value);
  outputs.sort((a, b) => index(a) - index(b));
  return outputs.map((o) => ({ name: o.dataset.label, probability: Number(o.dataset.probability) }));
}

/** Chooses a label; gives the text of its strongest stretches. */
export function choose(index) {
  find("#labels").querySelector(`input[value="${index}"]`).click();
  return find("#evidence").textContent;
}

/** What a button saves: its text, and the first bytes as hexadecimal. */
export async function exported(button) {
  globalThis.saved = [];
  find(button).click();
  while (globalThis.saved.length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
  const [blob] = globalThis.saved;
  const start = new Uint8Array(await blob.slice(0, 8).arrayBuffer());
  return { text: await blob.text(), start: Array.from(start, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

/** Everything the document has loaded that was not in it. */
export const loaded = () =>
  performance
    .getEntriesByType("resource")
    .map((entry) => entry.name)
    .filter((name) => !/^(blob|data):/.test(name));

/** Opens what an element is folded into, as a person does before using it: a menu, a sheet, a fold, the table or the ECG;
 * closes menus that it is not in. */
export function reveal(element) {
  const root = element.getRootNode();
  if (!root.host) return;
  const press = (id) => root.getElementById(id).click();
  for (const panel of root.querySelectorAll(".menu-panel:not([hidden])"))
    if (!panel.contains(element) && !panel.parentElement.contains(element)) press(panel.id.replace("panel", "menu"));
  const sheet = root.querySelector(".panel.unfolded");
  if (sheet && !sheet.contains(element)) press("panel-peek");
  for (let at = element; at; at = at.parentElement) {
    const seen = at.checkVisibility?.({ visibilityProperty: true }) ?? true;
    if (at.localName === "details" && !at.open && !element.closest("summary")) at.open = true;
    if (at.classList.contains("menu-panel") && at.hidden) press(at.id.replace("panel", "menu"));
    if (at.id === "table-view" && at.hidden) press("list-open");
    if (at.id === "result" && !at.hidden && !seen) press("table-close");
    if (at.id === "view-tools" && !seen) press("view-open");
    if (at.id === "panel-cards" && !seen) press("panel-peek");
  }
}

/** WCAG's contrast of what bounds a control with what is around it, in the page. */
export function poorBorders(element = document.querySelector("ecg-xplaim")) {
  const rgb = (colour) => {
    const c = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    c.fillStyle = colour;
    c.fillRect(0, 0, 1, 1);
    return c.getImageData(0, 0, 1, 1).data;
  };
  const light = (colour) => {
    const [r, g, b] = [...rgb(colour)].map((v) =>
      v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const around = (node) => {
    for (let at = node.parentNode; at; at = at.parentNode ?? at.host) {
      const from = at.host ?? at;
      const colour = from.nodeType === 1 ? getComputedStyle(from).backgroundColor : "";
      if (colour && !/, 0\)$|transparent/.test(colour)) return colour;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const out = [];
  for (const node of element.root.querySelectorAll("button:enabled, select:enabled, textarea, .button, .bar .fill")) {
    if (!node.getClientRects().length || node.closest("thead") || node.className === "open-row") continue;
    const style = getComputedStyle(node);
    const [mark, ground] =
      node.className === "fill"
        ? [style.backgroundColor, getComputedStyle(node.parentElement).backgroundColor]
        : [style.borderTopColor, around(node)];
    const ratio = contrast(mark, ground);
    if (ratio < 3) out.push(`${node.id || node.className || node.textContent}: ${ratio.toFixed(2)}`);
  }
  return out;
}
