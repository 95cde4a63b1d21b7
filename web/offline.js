/**
 * Working offline: registers the service worker once the page has loaded, says "Ready offline", and
 * offers a newer version when one waits. Nothing is replaced before the reader asks for it. Its line
 * stands at the end of the page's footer; on a page that has none, there is no line.
 */

/** A page in a file, or on a plain-HTTP host, has no service worker; it works all the same. */
const possible = "serviceWorker" in navigator && /^https?:$/.test(location.protocol);
const embedded = new URLSearchParams(location.search).has("embed");

/** @param {string} text @param {HTMLButtonElement} [button] */
function show(text, button) {
  const footer = document.querySelector("footer");
  if (!footer) return;
  let line = document.getElementById("offline");
  if (!line) {
    line = document.createElement("p");
    line.id = "offline";
    line.setAttribute("role", "status");
    footer.append(line);
  }
  line.replaceChildren(text, ...(button ? [" ", button] : []));
}

/** @param {ServiceWorker} waiting */
function offer(waiting) {
  const button = document.createElement("button");
  button.type = "button";
  button.id = "update";
  button.textContent = "Load it now";
  button.addEventListener("click", () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), {
      once: true,
    });
    waiting.postMessage("activate");
  });
  show("A newer version of this page is ready; what is open here will be closed.", button);
}

/** @param {ServiceWorkerRegistration} registration @param {ServiceWorker} worker */
function follow(registration, worker) {
  const look = () => {
    if (worker.state === "installed" && registration.active) offer(worker);
    else if (worker.state === "activated" && !registration.waiting) show("Ready offline.");
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
  if (document.readyState === "complete") begin();
  else window.addEventListener("load", begin, { once: true });
}
