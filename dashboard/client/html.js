/**
 * Templates: `htm` bound to Preact's `h`. What is put into one is a text node or a property, never markup.
 *
 * @module
 */
import { h } from "preact";
import htm from "htm";

/** Makes a tree of elements out of a template literal. */
export const html = htm.bind(h);
