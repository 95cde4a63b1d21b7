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

/** Keeps the page's long tasks, [start, ms] each, in globalThis.tasks; to be run before the page's scripts. */
export function watchTasks() {
  globalThis.tasks = [];
  const take = (entries) => globalThis.tasks.push(...entries.map(({ startTime, duration }) => [startTime, duration]));
  const observer = new PerformanceObserver((list) => take(list.getEntries()));
  observer.observe({ type: "longtask" });
  globalThis.takeTasks = () => take(observer.takeRecords());
}

/** A task of 80 ms, to see that it is noticed. */
export const dawdle = () =>
  new Promise((resolve) => setTimeout(() => {
    for (const end = performance.now() + 80; performance.now() < end; );
    resolve(null);
  }));

/** The longest since a time, ms; 0: none that was long (50 ms and more). */
export async function longestSince(start) {
  await new Promise((resolve) => setTimeout(resolve, 200)); // they are told late
  globalThis.takeTasks();
  return Math.max(0, ...globalThis.tasks.filter(([at]) => at >= start).map(([, ms]) => ms));
}

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
