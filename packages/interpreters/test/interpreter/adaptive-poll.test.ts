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

test("polls in vain that short parks follow begin a rest, and again a longer one", () => {
  let now = 1000;
  const poll = new AdaptivePoll(true, () => now);
  const polls = (): number => {
    let count = 0;
    while (poll.time > 0) {
      poll.parked(0.02);
      count++;
      assert.ok(count < 1000);
    }
    return count;
  };
  const vain = polls();
  assert.ok(vain >= 10, `${vain}`);
  now += 49;
  assert.equal(poll.time, 0);
  now += 2;
  assert.ok(poll.time > 0);
  assert.equal(polls(), vain);
  now += 51;
  assert.equal(poll.time, 0, "the second rest is longer");
  now += 50;
  assert.ok(poll.time > 0);
  // A poll that pays off in between keeps it from resting.
  for (let i = 0; i < 1000; i++) {
    poll.parked(0.02);
    if (i % 10 === 0) poll.paid();
  }
  assert.ok(poll.time > 0);
});
