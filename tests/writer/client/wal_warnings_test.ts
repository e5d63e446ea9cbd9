import { WalWarnings } from "../../../writer/client/wal_warnings.ts";
import { assertMatch } from "../../support/assert.ts";

function textOf(isSeries: boolean | undefined): string {
  const warnings = new WalWarnings("etl.db");
  let text = "";
  using _listening = warnings.listen((_held, warning) => {
    text = warning;
    return true;
  });
  const since = new Date(Date.now() - 90_000).toISOString();
  warnings.warn({ bytes: 300 * 2 ** 20, since, isSeries });
  return text;
}

Deno.test("WalWarnings distinguishes a reader that stays from reads that follow each other", () => {
  const start =
    /^Readers have kept the WAL of etl\.db from being emptied for 90 s, and it has 300 MiB/;
  for (const isSeries of [true, false, undefined]) assertMatch(textOf(isSeries), start);
  assertMatch(textOf(false), /end the reader that stays in one transaction/);
  assertMatch(textOf(undefined), /end a reader that stays .* leave a pause between reads/);
  assertMatch(
    textOf(true),
    /leave a pause between them, or let that program checkpoint less often$/,
  );
});
