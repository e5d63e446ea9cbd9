import { newsOf, pack, unpack } from "../../writer/protocol/task_news.ts";
import type { WriteMessage } from "../../writer/protocol/write_message.ts";
import { assert, assertEquals } from "../support/assert.ts";

const FIELD_VALUES = {
  status: ["running", "done", "error", "cancelled"],
  progress: [0, 0.5, 1],
  message: ["", "half-way"],
  startedAt: ["2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.679Z"],
  finishedAt: ["2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.680Z"],
  result: ["null", "[1]"],
  error: ["Error: no"],
  updatedAt: ["2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.681Z"],
};

/** Every third message is of another run or is not news at all; each has some fields. */
function messages(count: number): WriteMessage[] {
  return Array.from({ length: count }, (_, i): WriteMessage => {
    if (i % 11 === 7) return { kind: "execute", sql: `SELECT ${i}`, params: [i] };
    const news = newsOf(i % 31 === 30 ? 2 : 1, i * 3);
    Object.entries(FIELD_VALUES).forEach(([field, values], f) => {
      if ((i * 7 + f * 5) % 8 < 5) Object.assign(news, { [field]: values[i % values.length] });
    });
    return news;
  });
}

Deno.test("unpack() gives the messages that pack() was given, whatever each holds", () => {
  const sent = messages(1_000);
  const arrived = structuredClone(pack(sent));
  assert(arrived.length < 250, `${arrived.length} parts`);
  assertEquals(unpack(arrived), sent);
  assertEquals(unpack(pack([])), []);
});
