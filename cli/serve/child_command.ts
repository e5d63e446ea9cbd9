/**
 * The command of a child process of `pipeloom serve`. Apart, because every command line is compared with it.
 *
 * @module
 */

/** It is not among those that help lists. */
export const CHILD_COMMAND = "serve-child";
