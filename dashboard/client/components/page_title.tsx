/**
 * The heading of a page. After a link is followed, reading begins with it: it takes the focus,
 * also when it replaces the heading of a page that was loading.
 *
 * @module
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

let moved = false;

/** Called when the page has become another one. */
export function focusTitle(): void {
  moved = true;
  document.querySelector<HTMLElement>("#main h1")?.focus({ preventScroll: true });
}

export function PageTitle({ children }: { children: ComponentChildren }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const nowhere = document.activeElement === null || document.activeElement === document.body;
    if (moved && nowhere) title.current!.focus({ preventScroll: true });
  }, []);
  return <h1 ref={title} tabindex={-1}>{children}</h1>;
}
