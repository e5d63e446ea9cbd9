/**
 * What keeps something of a transaction in mind until it has ended.
 *
 * @module
 */

/** A part of the store that a rollback has to reach, too. */
export interface TransactionPart {
  /** Calling what it returns takes back what is noted after. */
  mark(): () => void;
  /** The transaction is committed. */
  committed(): void;
  /** The transaction is undone. */
  rolledBack(): void;
}
