import { mayRead } from "../../internal/permissions.ts";
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { hasTerminals } from "../cli/cli_terminal.ts";
import { TestTerminal } from "../support/pseudo_terminal.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test("mayRead() returns what is granted", () => {
  assert(mayRead(decodeURIComponent(ROOT.pathname)));
});

Deno.test({
  name: "a writer asks for no permission in a terminal beyond that of its file",
  ignore: !hasTerminals,
  async fn() {
    using folder = tempFolder();
    const root = decodeURIComponent(ROOT.pathname);
    const script = folder.file("script.ts");
    Deno.writeTextFileSync(
      script,
      `import { SqliteWriter } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
       const schema = "CREATE TABLE IF NOT EXISTS n (value)";
       const writer = await SqliteWriter.open({ db: "etl.db", driver: "builtin", schema });
       await writer.insert("n", [[1]]);
       const { walBytes } = await writer.stats();
       await writer.close();
       console.log("written, " + walBytes);`,
    );
    // The first time there is no file yet.
    for (let time = 0; time < 2; time++) {
      const flags = [`--allow-read=${root},etl.db`, "--allow-write=etl.db"];
      const words = [Deno.execPath(), "run", "--cached-only", "--no-lock", "--no-check", ...flags];
      await using terminal = new TestTerminal([...words, script], { cwd: folder.path });
      await terminal.until(() => /written|requests/.test(terminal.text.join("\n")));
      assertStringIncludes(terminal.text.join("\n"), "written, null");
      assertEquals(await terminal.end(), 0);
    }
  },
});
