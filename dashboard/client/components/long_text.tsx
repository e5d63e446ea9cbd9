/**
 * A text of any length in a fixed-width face. Only its beginning is put on the page until all is wanted.
 *
 * @module
 */
import { useState } from "preact/hooks";
import { cleanText, cutText } from "../lib/clean_text.ts";
import { formatCount } from "../../../internal/units.ts";

const BEGINNING = 10_000;

export function LongText(
  { text, label, class: more = "" }: { text: string; label: string; class?: string },
) {
  const [all, setAll] = useState(false);
  const shown = all ? text : cutText(text, BEGINNING);
  return (
    <>
      <pre
        class={`code ${more}`}
        tabindex={0}
        role="group"
        aria-label={label}
      ><bdi dir="ltr">{cleanText(
        shown,
      )}</bdi></pre>
      {!all && text.length > BEGINNING && (
        <button
          type="button"
          class="button small"
          onClick={() => setAll(true)}
        >
          Show all {formatCount(text.length)} characters
        </button>
      )}
    </>
  );
}
