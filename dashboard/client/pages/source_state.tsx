/**
 * A database that cannot be read: as a banner above what was read before, or alone on the page.
 *
 * @module
 */
import type { SourceState as State } from "../../api.ts";
import { PageTitle } from "../components/page_title.tsx";
import { SafeText } from "../components/safe_text.tsx";

const TITLES: Record<State["state"], string> = {
  ok: "",
  missing: "Waiting for the database",
  corrupt: "The database is damaged",
  unreadable: "The database cannot be read",
};

const HINTS: Record<State["state"], string> = {
  ok: "",
  missing: "It shows here by itself as soon as a pipeline has made it.",
  corrupt: "It shows here by itself as soon as the file can be read again.",
  unreadable: "It shows here by itself as soon as the file can be read.",
};

/** In place of a page. */
export function SourceState({ source }: { source: State }) {
  return (
    <div class="empty">
      <span
        class={`empty-icon ${source.state === "missing" ? "is-waiting" : "is-alarm"}`}
        aria-hidden="true"
      />
      <PageTitle>{TITLES[source.state]}</PageTitle>
      <p>
        <code>
          <SafeText text={source.file} />
        </code>
      </p>
      {source.message && source.state !== "missing" && (
        <p>
          <SafeText text={source.message} />
        </p>
      )}
      <p class="faint">{HINTS[source.state]}</p>
    </div>
  );
}

/** Above a page that shows what was read before. */
export function SourceBanner({ source }: { source: State }) {
  return (
    <div class="banner" role="alert">
      <b>{TITLES[source.state]}.</b>
      <span>
        <SafeText text={source.message || HINTS[source.state]} />
      </span>
      <span class="faint">What is shown here is from before.</span>
    </div>
  );
}
