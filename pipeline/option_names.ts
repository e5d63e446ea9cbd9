/**
 * The names of a pipeline's options. `deno run` looks at no types, so a name that is misspelt would go unheard,
 * and a pipeline that was to be tried again would not be.
 *
 * @module
 */
import type { PipelineDefinition } from "./pipeline_options.ts";

/** Every option; that none is left out is for the compiler to say. */
const NAMES: Readonly<Record<keyof PipelineDefinition<unknown>, true>> = {
  atomic: true,
  busyTimeoutMs: true,
  db: true,
  dependsOn: true,
  driver: true,
  failFast: true,
  handleSignals: true,
  items: true,
  limits: true,
  maxRetryDelayMs: true,
  name: true,
  overlap: true,
  policy: true,
  priority: true,
  progress: true,
  resume: true,
  retries: true,
  retryDelayMs: true,
  retryIf: true,
  run: true,
  schedule: true,
  schema: true,
  signal: true,
  statements: true,
  storeTaskStatus: true,
  synchronous: true,
  tags: true,
  taskId: true,
  taskKey: true,
  taskName: true,
  timeoutGraceMs: true,
  timeoutMs: true,
  wal: true,
  walWarnBytes: true,
  workers: true,
};

/** Letters by which an option is recognized that is misspelt further on. */
const ALIKE = 3;

/**
 * Refuses options that there are not.
 *
 * @throws {TypeError} If there is one
 */
export function checkNames(options: object): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(NAMES, name)) continue;
    const start = name.slice(0, ALIKE).toLowerCase();
    const alike = Object.keys(NAMES).filter((known) => known.toLowerCase().startsWith(start));
    throw new TypeError(
      `Cannot run a pipeline with the option ${Deno.inspect(name)}: there is none of this name; ` +
        (alike.length > 0 ? `use ${alike.join(", ")}` : "leave it out"),
    );
  }
}
