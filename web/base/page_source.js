/** The page as one file puts its own source together again: packages are made of it. It imports nothing. */

/** The element that holds the single file's own HTML, without its data and its script (scripts/bundle-page.mjs). */
const SHELL = "page.html";

/**
 * The source of the single-file page that is open, as it was before its scripts began; null where the page is not one
 * file. @param {Document} page @returns {Promise<string | null>}
 */
export async function pageSource(page) {
  const parts = [...page.querySelectorAll("script[data-inside]")].map((part) => /** @type {HTMLElement} */ (part));
  const shell = parts.find((part) => part.dataset.inside === SHELL);
  const script = [...page.querySelectorAll("body script:not([data-inside]):not([src])")].at(-1);
  if (!shell || !script) return null;
  const html = await unpacked(shell.textContent ?? "");
  const end = html.lastIndexOf("</body>");
  const data = parts.map(elementText).join("");
  return `${html.slice(0, end)}${data}<script>${script.textContent}</script>\n${html.slice(end)}`;
}

/** As scripts/bundle-page.mjs and src/teach/bundle.c write it. @param {HTMLElement} part */
const elementText = ({ dataset, textContent }) =>
  `<script type="text/plain" data-inside="${dataset.inside}" data-bytes="${dataset.bytes}">${textContent}</script>\n`;

/** @param {string} base64  of gzip */
async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}
