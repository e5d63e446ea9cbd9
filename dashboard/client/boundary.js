/**
 * Keeps the frame of the page alive when a page breaks: a fault of ours, or data that nobody thought of.
 *
 * @module
 */
import { Component } from "preact";
import { html } from "./html.js";
import { Failure } from "./placeholders.js";
import { PageTitle } from "./page_title.js";

/** Shows what it holds, or what went wrong with it; a new key begins anew. */
export class Boundary extends Component {
  static getDerivedStateFromError(failure) {
    return { failure };
  }

  render({ children }, { failure }) {
    if (!failure) return children;
    return html`
      <${PageTitle}>Something broke<//>
      <${Failure} failure=${failure} />
    `;
  }
}
