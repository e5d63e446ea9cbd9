/**
 * Whether the tables of the file can be opened from this page: not in an exported file, and not where they are left
 * out.
 *
 * @module
 */
import { createContext } from "preact";

export const ShowsData = createContext(false);
