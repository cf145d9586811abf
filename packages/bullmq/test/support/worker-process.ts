/** A worker in a process of its own. Argument: its options as JSON. `skew`: milliseconds by which its clock is wrong. */
import type { WorkerOptions } from "../../src/index.js";

const { skew = 0, ...options } = JSON.parse(process.argv[2]) as WorkerOptions & { skew?: number };
if (skew !== 0) {
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...args: []) {
      if (args.length > 0) super(...args);
      else super(RealDate.now() + skew);
    }
    static override now(): number {
      return RealDate.now() + skew;
    }
  } as DateConstructor;
}
const { createWorker } = await import("../../src/index.js");
const worker = await createWorker({ ...options, log: () => undefined });
process.on("SIGTERM", () => {
  void worker.close({ grace: 500 }).then(() => process.exit(0));
});
process.send?.("ready");
