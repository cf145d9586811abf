/** Whatever happens to workers, connections and Redis: each task has exactly one outcome at its caller, and none is lost. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { type Future, fromModule, InterpreterDiedError } from "interpreters";
import type { BullMQExecutor } from "../src/index.js";
import { executorOf, Fleet, until } from "./support/fleet.js";
import { Proxy, Redis, skip } from "./support/redis.js";

const f = fromModule<typeof import("./support/functions.js")>(
  new URL("./support/functions.js", import.meta.url),
);
const options = { skip, timeout: 120_000 };

/** Submits `count` tasks and counts how often each has an outcome. */
class Tally {
  readonly outcomes: number[] = [];
  readonly wrong: unknown[] = [];
  died = 0;
  done = 0;
  readonly futures: Future<number>[] = [];

  constructor(executor: BullMQExecutor, count: number, from = 0) {
    for (let n = from; n < from + count; n++) {
      const future = executor.submit(f.square, n);
      this.futures.push(future);
      this.outcomes.push(0);
      future.addDoneCallback(() => {
        this.outcomes[n - from]++;
        this.done++;
      });
      future.then(
        (value) => {
          if (value !== n * n) this.wrong.push([n, value]);
        },
        (error: unknown) => {
          if (error instanceof InterpreterDiedError) this.died++;
          else this.wrong.push(error);
        },
      );
    }
  }

  async all(): Promise<void> {
    await Promise.allSettled(this.futures);
    await until(() => this.done === this.futures.length, "all callbacks were called");
    assert.ok(this.outcomes.every((count) => count === 1));
    assert.deepEqual(this.wrong, []);
  }
}

test("workers that are killed in the midst of 10,000 tasks lose none", options, async () => {
  await using redis = await Redis.start();
  await using fleet = new Fleet({ queue: "tasks", connection: redis.url });
  await Promise.all([fleet.start(true), fleet.start(true)]);
  await using executor = executorOf(redis.url, { retries: 20 });
  const tally = new Tally(executor, 10_000);
  for (const part of [0.1, 0.3, 0.5, 0.7]) {
    await until(() => tally.done > part * 10_000, `${part} of the tasks are done`);
    fleet.kill();
  }
  await tally.all();
  assert.equal(tally.died, 0);
  assert.equal(executor.stats().completed, 10_000);
});

test("without retries, a killed worker fails what it ran and nothing else", options, async () => {
  await using redis = await Redis.start();
  await using fleet = new Fleet({ queue: "tasks", connection: redis.url });
  await fleet.start(true);
  await using executor = executorOf(redis.url);
  const tally = new Tally(executor, 3000);
  await until(() => tally.done > 1000, "some tasks are done");
  fleet.kill();
  await tally.all();
  // Two interpreters ran at most two tasks of each of the two jobs.
  assert.ok(tally.died <= 4, `${tally.died} tasks died`);
});

test("Redis that is stopped and started again loses nothing (AOF)", options, async () => {
  await using redis = await Redis.start("--appendonly", "yes", "--appendfsync", "always");
  await using fleet = new Fleet({ queue: "tasks", connection: redis.url });
  await fleet.start(true);
  await using executor = executorOf(redis.url, { retries: 20 });
  const tally = new Tally(executor, 3000);
  await until(() => tally.done > 500, "some tasks are done");
  await redis.stop();
  const more = new Tally(executor, 100, 5000);
  await redis.resume();
  await until(() => tally.done > 1500, "more tasks are done");
  await redis.stop("SIGKILL");
  await redis.resume();
  await Promise.all([tally.all(), more.all()]);
  assert.equal(tally.died + more.died, 0);
});

test("a network that is cut, or drops what it gets, delays tasks and loses none", options, async () => {
  await using redis = await Redis.start();
  await using near = await Proxy.start(redis.port);
  await using far = await Proxy.start(redis.port);
  await using fleet = new Fleet({ queue: "tasks", connection: far.url });
  await fleet.start();
  await using executor = executorOf(near.url, { retries: 20 });
  const tally = new Tally(executor, 3000);
  await until(() => tally.done > 200, "some tasks are done");
  near.cut();
  far.cut();
  await until(() => tally.done > 800, "more tasks are done");
  far.drop();
  near.drop();
  // For longer than a worker's claim lasts.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  near.restore();
  far.restore();
  await tally.all();
  assert.equal(tally.died, 0);
});

test("two executors on one queue get their own outcomes", options, async () => {
  await using redis = await Redis.start();
  await using fleet = new Fleet({ queue: "tasks", connection: redis.url });
  await fleet.start();
  await using one = executorOf(redis.url);
  await using other = executorOf(redis.url);
  const tallies = [new Tally(one, 500), new Tally(other, 500, 10_000)];
  await Promise.all(tallies.map(async (tally) => await tally.all()));
  assert.deepEqual([one.stats().completed, other.stats().completed], [500, 500]);
});

test(
  "a task that always kills its worker has an outcome of its own, and the queue goes on",
  options,
  async () => {
    await using redis = await Redis.start();
    await using fleet = new Fleet({ queue: "tasks", connection: redis.url });
    await fleet.start(true);
    await using executor = executorOf(redis.url, { retries: 2 });
    const poisoned = executor.submit(f.poison);
    const error = await poisoned.exception();
    assert.ok(error instanceof InterpreterDiedError, String(error));
    assert.match(error.message, /functions\.js#poison: the worker that ran it ended.*3 in all/);
    assert.equal(await executor.submit(f.square, 3), 9);
  },
);

test("workers whose clocks differ by an hour do not disturb each other", options, async () => {
  await using redis = await Redis.start();
  await using fleet = new Fleet({ queue: "tasks", connection: redis.url });
  await Promise.all([fleet.start(false, { skew: 3_600_000 }), fleet.start(false, { skew: -3_600_000 })]);
  await using executor = executorOf(redis.url);
  // Long enough that claims are renewed, and looked at by the other worker.
  const long = [1, 2, 3].map((n) => executor.submit(f.later, 3000, n));
  const tally = new Tally(executor, 500);
  await tally.all();
  assert.equal(tally.died, 0);
  assert.deepEqual(await Promise.all(long), [1, 2, 3]);
});

test("a worker that is asked to end finishes what it can and gives back the rest", options, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "interpreters-bullmq-"));
  const file = path.join(folder, "ran");
  await using redis = await Redis.start();
  await using fleet = new Fleet({ queue: "tasks", connection: redis.url });
  const first = await fleet.start();
  await using executor = executorOf(redis.url, { retries: 1 });
  const quick = executor.submit(f.slow, file, 1, 100);
  const long = executor.submit(f.slow, file, 2, 2000);
  await until(async () => (await readFile(file, "utf8").catch(() => "")).length >= 4, "both run");
  first.kill("SIGTERM");
  const [code] = (await once(first, "exit")) as [number];
  assert.equal(code, 0);
  assert.equal(await quick, 1);
  await fleet.start();
  assert.equal(await long, 2);
  assert.deepEqual((await readFile(file, "utf8")).trim().split("\n").toSorted(), ["1", "2", "2"]);
  await rm(folder, { recursive: true });
});
