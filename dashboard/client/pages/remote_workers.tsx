/**
 * The workers on other machines that take part in a run.
 *
 * @module
 */
import type { RemoteWorkerInfo, Run } from "../../api.ts";
import { formatCount, formatRate } from "../../../internal/units.ts";
import { Ago } from "../components/elapsed.tsx";
import { SafeText } from "../components/safe_text.tsx";
import { ScrollTable } from "../components/scroll_table.tsx";

/** A note that tasks wait because there is no worker. */
export function NoWorker({ run }: { run: Run }) {
  if (!run.waitsForWorkers) return null;
  return (
    <p class="banner" role="status">
      <b>No worker is connected.</b>
      <span>
        Its tasks wait: <code>pipeloom worker</code> on another machine runs them.
      </span>
    </p>
  );
}

export function RemoteWorkers({ workers }: { workers: RemoteWorkerInfo[] | undefined }) {
  if (!workers?.length) return null;
  const connected = workers.filter(({ leftAt }) => leftAt === null);
  const slots = connected.reduce((sum, { slots }) => sum + slots, 0);
  return (
    <section class="panel" aria-labelledby="workers-title">
      <div class="panel-head">
        <h2 id="workers-title">Workers</h2>
        <span class="faint">
          {formatCount(connected.length)} connected, {formatCount(slots)} slots
        </span>
      </div>
      <ScrollTable caption="Workers on other machines">
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">State</th>
            <th scope="col">Running</th>
            <th scope="col">Ended</th>
            <th scope="col">Rate</th>
            <th scope="col">Last seen</th>
            <th scope="col">Version</th>
          </tr>
        </thead>
        <tbody>{workers.map((worker) => <Worker key={worker.name} worker={worker} />)}</tbody>
      </ScrollTable>
    </section>
  );
}

function Worker({ worker }: { worker: RemoteWorkerInfo }) {
  const { name, leftAt, slots, running, ended, tasksPerSecond, heardAt, version } = worker;
  const isConnected = leftAt === null;
  return (
    <tr class={isConnected ? "" : "faint"}>
      <th scope="row">
        <SafeText text={name} limit={80} />
      </th>
      <td>{!isConnected ? "gone" : slots > 0 ? "connected" : "ending"}</td>
      <td>{isConnected ? `${formatCount(running)} of ${formatCount(slots)}` : "–"}</td>
      <td>{formatCount(ended)}</td>
      <td>{isConnected ? formatRate(tasksPerSecond) : "–"}</td>
      <td>
        <Ago time={heardAt} />
      </td>
      <td>
        <SafeText text={version} limit={40} />
      </td>
    </tr>
  );
}
