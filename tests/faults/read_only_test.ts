/**
 * A database that may not be written: from the start, from some moment on, and while it is written.
 *
 * @module
 */
import { assertEquals } from "../support/assert.ts";
import { isInstalled } from "../support/child.ts";
import { DRIVERS } from "../support/drivers.ts";
import {
  assertFailed,
  assertKept,
  assertResumes,
  printFault,
  Victim,
  type VictimOptions,
} from "../support/faulted.ts";
import { tempFolder } from "../support/temp.ts";
import { unprivileged } from "../support/unprivileged.ts";

/** Gives the files of a folder, and then the folder, other permissions. */
function chmod(folder: string, file: number, mode: number): void {
  Deno.chmodSync(folder, 0o777);
  for (const { name } of Deno.readDirSync(folder)) Deno.chmodSync(`${folder}/${name}`, file);
  Deno.chmodSync(folder, mode);
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Sets or takes away the flag of files that may not be written, and returns why it could not. */
async function chattr(flag: "+i" | "-i", ...files: string[]): Promise<string | undefined> {
  const { success, stderr } = await new Deno.Command("chattr", { args: [flag, ...files] }).output();
  return success ? undefined : new TextDecoder().decode(stderr).trim();
}

for (const driver of DRIVERS) {
  Deno.test({
    name:
      `${driver}: a file that becomes read-only under a pipeline is written to its end, and then refused`,
    ignore: !unprivileged,
    async fn() {
      using folder = tempFolder();
      const data = folder.file("data");
      Deno.mkdirSync(data);
      const db = `${data}/etl.db`;
      const options: VictimOptions = { db, driver, folder: folder.path, prefix: unprivileged };
      await using child = Victim.held(options);
      await child.more(100);
      // What is open stays open; the permissions are those of the next one who opens it.
      chmod(data, 0o444, 0o555);
      await child.more(100);
      child.release();
      const first = await child.end();
      printFault("made read-only while it is open", options, child, first);
      assertEquals([first.code, first.stderr], [0, ""]);
      await using next = new Victim(options);
      const ending = await next.end();
      printFault("read-only", options, next, ending);
      const words = ["SqliteError", db, "check the permissions of the file and its folder"];
      assertFailed(ending, ...words);
      await assertKept(db, child.acknowledged);
      // Where its folder may not be written, it gets no WAL.
      for (const end of ["-wal", "-shm"]) removeIfThere(db + end);
      chmod(data, 0o666, 0o555);
      await using refused = new Victim(options);
      const without = await refused.end();
      printFault("in a read-only folder", options, refused, without);
      assertFailed(without, "SqliteError", db, "permissions of the file and its folder");
      chmod(data, 0o666, 0o777);
      await using last = new Victim(options);
      assertEquals((await last.end()).code, 0);
      await assertKept(db, [...child.acknowledged, ...last.acknowledged]);
    },
  });

  Deno.test(`${driver}: a file that the system does not let any program write ends a pipeline, and nothing is lost`, async () => {
    if (!await isInstalled("chattr")) return;
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const options: VictimOptions = { db, driver, folder: folder.path };
    await using child = Victim.held(options);
    await child.more(200);
    const files = [db, `${db}-wal`];
    const why = await chattr("+i", ...files);
    if (why) {
      // A matter of the file system, and of being root.
      console.log(`Files that the system protects are not tested: ${why}`);
      return;
    }
    try {
      child.mark();
      const ending = await child.end();
      printFault("protected while it is open", options, child, ending);
      assertFailed(ending, "SqliteError", db, "check");
    } finally {
      await chattr("-i", ...files);
    }
    child.release();
    await assertKept(db, child.acknowledged);
    await assertResumes(options, child.acknowledged);
  });
}
