/**
 * The theme that the reader chose (system, light, dark), and its colours for what is drawn on a canvas.
 *
 * @module
 */
/// <reference lib="dom" />
import { useEffect, useState } from "preact/hooks";

/** What can be chosen. */
export const THEMES = ["system", "light", "dark"] as const;
/** One of them. */
export type Theme = typeof THEMES[number];

const KEY = "pipeloom-theme";
const changes = new EventTarget();

/** Puts the chosen theme on the document, before anything is drawn. */
export function applyStoredTheme(): void {
  try {
    const theme = localStorage.getItem(KEY);
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is blocked: the system's theme it is.
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", notifyChange);
}

/** The theme of the document. */
export function currentTheme(): Theme {
  return document.documentElement.dataset.theme as Theme | undefined ?? "system";
}

/** Changes the theme and keeps the choice. */
export function setTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is blocked: the choice holds as long as the page.
  }
  notifyChange();
}

function notifyChange(): void {
  changes.dispatchEvent(new Event("change"));
}

/** A number that changes with the theme: a canvas is drawn again. */
export function useTheme(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const update = () => setVersion((count) => count + 1);
    changes.addEventListener("change", update);
    return () => changes.removeEventListener("change", update);
  }, []);
  return version;
}

/** A colour of the present theme, as `#rrggbb`. */
export function colour(name: string): string {
  // The value of a custom property is its text: only where it is used is it a colour.
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.documentElement.append(probe);
  const channels = getComputedStyle(probe).color.match(/\d+/g) ?? [];
  probe.remove();
  return `#${channels.slice(0, 3).map((n) => Number(n).toString(16).padStart(2, "0")).join("")}`;
}
