/**
 * Writes the pages of `docs/reference/` that have generated parts: `deno task docs`.
 *
 * @module
 */
import { Api, ROOT } from "./api.ts";
import { renderReference } from "./reference.ts";

for (const [path, text] of await renderReference(await Api.read())) {
  Deno.writeTextFileSync(new URL(path, ROOT), text);
}
