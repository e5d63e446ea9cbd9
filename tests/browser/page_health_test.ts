/// <reference lib="dom" />
import { connect, initSchema } from "../../db.ts";
import { assertEquals } from "../support/assert.ts";
import { findBrowser } from "../support/browser.ts";
import { findBarriers, PageFixture, seeText, textsOf } from "./page_fixture.ts";

const ignore = !await findBrowser();

Deno.test(
  { name: "the health strip says in words that readers hold the WAL", ignore },
  async () => {
    await using fixture = await PageFixture.open();
    using connection = await connect(fixture.db);
    initSchema(connection);
    connection.exec(`INSERT INTO pipeline_runs
      (name, status, started_at, queue_depth, wal_bytes, wal_held_since)
    VALUES ('nightly', 'running', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-2 minutes'), 0, 327155712,
      strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-40 seconds'))`);
    const page = await fixture.page("?run=1");
    await seeText(page, ".health-item", "312 MiB");
    await seeText(page, ".health-warning", "⚠ held by readers for 4");
    assertEquals(await findBarriers(page), []);
    connection.exec("UPDATE pipeline_runs SET wal_held_since = NULL, wal_bytes = 0");
    await seeText(page, ".health-item", "0 B");
    assertEquals(await textsOf(page, ".health-warning"), []);
    assertEquals(fixture.complaints, []);
  },
);
