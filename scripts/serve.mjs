// Serves a folder on this machine only: node scripts/serve.mjs FOLDER [PORT]
// Prints the address once it listens. Used by scripts/demo and the browser test.

import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";

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

// The page's own policy, for the worker too: a worker takes its policy from its own response.
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; " +
    "connect-src 'self'; style-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  "X-Content-Type-Options": "nosniff",
  "Cache-Control": "no-cache",
};

/** @param {string} root @param {number} port  0: any free one
 *  @returns {Promise<import("node:http").Server>} listening */
export function serve(root, port) {
  const server = createServer(async (request, response) => {
    try {
      const { pathname } = new URL(request.url ?? "/", "http://localhost");
      let path = normalize(join(root, decodeURIComponent(pathname)));
      if (path !== normalize(root) && !path.startsWith(normalize(root + sep))) throw new Error();
      if ((await stat(path)).isDirectory()) path = join(path, "index.html");
      const body = await readFile(path);
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      response.writeHead(200, { ...HEADERS, "Content-Type": type, "Content-Length": body.length });
      response.end(request.method === "HEAD" ? undefined : body);
    } catch {
      response.writeHead(404, { "Content-Type": "text/plain" });
      response.end("not found\n");
    }
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
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
