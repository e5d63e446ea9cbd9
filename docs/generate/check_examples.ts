/**
 * Type-checks the examples of public types, which are marked `ts ignore` because there is nothing to run:
 * `deno task static` does.
 *
 * @module
 */
import { Api, ROOT } from "./api.ts";

const folder = Deno.makeTempDirSync({ prefix: "pipeloom_examples_" });
try {
  const api = await Api.read();
  const names = [...new Set(api.entries.flatMap(({ symbols }) => symbols.map(({ name }) => name)))];
  for (const name of names) {
    const { jsDoc } = api.declarationOf(name);
    for (const { kind, doc } of jsDoc?.tags ?? []) {
      const code = kind === "example" && /^```ts ignore\n([\s\S]*?)^```/m.exec(doc ?? "")?.[1];
      // What a reader would use is exported, so that it counts as used.
      const text = code && code.replaceAll(/^const /gm, "export const ");
      if (text) Deno.writeTextFileSync(`${folder}/${name}.ts`, text);
    }
  }
  const files = [...Deno.readDirSync(folder)].map((file) => `${folder}/${file.name}`);
  if (files.length === 0) throw new Error("Cannot check examples: no type has one");
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "check",
      "-q",
      `--config=${decodeURIComponent(new URL("deno.json", ROOT).pathname)}`,
      ...files,
    ],
  }).output().then(({ code, stderr }) => {
    Deno.stderr.writeSync(stderr);
    return { code };
  });
  Deno.exitCode = code;
} finally {
  Deno.removeSync(folder, { recursive: true });
}
