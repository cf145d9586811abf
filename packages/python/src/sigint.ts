/**
 * Ctrl-C for a Python that keeps the main thread busy. Node handles signals on the main thread's event loop, which stands still while Python
 * runs. Another thread waits for SIGINT instead, in a script with the option `breakOnSigint` of `node:vm`, which a signal ends. It then
 * writes the number of the signal where Python looks for one now and then, and rings the doorbell of the main thread in case that sleeps.
 */
import { constants } from "node:os";
import { Worker } from "node:worker_threads";
import type { Python } from "./python.js";

/** Words that both threads share: how many signals have come, and whether the thread waits for one. */
const COUNT = 0;
const ARMED = 1;
/** Milliseconds in which the thread can surely be started. */
const START_LIMIT = 10_000;

export interface SigintWatch {
  /** From now on SIGINT raises KeyboardInterrupt in this Python. Before, it ends the process. */
  connect(python: Python): void;
  /** Whether a signal has come. */
  received(): boolean;
  /** Ends the watch: SIGINT does again what it does in Node. */
  stop(): Promise<void>;
}

/**
 * The code of the watching thread. The script wakes now and then because V8 may miss a signal that comes just before the wait begins.
 */
const WATCHER = `
const { workerData, parentPort } = require("node:worker_threads");
const vm = require("node:vm");
const { words, doorbell, interrupt, signal } = workerData;
globalThis.words = words;
const script = new vm.Script(
  "Atomics.store(words, ${ARMED}, 1); Atomics.notify(words, ${ARMED}); for (;;) Atomics.wait(words, ${ARMED}, 1, 500);",
);
for (;;) {
  try {
    script.runInThisContext({ breakOnSigint: true });
  } catch (error) {
    if (error.code !== "ERR_SCRIPT_EXECUTION_INTERRUPTED") throw error;
    interrupt[0] = signal;
    Atomics.add(words, ${COUNT}, 1);
    Atomics.add(doorbell.words, doorbell.index, 2);
    Atomics.notify(doorbell.words, doorbell.index);
  }
}
`;

/** Prepares a watch. Until `connect`, SIGINT does what it does in Node. */
export function watchSigint(): SigintWatch {
  const words = new Int32Array(new SharedArrayBuffer(8));
  let watcher: Worker | undefined;
  return {
    connect(python) {
      const { interrupt, doorbell } = python.interruptible();
      watcher = new Worker(WATCHER, {
        eval: true,
        workerData: { words, interrupt, doorbell, signal: constants.signals.SIGINT },
      });
      watcher.unref();
      Atomics.wait(words, ARMED, 0, START_LIMIT);
    },
    received: () => Atomics.load(words, COUNT) > 0,
    async stop() {
      await watcher?.terminate();
    },
  };
}
