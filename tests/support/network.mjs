// A proxy that a whole browser is told to use, this machine's own addresses too: what any page, frame
// or worker in it asks for passes here and is written down, whichever engine it is. Only the site
// under test is reached through it; and it can be switched off, like a network.

import { createServer, request as ask } from "node:http";

/**
 * @typedef {{
 *   port: number,
 *   asked: string[],
 *   reach: (origin: string | null) => void,
 *   close: () => void}} Network  asked: addresses, of https sites "https://host:port" alone;
 *   reach: the one origin that answers, null: the network is off
 */

/** @returns {Promise<Network>} */
export async function startNetwork() {
  /** @type {string[]} */
  const asked = [];
  let reachable = /** @type {string | null} */ (null);
  const server = createServer((request, response) => {
    const address = request.url ?? "";
    asked.push(address);
    // As a cable that was pulled: no answer of any kind.
    if (!reachable || !address.startsWith(`${reachable}/`)) return void request.socket.destroy();
    const { method, headers } = request;
    const onward = ask(address, { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.on("connect", ({ url }, socket) => {
    asked.push(`https://${url}`);
    socket.destroy();
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(null));
  });
  return {
    port: /** @type {import("node:net").AddressInfo} */ (server.address()).port,
    asked,
    reach: (origin) => (reachable = origin),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
