/** From dropped files to records: which headers there are, and which files go with them. */

/**
 * @typedef {import("./worker.js").NamedFile} NamedFile
 * @typedef {{name: string, files: File[]}} FileGroup  name: the record's, without extension
 */

/** Larger than any ECG the page can draw; a wrong file is refused before it is read. */
const MAX_BYTES = 256 * 1024 * 1024;

/** @param {string} name */
const isHeader = (name) => /\.hea$/i.test(name);
/** @param {string} name */
const stem = (name) => name.replace(/\.[^.]*$/, "");

/**
 * The records among the files. Headers that are only segments of another record are not listed.
 * @param {File[]} files
 * @returns {Promise<FileGroup[]>}
 */
export async function findRecords(files) {
  const headers = files.filter((file) => isHeader(file.name));
  if (headers.length === 0) throw new Error(noHeaderText(files));
  const segments = new Set();
  for (const header of headers)
    for (const name of segmentNames(await header.slice(0, 65536).text())) segments.add(name);
  const tops = headers.filter((header) => !segments.has(stem(header.name)));
  return (tops.length ? tops : headers).map((header) => ({ name: stem(header.name), files }));
}

/** @param {File[]} files */
function noHeaderText(files) {
  const names = files.map((file) => file.name).join(", ") || "nothing";
  return (
    `A WFDB record is a header (.hea) and its signal file (.dat or .mat), chosen together. ` +
    `Got ${names}, without a .hea file.`
  );
}

/**
 * Segments that a multi-segment header names (its record line says "name/count").
 * @param {string} text @returns {string[]}
 */
function segmentNames(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() && !line.startsWith("#"));
  if (!/^\S+\/\d+/.test(lines[0] ?? "")) return [];
  return lines.slice(1).map((line) => line.trim().split(/\s+/)[0]);
}

/**
 * The bytes of a group, for the worker. Where a header's name differs in case from what the disk
 * says (".HEA"), the core is given the usual spelling.
 * @param {FileGroup} group
 * @returns {Promise<NamedFile[]>}
 */
export async function readGroup(group) {
  const total = group.files.reduce((sum, file) => sum + file.size, 0);
  if (total > MAX_BYTES)
    throw new Error(`These files hold ${Math.round(total / 1e6)} MB; the page takes up to 256 MB.`);
  return Promise.all(
    group.files.map(async (file) => ({
      name: isHeader(file.name) ? `${stem(file.name)}.hea` : file.name,
      bytes: await file.arrayBuffer(),
    })),
  );
}
