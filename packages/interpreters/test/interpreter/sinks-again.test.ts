/** A sink that failed gets the output of interpreters that are created later. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "interpreters";

test("a sink that failed for one interpreter is used again by the next", async (t) => {
  const errors: unknown[] = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.once("uncaughtException", (error) => errors.push(error));
  t.after(() => {
    for (const listener of listeners) process.on("uncaughtException", listener);
  });
  const texts: string[] = [];
  let fails = true;
  const sink = {
    write(text: string): void {
      if (fails) throw new Error("full");
      texts.push(text);
    },
  };
  const first = create({ stdout: sink });
  await first.exec("console.log(1); console.log(2)");
  await first.close();
  assert.deepEqual(errors.map(String), ["Error: full"], "once");
  fails = false;
  await using second = create({ stdout: sink });
  await second.exec("console.log(3)");
  assert.deepEqual(texts, ["3\n"]);
});
