/**
 * The flags of `deno run` for a child process: what the command line gives, and of each permission that it does not
 * name, what this process has. A child never gets more than that.
 *
 * Deno answers whether one thing is granted, not which things are. So a permission that is granted for some paths
 * only is passed on for the paths that a run is known to need; for others, such as hosts, it has to be named.
 * `--allow-run` is never passed on: the server has it to start children.
 *
 * @module
 */
import { isGranted } from "../../internal/permissions.ts";
import { EXIT } from "../terminal/exit_code.ts";
import { CommandError } from "../terminal/failure.ts";
import { sanitize } from "../terminal/sanitize.ts";

/** Permissions by their flags: their short forms, and what one thing of them is called. */
const KINDS = {
  read: { short: "R", part: "path" },
  write: { short: "W", part: "path" },
  net: { short: "N", part: "host" },
  env: { short: "E", part: "variable" },
  sys: { short: "S", part: "kind" },
  import: { short: "I", part: "host" },
  ffi: { short: "", part: "path" },
  run: { short: "", part: "command" },
} as const;

type Kind = keyof typeof KINDS;

/** What our own code asks for where it is granted. */
const OWN: Partial<Record<Kind, readonly string[]>> = {
  env: ["CI", "TERM", "NO_COLOR", "FORCE_COLOR", "TMPDIR"],
  sys: ["hostname", "osUptime"],
};

/** Paths that runs are known to need. */
export interface KnownPaths {
  read: readonly string[];
  write: readonly string[];
}

/**
 * All flags of a child.
 *
 * @param given Those of the command line, such as `--allow-net=api.example.com`
 * @throws {CommandError} If one grants more than this process has
 */
export function childFlags(given: readonly string[], paths: KnownPaths): string[] {
  const named = new Set<Kind>();
  for (const flag of given) {
    const [name, list] = splitFlag(flag);
    if (name === "all") {
      throw refusal(flag, "runs get the permissions that they need, each by its name");
    }
    const kind = name as Kind;
    if (!(kind in KINDS)) continue;
    named.add(kind);
    for (const part of list?.split(",") ?? [undefined]) {
      if (!isHeld(kind, part)) {
        throw refusal(
          flag,
          "this process has not been granted it itself; start it with the flag, too",
        );
      }
    }
  }
  const passed = (Object.keys(KINDS) as Kind[]).flatMap((kind) => {
    if (named.has(kind) || kind === "run") return [];
    if (isHeld(kind)) return [`--allow-${kind}`];
    const known = kind === "read" || kind === "write" ? paths[kind] : OWN[kind] ?? [];
    const held = [...new Set(known)].filter((part) => !part.includes(",") && isHeld(kind, part));
    return held.length > 0 ? [`--allow-${kind}=${held.join(",")}`] : [];
  });
  return ["--no-prompt", ...given, ...passed];
}

/** The permission that a flag grants, and for what; another flag has none. */
function splitFlag(flag: string): [string | undefined, string | undefined] {
  if (!flag.startsWith("-")) throw refusal(flag, "it is not a flag of deno run");
  const [, long, short, list] = /^-(?:-allow-([a-z]+)|([A-Z]))(?:=(.*))?$/s.exec(flag) ?? [];
  if (short === "A" || long === "all") return ["all", undefined];
  const kind = long ?? Object.entries(KINDS).find(([, kind]) => kind.short === short)?.[0];
  return [kind, list];
}

function isHeld(kind: Kind, part?: string): boolean {
  const of = part === undefined ? {} : { [KINDS[kind].part]: part };
  try {
    return isGranted({ name: kind, ...of } as Deno.PermissionDescriptor);
  } catch {
    return false;
  }
}

function refusal(flag: string, why: string): CommandError {
  return new CommandError(`Cannot start runs with ${sanitize(flag)}: ${why}`, EXIT.usage);
}
