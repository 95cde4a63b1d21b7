/** What the reader has measured or moved by hand, for what leaves the page. */

import { editedNames } from "./report.js";

/**
 * @typedef {NonNullable<import("../package/documents.js").Measured["reader"]>} ReaderPart
 */

/** Of the open recording; null: nothing. @param {import("../element.js").EcgXplaim} host @returns {ReaderPart | null} */
export function readerPart(host) {
  const calipers = host.hiding ? [] : (host.caliperTools?.saved ?? []);
  const edit = host.hiding ? null : host.edits.of(host.row);
  if (!calipers.length && !edit) return null;
  return { calipers, marks: edit && { edited: edit.edited, measured: edit.measured } };
}

/** @template {object} R @param {R} report @param {ReaderPart | null} part @returns {R & {reader?: ReaderPart}} */
export const withReader = (report, part) => (part ? Object.assign({}, report, { reader: part }) : report);

/** The tool's table of measurements with what was edited, and a column that names it. @param {string} table  a head and a
 * line @param {import("../package/documents.js").Measured} measured  edited */
export function tableEdited(table, measured) {
  const names = editedNames(measured);
  if (!names.length) return table;
  const [head, line] = table.trimEnd().split("\n");
  const columns = head.split(",");
  const cells = line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)?.map((cell) => cell.replace(/,$/, "")) ?? [];
  for (const { name, value, reason } of measured.measurements.filter((each) => each.edited)) {
    cells[columns.indexOf(name)] = value === null ? "" : String(value);
    cells[columns.indexOf(`${name}_reliability`)] = "";
    cells[columns.indexOf(`${name}_reason`)] = reason ?? "";
  }
  return `${head},edited_by_reader\n${cells.slice(0, columns.length).join(",")},${names.join(" ")}\n`;
}
