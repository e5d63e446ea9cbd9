import { connect, connectReadOnly } from "../../../db.ts";
import { driverFor, holdDriver } from "../../../sqlite/drivers/in_use.ts";
import { SqliteWriter } from "../../../mod.ts";
import { assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { tempFolder } from "../../support/temp.ts";

Deno.test("driverFor() knows a file that was not there when its driver was chosen", () => {
  using folder = tempFolder();
  Deno.mkdirSync(folder.file("sub"));
  const file = folder.file("sub/new.db");
  const letGo = holdDriver(folder.file("sub/../sub/new.db"), "ffi");
  assertEquals(driverFor(file), "ffi");
  Deno.writeTextFileSync(file, "");
  assertEquals(driverFor(file), "ffi");
  letGo();
  assertEquals(driverFor(file, "builtin"), "builtin");
});

Deno.test("driverFor() follows the driver of a writer, however the path is written", () => {
  using folder = tempFolder();
  const file = folder.file("a.db");
  Deno.writeTextFileSync(file, "");
  const letGo = holdDriver(file, "ffi");
  const letGoToo = holdDriver(file, "ffi");
  const same = `${folder.path}/../${folder.path.split("/").at(-1)}/a.db`;
  assertEquals(driverFor(same), "ffi");
  assertEquals(driverFor(same, "ffi"), "ffi");
  assertThrows(() => driverFor(same, "builtin"), TypeError, 'its writer uses "ffi"');
  assertEquals(driverFor(folder.file("b.db"), "builtin"), "builtin");
  letGo();
  assertEquals(driverFor(file), "ffi");
  letGoToo();
  assertEquals(driverFor(file, "builtin"), "builtin");
});

for (const driver of DRIVERS) {
  Deno.test(`connect() and connectReadOnly() take the writer's driver (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const writer = await SqliteWriter.open({ db, driver });
    {
      using reader = await connectReadOnly(db);
      assertEquals(reader.driver, driver);
      using other = await connect(db);
      assertEquals(other.driver, driver);
    }
    const another = driver === "ffi" ? "builtin" : "ffi";
    await assertRejects(
      () => connectReadOnly(db, { driver: another }),
      TypeError,
      "its writer uses",
    );
    await assertRejects(
      () => SqliteWriter.open({ db, driver: another }),
      TypeError,
      "its writer uses",
    );
    await using second = await SqliteWriter.open({ db });
    assertEquals(second.driver, driver);
    await second.close();
    await writer.close();
    using reader = await connectReadOnly(db, { driver: "builtin" });
    assertEquals(reader.driver, "builtin");
  });

  Deno.test(`SqliteWriter.open() holds no file that it could not open (${driver})`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    await assertRejects(() => SqliteWriter.open({ db, driver, schema: "CREATE NONSENSE" }));
    const another = driver === "ffi" ? "builtin" : "ffi";
    assertEquals(driverFor(db, another), another);
  });

  Deno.test(`databases in memory share no driver (${driver})`, async () => {
    await using writer = await SqliteWriter.open({ db: ":memory:", driver });
    const another = writer.driver === "ffi" ? "builtin" : "ffi";
    assertEquals(driverFor(":memory:", another), another);
  });
}
