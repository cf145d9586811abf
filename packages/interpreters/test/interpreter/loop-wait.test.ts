/** Waiting on the event loop: when a thread comes back to poll at once, and when it parks instead. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { registerMain } from "../../src/kernel/registry.js";
import { ring } from "../../src/memory/doorbell.js";
import { MAIN_SLOT } from "../../src/memory/layout.js";
import { createMemory, openMemory } from "../../src/memory/memory.js";
import { LoopWait } from "../../src/thread/loop-wait.js";

/** A thread that awaits one event at a time: `arrives` makes it come. */
class Thread {
  readonly m = openMemory(createMemory([64]), MAIN_SLOT);
  readonly loop: LoopWait;
  polls = 0;
  /** Whether it is there. */
  #came = false;
  #received: () => void = () => {};

  constructor(pollingPays: boolean) {
    registerMain(this.m);
    this.loop = new LoopWait(this, pollingPays);
  }

  /** Awaits the event. */
  await(): Promise<void> {
    this.loop.ref();
    return new Promise((resolve) => (this.#received = resolve));
  }

  arrives(): void {
    this.#came = true;
    ring(this.m, MAIN_SLOT);
  }

  poll(): boolean {
    this.polls++;
    if (!this.#came) return false;
    this.#came = false;
    this.loop.unref();
    this.#received();
    return true;
  }

  turnBegins(): void {}

  goDormant(): void {}
}

/** As many turns of the event loop as a thread that polls from it would certainly have used. */
async function someTurns(): Promise<void> {
  for (let i = 0; i < 5; i++) await setImmediate();
}

/** A thread that has polled everything, and awaits nothing. */
async function idleThread(pollingPays: boolean): Promise<Thread> {
  const thread = new Thread(pollingPays);
  const event = thread.await();
  thread.arrives();
  await event;
  thread.polls = 0;
  return thread;
}

test("a thread that begins to wait polls in the next turn of the event loop", async () => {
  const thread = await idleThread(true);
  const event = thread.await();
  await someTurns();
  assert.ok(thread.polls > 0);
  thread.arrives();
  await event;
});

test("where polling does not pay, it parks at once, until a ring", async () => {
  const thread = await idleThread(false);
  const event = thread.await();
  await someTurns();
  assert.equal(thread.polls, 0);
  thread.arrives();
  await event;
  assert.equal(thread.polls, 1);
});

test("one whose doorbell has rung since it last polled does not park", async () => {
  const thread = await idleThread(false);
  thread.arrives();
  await thread.await();
  assert.equal(thread.polls, 1);
});

test("one that has never polled does not park", async () => {
  const thread = new Thread(false);
  const event = thread.await();
  await someTurns();
  assert.ok(thread.polls > 0);
  thread.arrives();
  await event;
});

test("one with another poller does not park: what that polls for may have come before", async () => {
  const thread = await idleThread(false);
  thread.loop.pollsMore();
  const event = thread.await();
  await someTurns();
  assert.ok(thread.polls > 0);
  thread.arrives();
  await event;
});
