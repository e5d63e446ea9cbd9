/**
 * Filters of runs that this browser keeps, by the words of what they look for. Each is a link.
 *
 * @module
 */
import { useState } from "preact/hooks";
import { SafeText } from "../components/safe_text.tsx";
import { formatRoute, parseRoute, type RunFilter } from "../lib/route.ts";
import { hrefOf } from "../lib/router.ts";

const STORED = "pipeloom views";

/** Views that are kept: the newest. */
const MOST = 12;

export function SavedViews({ filter }: { filter: RunFilter | undefined }) {
  const [views, setViews] = useState(read);
  const change = (changed: string[]) => {
    setViews(changed);
    write(changed);
  };
  const here = filter && addressOf(filter);
  if (views.length === 0 && !here) return null;
  return (
    <nav class="saved-views" aria-label="Saved views">
      {views.map((address) => {
        const route = parseRoute(address);
        if (route.view !== "runs" || !route.filter) return null;
        const words = wordsOf(route.filter);
        return (
          <span key={address} class="saved-view">
            <a href={hrefOf(route)} aria-current={address === here ? "page" : undefined}>
              <SafeText text={words} limit={80} />
            </a>
            <button
              type="button"
              class="icon-button"
              aria-label={`Forget the view ${words}`}
              onClick={() => change(views.filter((other) => other !== address))}
            >
              ×
            </button>
          </span>
        );
      })}
      {here && !views.includes(here) && (
        <button
          type="button"
          class="button small"
          onClick={() => change([here, ...views].slice(0, MOST))}
        >
          Save this view
        </button>
      )}
    </nav>
  );
}

function addressOf(filter: RunFilter): string {
  return formatRoute({ view: "runs", before: null, filter });
}

function wordsOf({ q, status, from, to }: RunFilter): string {
  return [
    q && `“${q}”`,
    status,
    from && `from ${from}`,
    to && `to ${to}`,
  ].filter(Boolean).join(", ");
}

/** What is kept; nothing where the browser keeps nothing or another page wrote something else. */
function read(): string[] {
  try {
    const views: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return Array.isArray(views)
      ? views.filter((view) => typeof view === "string").slice(0, MOST)
      : [];
  } catch {
    return [];
  }
}

function write(views: readonly string[]): void {
  try {
    localStorage.setItem(STORED, JSON.stringify(views));
  } catch {
    // They last as long as the page.
  }
}
