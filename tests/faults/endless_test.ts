/**
 * A damaged file in which a statement of the writer never ends.
 *
 * @module
 */
import { connect, initSchema } from "../../db.ts";
import { assertMatch } from "../support/assert.ts";
import { makeEndless } from "../support/endless_table.ts";
import { IS_LONG } from "../support/long_form.ts";
import { Fixture } from "../support/spawn.ts";
import { tempFolder } from "../support/temp.ts";

Deno.test({
  name: "a run ends that is stopped while its file is opened, however damaged that is",
  ignore: !IS_LONG,
  async fn() {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    {
      using connection = await connect(db, { wal: false });
      initSchema(connection);
      connection.exec(`
        DROP INDEX idx_task_runs_status;
        INSERT INTO task_runs (id, name, status) VALUES (1, 'a', 'x'), (2, 'b', 'x'), (3, 'c', 'x')`);
    }
    await makeEndless(db, "task_runs");
    await using child = new Fixture("endless_file.ts", folder.path, db);
    assertMatch(await child.line(), /a statement still ran .* "\(opening the file\)"/);
  },
});
