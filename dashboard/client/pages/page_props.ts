/**
 * What every page of a view gets.
 *
 * @module
 */
import type { ExportedRun } from "../../api.ts";
import type { Route, RouteOf } from "../lib/route.ts";
import type { Live, LiveData } from "../live/use_live.ts";

/** Properties of the page of a view. */
export interface PageProps<V extends Route["view"] = Route["view"], D extends LiveData = LiveData> {
  route: RouteOf<V>;
  live: Live<D>;
  /** The run that the page carries, `null` where a server answers. */
  exported: ExportedRun | null;
}
