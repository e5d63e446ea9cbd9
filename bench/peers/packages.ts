/**
 * The packages that are compared, of which this project depends on p-queue alone.
 *
 * @module
 */

/** Those that run under Deno, as specifiers. */
export const PACKAGES = {
  plainjob: "npm:plainjob@0.0.14",
  openworkflow: "npm:openworkflow@0.10.1",
} as const;

/** Those that run under Node, for which they are made, as `npm install` takes them. */
export const NODE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "better-queue": ["better-queue@3.8.12", "better-queue-sqlite@1.0.7"],
  bullmq: ["bullmq@6.7.0", "ioredis@6.0.0"],
};
