// Put before the page's modules by bundle-page.mjs, in the same function: there `fetch` and `Worker`
// mean these. The page's files are in elements that no browser runs, as base64 of gzip; they are
// read piece by piece, so that the page goes on answering meanwhile.

/** A multiple of four characters, so that each piece decodes alone. */
const PIECE = 262144;

const inside = (address) => decodeURI(String(address).replace(BASE, "").replace(/[?#].*$/, ""));

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

async function fetch(address) {
  const name = inside(address);
  const element = document.querySelector(`script[data-inside="${CSS.escape(name)}"]`);
  if (!String(address).startsWith(BASE) || !element)
    throw new Error(`${name} is not in this file, and this page asks no network`);
  const body = pieces(element.textContent).pipeThrough(new DecompressionStream("gzip"));
  return new Response(body, { headers: { "Content-Length": element.dataset.bytes } });
}

const addresses = new Map();

class Worker extends globalThis.Worker {
  constructor(address) {
    const name = inside(address);
    if (!addresses.has(name)) {
      const text = new Blob([WORKERS[name]], { type: "text/javascript" });
      addresses.set(name, URL.createObjectURL(text));
    }
    super(addresses.get(name));
  }
}
