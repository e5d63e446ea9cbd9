/**
 * The frame around every page: where one is, whether it is live, and the health of the writer.
 *
 * @module
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { Announcer } from "./announcer.js";
import { Backend } from "./backend.js";
import { Boundary } from "./boundary.js";
import { cleanText, cutText } from "./clean_text.js";
import { ComparePage } from "./compare_page.js";
import { Control, useControl } from "./control.js";
import { formatPercent } from "./format.js";
import { HealthStrip } from "./health_strip.js";
import { html } from "./html.js";
import { Liveness } from "./liveness.js";
import { focusTitle } from "./page_title.js";
import { runRoute } from "./route.js";
import { hrefOf, useRoute } from "./router.js";
import { RunPage } from "./run_page.js";
import { RunsPage } from "./runs_page.js";
import { SafeText } from "./safe_text.js";
import { SignIn } from "./sign_in.js";
import { SourceBanner, SourceState } from "./source_state.js";
import { shareEnded } from "./statuses.js";
import { TaskPage } from "./task_page.js";
import { ThemeSwitch } from "./theme_switch.js";
import { useLive } from "./use_live.js";

const PAGES = { runs: RunsPage, run: RunPage, task: TaskPage, compare: ComparePage };

export function App({ backend }) {
  const route = useRoute();
  const [paused, setPaused] = useState(false);
  const [session, setSession] = useState(0);
  const [refused, setRefused] = useState(false);
  const live = useLive(backend, route, { paused, session });
  const mayControl = useControl(backend, { link: live.link, session });
  const { exported } = backend;
  backend.signedOut = () => setRefused(true);
  const signedOut = refused || live.link === "signed-out";
  useTitle(route, live.data);
  useFocusOnMove(route);

  const Page = PAGES[route.view];
  const broken = live.source && live.source.state !== "ok";
  const page = signedOut
    ? html`<${SignIn} backend=${backend} onSignedIn=${() => {
      setRefused(false);
      setSession((count) => count + 1);
    }} />`
    : broken && !live.data && route.view !== "runs"
    ? html`<${SourceState} source=${live.source} />`
    : html`<${Page} key=${session} route=${route} live=${live} exported=${exported} />`;
  const runShown = route.view === "runs" ? live.data?.runs?.[0] : live.data?.run;
  return html`
    <${Backend.Provider} value=${backend}>
      <a class="skip" href="#main" onClick=${skipToMain}>Skip to content</a>
      <header class="top">
        <nav class="crumbs" aria-label="Where you are">
          <a class="brand" aria-label="pipeloom, to the start" href=${hrefOf(
            exported ? runRoute(exported.run.id) : { view: "runs", before: null },
          )}>
            <${Logo} /><span>pipeloom</span>
          </a>
          <${Crumbs} route=${route} live=${live} exported=${exported} />
        </nav>
        <span class="spread" />
        ${!signedOut &&
          html`<${Liveness} live=${live} paused=${paused} onPause=${setPaused} exported=${exported} />`}
        <${ThemeSwitch} />
      </header>
      <main id="main" class=${broken || live.link === "reconnecting" ? "is-stale" : ""}>
        ${broken && live.data && hasRows(live.data) &&
          html`<${SourceBanner} source=${live.source} />`}
        <${Control.Provider} value=${mayControl}>
          <${Boundary} key=${subjectOf(route)}>${page}<//>
        <//>
      </main>
      ${!signedOut && html`<${HealthStrip} live=${live} run=${runShown} exported=${exported} />`}
      <${Announcer} />
    <//>
  `;
}

function hasRows(data) {
  return data.runs ? data.runs.length > 0 : Boolean(data.run ?? data.task);
}

function Crumbs({ route, live, exported }) {
  const file = exported?.file ?? live.source?.file;
  const run = route.view === "task" ? live.data?.task?.run.id : route.run;
  const here = {
    run: `Run #${route.run}`,
    task: `Task #${route.task}`,
    compare: `#${route.a} and #${route.b}`,
  }[route.view];
  return html`
    <ol>
      ${file && html`
        <li class="crumb-file">
          <${SafeText} text=${file} limit=${80} />
        </li>
      `}
      ${route.view !== "runs" && !exported &&
        html`<li><a href=${hrefOf({ view: "runs", before: null })}>Runs</a></li>`}
      ${route.view === "task" && run !== undefined &&
        html`<li><a href=${hrefOf(runRoute(run))}>Run #${run}</a></li>`}
      ${here && html`<li aria-current="page">${here}</li>`}
    </ol>
  `;
}

function Logo() {
  return html`
    <svg class="logo" viewBox="0 0 20 20" aria-hidden="true">
      <path
        d="M2.5 6.5h4.7M12 6.5h5.5M2.5 13.5h5.5M12.8 13.5h4.7M6.5 17.5v-1.8M6.5 11.2V2.5M13.5 2.5v1.8M13.5 8.8v8.7" />
    </svg>
  `;
}

function skipToMain(event) {
  // A fragment would be resolved against the base and lose the query.
  event.preventDefault();
  focusTitle();
}

/** How far the run is, in the tab of the browser. */
function useTitle(route, data) {
  const run = route.view === "run" ? data?.run : null;
  const name = run?.name ?? (route.view === "task" ? data?.task?.name : null);
  const share = run?.status === "running" ? `${formatPercent(shareEnded(run.counts))} ` : "";
  const title = name ? `${share}${cutText(cleanText(name), 80)} – pipeloom` : "pipeloom";
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** What a page is about, whatever its filter. */
function subjectOf(route) {
  return [route.view, route.run, route.task, route.a, route.b, route.before].join();
}

/** Another page begins at its top, and screen readers begin with its title. */
function useFocusOnMove(route) {
  const subject = subjectOf(route);
  const last = useRef(subject);
  useEffect(() => {
    if (last.current === subject) return;
    last.current = subject;
    globalThis.scrollTo(0, 0);
    focusTitle();
  }, [subject]);
}
