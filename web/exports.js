/** What leaves the page, by the user's hand only: files to save, and paper. */

import { layOut, MARGIN } from "./layout.js";
import { INKS, paint } from "./paint.js";
import { drawSvg } from "./svg.js";

/** @typedef {import("./layout.js").Page} Page */

const DPI = 300;
const MM_PER_INCH = 25.4;

/** @param {string} name @param {Blob} blob */
export function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** @param {string} name @param {string} text @param {string} type */
export const saveText = (name, text, type) => save(name, new Blob([text], { type }));

/** The page as a picture of 300 dots an inch, its scale written into it. @param {Page} page
 * @returns {Promise<Blob>} */
export async function pagePng(page) {
  const sheet = layOut(page);
  const scale = DPI / MM_PER_INCH;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(sheet.width * scale);
  canvas.height = Math.round(sheet.height * scale);
  const c = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
  paint(c, sheet, page.heat, { scale, x: 0, y: 0 }, INKS.light);
  /** @type {Blob | null} */
  const plain = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!plain) throw new Error("This browser could not make a picture of this size.");
  return withScale(new Uint8Array(await plain.arrayBuffer()));
}

const PNG_HEAD = 8 + 25; // signature and IHDR

/** Put a pHYs chunk after the header (PNG specification, 11.3.4.3). @param {Uint8Array} png */
function withScale(png) {
  const chunk = new DataView(new ArrayBuffer(21));
  const dotsPerMetre = Math.round((DPI * 1000) / MM_PER_INCH);
  chunk.setUint32(0, 9);
  [..."pHYs"].forEach((letter, i) => chunk.setUint8(4 + i, letter.charCodeAt(0)));
  chunk.setUint32(8, dotsPerMetre);
  chunk.setUint32(12, dotsPerMetre);
  chunk.setUint8(16, 1);
  chunk.setUint32(17, crc32(new Uint8Array(chunk.buffer, 4, 13)));
  const parts = [png.slice(0, PNG_HEAD), chunk.buffer, png.slice(PNG_HEAD)];
  return new Blob(/** @type {BlobPart[]} */ (parts), { type: "image/png" });
}

/** @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** What a printed A4 sheet in landscape has room for, margins taken off. */
const PAPER_MM = { width: 281, height: 190 };

/**
 * Fill what only the printer sees: as many sheets as the page needs at its true scale.
 * @param {HTMLElement} holder @param {Page} page
 */
export function fillPrint(holder, page) {
  const room = (PAPER_MM.width - MARGIN.left - MARGIN.right) / page.speed;
  const sheets = Math.ceil(page.seconds / room - 1e-6);
  const seconds = page.seconds / sheets;
  const parts = Array.from({ length: sheets }, (_, i) => {
    const part = { ...page, start: page.start + i * seconds, seconds, heatFrom: i * seconds, maxHeight: PAPER_MM.height };
    return drawSvg(layOut(part), page.heat);
  });
  holder.replaceChildren(...parts);
}
