/**
 * What stands where there is nothing to show: not yet, not any more, or not here.
 *
 * @module
 */
import { PageTitle } from "../components/page_title.tsx";
import { hrefOf } from "../lib/router.ts";

export function PageSkeleton({ title }: { title: string }) {
  return (
    <>
      <PageTitle>{title}</PageTitle>
      <div class="skeletons" role="status" aria-label="Loading">
        <span class="skeleton skeleton-line" />
        <span class="skeleton skeleton-block" />
        <span class="skeleton skeleton-line" />
        <span class="skeleton skeleton-line" />
        <span class="skeleton skeleton-line" />
      </div>
    </>
  );
}

export function NotFound({ what }: { what: string }) {
  return (
    <div class="empty">
      <PageTitle>There is no {what}</PageTitle>
      <p>It is not in this database: the link may be old, or the file is another one.</p>
      <p>
        <a class="button" href={hrefOf({ view: "runs", before: null })}>All runs</a>
      </p>
    </div>
  );
}

export function Failure({ failure }: { failure: Error }) {
  return (
    <div class="empty" role="alert">
      <h2>This cannot be shown</h2>
      <p>{failure.message}</p>
    </div>
  );
}
