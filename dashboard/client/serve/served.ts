/**
 * The pipelines of this page's database that its server has the definitions of.
 *
 * @module
 */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { PipelineInfo, Run } from "../../api.ts";
import { Control } from "../components/control.tsx";
import type { Backend } from "../live/backend.ts";
import { useAnswer } from "../live/use_answer.ts";

const REFETCH_MS = 3_000;

/** They, for every component; none where no server of pipelines answers. */
export const Served = createContext<readonly PipelineInfo[]>([]);

/** Asks for them. Another database may have pipelines of the same names. */
export function useServedPipelines({ home }: Backend, isLive: boolean): readonly PipelineInfo[] {
  const { answer } = useAnswer<PipelineInfo[]>(home ? "api/pipelines" : null, {
    everyMs: isLive ? REFETCH_MS : 0,
  });
  return answer?.filter(({ dashboard }) => dashboard && document.baseURI.endsWith(dashboard)) ?? [];
}

/** Whether this page may continue a run that has ended. */
export function useMayContinue({ name, status }: Pick<Run, "name" | "status">): boolean {
  const served = useContext(Served);
  const mayControl = useContext(Control);
  return mayControl && status !== "running" &&
    served.some((pipeline) => pipeline.name === name && pipeline.state === "ready");
}
