/**
 * What a user of the command line reads when a pipeline cannot continue.
 *
 * @module
 */
import { assertEquals, assertMatch } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { type CliOptions, spawnCli } from "../cli/cli_terminal.ts";
import { connect } from "../../db.ts";
import { DRIVERS } from "../support/drivers.ts";
import { ffiFlags } from "../support/spawn.ts";
import { SmallDisk } from "../support/small_disk.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const FIXTURE = new URL("tests/fixtures/endless.ts", ROOT).href;

/** A command that has what the driver needs, too. */
function cli(folder: string): CliOptions {
  const usual = ["--allow-read", `--allow-write=${folder}`, "--allow-net=127.0.0.1"];
  const library = Deno.env.get("DENO_SQLITE_PATH");
  return {
    folder,
    permissions: [...usual, ...ffiFlags()],
    env: library ? { DENO_SQLITE_PATH: library } : {},
  };
}

/** How a command ended: its exit code, and what it printed for people. */
async function ended(child: Deno.ChildProcess): Promise<[number, string, string]> {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  const errors = decoder.decode(stderr);
  console.log(errors.trimEnd());
  return [code, decoder.decode(stdout), errors];
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: pipeloom run reports in one line that the disk is full`, async () => {
    using folder = tempFolder();
    Deno.mkdirSync(folder.file("disk"));
    await using disk = await SmallDisk.mount(folder.file("disk"), 3_000);
    if (!disk) return;
    const args = ["run", FIXTURE, "--db", "disk/etl.db", "--driver", driver];
    const [code, out, errors] = await ended(spawnCli(args, cli(folder.path)));
    assertEquals([code, out], [1, ""]);
    assertMatch(
      errors,
      /^error: Database or disk is full \(disk\/etl\.db\): free space on the disk that holds it.*\n$/m,
    );
  });

  for (const more of [[], ["--dashboard", "0"]]) {
    Deno.test(`${driver}: ${["pipeloom run", ...more].join(" ")} reports in one line that its database is gone`, async () => {
      using folder = tempFolder();
      const args = ["run", FIXTURE, "--db", "data/etl.db", "--driver", driver, ...more];
      const child = spawnCli(args, cli(folder.path));
      let isOver = false;
      child.status.then(() => isOver = true);
      await until(() => isOver || sizeOf(folder.file("data/etl.db-wal")) > 500_000);
      Deno.removeSync(folder.file("data"), { recursive: true });
      const [code, out, errors] = await ended(child);
      assertEquals([code, out], [1, ""]);
      assertMatch(
        errors,
        /^error: Cannot write data\/etl\.db: the file was removed or moved .*\n$/m,
      );
    });
  }

  Deno.test(`${driver}: pipeloom run reports in one line who is in its way`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    using other = await connect(db, { driver });
    other.exec("CREATE TABLE n (value); BEGIN IMMEDIATE");
    const module = folder.file("quick.ts");
    Deno.writeTextFileSync(
      module,
      `import { definePipeline } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
       export default definePipeline({ items: [1], run: () => {}, busyTimeoutMs: 300 });`,
    );
    const args = ["run", module, "--db", db, "--driver", driver];
    const [code, out, errors] = await ended(spawnCli(args, cli(folder.path)));
    assertEquals([code, out], [1, ""]);
    assertMatch(
      errors,
      /^error: Database is locked \(.*etl\.db\): another connection holds its lock; find/m,
    );
  });
}
