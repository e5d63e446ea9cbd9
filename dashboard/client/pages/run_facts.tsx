/**
 * What a run was started with, and why it failed as a whole.
 *
 * @module
 */
import { useMemo } from "preact/hooks";
import type { Run } from "../../api.ts";
import { JsonTree } from "../components/json_tree.tsx";
import { CopyText, LongText } from "../components/long_text.tsx";
import { SafeText } from "../components/safe_text.tsx";
import { parseJson } from "../lib/json_nodes.ts";

/** Characters of a reason that are shown before its stack is unfolded. */
const LONGEST_REASON = 1_000;

/** The label of a run, and its arguments folded behind it. */
export function RunArguments({ run: { label, args } }: { run: Run }) {
  const parsed = useMemo(() => args ? parseJson(args) : null, [args]);
  const hasArguments = Boolean(args) && args !== "{}";
  if (!label && !hasArguments) return null;
  const text = label ? <SafeText text={label} limit={300} /> : "Arguments";
  if (!hasArguments) return <p class="under-title">{text}</p>;
  return (
    <details class="under-title">
      <summary aria-label={label ? `Arguments: ${label}` : undefined}>{text}</summary>
      {parsed
        ? (
          <div class="json">
            <JsonTree value={parsed.value} open />
          </div>
        )
        : <LongText text={args!} label="Arguments" />}
    </details>
  );
}

/** Why a run failed as a whole, with its stack folded behind it. */
export function RunFailure({ run: { reason, reasonStack } }: { run: Run }) {
  if (!reason) return null;
  return (
    <section class="banner is-failure" aria-label="Why the run failed">
      <b>It failed as a whole:</b>
      <span>
        <SafeText text={reason} limit={LONGEST_REASON} />
      </span>
      {reasonStack && (
        <details>
          <summary>Stack</summary>
          <LongText text={reasonStack} label="Stack" class="is-error" />
          <CopyText text={reasonStack} label="the stack" />
        </details>
      )}
    </section>
  );
}
