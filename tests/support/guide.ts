/**
 * The named blocks of a guide, which tests write as files and run as they stand.
 *
 * @module
 */
import { assert } from "./assert.ts";
import { ROOT } from "./child.ts";

/** The blocks of a page by what follows their language, such as `sh run` or `ts ignore main.ts`. */
export class Guide {
  readonly #blocks: Map<string, string>;

  private constructor(text: string) {
    this.#blocks = new Map(
      [...text.matchAll(/^```(\w+) (?:ignore )?([\w./]+)\n([\s\S]*?)^```$/gm)]
        .map(([, language, name, block]) => [`${language} ${name}`, block!]),
    );
  }

  /** Reads a page of `docs/guides/`, of this checkout or of another. */
  static async read(name: string, checkout: string | URL = ROOT): Promise<Guide> {
    const path = checkout instanceof URL
      ? new URL(`docs/guides/${name}`, checkout)
      : `${checkout}/docs/guides/${name}`;
    return new Guide(await Deno.readTextFile(path));
  }

  /** A block, such as `sh run`. */
  block(name: string): string {
    const text = this.#blocks.get(name);
    assert(text, name);
    return text;
  }

  /** The blocks that are files, by path. */
  get files(): [path: string, text: string][] {
    return [...this.#blocks].map(([name, text]) =>
      [name.slice(name.indexOf(" ") + 1), text] as [string, string]
    )
      .filter(([path]) => path.includes("."));
  }
}
