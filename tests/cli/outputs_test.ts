/**
 * What commands write: whole files, and never over a database.
 *
 * @module
 */
import { connect } from "../../db.ts";
import { runPipeline } from "../../mod.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "../support/assert.ts";
import { isInstalled } from "../support/child.ts";
import { tempFolder } from "../support/temp.ts";
import { outputName, outputOrStream } from "../../cli/output_name.ts";
import { commandLine, runCli } from "./cli_terminal.ts";

async function digest(path: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return new Uint8Array(bytes).toHex();
}

Deno.test("no command writes over a database, its -wal or its -shm, also through links", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await runPipeline(["a"], { db, run: () => 1 });
  await runPipeline(["a"], { db: folder.file("other.db"), run: () => 1 });
  // Open, so that the files beside it are there.
  using connection = await connect(db);
  connection.exec("CREATE TABLE kept (a)");
  await Deno.symlink("etl.db", folder.file("link.html"));
  await Deno.symlink("etl.db-wal", folder.file("wal.html"));
  await Deno.link(db, folder.file("hard.html"));
  // Readers mark where they read in the -shm.
  const files = ["etl.db", "etl.db-wal", "other.db"];
  const before = await Promise.all(files.map((name) => digest(folder.file(name))));
  const names = [
    ...files,
    "etl.db-shm",
    "./etl.db",
    db,
    "etl.db-journal",
    "other.db-wal",
    "link.html",
    "link.html-shm",
    "wal.html",
    "hard.html",
    // The lock of a run, in which a text would mark that its writer was ended.
    `etl.db-owner-${crypto.randomUUID()}`,
  ];
  for (const output of names) {
    const args = ["export", "-o", output, "--db", "etl.db"];
    const { code, err } = await runCli(args, { folder: folder.path });
    assertEquals(code, 2, output);
    assertMatch(
      err,
      /^error: Cannot write .*: it (is|belongs to) .*database.*\. Name another file/,
    );
  }
  const log = await runCli(["--log-file", "other.db", "runs", "--db", "etl.db"], {
    folder: folder.path,
  });
  assert(log.code !== 0);
  assertStringIncludes(log.err, "is a database");
  for (const to of ["other.db", "other.db-wal", "link.html", names.at(-1)!]) {
    const { code } = await runCli(["backup", to, "--db", "etl.db"], { folder: folder.path });
    assert(code !== 0, to);
  }
  assertEquals(await Promise.all(files.map((name) => digest(folder.file(name)))), before);
  assertEquals([...Deno.readDirSync(folder.path)].filter(({ name }) => /partial/.test(name)), []);
});

Deno.test("export replaces an older page as a whole, and keeps a link to it", async () => {
  using folder = tempFolder();
  await runPipeline(["a"], { db: folder.file("etl.db"), run: () => 1 });
  await Deno.writeTextFile(folder.file("page.html"), "older");
  await Deno.symlink("page.html", folder.file("link.html"));
  const args = ["export", "-o", "link.html", "--db", "etl.db"];
  const { code, err } = await runCli(args, { folder: folder.path });
  assertEquals([code, err], [0, ""]);
  assert(Deno.lstatSync(folder.file("link.html")).isSymlink);
  assertMatch(await Deno.readTextFile(folder.file("page.html")), /^<!doctype html>/i);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assertEquals(names.filter((name) => !name.startsWith("etl.db")).sort(), [
    "link.html",
    "page.html",
  ]);
});

Deno.test("outputName() takes paths and URLs of files, and explains what else is wrong", () => {
  const paths = ["a.html", "./-", "/tmp/a b", "..a"];
  assertEquals(paths.map(outputName), paths);
  assertEquals(outputName("file:///tmp/a%20b.db"), "/tmp/a b.db");
  assertEquals(outputOrStream("-"), "-");
  const wrong: Record<string, RegExp> = {
    "": /^Name a file/,
    " ": /^Name a file/,
    "-": /cannot be a stream; \.\/- is/,
    ".": /a folder/,
    "a/..": /a folder/,
    "folder/": /a folder/,
    "file:": /plain file:\/\/\/path/,
    "file:a.db?mode=ro": /plain file:\/\/\/path/,
    "file://host/a.db": /plain file:\/\/\/path/,
    "file:///tmp/%2f": /plain file:\/\/\/path/,
    "https://etl.example/a": /by its path/,
  };
  for (const [text, message] of Object.entries(wrong)) {
    const error = assertThrows(() => outputName(text), Error);
    assertMatch(error.message, message, JSON.stringify(text));
  }
});

Deno.test("backup, export and the log take a file's URL; what is not a name of a file is wrong usage", async () => {
  using folder = tempFolder();
  await runPipeline(["a"], { db: folder.file("etl.db"), run: () => 1 });
  const run = (args: string[]) => runCli([...args, "--db", "etl.db"], { folder: folder.path });
  const [copy, log] = [folder.file("copy.db"), folder.file("etl.log")];
  const copied = await run(["--log-file", `file://${log}`, "backup", `file://${copy}`]);
  assertEquals([copied.code, copied.err], [0, ""]);
  assert((await Deno.stat(copy)).isFile && (await Deno.stat(log)).isFile);
  for (const args of [["backup", "-"], ["export", "-o", ""], ["--log-file", "", "runs"]]) {
    const { code, err } = await run(args);
    assertEquals(code, 2, args.join(" "));
    assertMatch(err, /^error: .*(Name a file|cannot be a stream)/);
  }
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assertEquals(names.filter((name) => /^-|partial/.test(name)), []);
});

/**
 * Runs a command whose output is a pipe that does not block, reads nothing before that is full, then everything, and
 * prints how many bytes that was and how the command ended.
 */
const SLOW_READER = `
  use Fcntl;
  pipe(my $r, my $w);
  fcntl($w, F_SETFL, O_WRONLY | O_NONBLOCK);
  my $pid = fork;
  if (!$pid) { open(STDOUT, ">&", $w); close $r; exec @ARGV; }
  my $writable = 1;
  while ($writable) {
    vec(my $set = "", fileno($w), 1) = 1;
    $writable = select(undef, $set, undef, 0);
    select(undef, undef, undef, 0.01);
    die "It ended before the pipe was full" if waitpid($pid, 1) > 0;
  }
  close $w;
  my ($bytes, $part) = (0);
  while (my $read = sysread($r, $part, 1 << 20)) { $bytes += $read; }
  waitpid $pid, 0;
  print "$bytes ", $? >> 8;
`;

Deno.test({
  name: "what commands write reaches a pipe that does not block whole, however late it is read",
  ignore: Deno.build.os !== "linux" || !await isInstalled("perl"),
  async fn() {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const items = Array.from({ length: 300 }, (_, i) => `${i}`);
    await runPipeline(items, {
      db,
      taskName: (item) => item.padStart(300, "x"),
      run: () => 1,
    });
    for (const args of [["export", "-o", "-"], ["status", "--json", "--limit", "300"]]) {
      const words = commandLine([...args, "--db", db], { folder: folder.path });
      const { stdout, stderr } = await new Deno.Command("perl", {
        args: ["-e", SLOW_READER, ...words],
        cwd: folder.path,
      }).output();
      assertEquals(new TextDecoder().decode(stderr), "");
      const [bytes, code] = new TextDecoder().decode(stdout).split(" ").map(Number);
      const { out } = await runCli([...args, "--db", db], { folder: folder.path });
      assertEquals(code, 0);
      // Times are among what is written.
      assert(
        Math.abs(bytes! - new TextEncoder().encode(out).length) < 100,
        `${bytes} bytes of ${out.length}`,
      );
      assert(bytes! > 65_536);
    }
  },
});

Deno.test("commands end quietly and as usual when their output is not read", async () => {
  using folder = tempFolder();
  await runPipeline(["a"], { db: folder.file("etl.db"), run: () => 1 });
  const cases = [["--help"], ["runs", "--db", "etl.db"], ["export", "-o", "-", "--db", "etl.db"]];
  const quote = (word: string) => `'${word}'`;
  const runs = cases.map(async (args) => {
    const words = commandLine(args, { folder: folder.path }).map(quote).join(" ");
    // The reader is gone before the command has begun.
    const { stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", `exec 3> >(true); wait $!; ${words} >&3; echo $?`],
      cwd: folder.path,
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals([text(stdout), text(stderr)], ["0\n", ""], args.join(" "));
  });
  await Promise.all(runs);
});
