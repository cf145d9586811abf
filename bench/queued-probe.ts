/**
 * Measures one figure in a fresh process: `node --expose-gc queued-probe.js <pool> <tasks>` prints the resident memory, in MB, of
 * that many queued tasks and of the promises that their submitter holds.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { pools } from "./peers/pools.js";

/** Iterations that keep the worker busy for longer than the measurement takes. */
const LONG = 1e12;

const [name, tasks] = process.argv.slice(2);
const maker = pools.find((candidate) => candidate.name === name);
if (maker === undefined) throw new Error(`no pool is called ${name}`);

function resident(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1e6;
}

const pool = await maker.make(1);
// The first tasks boot the worker, compile the code and grow the structures that it needs.
await Promise.all(Array.from({ length: 1000 }, () => pool.run(0)));
const held: PromiseLike<unknown>[] = [pool.run(LONG)];
// By now the worker has started the long task.
await sleep(100);
const before = resident();
for (let i = 0; i < Number(tasks); i += 1) held.push(pool.run(0));
// The work that the pool does for them on its event loop is part of the figure.
await sleep(100);
const figure = resident() - before;
if (held.length <= Number(tasks)) throw new Error("not all tasks are queued");
process.stdout.write(`${figure}\n`, () => process.exit());
