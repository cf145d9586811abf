/** How long the sides of an iteration look at their queue before they wait (queue/brief-look.ts). */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SharedMemory } from "../../src/memory/atomics.js";
import { BriefLook } from "../../src/queue/brief-look.js";

const m = { spins: 1, i32: new Int32Array(1) } as unknown as SharedMemory;

/** How often a look in vain looks. */
function looks(brief: BriefLook): number {
  let count = 0;
  brief.look(m, 0 as never, () => ++count < 0);
  return count;
}

test("it finds what is there, and looks as long as waits are short", () => {
  let now = 0;
  const brief = new BriefLook(() => now);
  assert.equal(
    brief.look(m, 0 as never, () => true),
    true,
  );
  const first = looks(brief);
  now += 0.05;
  brief.waited();
  assert.equal(looks(brief), first);
});

test("long waits make it short, and short ones long again", () => {
  let now = 0;
  const brief = new BriefLook(() => now);
  const first = looks(brief);
  for (let i = 0; i < 20; i++) {
    looks(brief);
    now += 5;
    brief.waited();
  }
  const least = looks(brief);
  assert.ok(least <= 8 && least > 0, `${least}`);
  for (let i = 0; i < 20; i++) {
    now += 0.05;
    brief.waited();
    looks(brief);
  }
  assert.equal(looks(brief), first);
});

test("looks in vain that short waits follow begin a rest", () => {
  let now = 1;
  const brief = new BriefLook(() => now);
  const first = looks(brief);
  let rounds = 0;
  for (let count = first; count === first; rounds++) {
    let looked = 0;
    brief.look(m, 0 as never, () => {
      // The look takes a tenth of a millisecond.
      if (looked++ === 0) now += 0.1;
      return false;
    });
    count = looked;
    now += 0.02;
    brief.waited();
    assert.ok(rounds < 100);
  }
  assert.ok(rounds > 10, `${rounds}`);
  now += 100;
  assert.equal(looks(brief), first);
  assert.equal(looks(new BriefLook()), first);
});

test("on one processor it does not look", () => {
  assert.equal(
    new BriefLook().look({ ...m, spins: 0 }, 0 as never, () => true),
    false,
  );
});
