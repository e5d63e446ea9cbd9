/**
 * The tables of task status, by their names.
 *
 * @module
 */
export { OWN_TABLES } from "../../sqlite/schema.ts";
