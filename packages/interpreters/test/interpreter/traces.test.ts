/** The stacks of errors lead to the code that began the operation, also where many operations share a trace. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "../../src/index.js";

const fail = (): never => {
  throw new Error("on purpose");
};
const failToo = (n: number): never => {
  throw new Error(`on purpose, too: ${n}`);
};

test("four calls of one function in one turn each lead to their own line", async () => {
  using interp = create();
  const calls = [
    interp.call(failToo, 0),
    interp.call(failToo, 1),
    interp.call(failToo, 2),
    interp.call(failToo, 3),
  ];
  const lines: unknown[] = [];
  for (const outcome of await Promise.allSettled(calls)) {
    assert.ok(outcome.status === "rejected" && outcome.reason instanceof Error);
    const frames = (outcome.reason.stack ?? "").split("\n");
    lines.push(frames.findLast((frame) => frame.includes("traces.test")));
  }
  assert.equal(new Set(lines).size, 4, lines.join("\n"));
});

test("errors of a long series of calls lead to the series, and the next one to its own place", async () => {
  using interp = create();
  const stackOf = async (call: () => Promise<never>): Promise<string> => {
    const error: unknown = await call().catch((reason: unknown) => reason);
    assert.ok(error instanceof Error);
    return error.stack ?? "";
  };
  async function series(): Promise<void> {
    for (let i = 0; i < 200; i++) {
      assert.match(await stackOf(() => interp.call(fail)), /at series .*traces\.test/, `call ${i}`);
    }
  }
  async function other(): Promise<void> {
    const stack = await stackOf(() => interp.call(failToo, 1));
    assert.match(stack, /at other .*traces\.test/);
    assert.doesNotMatch(stack, /at series/);
  }
  for (let i = 0; i < 5; i++) {
    await series();
    await other();
  }
});
