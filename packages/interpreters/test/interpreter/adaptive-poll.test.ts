import assert from "node:assert/strict";
import { test } from "node:test";
import { AdaptivePoll } from "../../src/thread/adaptive-poll.js";

test("polling stops where a long park always follows it", () => {
  const poll = new AdaptivePoll();
  for (let i = 0; i < 10; i++) poll.parked(1);
  assert.equal(poll.time, 0);
});

test("an occasional short park does not make polling long", () => {
  const poll = new AdaptivePoll();
  for (let i = 0; i < 10; i++) poll.parked(1);
  for (let i = 0; i < 100; i++) {
    poll.parked(i % 4 === 0 ? 0.05 : 1);
    assert.ok(poll.time <= 0.002);
  }
});

test("a series of short parks makes polling as long as at the beginning, and no longer", () => {
  const poll = new AdaptivePoll();
  const first = poll.time;
  for (let i = 0; i < 10; i++) poll.parked(1);
  for (let i = 0; i < 10; i++) poll.parked(0.05);
  assert.equal(poll.time, first);
});
