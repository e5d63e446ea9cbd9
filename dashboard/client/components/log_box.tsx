/**
 * A box with the lines of a log. It follows new lines as long as its end is in sight: who scrolls up stays there.
 *
 * @module
 */
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { announce } from "./announcer.tsx";

/** So near to the end counts as the end. */
const NEAR_PX = 32;

/** What a box shows of its log. */
export interface LogView {
  box: RefObject<HTMLDivElement | null>;
  following: boolean;
  /** Whether earlier lines are on their way. */
  asking: boolean;
  follow(): void;
  onScroll(): void;
  /** Reads earlier lines, and then shows them: the line that was at the top stays where it is. */
  readEarlier<Page>(read: () => Promise<Page>, show: (page: Page) => void): Promise<void>;
}

/** The view of a log whose lines change. */
export function useLogView(lines: unknown): LogView {
  const box = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(true);
  const [asking, setAsking] = useState(false);
  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, following]);
  return {
    box,
    following,
    asking,
    follow: () => setFollowing(true),
    onScroll() {
      const { scrollHeight, scrollTop, clientHeight } = box.current!;
      setFollowing(scrollHeight - scrollTop - clientHeight < NEAR_PX);
    },
    async readEarlier(read, show) {
      setAsking(true);
      try {
        const page = await read();
        const { scrollHeight, scrollTop } = box.current!;
        setFollowing(false);
        show(page);
        requestAnimationFrame(() => {
          if (box.current) {
            box.current.scrollTop = scrollTop + box.current.scrollHeight - scrollHeight;
          }
        });
      } catch (failure) {
        announce((failure as Error).message);
      } finally {
        setAsking(false);
      }
    },
  };
}

/** Leads to the end of a log that is not followed. */
export function GoToTheEnd({ view }: { view: LogView }) {
  if (view.following) return null;
  return <button type="button" class="button small" onClick={view.follow}>Go to the end</button>;
}

/** The box. */
export function LogBox({ view, label, onEarlier, children }: {
  view: LogView;
  label: { "aria-label": string } | { "aria-labelledby": string };
  /** Asks for earlier lines, where there are any. */
  onEarlier: (() => void) | undefined;
  children: ComponentChildren;
}) {
  return (
    <div
      class="log"
      ref={view.box}
      tabindex={0}
      role="log"
      aria-live="off"
      {...label}
      onScroll={view.onScroll}
    >
      {onEarlier && (
        <button
          type="button"
          class="button small log-earlier"
          disabled={view.asking}
          onClick={onEarlier}
        >
          Earlier lines
        </button>
      )}
      <ol>{children}</ol>
    </div>
  );
}
