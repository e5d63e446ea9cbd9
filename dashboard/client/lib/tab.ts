/**
 * The tab of the browser: its title and its icon show how far the run is and how it ended, for readers who look at
 * another tab.
 *
 * @module
 */
/// <reference lib="dom" />
import { useEffect } from "preact/hooks";
import { formatPercent } from "../../../internal/units.ts";
import { cleanText, cutText, isBlank } from "./clean_text.ts";

/** What a tab shows. */
export interface TabSubject {
  name: string;
  status: string;
  /** Fraction 0..1 of what is done, `null` where it is not known. */
  progress: number | null;
}

/** What has ended, by its status. */
const MARKS: Readonly<Record<string, string>> = {
  done: "✓",
  error: "✗",
  interrupted: "✗",
  cancelled: "⊘",
};

const COLOURS: Readonly<Record<string, string>> = {
  done: "#17a184",
  error: "#d8431b",
  interrupted: "#d8431b",
  cancelled: "#8e8e99",
};

/** The shapes of the icon's marks, in a square of 32. */
const SHAPES: Readonly<Record<string, string>> = {
  done: "M8 17l6 6L25 10",
  error: "M9 9l14 14M23 9L9 23",
  interrupted: "M9 9l14 14M23 9L9 23",
  cancelled: "M9 23L23 9",
};

/** The title of a tab. */
export function titleOf(subject: TabSubject | null): string {
  if (!subject) return "pipeloom";
  const { name, status, progress } = subject;
  const state = status === "running"
    ? progress === null ? "" : formatPercent(progress)
    : MARKS[status] ?? "";
  const shown = isBlank(name) ? "without a name" : cutText(cleanText(name), 80);
  return `${state && `${state} `}${shown} – pipeloom`;
}

/** The icon of a tab as SVG, `null` where it is the usual one. */
export function iconOf(subject: TabSubject | null): string | null {
  if (!subject) return null;
  const { status, progress } = subject;
  const svg = (shapes: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none">${shapes}</svg>`;
  if (status === "running" && progress !== null) {
    // Twentieths: an icon that changes with each task would be redrawn all the time.
    const part = Math.floor(progress * 20) / 20;
    const length = 2 * Math.PI * 12;
    return svg(
      `<circle cx="16" cy="16" r="12" stroke="#8e8e99" stroke-opacity=".4" stroke-width="6"/>` +
        `<circle cx="16" cy="16" r="12" stroke="#2b7de0" stroke-width="6" transform="rotate(-90 16 16)" ` +
        `stroke-dasharray="${(part * length).toFixed(1)} ${length.toFixed(1)}"/>`,
    );
  }
  const shape = SHAPES[status];
  return shape === undefined ? null : svg(
    `<rect width="32" height="32" rx="7" fill="${COLOURS[status]}"/>` +
      `<path d="${shape}" stroke="#fff" stroke-width="4" stroke-linecap="round"/>`,
  );
}

/** Shows it. */
export function useTab(subject: TabSubject | null): void {
  const title = titleOf(subject);
  const icon = iconOf(subject);
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (!link || icon === null) return;
    const usual = link.href;
    link.href = `data:image/svg+xml,${encodeURIComponent(icon)}`;
    return () => {
      link.href = usual;
    };
  }, [icon]);
}
