// What `fetch` and `Worker` are in the page as one file: esbuild puts these in their place
// (bundle-page.mjs). The page's files are in elements that no browser runs, as base64 of gzip; they are
// read piece by piece, so that the page goes on answering meanwhile. INSIDE_BASE, what addresses inside the
// file begin with, and INSIDE_WORKERS, the scripts of the workers as JSON, are constants of the build.

/** @type {Record<string, string>} */
const workers = JSON.parse(INSIDE_WORKERS);

/** A multiple of four characters, so that each piece decodes alone. */
const PIECE = 262144;

/** @param {string | URL} address */
const nameOf = (address) =>
  decodeURI(
    String(address)
      .replace(INSIDE_BASE, "")
      .replace(/[?#].*$/, ""),
  );

function decode(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function pieces(text) {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve));
      controller.enqueue(decode(text.slice(at, at + PIECE)));
      at += PIECE;
      if (at >= text.length) controller.close();
    },
  });
}

export async function fetch(address) {
  const name = nameOf(address);
  const element = /** @type {HTMLElement | null} */ (
    document.querySelector(`script[data-inside="${CSS.escape(name)}"]`)
  );
  if (!String(address).startsWith(INSIDE_BASE) || !element)
    throw new Error(`${name} is not in this file, and this page asks no network`);
  const body = pieces(element.textContent).pipeThrough(new DecompressionStream("gzip"));
  return new Response(body, { headers: { "Content-Length": element.dataset.bytes } });
}

const addresses = new Map();

export class Worker extends globalThis.Worker {
  constructor(address) {
    const name = nameOf(address);
    if (!addresses.has(name)) {
      const text = new Blob([workers[name]], { type: "text/javascript" });
      addresses.set(name, URL.createObjectURL(text));
    }
    super(addresses.get(name));
  }
}
