/**
 * The files of the page, as texts. They are imports, so that a published module brings them along and reading
 * them needs no permission. A test compares this list with the folder.
 *
 * @module
 */
import actionButtonJs from "../client/action_button.js" with { type: "text" };
import announcerJs from "../client/announcer.js" with { type: "text" };
import appJs from "../client/app.js" with { type: "text" };
import attemptsJs from "../client/attempts.js" with { type: "text" };
import backendJs from "../client/backend.js" with { type: "text" };
import barsJs from "../client/bars.js" with { type: "text" };
import boundaryJs from "../client/boundary.js" with { type: "text" };
import cleanTextJs from "../client/clean_text.js" with { type: "text" };
import clockJs from "../client/clock.js" with { type: "text" };
import comparePageJs from "../client/compare_page.js" with { type: "text" };
import confirmDialogJs from "../client/confirm_dialog.js" with { type: "text" };
import controlJs from "../client/control.js" with { type: "text" };
import controlButtonsJs from "../client/control_buttons.js" with { type: "text" };
import controlTokenJs from "../client/control_token.js" with { type: "text" };
import copyButtonJs from "../client/copy_button.js" with { type: "text" };
import elapsedJs from "../client/elapsed.js" with { type: "text" };
import faviconSvg from "../client/favicon.svg" with { type: "text" };
import formatJs from "../client/format.js" with { type: "text" };
import fragmentJs from "../client/fragment.js" with { type: "text" };
import graphPartsJs from "../client/graph_parts.js" with { type: "text" };
import graphWalkJs from "../client/graph_walk.js" with { type: "text" };
import healthStripJs from "../client/health_strip.js" with { type: "text" };
import htmlJs from "../client/html.js" with { type: "text" };
import indexHtml from "../client/index.html" with { type: "text" };
import jsonNodesJs from "../client/json_nodes.js" with { type: "text" };
import jsonTreeJs from "../client/json_tree.js" with { type: "text" };
import lanesJs from "../client/lanes.js" with { type: "text" };
import lazyJs from "../client/lazy.js" with { type: "text" };
import liveLinkJs from "../client/live_link.js" with { type: "text" };
import livenessJs from "../client/liveness.js" with { type: "text" };
import longTextJs from "../client/long_text.js" with { type: "text" };
import mainJs from "../client/main.js" with { type: "text" };
import memoJs from "../client/memo.js" with { type: "text" };
import offlineJs from "../client/offline.js" with { type: "text" };
import pageTitleJs from "../client/page_title.js" with { type: "text" };
import panelsJs from "../client/panels.js" with { type: "text" };
import patchesJs from "../client/patches.js" with { type: "text" };
import placeholdersJs from "../client/placeholders.js" with { type: "text" };
import ratesJs from "../client/rates.js" with { type: "text" };
import routeJs from "../client/route.js" with { type: "text" };
import routerJs from "../client/router.js" with { type: "text" };
import runHeaderJs from "../client/run_header.js" with { type: "text" };
import runPageJs from "../client/run_page.js" with { type: "text" };
import runsPageJs from "../client/runs_page.js" with { type: "text" };
import safeTextJs from "../client/safe_text.js" with { type: "text" };
import signInJs from "../client/sign_in.js" with { type: "text" };
import sourceStateJs from "../client/source_state.js" with { type: "text" };
import sparklineJs from "../client/sparkline.js" with { type: "text" };
import statusChipsJs from "../client/status_chips.js" with { type: "text" };
import statusMarkJs from "../client/status_mark.js" with { type: "text" };
import statusPathJs from "../client/status_path.js" with { type: "text" };
import statusesJs from "../client/statuses.js" with { type: "text" };
import styleCss from "../client/style.css" with { type: "text" };
import taskCodesJs from "../client/task_codes.js" with { type: "text" };
import taskGraphJs from "../client/task_graph.js" with { type: "text" };
import taskHistoryJs from "../client/task_history.js" with { type: "text" };
import taskLogJs from "../client/task_log.js" with { type: "text" };
import taskPageJs from "../client/task_page.js" with { type: "text" };
import taskResultJs from "../client/task_result.js" with { type: "text" };
import taskRowJs from "../client/task_row.js" with { type: "text" };
import taskTableJs from "../client/task_table.js" with { type: "text" };
import themeJs from "../client/theme.js" with { type: "text" };
import themeSwitchJs from "../client/theme_switch.js" with { type: "text" };
import throughputJs from "../client/throughput.js" with { type: "text" };
import throughputChartJs from "../client/throughput_chart.js" with { type: "text" };
import timelineJs from "../client/timeline.js" with { type: "text" };
import useAnswerJs from "../client/use_answer.js" with { type: "text" };
import useLiveJs from "../client/use_live.js" with { type: "text" };
import weaveJs from "../client/weave.js" with { type: "text" };
import weaveCellsJs from "../client/weave_cells.js" with { type: "text" };
import weaveLayoutJs from "../client/weave_layout.js" with { type: "text" };
import weavePaintJs from "../client/weave_paint.js" with { type: "text" };
import weaveViewJs from "../client/weave_view.js" with { type: "text" };

/** The page itself, a template. */
export const INDEX: string = indexHtml;

/** The other files of `client/`, by name. */
export const CLIENT_FILES: Readonly<Record<string, string>> = {
  "action_button.js": actionButtonJs,
  "announcer.js": announcerJs,
  "app.js": appJs,
  "attempts.js": attemptsJs,
  "backend.js": backendJs,
  "bars.js": barsJs,
  "boundary.js": boundaryJs,
  "clean_text.js": cleanTextJs,
  "clock.js": clockJs,
  "compare_page.js": comparePageJs,
  "confirm_dialog.js": confirmDialogJs,
  "control.js": controlJs,
  "control_buttons.js": controlButtonsJs,
  "control_token.js": controlTokenJs,
  "copy_button.js": copyButtonJs,
  "elapsed.js": elapsedJs,
  "favicon.svg": faviconSvg,
  "format.js": formatJs,
  "fragment.js": fragmentJs,
  "graph_parts.js": graphPartsJs,
  "graph_walk.js": graphWalkJs,
  "health_strip.js": healthStripJs,
  "html.js": htmlJs,
  "json_nodes.js": jsonNodesJs,
  "json_tree.js": jsonTreeJs,
  "lanes.js": lanesJs,
  "lazy.js": lazyJs,
  "live_link.js": liveLinkJs,
  "liveness.js": livenessJs,
  "long_text.js": longTextJs,
  "main.js": mainJs,
  "memo.js": memoJs,
  "offline.js": offlineJs,
  "page_title.js": pageTitleJs,
  "panels.js": panelsJs,
  "patches.js": patchesJs,
  "placeholders.js": placeholdersJs,
  "rates.js": ratesJs,
  "route.js": routeJs,
  "router.js": routerJs,
  "run_header.js": runHeaderJs,
  "run_page.js": runPageJs,
  "runs_page.js": runsPageJs,
  "safe_text.js": safeTextJs,
  "sign_in.js": signInJs,
  "source_state.js": sourceStateJs,
  "sparkline.js": sparklineJs,
  "status_chips.js": statusChipsJs,
  "status_mark.js": statusMarkJs,
  "status_path.js": statusPathJs,
  "statuses.js": statusesJs,
  "style.css": styleCss,
  "task_codes.js": taskCodesJs,
  "task_graph.js": taskGraphJs,
  "task_history.js": taskHistoryJs,
  "task_log.js": taskLogJs,
  "task_page.js": taskPageJs,
  "task_result.js": taskResultJs,
  "task_row.js": taskRowJs,
  "task_table.js": taskTableJs,
  "theme.js": themeJs,
  "theme_switch.js": themeSwitchJs,
  "throughput.js": throughputJs,
  "throughput_chart.js": throughputChartJs,
  "timeline.js": timelineJs,
  "use_answer.js": useAnswerJs,
  "use_live.js": useLiveJs,
  "weave.js": weaveJs,
  "weave_cells.js": weaveCellsJs,
  "weave_layout.js": weaveLayoutJs,
  "weave_paint.js": weavePaintJs,
  "weave_view.js": weaveViewJs,
};
