/** Words that every message is made of. */

/** "1 lead", "12 leads". @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** @param {unknown} error */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));
