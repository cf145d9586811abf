import assert from "node:assert/strict";
import { test } from "node:test";
import { AdaptivePoll } from "../../src/thread/adaptive-poll.js";

test("who always sleeps long after lingering lingers no more", () => {
  const linger = new AdaptivePoll();
  for (let i = 0; i < 10; i++) linger.parked(1);
  assert.equal(linger.time, 0);
});

test("a short sleep now and then does not make it long", () => {
  const linger = new AdaptivePoll();
  for (let i = 0; i < 10; i++) linger.parked(1);
  for (let i = 0; i < 100; i++) {
    linger.parked(i % 4 === 0 ? 0.05 : 1);
    assert.ok(linger.time <= 0.002);
  }
});

test("short sleeps only make it as long as at the beginning, and no longer", () => {
  const linger = new AdaptivePoll();
  const first = linger.time;
  for (let i = 0; i < 10; i++) linger.parked(1);
  for (let i = 0; i < 10; i++) linger.parked(0.05);
  assert.equal(linger.time, first);
});
