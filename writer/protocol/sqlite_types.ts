/**
 * The types of `sqlite/` that senders name, so that a sender imports the protocol alone.
 *
 * @module
 */
export type { CheckpointResult } from "../../sqlite/checkpoint.ts";
export type { DriverName } from "../../sqlite/drivers/driver.ts";
export type { Bindable, SqlRow } from "../../sqlite/values.ts";
