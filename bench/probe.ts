/**
 * Measures one figure in a fresh process: `node --expose-gc probe.js <subject> <measure>` prints it as a number.
 *
 * A process that has done other work cannot measure the first boot, which happens once, nor resident memory, which the other
 * work blurs.
 */

import { Worker } from "node:worker_threads";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "./harness.js";
import type { PoolMaker } from "./peers/pool.js";
import type { Measure, Subject } from "./probe-types.js";

/** A started subject, which runs in its own thread. */
interface Thread {
  /** Settles when it has booted and returned its first result. */
  ready: PromiseLike<unknown>;
  readonly stop: () => void | Promise<void>;
}

type Start = () => Thread;

const LATER = 8;
const TOGETHER = 20;
/** Milliseconds, ample for booting as many as `later` takes. No event reports that they are ready. */
const BOOTED_MS = 2_000;
/** The marginal memory is the mean of this many idle ones, measured after 8 others that pay for what all share. */
const MEMORY_FIRST = 8;
const MEMORY_MORE = 24;

async function bareWorker(): Promise<Start> {
  return () => {
    const worker = new Worker(new URL("./peers/bare-pool.worker.js", import.meta.url));
    const ready = once(worker, "message");
    worker.postMessage(0);
    return {
      ready,
      stop: async () => {
        await worker.terminate();
      },
    };
  };
}

async function interpreter(): Promise<Start> {
  const { create, fromModule } = await import("interpreters");
  const { work } = fromModule<typeof import("./peers/work.js")>(new URL("./peers/work.js", import.meta.url));
  return () => {
    const interp = create();
    return { ready: interp.call(work, 0), stop: () => interp.close({ wait: true }) };
  };
}

/** What `interpreter` calls, as a TypeScript file. Only the first interpreter of the process erases its types. */
async function typescriptInterpreter(): Promise<Start> {
  const { create, fromModule } = await import("interpreters");
  const folder = mkdtempSync(path.join(tmpdir(), "interpreters-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "work.mts");
  writeFileSync(file, "export const work = (input: number): number => input;\n");
  const { work } = fromModule<typeof import("./peers/work.js")>(pathToFileURL(file));
  return () => {
    const interp = create();
    return { ready: interp.call(work, 0), stop: () => interp.close({ wait: true }) };
  };
}

/** Standby interpreters: as many are started ahead as the measurement creates. */
async function spareInterpreter(): Promise<Start> {
  const { create, prewarm } = await import("interpreters");
  prewarm(LATER + 1);
  await sleep(BOOTED_MS);
  return () => {
    const interp = create();
    return { ready: interp.call((input: number) => input, 0), stop: () => interp.close({ wait: true }) };
  };
}

/** A pool of one worker. */
async function pool(maker: Promise<PoolMaker>, name: string): Promise<Start> {
  const chosen = await maker;
  // The adapter imports the package when it makes a pool. Load it now, so that loading is not in the figure.
  await import(name);
  return () => {
    const made = chosen.make(1);
    return {
      ready: made.then((ready) => ready.run(0)),
      stop: async () => (await made).stop(),
    };
  };
}

const subjects: Record<Subject, () => Promise<Start>> = {
  interpreter,
  "spare-interpreter": spareInterpreter,
  "typescript-interpreter": typescriptInterpreter,
  "bare-worker": bareWorker,
  piscina: () =>
    pool(
      import("./peers/piscina.js").then((peer) => peer.piscinaDefault),
      "piscina",
    ),
  tinypool: () =>
    pool(
      import("./peers/tinypool.js").then((peer) => peer.tinypoolDefault),
      "tinypool",
    ),
  workerpool: () =>
    pool(
      import("./peers/workerpool.js").then((peer) => peer.workerpoolThreads),
      "workerpool",
    ),
};

async function timeToReady(start: Start): Promise<{ elapsed: number; thread: Thread }> {
  const before = performance.now();
  const thread = start();
  await thread.ready;
  return { elapsed: performance.now() - before, thread };
}

async function bootOnce(start: Start): Promise<number> {
  const { elapsed, thread } = await timeToReady(start);
  await thread.stop();
  return elapsed;
}

/** Returns the resident memory in MB once it has settled: the boot's young garbage is gone and freed pages are returned. */
async function resident(): Promise<number> {
  let last = Infinity;
  for (let i = 0; i < 10; i += 1) {
    globalThis.gc?.();
    await sleep(50);
    const now = process.memoryUsage.rss() / 1e6;
    if (Math.abs(now - last) < 0.2) return now;
    last = now;
  }
  return last;
}

async function startMany(start: Start, count: number): Promise<Thread[]> {
  const threads: Thread[] = [];
  for (let i = 0; i < count; i += 1) threads.push((await timeToReady(start)).thread);
  return threads;
}

async function stopAll(threads: readonly Thread[]): Promise<void> {
  await Promise.all(threads.map(async ({ stop }) => stop()));
}

/**
 * Returns the MB that these threads added to `before`. They must be stopped only afterwards: an interpreter whose handles are
 * collected is closed, so without a later use the garbage collections of `resident` would end the interpreters being measured.
 * Stopping one that is gone fails, and then the probe fails too.
 */
async function residentOf(before: number, threads: readonly Thread[]): Promise<number> {
  const added = (await resident()) - before;
  await stopAll(threads);
  return added;
}

const measures: Record<Measure, (start: Start) => Promise<number>> = {
  first: bootOnce,
  async later(start) {
    await bootOnce(start);
    const figures: number[] = [];
    for (let i = 0; i < LATER; i += 1) figures.push(await bootOnce(start));
    return median(figures);
  },
  async together(start) {
    await bootOnce(start);
    const before = performance.now();
    const threads = Array.from({ length: TOGETHER }, start);
    await Promise.all(threads.map(({ ready }) => ready));
    return (performance.now() - before) / TOGETHER;
  },
  async "memory-first"(start) {
    const before = await resident();
    return residentOf(before, await startMany(start, 1));
  },
  async "memory-each"(start) {
    const shared = await startMany(start, MEMORY_FIRST);
    const before = await resident();
    const added = await residentOf(before, await startMany(start, MEMORY_MORE));
    await stopAll(shared);
    return added / MEMORY_MORE;
  },
};

const [subject, measure] = process.argv.slice(2) as [Subject, Measure];
const start = await subjects[subject]();
const figure = await measures[measure](start);
// The figure is complete: exit now instead of waiting for threads that still run.
process.stdout.write(`${figure}\n`, () => process.exit());
