/** Which bytes a file has, in 64 hexadecimal digits. */

/**
 * SHA-256, or null where the page was not loaded in a way that the browser trusts with hashing.
 * @param {ArrayBuffer | Uint8Array} bytes @param {SubtleCrypto} [subtle]
 * @returns {Promise<string | null>}
 */
export async function hash(bytes, subtle = globalThis.crypto?.subtle) {
  if (!subtle) return null;
  const digest = new Uint8Array(await subtle.digest("SHA-256", /** @type {BufferSource} */ (bytes)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
