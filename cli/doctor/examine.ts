/**
 * What `pipeloom doctor` looks at.
 *
 * @module
 */
import { databasePath } from "../../sqlite/database_file.ts";
import { connect } from "../../sqlite/connect.ts";
import { chooseDriver } from "../../sqlite/drivers/choose.ts";
import { folderOf } from "../../internal/paths.ts";
import type { Check } from "./check.ts";
import { examineFile } from "./examine_file.ts";
import { examinePackages } from "./examine_packages.ts";
import { messageOf } from "../terminal/failure.ts";
import { formatBytes } from "../../internal/units.ts";
import { hasWalResetRace, raceAdvice } from "./sqlite_versions.ts";
import { isGranted } from "../../internal/permissions.ts";

/** Bytes of free disk below which a pipeline may soon fail. */
const LITTLE_DISK = 512 * 1024 * 1024;

/** The oldest runtime that has what is needed: the built-in driver prints its statements since then. */
const OLDEST_DENO = [2, 5];

/** Looks at everything. */
export async function examine(db: string): Promise<Check[]> {
  return [
    checkDeno(),
    await checkDriver(),
    checkPermissions(),
    ...await examinePackages(),
    ...await examineFile(db),
    await checkDisk(db),
  ];
}

function checkDeno(): Check {
  const { deno } = Deno.version;
  const [major = 0, minor = 0] = deno.split(".").map(Number);
  const isOld = major < OLDEST_DENO[0]! || (major === OLDEST_DENO[0] && minor < OLDEST_DENO[1]!);
  return {
    title: "Deno",
    state: isOld ? "wrong" : "ok",
    found: `${deno} on ${Deno.build.os} ${Deno.build.arch}`,
    advice: isOld ? "deno upgrade" : undefined,
  };
}

async function checkDriver(): Promise<Check> {
  const { driver, reason } = await chooseDriver("auto");
  using connection = await connect(":memory:", { driver: driver.name });
  const version = connection.sqliteVersion;
  const race = hasWalResetRace(version);
  return {
    title: "Driver",
    state: race ? "wrong" : "ok",
    found: `${driver.name}, SQLite ${version}${reason ? ` (not ffi: ${reason})` : ""}` +
      (race ? "; with two connections that write, this version can lose a commit" : ""),
    advice: race ? raceAdvice(driver.name) : undefined,
  };
}

function checkPermissions(): Check {
  const names = ["read", "write", "net", "env", "ffi", "sys", "run"] as const;
  const states = names.map((name) => ({ name, granted: isGranted({ name }) }));
  const granted = states.filter(({ granted }) => granted).map(({ name }) => name);
  const others = states.filter(({ granted }) => !granted).map(({ name }) => name);
  return {
    title: "Permissions",
    state: "note",
    found: [
      granted.length > 0
        ? `granted to the full: ${granted.join(", ")}`
        : "none is granted to the full",
      ...(others.length > 0 ? [`not, or in part: ${others.join(", ")}`] : []),
    ].join("; "),
  };
}

async function checkDisk(db: string): Promise<Check> {
  try {
    // Asked first, so that no prompt is shown.
    const permission = { name: "sys", kind: "statfs" } as unknown as Deno.PermissionDescriptor;
    if (!isGranted(permission)) {
      return {
        title: "Disk",
        state: "note",
        found: "not known: --allow-sys=statfs is not granted",
      };
    }
    const { statfs } = await import("node:fs/promises");
    const file = await databasePath(db);
    const { bavail, bsize } = await statfs(folderOf(file) || ".");
    const bytes = Number(bavail) * Number(bsize);
    return {
      title: "Disk",
      state: bytes < LITTLE_DISK ? "wrong" : "ok",
      found: `${formatBytes(bytes)} are free`,
      advice: bytes < LITTLE_DISK ? "make room: a full disk fails every commit" : undefined,
    };
  } catch (error) {
    return { title: "Disk", state: "note", found: `not known: ${messageOf(error).split("\n")[0]}` };
  }
}
