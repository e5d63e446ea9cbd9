/**
 * The frame around every page: where one is, whether it is live, and the health of the writer.
 *
 * @module
 */
import { GoneBanner } from "./gone_banner.tsx";
import type { Run, RunsSnapshot, TaskDetail, TaskSnapshot } from "../../api.ts";
import type { RunState } from "../live/patches.ts";
import type { PageProps } from "./page_props.ts";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Announcer } from "../components/announcer.tsx";
import { type Backend, BackendContext } from "../live/backend.ts";
import { Boundary } from "./boundary.tsx";
import { restorePlace } from "../lib/places.ts";
import { type TabSubject, useTab } from "../lib/tab.ts";
import { ComparePage } from "./compare_page.tsx";
import { Control, useControl } from "../components/control.tsx";
import { HealthStrip } from "../components/health_strip.tsx";
import { Keys } from "../components/keys.tsx";
import { Liveness } from "../components/liveness.tsx";
import { PipelinePage } from "../runs/pipeline_page.tsx";
import { focusTitle } from "../components/page_title.tsx";
import { DataPage } from "../data/data_page.tsx";
import { dataRoute } from "../data/data_route.ts";
import { ShowsData } from "../data/shows_data.ts";
import { type Route, runRoute, subjectOf } from "../lib/route.ts";
import { hrefOf, useRoute } from "../lib/router.ts";
import { RunPage } from "./run_page.tsx";
import { RunsPage } from "./runs_page.tsx";
import { SignIn } from "./sign_in.tsx";
import { SourceBanner, SourceState } from "./source_state.tsx";
import { shareOf } from "../../../internal/progress.ts";
import { Served, useServedPipelines } from "../serve/served.ts";
import { TaskPage } from "./task_page.tsx";
import { ThemeSwitch } from "../components/theme_switch.tsx";
import { Crumbs, Logo } from "./crumbs.tsx";
import { useAway } from "../live/use_away.ts";
import { type Live, type LiveData, runIn, taskIn, useLive } from "../live/use_live.ts";

export function App({ backend }: { backend: Backend }) {
  const route = useRoute();
  const [paused, setPaused] = useState(false);
  const [session, setSession] = useState(0);
  const [refused, setRefused] = useState(false);
  const live = useLive(backend, route, { paused, session });
  const mayControl = useControl(backend, { link: live.link, session });
  const { exported } = backend;
  backend.signedOut = () => setRefused(true);
  const signedOut = refused || live.link === "signed-out";
  const away = useAway(backend, route, toSubject);
  useTab(away ?? tabSubject(route, live.data));
  useFocusOnMove(route);

  const broken = live.source && live.source.state !== "ok" ? live.source : null;
  const page = signedOut
    ? (
      <SignIn
        backend={backend}
        onSignedIn={() => {
          setRefused(false);
          setSession((count) => count + 1);
        }}
      />
    )
    : broken && !live.data && route.view !== "runs"
    ? <SourceState source={broken} />
    : <Page key={session} route={route} live={live} exported={exported} />;
  const isOld = broken || live.link === "reconnecting" || live.link === "gone";
  const showsData = !exported && live.source?.data !== false;
  const runShown = runIn(live.data);
  return (
    <BackendContext.Provider value={backend}>
      <a class="skip" href="#main" onClick={skipToMain}>Skip to content</a>
      <header class="top">
        <nav class="crumbs" aria-label="Where you are">
          <a
            class="brand"
            aria-label="pipeloom, to the start"
            href={hrefOf(
              exported ? runRoute(exported.run.id) : { view: "runs", before: null },
            )}
          >
            <Logo />
            <span>pipeloom</span>
          </a>
          {backend.home && <a class="button small home-link" href={backend.home}>Pipelines</a>}
          <Crumbs route={route} live={live} exported={exported} />
        </nav>
        <span class="spread" />
        {!signedOut && showsData &&
          <a class="top-link" href={hrefOf(dataRoute(null))}>Data</a>}
        {!signedOut &&
          <Liveness live={live} paused={paused} onPause={setPaused} exported={exported} />}
        {!signedOut && <Keys exported={exported !== null} />}
        <ThemeSwitch />
      </header>
      <main id="main" class={isOld ? "is-stale" : ""}>
        {broken && live.data && (runIn(live.data) ?? taskIn(live.data)) &&
          <SourceBanner source={broken} />}
        {live.link === "gone" && <GoneBanner live={live} />}
        <Control.Provider value={mayControl && live.link !== "gone"}>
          <WithServed backend={backend} live={live.link === "live"}>
            <ShowsData.Provider value={showsData}>
              <Boundary key={subjectOf(route)}>{page}</Boundary>
            </ShowsData.Provider>
          </WithServed>
        </Control.Provider>
      </main>
      {!signedOut && <HealthStrip live={live} run={runShown} exported={exported !== null} />}
      <Announcer />
    </BackendContext.Provider>
  );
}

/** What is within, with the pipelines that the server has the definitions of. */
function WithServed(
  { backend, live, children }: { backend: Backend; live: boolean; children: ComponentChildren },
) {
  return <Served.Provider value={useServedPipelines(backend, live)}>{children}</Served.Provider>;
}

/** The page of a view. The view and its data belong together, which types cannot express. */
function Page({ route, live, exported }: PageProps) {
  switch (route.view) {
    case "runs":
      return <RunsPage route={route} live={live as Live<RunsSnapshot>} exported={exported} />;
    case "run":
      return <RunPage route={route} live={live as Live<RunState>} exported={exported} />;
    case "task":
      return <TaskPage route={route} live={live as Live<TaskSnapshot>} exported={exported} />;
    case "pipeline":
      return <PipelinePage key={route.name} route={route} live={live.link === "live"} />;
    case "compare":
      return <ComparePage route={route} />;
    case "data":
      return <DataPage route={route} file={live.source?.file} />;
  }
}

function skipToMain(event: Event): void {
  // A fragment would be resolved against the base and lose the query.
  event.preventDefault();
  focusTitle();
}

/** What the tab of the browser shows. */
function tabSubject(route: Route, data: LiveData | null): TabSubject | null {
  const run = route.view === "run" ? runIn(data) : null;
  return run ? toSubject(run) : taskIn(data);
}

/** How far a run or a task is. */
function toSubject(of: unknown): TabSubject {
  const subject = of as Run | TaskDetail;
  if (!("counts" in subject)) return subject;
  const { name, status, progress } = subject;
  return { name, status, progress: shareOf(progress) };
}

/** A new page begins at its top and with its title; one that is come back to, where it was left. */
function useFocusOnMove(route: Route): void {
  const subject = subjectOf(route);
  const last = useRef(subject);
  useEffect(() => {
    if (last.current === subject) return;
    last.current = subject;
    if (restorePlace()) return;
    globalThis.scrollTo(0, 0);
    focusTitle();
  }, [subject]);
}
