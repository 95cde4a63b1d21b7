/**
 * Working offline: registers the service worker once the page is ready, since it fetches all that the page has, says
 * "Ready offline", and offers a newer version when one waits. Nothing is replaced before the reader asks for it. Its
 * line stands beside the element's status line; on a page that has none, nothing is said.
 */

import { changes, fill, setPhrase } from "./words/language.js";

/** A page in a file, or on a plain-HTTP host, has no service worker; it works all the same. */
const possible = "serviceWorker" in navigator && /^https?:$/.test(location.protocol);
const embedded = new URLSearchParams(location.search).has("embed");

/** @param {import("./words/language.js").Key} key @param {HTMLButtonElement} [button] */
function show(key, button) {
  const line = document.getElementById("offline");
  line?.replaceChildren(setPhrase(document.createElement("span"), key), ...(button ? [" ", button] : []));
}

changes.addEventListener("change", () => {
  const line = document.getElementById("offline");
  if (line) fill(line);
});

/** @param {ServiceWorker} waiting */
function offer(waiting) {
  const button = document.createElement("button");
  button.type = "button";
  button.id = "update";
  setPhrase(button, "offline.load");
  button.addEventListener("click", () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), {
      once: true,
    });
    waiting.postMessage("activate");
  });
  show("offline.newer", button);
}

/** @param {ServiceWorkerRegistration} registration @param {ServiceWorker} worker */
function follow(registration, worker) {
  const look = () => {
    if (worker.state === "installed" && registration.active) offer(worker);
    else if (worker.state === "activated" && !registration.waiting) show("offline.ready");
  };
  worker.addEventListener("statechange", look);
  look();
}

async function start() {
  const registration = await navigator.serviceWorker.register(new URL("sw.js", import.meta.url), {
    updateViaCache: "none",
  });
  for (const worker of [registration.active, registration.installing, registration.waiting])
    if (worker) follow(registration, worker);
  registration.addEventListener("updatefound", () => {
    if (registration.installing) follow(registration, registration.installing);
  });
}

if (possible && !embedded) {
  const begin = () => start().catch((error) => console.warn("Not available offline:", error));
  const page = /** @type {import("./element.js").EcgXplaim | null} */ (document.querySelector("ecg-xplaim"));
  customElements
    .whenDefined("ecg-xplaim")
    .then(() => page?.ready)
    .then(begin, begin);
}
