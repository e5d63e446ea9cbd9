/**
 * The switch of the theme (system, light, dark), and the colours of the theme for what is drawn on a canvas.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.js";

const THEMES = ["system", "light", "dark"];
const KEY = "pipeloom-theme";
const changes = new EventTarget();
const systemDark = matchMedia("(prefers-color-scheme: dark)");
systemDark.addEventListener("change", () => changes.dispatchEvent(new Event("change")));

function setTheme(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage is blocked: the choice holds as long as the page.
  }
  changes.dispatchEvent(new Event("change"));
}

/** A number that changes with the theme: whoever draws on a canvas draws again. */
export function useTheme() {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const update = () => setVersion((count) => count + 1);
    changes.addEventListener("change", update);
    return () => changes.removeEventListener("change", update);
  }, []);
  return version;
}

/** A colour of the present theme, as `#rrggbb`. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const ICONS = {
  system: html`<path d="M2.5 3.5h11v7h-11zM6 13h4M8 10.5V13" />`,
  light: html`
    <path
      d="M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1" />
  `,
  dark: html`<path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z" />`,
};

export function ThemeSwitch() {
  const [theme, choose] = useState(document.documentElement.dataset.theme ?? "system");
  return html`
    <div class="segmented" role="group" aria-label="Theme">
      ${THEMES.map((name) =>
        html`
          <button
            key=${name}
            type="button"
            class="icon-button"
            aria-pressed=${theme === name}
            aria-label=${`${name} theme`}
            title=${`${name} theme`}
            onClick=${() => {
              choose(name);
              setTheme(name);
            }}
          >
            <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${ICONS[name]}</svg>
          </button>
        `
      )}
    </div>
  `;
}
