/**
 * Where one is: the file, the run and the task, each a link but the last.
 *
 * @module
 */
import { cleanText, cutText } from "../lib/clean_text.ts";
import { SafeText } from "../components/safe_text.tsx";
import { type Route, runRoute } from "../lib/route.ts";
import { hrefOf } from "../lib/router.ts";
import { taskIn } from "../live/use_live.ts";
import type { PageProps } from "./page_props.ts";

export function Crumbs({ route, live, exported }: PageProps) {
  const file = exported?.file ?? live.source?.file;
  const run = route.view === "task" ? taskIn(live.data)?.run.id : undefined;
  const here = titleOf(route);
  return (
    <ol>
      {file && (
        <li class="crumb-file">
          <SafeText text={file} limit={80} />
        </li>
      )}
      {route.view !== "runs" && !exported &&
        (
          <li>
            <a href={hrefOf({ view: "runs", before: null })}>Runs</a>
          </li>
        )}
      {run !== undefined &&
        (
          <li>
            <a href={hrefOf(runRoute(run))}>Run #{run}</a>
          </li>
        )}
      {here && (
        <li aria-current="page">
          {here.kind && <span class="crumb-kind">{`${here.kind} `}</span>}
          {here.text}
        </li>
      )}
    </ol>
  );
}

/** The text of the last crumb, `null` where it is the first. Its kind gives way on a phone. */
function titleOf(route: Route): { kind?: string; text: string } | null {
  switch (route.view) {
    case "runs":
      return null;
    case "run":
      return { kind: "Run", text: `#${route.run}` };
    case "task":
      return { kind: "Task", text: `#${route.task}` };
    case "pipeline":
      return { text: cutText(cleanText(route.name), 40) };
    case "compare":
      return { kind: "Runs", text: `#${route.a}, #${route.b}` };
    case "data":
      return { text: "Data" };
  }
}

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M2.5 6.5h4.7M12 6.5h5.5M2.5 13.5h5.5M12.8 13.5h4.7M6.5 17.5v-1.8M6.5 11.2V2.5M13.5 2.5v1.8M13.5 8.8v8.7" />
    </svg>
  );
}
