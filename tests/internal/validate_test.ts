import {
  checkBoolean,
  checkChoice,
  checkFunction,
  checkInteger,
  checkMilliseconds,
  checkOptionNames,
  checkText,
  checkTexts,
} from "../../internal/validate.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";

const operation = "run the pipeline";
const subject = { operation, name: "it" };

const REFUSED: [string, () => unknown, typeof TypeError | typeof RangeError, string][] = [
  [
    "an integer that is too small",
    () => checkInteger(0, { operation, name: "workers", min: 1 }),
    RangeError,
    "Cannot run the pipeline: expected an integer ≥ 1 for workers, got 0",
  ],
  [
    "a number where an integer is expected",
    () => checkInteger(1.5, { ...subject, min: 1, max: 3, remedy: "Leave it out" }),
    RangeError,
    "Cannot run the pipeline: expected an integer from 1 to 3 for it, got 1.5. Leave it out",
  ],
  [
    "an integer past the safe ones",
    () => checkInteger(2 ** 53, { ...subject, min: 1 }),
    RangeError,
    "got 9007199254740992",
  ],
  [
    "a text where an integer is expected",
    () => checkInteger("2", { ...subject, min: 1 }),
    RangeError,
    'expected an integer ≥ 1 for it, got "2"',
  ],
  [
    "milliseconds that no timer can wait",
    () => checkMilliseconds(2 ** 31, { ...subject, min: 0 }),
    RangeError,
    "expected milliseconds from 0 to 2147483647 for it, got 2147483648",
  ],
  [
    "milliseconds that are not a number",
    () => checkMilliseconds(NaN, { ...subject, min: 0 }),
    RangeError,
    "got NaN",
  ],
  [
    "a text that is not one of the choices",
    () => checkChoice(null, { ...subject, choices: ["all", "none"] }),
    TypeError,
    'expected "all" or "none" for it, got null',
  ],
  [
    "a text where true or false is expected",
    () => checkBoolean("false", subject),
    TypeError,
    'expected true or false for it, got "false"',
  ],
  [
    "what is not a function",
    () => checkFunction({ a: { b: {} } }, subject),
    TypeError,
    "expected a function for it, got { a: { b: {} } }",
  ],
  [
    "an empty text",
    () => checkText("", subject),
    TypeError,
    'expected a text that is not empty for it, got ""',
  ],
  [
    "an array that holds more than texts",
    () => checkTexts(["a", 7], subject),
    TypeError,
    'expected an array of names for it, got [ "a", 7 ]',
  ],
];

for (const [what, check, type, message] of REFUSED) {
  Deno.test(`${what} is refused, naming the operation, the option and the value`, () => {
    assertThrows(check, type, message);
  });
}

Deno.test("values within their bounds are returned", () => {
  assertEquals(checkInteger(1, { ...subject, min: 1, max: 1 }), 1);
  assertEquals(checkMilliseconds(0.5, { ...subject, min: 0 }), 0.5);
  assertEquals(checkChoice("all", { ...subject, choices: ["all", "none"] }), "all");
  assertEquals(checkText("a", subject), "a");
  checkFunction(() => {}, subject);
  checkTexts([], subject);
});

Deno.test("checkOptionNames() names the option that was probably meant", () => {
  const known = ["retries", "retryDelayMs", "timeoutMs", "intervalMs", "name"];
  const renamed = { perMs: "intervalMs", toString: "name" };
  const refuse = (name: string) =>
    assertThrows(
      () => checkOptionNames({ [name]: undefined }, { operation, known, renamed }),
      TypeError,
    ).message.replace("Cannot run the pipeline: ", "");
  const remove = ". Remove it, or use one of retries, retryDelayMs, timeoutMs, intervalMs, name";
  for (
    const [name, message] of [
      ["retrys", 'unknown option "retrys"; did you mean "retries"?'],
      ["retires", 'unknown option "retires"; did you mean "retries"?'],
      ["RETRIES", 'unknown option "RETRIES"; did you mean "retries"?'],
      ["retry_delay_ms", 'unknown option "retry_delay_ms"; did you mean "retryDelayMs"?'],
      ["timeout", 'unknown option "timeout"; did you mean "timeoutMs"?'],
      ["perMs", 'option "perMs" was renamed. Use "intervalMs"'],
      ["concurrency", `unknown option "concurrency"${remove}`],
      ["constructor", `unknown option "constructor"${remove}`],
      ['"', `unknown option '"'${remove}`],
    ] as const
  ) assertEquals(refuse(name), message);
  checkOptionNames({ retries: 1, name: undefined }, { operation, known, renamed });
});
