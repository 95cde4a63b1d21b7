// For tests of the drawing: records of few leads made of a sample, what the page is asked to draw, and how it stands.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { analysedAnew, drawn, inElement, says } from "./chromium.mjs";
import { ROOT } from "./native.mjs";

export const sample = join(ROOT, "web/samples/00219_hr");

export const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];

export const data = readFileSync(`${sample}.dat`);

export async function choose(page, options) {
  for (const [id, value] of Object.entries(options)) await page.selectOption(`#${id}`, value);
  await drawn(page);
}

/** Some leads of the sample, under names of one's own, for samples of them from `from` on, around
 * and around. */
export function recordOf(name, leads, { from = 0, samples = 5000 } = {}) {
  const dat = Buffer.alloc(samples * leads.length * 2);
  const columns = leads.map(([, lead]) => LEADS.indexOf(lead));
  for (let t = 0; t < samples; t++)
    columns.forEach((column, i) =>
      dat.writeInt16LE(data.readInt16LE((((from + t) % 5000) * 12 + column) * 2), (t * leads.length + i) * 2),
    );
  const lines = leads.map(([own], i) => {
    let sum = 0;
    for (let t = 0; t < samples; t++) sum += dat.readInt16LE((t * leads.length + i) * 2);
    return `${name}.dat 16 1000/mV 16 0 ${dat.readInt16LE(2 * i)} ${(sum << 16) >> 16} 0 ${own}`;
  });
  const file = (n, buffer) => ({ name: n, mimeType: "application/octet-stream", buffer });
  return [
    file(`${name}.hea`, Buffer.from(`${name} ${leads.length} 500 ${samples}\n${lines.join("\n")}\n`)),
    file(`${name}.dat`, dat),
  ];
}

/** @param {any} page @param {any[]} files @param {RegExp} [status]  what is said in the end, where they are not analysed */
export async function open(page, files, status) {
  const choose = () => page.setInputFiles("#picker", files);
  if (status) await choose().then(() => says(page, status));
  else await analysedAnew(page, choose);
  await drawn(page);
}

/** How the drawing stands on the screen, in CSS pixels. */
export const standing = (page) =>
  inElement(page, ({ view }) => {
    const [first] = view.list.strips;
    const texts = new TextDecoder().decode(view.list.text);
    return {
      scale: view.scale,
      second: view.page.speed * view.scale,
      millivolt: view.page.gain * view.scale,
      x: view.x,
      beyond: view.beyond,
      zoom: view.zoom,
      wide: view.canvas.clientWidth,
      first,
      strips: view.list.strips.length,
      texts,
    };
  });
