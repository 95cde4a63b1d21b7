// What the tests of the page's forms know about the page: functions that run inside it, whichever
// engine runs them. None uses anything of this file's: their text is what travels.

/** Makes globalThis.find: the first element of a selector, in shadow trees too. */
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
  globalThis.reports = [];
  document.addEventListener("analysis", (event) => globalThis.reports.push(event.detail), true);
  globalThis.saved = [];
  const make = URL.createObjectURL.bind(URL);
  URL.createObjectURL = (blob) => {
    if (blob instanceof Blob) globalThis.saved.push(blob);
    return make(blob);
  };
}

export const isReady = () => /^Ready/.test(find("#status-text")?.textContent ?? "");

/** Drops files, [name, base64] each, as a person does. */
export function drop(files) {
  const transfer = new DataTransfer();
  for (const [name, base64] of files) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name));
  }
  globalThis.reports = [];
  const event = new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true, composed: true });
  // An engine that keeps the constructor's files to itself is handed them.
  if (!event.dataTransfer?.files.length) Object.defineProperty(event, "dataTransfer", { value: transfer });
  (find("#drop") ?? document.body).dispatchEvent(event);
  return transfer.files.length;
}

export function openSample() {
  globalThis.reports = [];
  find("#sample").click();
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
  for (let i = 0; i < 600 && globalThis.saved.length === 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  const [blob] = globalThis.saved;
  const start = new Uint8Array(await blob.slice(0, 8).arrayBuffer());
  return { text: await blob.text(), start: Array.from(start, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

/** Everything the document has loaded that was not in it. */
export const loaded = () =>
  performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !/^(blob|data):/.test(name));
