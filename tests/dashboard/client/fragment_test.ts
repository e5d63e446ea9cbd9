import { readFragment } from "../../../dashboard/client/lib/fragment.ts";
import { assertEquals } from "../../support/assert.ts";

const cases: [hash: string, token: string | null, control: string | null][] = [
  ["", null, null],
  ["#", null, null],
  ["#control=aB3_-x", null, "aB3_-x"],
  ["#token=open%20sesame", "open sesame", null],
  ["#token=100%&more=1", "100%&more=1", null],
  ["#token=a+b", "a+b", null],
  ["#token=look&control=act", "look", "act"],
  ["#control=act&token=look", "look", "act"],
  ["#control=act&token=lo%26ok", "lo&ok", "act"],
  ["#control=", null, null],
  ["#token=open+sesame&control=a%2Bb", "open sesame", "a+b"],
  ["#run=5", null, null],
  ["#mycontrol=act", null, null],
];

for (const [hash, token, control] of cases) {
  Deno.test(`readFragment() reads ${hash || "nothing"}`, () => {
    assertEquals(readFragment(hash), { token, control });
  });
}
