/**
 * How a cause of failures is named.
 *
 * @module
 */

/** The pattern that failures of one cause share; of one failure its own first line, with its numbers and paths. */
export function causeText(
  { text, count, sample }: { text: string; count: number; sample: { error: string | null } },
): string {
  const own = count === 1 ? sample.error?.split("\n", 1)[0]?.trim() : undefined;
  return own || text || "without a message";
}
