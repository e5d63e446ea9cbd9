/**
 * A task that Workers can load.
 *
 * @module
 */

/** A task function by the module that exports it, so that a Worker can load it. */
export interface TaskModule {
  /** URL of the module, such as `new URL("./tasks.ts", import.meta.url)`. */
  module: string | URL;
  /**
   * Name of the export.
   *
   * @default {"default"}
   */
  export?: string;
}
