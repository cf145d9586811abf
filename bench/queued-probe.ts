/**
 * One figure from a fresh process: `node --expose-gc queued-probe.js <pool> <tasks>` prints how many MB of resident memory
 * so many tasks take that wait in line, with the promises that their submitter holds.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { pools } from "./peers/pools.js";

/** Steps that keep the worker busy for longer than the measurement takes. */
const LONG = 1e12;

const [name, tasks] = process.argv.slice(2);
const maker = pools.find((candidate) => candidate.name === name);
if (maker === undefined) throw new Error(`no pool is called ${name}`);

function resident(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss() / 1e6;
}

const pool = await maker.make(1);
// Its worker has booted, and everything has been compiled and grown that the first tasks make grow.
await Promise.all(Array.from({ length: 1000 }, () => pool.run(0)));
const held: PromiseLike<unknown>[] = [pool.run(LONG)];
// The worker is at it.
await sleep(100);
const before = resident();
for (let i = 0; i < Number(tasks); i += 1) held.push(pool.run(0));
// Whatever the pool does with them on its event loop is part of it.
await sleep(100);
const figure = resident() - before;
if (held.length <= Number(tasks)) throw new Error("not all of them are in line");
process.stdout.write(`${figure}\n`, () => process.exit());
