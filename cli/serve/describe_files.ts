/**
 * Finds out what definitions are, without loading any of them here: one that hangs or ends its process harms no other.
 *
 * One child process loads them all, each in a thread of its own. Where it dies, as for want of memory, each of those
 * that it has not described gets a process of its own.
 *
 * @module
 */
import { Child, type ChildSettings } from "./child.ts";
import type { ChildReply, Description } from "./protocol.ts";

/** Milliseconds in which a definition must have loaded. */
export const LOAD_MS = 30_000;

/** What is known of a file. */
export type Described = { description: Description } | { problem: string };

/** How they are described. */
export interface DescribeSettings extends ChildSettings {
  /** Milliseconds in which a definition must have loaded. */
  limitMs?: number | undefined;
  /** Ends it. */
  signal?: AbortSignal;
}

/** Describes each of these files as soon as that is possible. */
export async function describeFiles(
  files: readonly string[],
  settings: DescribeSettings,
  onDescribed: (file: string, described: Described) => void,
): Promise<void> {
  const left = await describe(files, settings, onDescribed);
  if (settings.signal?.aborted) return;
  if (files.length > 1) {
    for (const file of left) await describeFiles([file], settings, onDescribed);
  } else {
    for (const file of left) {
      onDescribed(file, { problem: `Cannot load ${file}: its process ended while it was loaded` });
    }
  }
}

/** Describes them in one process; returns those that it has not described. */
async function describe(
  files: readonly string[],
  { limitMs = LOAD_MS, signal, ...settings }: DescribeSettings,
  onDescribed: (file: string, described: Described) => void,
): Promise<Set<string>> {
  const left = new Set(files);
  const printed: string[] = [];
  const onReply = (reply: ChildReply) => {
    if (reply.kind !== "described" || !left.delete(reply.file)) return;
    const { file, description, problem = "" } = reply;
    onDescribed(file, description ? { description } : { problem });
  };
  const child = new Child({ kind: "describe", files, limitMs }, settings, {
    onReply,
    onLine: (line) => printed.push(line),
  });
  const end = () => child.kill();
  if (signal?.aborted) end();
  signal?.addEventListener("abort", end);
  await child.ended;
  signal?.removeEventListener("abort", end);
  if (signal?.aborted) return left;
  // Deno itself prints why it did not start.
  if (left.size === files.length && files.length === 1 && printed.length > 0) {
    const problem = `Cannot load ${files[0]}: ${
      printed.find((line) => /error/i.test(line)) ?? printed[0]
    }`;
    left.clear();
    onDescribed(files[0]!, { problem });
  }
  return left;
}
