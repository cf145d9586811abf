/** How the supervisor terminates threads, with emitters in place of threads. */
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { terminateThread } from "../../src/supervisor/threads.js";
import { limits } from "../support/ways.js";

/** Ignores the first `deafness` terminations, like a thread whose termination Node's module loader has caught. */
class Stubborn extends EventEmitter {
  told = 0;
  readonly #deafness: number;

  constructor(deafness: number) {
    super();
    this.#deafness = deafness;
  }

  terminate(): Promise<number> {
    if (++this.told > this.#deafness) setImmediate(() => this.emit("exit", 1));
    return Promise.resolve(1);
  }
}

for (const deafness of [0, 1, 5]) {
  test(`a thread that survives ${deafness} terminations is told until it ends`, limits, async () => {
    const thread = new Stubborn(deafness);
    const ended = once(thread, "exit");
    terminateThread(thread as never);
    await ended;
    assert.ok(thread.told > deafness);
    assert.equal(thread.listenerCount("exit"), 0);
    assert.ok(!process.getActiveResourcesInfo().includes("Timeout"), "and not any more");
  });
}
