/**
 * JSON as a tree that unfolds. What is folded is not on the page at all.
 *
 * @module
 */
import { useState } from "preact/hooks";
import { cleanText, cutText } from "../lib/clean_text.ts";
import { formatCount } from "../../../internal/units.ts";
import { childrenOf, ExactNumber, isBranch, summaryOf } from "../lib/json_nodes.ts";

/** Children that are shown at a time. */
const STEP = 100;
const LONGEST = 500;

/** A value with the name that it has in its parent. */
export function JsonTree(
  { name, value, open = false }: { name?: string | undefined; value: unknown; open?: boolean },
) {
  if (!isBranch(value)) {
    return (
      <div class="json-leaf">
        <Key name={name} />
        <Leaf value={value} />
      </div>
    );
  }
  return <Branch name={name} value={value} open={open} />;
}

function Branch(
  { name, value, open: atFirst }: { name?: string | undefined; value: object; open: boolean },
) {
  const [open, setOpen] = useState(atFirst);
  const [most, setMost] = useState(STEP);
  const { entries, size } = open ? childrenOf(value, most) : { entries: [], size: 0 };
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Key name={name} />
        <span class="json-summary">
          {cleanText(
            summaryOf(value),
          )}
        </span>
      </summary>
      {open && (
        <div class="json-children">
          {entries.map(([key, child]) => <JsonTree key={key} name={key} value={child} />)}
          {size > most && (
            <button
              type="button"
              class="button small"
              onClick={() => setMost(most + 10 * STEP)}
            >
              {formatCount(size - most)} more
            </button>
          )}
        </div>
      )}
    </details>
  );
}

function Key({ name }: { name: string | undefined }) {
  return name === undefined ? null : (
    <span class="json-key">
      <bdi dir="ltr">{cleanText(cutText(name, LONGEST))}</bdi>:{" "}
    </span>
  );
}

function Leaf({ value }: { value: unknown }) {
  const [all, setAll] = useState(false);
  if (value instanceof ExactNumber) return <span class="json-number">{value.source}</span>;
  if (typeof value !== "string") {
    return <span class={`json-${value === null ? "null" : typeof value}`}>{String(value)}</span>;
  }
  const shown = all ? value : cutText(value, LONGEST);
  return (
    <>
      <span class="json-string">
        "<bdi dir="ltr">{cleanText(shown)}</bdi>"
      </span>
      {!all && value.length > LONGEST && (
        <button
          type="button"
          class="button small"
          onClick={() => setAll(true)}
        >
          all {formatCount(
            value.length,
          )} characters
        </button>
      )}
    </>
  );
}
