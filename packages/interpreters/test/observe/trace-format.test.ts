/** The checker of traces, tried with traces that break each rule. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMistakes } from "../support/trace-format.js";

const at = { pid: 1, tid: 1 };
const slice = (ts: number, dur: number): object => ({ ph: "X", name: "n", ...at, ts, dur });
const asynchronous = (ph: string, ts: number, more: object = {}): object => ({
  ph,
  name: "n",
  cat: "c",
  id: "1",
  ...at,
  ts,
  ...more,
});
const counter = (ts: number, args: object): object => ({ ph: "C", name: "n", ...at, ts, args });

test("a trace that keeps to the rules has no mistakes", () => {
  const events = [
    { ph: "M", name: "thread_name", ...at, args: { name: "main" } },
    slice(10, 5),
    slice(0, 5),
    slice(5, 5),
    slice(11, 4),
    asynchronous("b", 1),
    asynchronous("e", 1),
    counter(1, { a: 1 }),
    counter(1, { a: 2 }),
    { ph: "i", s: "t", name: "n", ...at, ts: 3 },
    { ph: "B", name: "n", ...at, ts: 20 },
    { ph: "E", ...at, ts: 21 },
  ];
  assert.deepEqual(formatMistakes(events), []);
});

const broken: readonly (readonly [what: string, events: readonly unknown[], mistake: RegExp])[] = [
  ["an event that is no object", [1], /no object/],
  ["an unknown phase", [{ ph: "Z", name: "n", ...at, ts: 1 }], /phase/],
  ["no name", [{ ph: "i", ...at, ts: 1 }], /name/],
  ["no thread", [{ ph: "i", name: "n", pid: 1, ts: 1 }], /pid and tid/],
  ["a time before the beginning", [{ ph: "i", name: "n", ...at, ts: -1 }], /ts/],
  ["no duration", [{ ph: "X", name: "n", ...at, ts: 1 }], /duration/],
  ["a colour that nobody knows", [{ ...slice(1, 1), cname: "scarlet" }], /colour/],
  ["slices that overlap", [slice(0, 5), slice(4, 5)], /in which it began/],
  ["an end without a beginning", [asynchronous("e", 1)], /never began/],
  ["a beginning without an end", [asynchronous("b", 1)], /never ends/],
  ["an end before its beginning", [asynchronous("b", 2), asynchronous("e", 1)], /before it began/],
  ["an end under another name", [asynchronous("b", 1), asynchronous("e", 2, { name: "m" })], /another name/],
  ["an asynchronous event without an id", [{ ph: "b", name: "n", cat: "c", ...at, ts: 1 }], /has an id/],
  ["a counter of texts", [counter(1, { a: "1" })], /numbers/],
  ["a counter that goes back", [counter(2, { a: 1 }), counter(1, { a: 1 })], /earlier/],
  ["a counter with other series", [counter(1, { a: 1 }), counter(2, { b: 1 })], /other series/],
  ["metadata that nobody knows", [{ ph: "M", name: "colour", ...at, args: {} }], /known name/],
  ["a stack that ends twice", [{ ph: "E", ...at, ts: 1 }], /never began/],
];

for (const [what, events, mistake] of broken) {
  test(`the checker finds ${what}`, () => {
    const found = formatMistakes(events);
    assert.equal(found.length, 1, found.join("\n"));
    assert.match(found[0], mistake);
  });
}
