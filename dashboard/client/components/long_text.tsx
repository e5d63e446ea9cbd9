/**
 * A text of any length in a fixed-width face. Only its beginning is put on the page until all is wanted; where the
 * server sent its beginning only, the rest is asked for then.
 *
 * @module
 */
import { useContext, useState } from "preact/hooks";
import { cleanText, cutText } from "../lib/clean_text.ts";
import { formatCount } from "../../../internal/units.ts";
import { BackendContext } from "../live/backend.ts";
import { CopyButton } from "./copy_button.tsx";

const BEGINNING = 10_000;

/** A text, or the beginning of it. */
export interface Text {
  text: string;
  /** Its kind. */
  label: string;
  /** Where all of it is, where it was cut. */
  whole?: string | undefined;
}

export function LongText({ text, label, whole, class: more = "" }: Text & { class?: string }) {
  const backend = useContext(BackendContext);
  const [all, setAll] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const isCut = whole !== undefined || text.length > BEGINNING;
  const onClick = () => {
    if (whole === undefined) setAll(text);
    else {
      backend.getText(whole).then(setAll, (error: Error) => setFailure(error.message));
    }
  };
  return (
    <>
      <pre
        class={`code ${more}`}
        tabindex={0}
        role="group"
        aria-label={label}
      ><bdi dir="ltr">{cleanText(all ?? cutText(text, BEGINNING))}</bdi></pre>
      {isCut && all === null && (whole !== undefined && backend.exported
        ? <p class="note">This file carries its first {formatCount(text.length)} characters.</p>
        : (
          <p class="button-row">
            <button type="button" class="button small" onClick={onClick}>
              {whole === undefined ? `Show all ${formatCount(text.length)} characters` : "Show all"}
            </button>
            {whole !== undefined &&
              <a class="button small" href={whole} download>Download</a>}
            {failure && <span class="is-error-text" role="alert">{failure}</span>}
          </p>
        ))}
    </>
  );
}

/** Copies all of a text, also of one that was cut; in an exported file as much as there is of it. */
export function CopyText({ text, label, whole }: Text) {
  const backend = useContext(BackendContext);
  if (whole === undefined) return <CopyButton text={text} label={label} />;
  const read = async () =>
    backend.exported
      ? { text, label: `the first ${formatCount(text.length)} characters of ${label}` }
      : { text: await backend.getText(whole), label: `all of ${label}` };
  return <CopyButton text={read} label={label} />;
}
