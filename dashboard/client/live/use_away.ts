/**
 * What a hidden page still has to know: how far its run or task is, for the title and the icon of its tab. It has no
 * stream; it asks now and then, until what it is about has ended.
 *
 * @module
 */
/// <reference lib="dom" />
import { useEffect, useState } from "preact/hooks";
import type { Route } from "../lib/route.ts";
import { isOpen } from "../lib/statuses.ts";
import type { TabSubject } from "../lib/tab.ts";
import type { Backend } from "./backend.ts";

const EVERY_MS = 10_000;

/** The progress of a page's subject for its tab; `null` while the page is seen. */
export function useAway(
  backend: Backend,
  route: Route,
  subjectOf: (answer: unknown) => TabSubject,
): TabSubject | null {
  const [subject, setSubject] = useState<TabSubject | null>(null);
  const path = route.view === "run"
    ? `api/runs/${route.run}`
    : route.view === "task"
    ? `api/tasks/${route.task}`
    : null;
  useEffect(() => {
    if (path === null || backend.exported) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      const answer = await backend.get(path).catch(() => null);
      if (!document.hidden) return;
      const subject = answer === null ? null : subjectOf(answer);
      if (subject) setSubject(subject);
      if (!subject || isOpen(subject.status)) timer = setTimeout(ask, EVERY_MS);
    };
    const look = () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(ask, EVERY_MS);
      else setSubject(null);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [backend, path]);
  return subject;
}
