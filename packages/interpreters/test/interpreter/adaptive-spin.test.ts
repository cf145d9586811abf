/** How long a waiter polls for a reply before it parks, with a clock and a reply that the test controls. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AdaptiveSpin } from "../../src/thread/adaptive-spin.js";
import type { SharedMemory } from "../../src/memory/atomics.js";

/** Waits again and again for a reply that comes at the poll number `reply`, or else while the waiter is parked for `parked`. */
class Scene {
  now = 0;
  /** How many polls each wait made. */
  readonly limits: number[] = [];
  reply = Infinity;
  /** Milliseconds. */
  parked = 0.01;
  poll = 0.00001;
  #polls = 0;
  readonly #spin: AdaptiveSpin;

  /** `cold`: how many waits park at once. */
  constructor(cold = 0) {
    this.#spin = new AdaptiveSpin(
      { spins: 1 } as SharedMemory,
      (_m, _seen, limit) => {
        const left = this.reply - this.#polls;
        const polls = Math.min(limit, left);
        this.#polls += polls;
        this.now += polls * this.poll;
        return left < limit ? left : -1;
      },
      () => this.now,
      cold,
    );
  }

  wait(count: number): number {
    for (let i = 0; i < count; i++) {
      this.#polls = 0;
      const replied = this.#spin.spin(0);
      this.limits.push(this.#polls);
      if (replied) continue;
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

test("the first waits of a thread do not poll at all", () => {
  const scene = new Scene(100);
  assert.equal(scene.wait(100), 0);
  assert.ok(scene.wait(1) >= 200);
});

test("by default, neither do the first 64 waits", () => {
  const m = { spins: 1 } as SharedMemory;
  const adaptive = new AdaptiveSpin(m, () => assert.fail("it polled"));
  for (let i = 0; i < 64; i++) {
    assert.equal(adaptive.spin(0), false);
    adaptive.parked(0, 0.01);
  }
});

test("spinning gets shorter while parks are long, down to a minimum", () => {
  const scene = new Scene();
  scene.parked = 5;
  assert.ok(scene.wait(100) <= 200);
});

test("a park that turns out short makes spinning longer, up to a limit, and a reply that spinning finds keeps it", () => {
  const scene = new Scene();
  const first = scene.wait(10);
  assert.ok(first > 200);
  scene.reply = 900;
  scene.wait(1);
  scene.reply = Infinity;
  const longest = scene.wait(10);
  assert.ok(longest > first, "once a spin has found a reply");
  scene.wait(10);
  assert.ok(scene.limits.at(-1)! <= longest + 200, "there is a limit");
  scene.reply = 1000;
  scene.wait(1000);
  assert.equal(scene.limits.at(-1), 1000, "it still spins long enough to find the reply");
});

test("slow polls do not make spinning longer than it is worth", () => {
  const scene = new Scene();
  scene.reply = 100;
  scene.wait(1);
  scene.reply = Infinity;
  scene.wait(10);
  scene.poll = 0.0002;
  assert.ok(scene.wait(1) <= 500);
});

test("the first rest comes early", () => {
  const scene = new Scene();
  scene.wait(10);
  while (scene.wait(1) !== 200);
  assert.ok(scene.now < 10, `${scene.now}`);
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
  // Spinning that has helped for a while may help again.
  scene.reply = 100;
  scene.wait(4000);
  scene.reply = Infinity;
  while (scene.wait(1) !== little);
  const began = scene.now;
  while (scene.wait(1) === little);
  assert.ok(scene.now - began < rests[2], "the rests start over");
});

test("where one spin in four finds a reply, spinning stops all the same", () => {
  const scene = new Scene();
  let polls = 0;
  const waits = 40_000;
  for (let i = 0; i < waits; i++) {
    scene.reply = i % 4 === 0 ? 2000 : Infinity;
    scene.wait(1);
    polls += scene.limits.pop()!;
  }
  assert.ok(polls / waits < 600, `${polls / waits} polls a wait`);
});
