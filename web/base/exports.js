/** What leaves the page, by the user's hand only: files to save, and paper. */

/** @typedef {import("../core/core.js").DisplayList} DisplayList
 * @typedef {{list: DisplayList, title: string, start: number}} Sheet  start: in the recording, s */

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

/** A drawing as an element. @param {import("../core/core.js").Pictures} pictures @param {DisplayList} list
 * @param {string} title */
export const svgElement = (pictures, list, title) =>
  new DOMParser().parseFromString(pictures.svg(list, title), "image/svg+xml").documentElement;

/** Fill what only the printer sees, in millimetres. @param {HTMLElement} holder @param {Sheet[]} sheets
 * @param {import("../core/core.js").Pictures | null} pictures  null where there is no sheet yet */
export function fillPrint(holder, sheets, pictures) {
  const drawn = pictures ? sheets.map(({ list, title }) => svgElement(pictures, list, title)) : [];
  for (const svg of drawn) svg.setAttribute("preserveAspectRatio", "xMidYMin slice");
  holder.replaceChildren(...drawn);
}
