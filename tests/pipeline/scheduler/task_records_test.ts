import { TaskRecords } from "../../../pipeline/scheduler/task_records.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

function identified(id: number): { id: number; name: string; key: null; item: number } {
  return { id, name: `number ${id}`, key: null, item: id };
}

Deno.test("TaskRecords forgets a task that is done, and keeps one that may be queued again", () => {
  const records = new TaskRecords<number>(true);
  const [done, failed, stopped] = [1, 2, 3].map((id) => records.admit(identified(id))!);
  records.end(done!, "done", false);
  records.end(failed!, "error", true);
  records.end(stopped!, "error", false);
  assertEquals([1, 2, 3].map((id) => records.get(id)), [undefined, failed, undefined]);
  assertEquals(records.endedAs("error"), [failed]);
  records.revive(failed!);
  assertEquals([records.endedAs("error"), records.get(2)?.phase], [[], "requeuing"]);
});

Deno.test("TaskRecords admits a task once, unless it is forgotten", () => {
  const records = new TaskRecords<number>(true);
  const task = records.admit(identified(1))!;
  assertEquals(records.admit(identified(1)), undefined);
  records.forget(task);
  assertEquals(records.get(1), undefined);
  assert(records.admit(identified(1)) !== task);
});

Deno.test("TaskRecords refuses two tasks of one id where the writer cannot", () => {
  const records = new TaskRecords<number>(false);
  records.end(records.admit(identified(1))!, "done", false);
  assertThrows(() => records.admit(identified(1)), TypeError, "Cannot run two tasks of id 1");
});

Deno.test("TaskRecords keeps a task that is held before it leaves its source", () => {
  const records = new TaskRecords<number>(false);
  const held = records.hold(1)!;
  assertEquals([held.name, held.isKnown, held.phase], ["task 1", false, "held"]);
  assertEquals(records.hold(1), undefined);
  assertEquals(records.admit(identified(1)), held);
  assertEquals([held.name, held.isKnown, held.item], ["number 1", true, 1]);
  assertThrows(() => records.admit(identified(1)), TypeError, "Cannot run two tasks of id 1");
});
