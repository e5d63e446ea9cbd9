/**
 * What stands where there is nothing to show: not yet, not any more, or not here.
 *
 * @module
 */
import { html } from "./html.js";
import { PageTitle } from "./page_title.js";
import { hrefOf } from "./router.js";

export function PageSkeleton({ title }) {
  return html`
    <${PageTitle}>${title}<//>
    <div class="skeletons" role="status" aria-label="Loading">
      <span class="skeleton skeleton-line" />
      <span class="skeleton skeleton-block" />
      <span class="skeleton skeleton-line" />
      <span class="skeleton skeleton-line" />
      <span class="skeleton skeleton-line" />
    </div>
  `;
}

export function NotFound({ what }) {
  return html`
    <div class="empty">
      <${PageTitle}>There is no ${what}<//>
      <p>It is not in this database: the link may be old, or the file is another one.</p>
      <p><a class="button" href=${hrefOf({ view: "runs", before: null })}>All runs</a></p>
    </div>
  `;
}

export function Failure({ failure }) {
  return html`
    <div class="empty" role="alert">
      <h2>This cannot be shown</h2>
      <p>${failure.message}</p>
    </div>
  `;
}
