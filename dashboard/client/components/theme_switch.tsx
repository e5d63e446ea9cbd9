/**
 * The switch of the theme (system, light, dark).
 *
 * @module
 */
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { currentTheme, setTheme, type Theme, THEMES } from "../lib/theme.ts";

const ICONS: Record<Theme, VNode> = {
  system: <path d="M2.5 3.5h11v7h-11zM6 13h4M8 10.5V13" />,
  light: (
    <path d="M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1" />
  ),
  dark: <path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z" />,
};

export function ThemeSwitch() {
  const [theme, choose] = useState(currentTheme);
  return (
    <div class="segmented" role="group" aria-label="Theme">
      {THEMES.map((name) => (
        <button
          key={name}
          type="button"
          class="icon-button"
          aria-pressed={theme === name}
          aria-label={`${name} theme`}
          title={`${name} theme`}
          onClick={() => {
            choose(name);
            setTheme(name);
          }}
        >
          <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{ICONS[name]}</svg>
        </button>
      ))}
    </div>
  );
}
