// What functions that tests run inside the page meet there (the page's element, events of its own, the
// tests' variables, modules by their address), and what holds of all objects in these tests.
import "node:net";
import "playwright-core";

declare global {
  interface Element {
    [name: string]: any;
  }
  interface Window {
    [name: string]: any;
  }
  interface Blob {
    name?: string;
  }
  interface Event {
    [name: string]: any;
  }
  var find: any;
}
declare module "node:net" {
  interface Server {
    /** They listen on a port. */
    address(): import("node:net").AddressInfo;
  }
}
declare module "playwright-core" {
  interface Page {
    /** What the page said on its console (chromium.mjs). */
    errors: string[];
  }
}
