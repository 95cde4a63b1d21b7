// Serves a folder on this machine only: node scripts/serve.mjs FOLDER [PORT]
// Prints the address once it listens. Used by scripts/demo and the browser test.

import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import { extname, join, relative, resolve } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
  ".md": "text/plain; charset=utf-8",
};

const HEADERS = {
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};

/** The policy that a page states of itself, or null. @param {string} html */
const policyIn = (html) => html.match(/http-equiv="Content-Security-Policy"\s+content="([^"]*)"/)?.[1] ?? null;

/** A worker takes its policy from its own response: what states none has that of the folder's page.
 * Who may frame a page can be said in a header only.
 * @param {string} folder @param {string} path @param {Buffer} body */
async function policyOf(folder, path, body) {
  const own = extname(path) === ".html" ? policyIn(String(body)) : null;
  const stated = own ?? policyIn(await readFile(join(folder, "index.html"), "utf8").catch(() => ""));
  return [stated, "frame-ancestors 'self'"].filter(Boolean).join("; ");
}

/** @param {string} root @param {number} port  0: any free one
 *  @param {Record<string, string>} [others]  further folders, by the first part of an address
 *  @returns {Promise<import("node:http").Server>} listening */
export function serve(root, port, others = {}) {
  const start = resolve(root);
  const server = createServer(async (request, response) => {
    try {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      const asked = decodeURIComponent(pathname).slice(1);
      const [first] = asked.split("/");
      const other = Object.hasOwn(others, first);
      const folder = other ? resolve(others[first]) : start;
      let path = join(folder, other ? asked.slice(first.length) : asked);
      if (/^\.\.(\/|\\|$)/.test(relative(folder, path))) throw new Error();
      if ((await stat(path)).isDirectory()) path = join(path, "index.html");
      const body = await readFile(path);
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      const policy = await policyOf(folder, path, body);
      const headers = {
        ...HEADERS,
        "Content-Security-Policy": policy,
        "Content-Type": type,
        "Content-Length": body.length,
      };
      response.writeHead(200, headers);
      response.end(request.method === "HEAD" ? undefined : body);
    } catch {
      response.writeHead(404, { "Content-Type": "text/plain" });
      response.end("not found\n");
    }
  });
  return new Promise((listening, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => listening(server));
  });
}

if (process.argv[1] && import.meta.url.endsWith("/serve.mjs") && process.argv[1].endsWith("serve.mjs")) {
  const [root = ".", port = "8080"] = process.argv.slice(2);
  const server = await serve(root, Number(port)).catch((error) => {
    console.error(`error: port ${port} cannot be used (${error.code}); choose another with --port`);
    process.exit(1);
  });
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  console.log(`http://localhost:${address.port}/`);
}
