/**
 * Directs SIGINT to the code that an interpreter runs, so that it can be interrupted.
 *
 * `breakOnSigint` of node:vm has the process's handler of SIGINT replaced while such a script runs, and the default action, which
 * ends the process, restored afterwards. Of several such scripts the one that began last is interrupted. So a thread of its own
 * sleeps in such a script all the time: it keeps the handler in place, and gets the signals that no other script gets.
 */

import { Worker } from "node:worker_threads";

const ARMED = 0;
const NEVER = 1;

const SLEEP = `
  const { parentPort, workerData } = require("node:worker_threads");
  globalThis.words = workerData;
  const script = new (require("node:vm").Script)(
    "Atomics.store(words, ${ARMED}, 1); Atomics.notify(words, ${ARMED}); Atomics.wait(words, ${NEVER}, 0)");
  for (;;) {
    try {
      script.runInThisContext({ breakOnSigint: true });
    } catch {
      Atomics.store(words, ${ARMED}, 0);
      parentPort.postMessage("unused");
    }
  }`;

export class SigintGuard {
  readonly #words = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;
  /** Resolves to whether signals can be sent. The scripts to interrupt must begin later. */
  readonly ready: Promise<boolean>;

  /** `onUnused` is called for a signal that interrupted nothing. Handlers of SIGINT must be removed before. */
  constructor(onUnused: () => void) {
    this.#worker = new Worker(SLEEP, { eval: true, execArgv: [], workerData: this.#words, stdin: false });
    this.#worker.unref();
    this.#worker.on("message", onUnused);
    this.ready = new Promise((resolve) => {
      this.#worker.once("error", () => resolve(false));
      this.#worker.once("exit", () => resolve(false));
      const look = (): void => {
        if (this.#isArmed()) resolve(true);
        else setTimeout(look, 1);
      };
      this.#worker.once("online", look);
    });
  }

  /** Sends SIGINT to this process. Returns whether that was possible: unguarded, it would end the process. */
  send(): boolean {
    if (!this.#isArmed()) return false;
    process.kill(process.pid, "SIGINT");
    return true;
  }

  #isArmed(): boolean {
    return Atomics.load(this.#words, ARMED) === 1;
  }
}
