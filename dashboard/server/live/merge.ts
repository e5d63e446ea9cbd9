/**
 * The events of several views in one stream, so that all windows of a browser can share a connection: it keeps no
 * more than six of them to one server.
 *
 * @module
 */
import type { EventStream } from "./event_stream.ts";

const encoder = new TextEncoder();
const ID = "id: ".length;

/**
 * Joins streams. The id of each event begins with the place of its stream, by which a browser recognizes it.
 * A view that is slow to be read holds up none of the others.
 *
 * @param opening The streams, in their order; one that is refused ends all
 */
export function mergeStreams(
  opening: readonly Promise<EventStream | undefined>[],
): ReadableStream<Uint8Array> & { close(): void } {
  const open = new Set<EventStream>();
  let isClosed = false;
  let whenRead = Promise.withResolvers<void>();
  const close = () => {
    isClosed = true;
    for (const stream of open) stream.close();
    whenRead.resolve();
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const pump = async (stream: EventStream | undefined, place: number) => {
        if (!stream || isClosed) {
          stream?.close();
          return close();
        }
        open.add(stream);
        // Every chunk is one event, and begins with its id.
        for await (const event of stream.body) {
          if (isClosed) break;
          const begin = encoder.encode(`id: ${place} `);
          const tagged = new Uint8Array(begin.length + event.length - ID);
          tagged.set(begin);
          tagged.set(event.subarray(ID), begin.length);
          controller.enqueue(tagged);
          // The stream itself notices a browser that reads too slowly.
          while (controller.desiredSize! <= 0 && !isClosed) await whenRead.promise;
        }
        open.delete(stream);
      };
      Promise.all(opening.map(async (stream, place) => pump(await stream, place)))
        .then(() => controller.close())
        .catch(() => {
          close();
          controller.error(new Error("A view could not be read"));
        });
    },
    pull() {
      whenRead.resolve();
      whenRead = Promise.withResolvers();
    },
    cancel: close,
  });
  return Object.assign(body, { close });
}
