/**
 * The page of runs.
 *
 * @module
 */
import type { RunPage, RunsPatch } from "../../api.ts";
import { isOutdated, listRuns } from "../queries/runs.ts";
import type { DatabaseHandle } from "../database_handle.ts";
import { diffList, same, unlessEmpty, type View } from "./view.ts";

/** The newest runs. */
export class RunsView implements View {
  #page: RunPage = { runs: [], sparklines: {}, next: null };
  #version = 0;

  get pending(): boolean {
    return this.#page.runs.some(isOutdated);
  }

  get eventId(): string {
    return `${this.#version}`;
  }

  refresh(source: DatabaseHandle): Promise<object | undefined> {
    const before = this.#page;
    const page = this.#page = source.read((reader) => listRuns(reader));
    const sparklines = Object.fromEntries(
      Object.entries(page.sparklines).filter(([id, line]) => !same(before.sparklines[+id], line)),
    );
    const patch = unlessEmpty<Omit<RunsPatch, "now">>({
      runs: diffList(before.runs, page.runs),
      sparklines: Object.keys(sparklines).length > 0 ? sparklines : undefined,
      next: before.next === page.next ? undefined : page.next,
    });
    if (patch) this.#version++;
    return Promise.resolve(patch);
  }

  snapshot(): RunPage {
    return this.#page;
  }
}
