/** A language whose executing side also runs in the caller's thread: `prewarm` warms that thread up, and never fails by it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type ExecutingSide, type Language, prewarm } from "interpreters";
import guest from "./calculator.guest.js";
import { calculator, program } from "./calculator.js";

test("prewarm warms this thread up, with the executing side of the language, once", async () => {
  const loaded: unknown[] = [];
  const executing: ExecutingSide = {
    ...guest,
    load(description) {
      loaded.push(description);
      return () => 1;
    },
  };
  const language: Language = { ...calculator(), executing };
  prewarm(1, { language });
  prewarm(1, { language });
  assert.deepEqual(loaded, [guest.warmUp]);
  await using interp = create({ language });
  assert.equal(await interp.call(program<[]>("20 1 +")), 21);
  prewarm(0);
});
