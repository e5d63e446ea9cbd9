/**
 * What `pipeloom doctor` finds of processes: whether that of each run lives, and whose each lock file is.
 *
 * @module
 */
import { listOwnedRuns, type OwnedRun } from "../../dashboard/server/queries/owners.ts";
import type { Reader } from "../../dashboard/server/reader.ts";
import { listOwnerFiles, type OwnerFile, readReason } from "../../internal/owner_lock.ts";
import { sanitize } from "../terminal/sanitize.ts";
import type { Check } from "./check.ts";

/** Lock files that are listed. */
const MAX_FILES = 20;

/** Reports the owner of each lock file, and which runs have a live process. */
export function examineOwners(reader: Reader): Check[] {
  const { path } = reader.connection;
  const files = listOwnerFiles(path);
  const runs = listOwnedRuns(reader, files?.map(({ owner }) => owner) ?? []);
  const alive = runs.filter(({ status, state }) => status === "running" && state === "alive");
  const checks: Check[] = alive.map((run) => ({
    title: "Runs",
    state: "ok",
    found: `${nameOf(run)} is active, and its process is alive${processOf(run)}`,
  }));
  if (!files) {
    checks.push({
      title: "Locks",
      state: "note",
      found: "not known: the folder of the database may not be read",
    });
    return checks;
  }
  for (const file of files.slice(0, MAX_FILES)) {
    checks.push(describe(file, runs.filter(({ owner }) => owner === file.owner)));
  }
  if (files.length > MAX_FILES) {
    const found = `${files.length - MAX_FILES} more lock files`;
    checks.push({ title: "Locks", state: "note", found });
  }
  return checks;
}

function describe({ path, state }: OwnerFile, runs: readonly OwnedRun[]): Check {
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const reason = readReason(path);
  const whose = runs.length === 0
    ? "a writer of no run in this file"
    : `${runs.map(nameOf).join(", ")}${processOf(runs[0]!)}`;
  if (state === "alive") {
    return { title: "Locks", state: "ok", found: `${name} is held by the process of ${whose}` };
  }
  if (state === "unknown") {
    return { title: "Locks", state: "note", found: `${name} may not be read; it is of ${whose}` };
  }
  return {
    title: "Locks",
    state: "note",
    found: reason
      ? `${name} was left by ${whose}, whose writer was ended: ${sanitize(reason)}`
      : `${name} was left by ${whose}, which is gone`,
    advice: "the next pipeline on this file removes it",
  };
}

function nameOf({ id, name }: OwnedRun): string {
  return `run ${id} (${sanitize(name)})`;
}

function processOf({ pid, host }: OwnedRun): string {
  if (pid === null) return "";
  return `, process ${pid}${host === null ? "" : ` on ${sanitize(host)}`}`;
}
