/**
 * Messages as bytes: what is usual in them, compact; all else as `node:v8` writes it, so that a value arrives as
 * `structuredClone` would copy it.
 *
 * `node:v8` alone is slower, and what it reads or writes is kept until the next full collection: nothing else frees
 * what it makes for each value.
 *
 * ```text
 * 4 bytes   where the texts begin
 * values    a tag and what follows it; a key of objects is written once, then by its number
 * texts     in parts, each with a flag and its length
 * ```
 *
 * @module
 */

/** What a value is. */
export const Tag = {
  null: 0,
  undefined: 1,
  false: 2,
  true: 3,
  /** A whole number; the lowest bit is its sign. */
  integer: 4,
  double: 5,
  bigint: 6,
  text: 7,
  bytes: 8,
  array: 9,
  object: 10,
  /** As `node:v8` writes it. */
  other: 11,
} as const;

/** Where the values begin. */
export const START = 4;

/** What a part of the texts is in. */
export const UTF8 = 1;
export const UTF16 = 2;

/** Bytes of a part before its text: what it is in, and its length. */
export const PART_HEADER = 5;
