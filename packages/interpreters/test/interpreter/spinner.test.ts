/** How long is looked for an answer before sleeping for it: a clock and an answer of the test's own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AdaptiveSpin } from "../../src/thread/adaptive-spin.js";
import type { SharedMemory } from "../../src/memory/atomics.js";

/** Waits again and again for an answer that comes `answer()` looks after the beginning, or during a sleep of `sleep()`. */
class Scene {
  now = 0;
  /** The most looks that each wait was ready for. */
  readonly limits: number[] = [];
  answer = Infinity;
  sleep = 0.01;
  readonly #spinner = new AdaptiveSpin({ spins: 1 } as SharedMemory, (_m, _seen, limit) => {
    this.limits.push(limit);
    return this.answer < limit ? this.answer : -1;
  });

  wait(count: number): number {
    for (let i = 0; i < count; i++) {
      if (this.#spinner.spin(0)) continue;
      const began = this.now;
      this.now += this.sleep;
      this.#spinner.parked(began, this.now);
    }
    return this.limits.at(-1)!;
  }
}

test("where there is one processor nobody looks", () => {
  const spinner = new AdaptiveSpin({ spins: 0 } as SharedMemory, () => assert.fail("it looked"));
  assert.equal(spinner.spin(0), false);
});

test("looking gets shorter while sleeps are long, down to a little", () => {
  const scene = new Scene();
  scene.sleep = 5;
  assert.ok(scene.wait(100) <= 200);
});

test("a sleep that turns out short makes it longer, up to a limit, and an answer that comes keeps it", () => {
  const scene = new Scene();
  const longest = scene.wait(10);
  assert.ok(longest > scene.limits[0]);
  scene.wait(10);
  assert.equal(scene.limits.at(-1), longest, "there is a limit");
  scene.answer = 1000;
  scene.wait(1000);
  assert.ok(scene.limits.at(-1)! > 1000, "it goes on finding what it finds");
  assert.ok(scene.limits.at(-1)! <= longest);
});

test("looking that is always followed by short sleeps stops for a while, and each time for longer", () => {
  const scene = new Scene();
  const little = 200;
  const rests: number[] = [];
  for (let i = 0; i < 3; i++) {
    while (scene.wait(1) !== little);
    const began = scene.now;
    while (scene.wait(1) === little);
    rests.push(scene.now - began);
  }
  assert.ok(rests[0] > 10 && rests[1] > rests[0] * 1.5 && rests[2] > rests[1] * 1.5, rests.join());
  // What helped once may help again.
  scene.answer = 100;
  while (scene.wait(1) === little);
  scene.answer = Infinity;
  while (scene.wait(1) !== little);
  const began = scene.now;
  while (scene.wait(1) === little);
  assert.ok(scene.now - began < rests[2], "it begins anew");
});
