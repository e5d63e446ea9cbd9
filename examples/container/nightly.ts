/**
 * The pipeline of the container: every night, each file of a folder is counted.
 *
 * @module
 */
import { definePipeline } from "@pipeloom/pipeloom";

export default definePipeline({
  name: "nightly",
  schedule: { cron: "0 2 * * *", timeZone: "Europe/Oslo" },
  db: "/data/etl.db",
  items: () => Array.from(Deno.readDirSync("/data/inbox"), ({ name }) => ({ key: name })),
  run: ({ key }) => Deno.readTextFileSync(`/data/inbox/${key}`).length,
});
