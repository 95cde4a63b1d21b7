// The service worker: after one visit the page works without a network. scripts/build-worker.mjs
// writes a line before this text that sets BUILD: the version, and the files as pairs of a path and
// its SHA-256.
//
// - One cache a version, filled whole or not at all: every file is checked against its hash, so that
//   a visit in the middle of an upload never mixes two versions. A file that the version before
//   has already is copied, not fetched.
// - Several copies of the page on one site, in folders of their own, do not know of each other: a
//   cache's name begins with the folder that it is of.
// - Nothing else is ever kept: what is not in the list goes to the network, untouched.
// - A new version waits until the page says "activate" (offline.js offers it to the reader), or until
//   no page is open.
// - With no files (scripts/build-worker.mjs --off) it removes itself and its caches: the way back for a
//   site that wants no service worker any more.

const scope = /** @type {any} */ (self);
/** @type {{version: string, files: [string, string][]}} */
const { version: VERSION, files: FILES } = scope.BUILD;
/** Ends in a space, which no address has: "/" and "/sub/" begin alike, these do not. */
const PREFIX = `ecg-xplaim ${new URL(scope.registration.scope).pathname} `;
const CACHE = PREFIX + VERSION;
/** @type {Map<string, string>} address to hash */
const hashes = new Map(FILES.map(([path, hash]) => [new URL(path, scope.location.href).href, hash]));

scope.addEventListener("install", (/** @type {any} */ event) => {
  if (hashes.size === 0) scope.skipWaiting();
  else event.waitUntil(fill());
});

scope.addEventListener("activate", (/** @type {any} */ event) => {
  event.waitUntil(hashes.size === 0 ? retire() : clean().then(() => scope.clients.claim()));
});

scope.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data === "activate") scope.skipWaiting();
});

scope.addEventListener("fetch", (/** @type {any} */ event) => {
  const address = known(event.request);
  if (address) event.respondWith(answer(address, event.request));
});

/** Our own address for a request, or null: queries tell the page what to open, not what it is. */
function known(/** @type {Request} */ request) {
  if (request.method !== "GET") return null;
  const url = new URL(request.url);
  url.hash = "";
  url.search = "";
  if (url.pathname.endsWith("/")) url.pathname += "index.html";
  return hashes.has(url.href) ? url.href : null;
}

async function answer(/** @type {string} */ address, /** @type {Request} */ request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(address);
  if (!kept) return fetch(request);
  return address === new URL("core/worker.js", scope.registration.scope).href ? withPolicy(kept, cache) : kept;
}

/** The page's worker has the page's security policy: it takes it from the headers of its script, which
 * a plain host does not send. @param {Response} script @param {Cache} cache */
async function withPolicy(script, cache) {
  const page = await cache.match(new URL("index.html", scope.registration.scope).href);
  const [, policy] = /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec((await page?.text()) ?? "") ?? [];
  const headers = new Headers(script.headers);
  if (policy) headers.set("Content-Security-Policy", policy);
  return new Response(await script.arrayBuffer(), { headers });
}

async function fill() {
  const cache = await caches.open(CACHE);
  try {
    for (const [address, hash] of hashes) {
      if (await cache.match(address)) continue;
      await cache.put(address, (await fromOlder(address, hash)) ?? (await fromSite(address, hash)));
    }
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function fromOlder(/** @type {string} */ address, /** @type {string} */ hash) {
  for (const name of await ours()) {
    const response = await (await caches.open(name)).match(address);
    const copy = response && (await fresh(response));
    if (copy && (await digest(copy.clone())) === hash) return copy;
  }
  return null;
}

async function fromSite(/** @type {string} */ address, /** @type {string} */ hash) {
  const response = await fetch(address, { cache: "no-cache" });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  const copy = await fresh(response);
  if ((await digest(copy.clone())) !== hash)
    throw new Error(`${address} is not of version ${VERSION}: the site is being changed`);
  return copy;
}

/** A response without its history: one that was redirected (/index.html to / on some hosts) may not
 * answer a navigation. How it was packed on its way is history too.
 * @param {Response} response */
async function fresh(response) {
  const body = await response.arrayBuffer();
  const headers = new Headers(response.headers);
  headers.delete("Content-Encoding");
  headers.set("Content-Length", String(body.byteLength));
  return new Response(body, { headers });
}

async function digest(/** @type {Response} */ response) {
  const hash = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Caches of this folder's page, of any version. */
async function ours() {
  return (await caches.keys()).filter((name) => name.startsWith(PREFIX));
}

async function clean() {
  for (const name of await ours()) if (name !== CACHE) await caches.delete(name);
}

async function retire() {
  for (const name of await ours()) await caches.delete(name);
  await scope.registration.unregister();
}
