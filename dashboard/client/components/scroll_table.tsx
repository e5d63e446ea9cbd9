/**
 * A table that scrolls sideways where it is wider than its place, by the keyboard as well.
 *
 * @module
 */
import type { ComponentChildren } from "preact";

export function ScrollTable({ caption, class: name, children }: {
  caption: string;
  class?: string;
  children: ComponentChildren;
}) {
  return (
    <div class="table-box" role="group" aria-label={caption} tabIndex={0}>
      <table class={name}>
        <caption class="visually-hidden">{caption}</caption>
        {children}
      </table>
    </div>
  );
}
