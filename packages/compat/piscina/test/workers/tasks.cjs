const { threadId, parentPort, workerData } = require("node:worker_threads");
const { setTimeout: sleep } = require("node:timers/promises");
const piscina = require("@interpreters/piscina");

let runs = 0;

module.exports = {
  echo: (value) => value,
  who: () => threadId,
  runs: () => ++runs,
  nap: (milliseconds) => sleep(milliseconds, "slept"),
  /** Until the word is set. */
  block({ signal, milliseconds }) {
    Atomics.wait(signal, 0, 0, milliseconds);
    return Atomics.load(signal, 0);
  },
  count: (counter) => Atomics.add(counter, 0, 1),
  loop() {
    for (;;);
  },
  exit: (code) => process.exit(code),
  fail: () => {
    throw Object.assign(new RangeError("too far", { cause: new TypeError("why") }), { limit: 3 });
  },
  later: (milliseconds) =>
    void setTimeout(() => {
      throw new TypeError("thrown later");
    }, milliseconds),
  post: (value) => parentPort.postMessage(value),
  data: () => [workerData, piscina.workerData, piscina.isWorkerThread],
  port: ({ port }) =>
    new Promise((resolve) =>
      port.once("message", (value) => {
        port.close();
        resolve(value);
      }),
    ),
  moved: () => piscina.move(new Uint8Array(10)),
};
