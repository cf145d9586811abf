/** The tasks of pools.test.ts and concurrency.test.ts: harmless ones, and those that end their worker. */
import { setImmediate as turn } from "node:timers/promises";
import { ledger, outOfMemory } from "./victims.js";

/** Before anything else, counts in the ledger that it ran. */
export function task(kind: string, index: number): number | Promise<number> {
  Atomics.add(ledger(), index, 1);
  switch (kind) {
    case "return":
      return index * 2;
    case "await":
      return turn(index * 2);
    case "linger":
      return linger(index);
    case "fail":
      throw new RangeError(`task ${index}`);
    case "exit":
      return process.exit(index % 3);
    case "exitLater":
      return turn().then(() => process.exit(1));
    case "throw":
      setImmediate(() => {
        throw new Error(`task ${index}, on purpose`);
      });
      return new Promise(() => {});
    case "memory":
      return outOfMemory();
    case "endless":
      for (;;);
    case "hang":
      return new Promise(() => {});
    case "blocked":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return -1;
    default:
      throw new Error(`no such task: ${kind}`);
  }
}

/** Takes up to 8 turns, during which other tasks begin and end, or end the worker. */
async function linger(index: number): Promise<number> {
  for (let turns = index % 9; turns > 0; turns--) await turn();
  return index * 2;
}
