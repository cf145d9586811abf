/** The text of the progress bar. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ProgressState, formatProgress } from "../src/progress.js";

const state = (more: Partial<ProgressState>): string =>
  formatProgress({
    done: 50,
    partly: 0,
    failed: 0,
    total: 200,
    elapsed: 10_000,
    width: 80,
    bar: (share) => "#".repeat(Math.round(share * 8)).padEnd(8, "."),
    ...more,
  });

test("with a known total the bar shows share, count, rate and time left", () => {
  assert.equal(state({}), "##......  25%  50/200  5.0/s  0:30 left");
  assert.equal(
    state({ done: 1, total: 100_000, elapsed: 100 }),
    "........   0%  1/100000  10.0/s  2:46:40 left",
  );
  assert.equal(state({ done: 200 }), "######## 100%  200/200  20.0/s  0:00 left");
});

test("the time left is unknown until the first item has ended", () => {
  assert.equal(state({ done: 0, elapsed: 0 }), "........   0%  0/200  0.0/s  -:-- left");
});

test("the parts that running items have reported move the bar and the time left, not the count", () => {
  assert.equal(state({ partly: 50 }), "####....  50%  50/200  10.0/s  0:10 left");
  assert.equal(state({ done: 0, partly: 2, elapsed: 1_000 }), "........   1%  0/200  2.0/s  1:39 left");
  assert.equal(state({ done: 199, partly: 1.5 }), "######## 100%  199/200  20.1/s  0:00 left");
});

test("without a total the line shows count and rate", () => {
  assert.equal(state({ total: undefined, done: 12_345 }), "12345 items  1235/s");
});

test("a total that was exceeded is dropped", () => {
  assert.equal(state({ total: 49, done: 50 }), "50 items  5.0/s");
});

test("the number of failures is shown", () => {
  assert.equal(state({ failed: 3 }), "##......  25%  50/200  5.0/s  0:30 left  3 failed");
});

test("a narrow terminal gets no bar, and the line never exceeds its width", () => {
  assert.equal(state({ width: 30 }), "50/200  5.0/s  0:30 left");
  assert.equal(state({ width: 10 }), "50/200  5.");
});
