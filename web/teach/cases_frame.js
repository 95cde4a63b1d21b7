/**
 * In a frame: what happens, and how high the page is, told to the one site that the frame's address names as its parent
 * (?parent=https://lms.example), and to nobody else.
 */

/** What is handed on. */
const EVENTS = ["answer", "case-done", "set-done", "statement"];
const MAX_MESSAGE = 1000000;

/** The origin that an address names, "" where it names none. @param {string | null} address */
export function originOf(address) {
  try {
    const { origin, protocol } = new URL(address ?? "");
    return /^https?:$/.test(protocol) && origin !== "null" ? origin : "";
  } catch {
    return "";
  }
}

/** @param {HTMLElement} element @param {string | null} address  of the page around @param {Window} [window] */
export function tellParent(element, address, window = globalThis.window) {
  const origin = originOf(address);
  if (!origin || window.parent === window) return;
  const send = (/** @type {object} */ message) =>
    window.parent.postMessage({ source: "ecg-xplaim", ...message }, origin);
  for (const type of EVENTS)
    element.addEventListener(type, (event) => {
      const detail = JSON.parse(JSON.stringify(/** @type {CustomEvent} */ (event).detail ?? null));
      if (JSON.stringify(detail).length <= MAX_MESSAGE) send({ type, detail });
    });
  let height = 0;
  const tellHeight = () => {
    const now = Math.ceil(element.getBoundingClientRect().height);
    if (now === height || !now) return;
    height = now;
    send({ type: "height", height });
  };
  new ResizeObserver(tellHeight).observe(element);
  tellHeight();
}
