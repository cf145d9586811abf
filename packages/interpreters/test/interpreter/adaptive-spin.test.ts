/** How long a waiter polls for a reply before it parks, with a clock and a reply that the test controls. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AdaptiveSpin } from "../../src/thread/adaptive-spin.js";
import type { SharedMemory } from "../../src/memory/atomics.js";

/** Waits again and again for a reply that comes at the poll number `reply`, or else while the waiter is parked for `parked`. */
class Scene {
  now = 0;
  /** The most polls that each wait allowed. */
  readonly limits: number[] = [];
  reply = Infinity;
  /** Milliseconds. */
  parked = 0.01;
  readonly #spin = new AdaptiveSpin({ spins: 1 } as SharedMemory, (_m, _seen, limit) => {
    this.limits.push(limit);
    return this.reply < limit ? this.reply : -1;
  });

  wait(count: number): number {
    for (let i = 0; i < count; i++) {
      if (this.#spin.spin(0)) continue;
      const began = this.now;
      this.now += this.parked;
      this.#spin.parked(began, this.now);
    }
    return this.limits.at(-1)!;
  }
}

test("with one processor there is no spinning", () => {
  const adaptive = new AdaptiveSpin({ spins: 0 } as SharedMemory, () => assert.fail("it polled"));
  assert.equal(adaptive.spin(0), false);
});

test("spinning gets shorter while parks are long, down to a minimum", () => {
  const scene = new Scene();
  scene.parked = 5;
  assert.ok(scene.wait(100) <= 200);
});

test("a park that turns out short makes spinning longer, up to a limit, and a reply that spinning finds keeps it", () => {
  const scene = new Scene();
  const longest = scene.wait(10);
  assert.ok(longest > scene.limits[0]);
  scene.wait(10);
  assert.equal(scene.limits.at(-1), longest, "there is a limit");
  scene.reply = 1000;
  scene.wait(1000);
  assert.ok(scene.limits.at(-1)! > 1000, "it still spins long enough to find the reply");
  assert.ok(scene.limits.at(-1)! <= longest);
});

test("spinning that is always followed by short parks stops for a while, and each time for longer", () => {
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
  // Spinning that helped once may help again.
  scene.reply = 100;
  while (scene.wait(1) === little);
  scene.reply = Infinity;
  while (scene.wait(1) !== little);
  const began = scene.now;
  while (scene.wait(1) === little);
  assert.ok(scene.now - began < rests[2], "the rests start over");
});
