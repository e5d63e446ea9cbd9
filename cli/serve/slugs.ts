/**
 * Short names for addresses.
 *
 * @module
 */

/** Characters of one. */
const MAX_LENGTH = 40;

/** Makes names that are not taken, out of any texts. */
export class Slugs {
  readonly #taken = new Set<string>();

  /** The name of a text; `otherwise` where nothing of it fits. */
  of(text: string, otherwise: string): string {
    const words = text.normalize("NFKD").toLowerCase().replace(/[^a-z0-9_]+/g, "-");
    const base = words.slice(0, MAX_LENGTH).replace(/^-+|-+$/g, "") || otherwise;
    let slug = base;
    for (let n = 2; this.#taken.has(slug); n++) slug = `${base}-${n}`;
    this.#taken.add(slug);
    return slug;
  }
}
