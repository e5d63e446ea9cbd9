/**
 * A table for other programs: as CSV, and the command that gets its JSON.
 *
 * @module
 */
import { CopyButton } from "./copy_button.tsx";

/** `csv` and `json` are paths of the API, from the page's own address. */
export function TableLinks({ csv, json, label }: { csv: string; json: string; label: string }) {
  return (
    <span class="table-links">
      <a class="button small" href={csv} download aria-label={`${label} as CSV`}>CSV</a>
      <CopyButton text={curlOf(json)} label={`curl for ${label}`} verb="curl" />
    </span>
  );
}

/** The command; the token comes from the environment, and no server without one looks at it. */
function curlOf(path: string): string {
  const url = new URL(path, document.baseURI).href.replaceAll("'", "%27");
  return `curl -H "Authorization: Bearer $PIPELOOM_TOKEN" '${url}'`;
}
