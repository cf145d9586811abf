/** Parts that need no Redis: bundles, run times, and the watches over connections. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { IRedisClient } from "bullmq";
import type { InterpreterPoolExecutor } from "interpreters";
import type { RemoteTasks } from "interpreters/core";
import { Audit, type Sent } from "../src/audit.js";
import { Bundler, type Job, MANY } from "../src/bundles.js";
import { ConnectionWatch, watchRead } from "../src/connection.js";
import { Control } from "../src/control.js";
import type { TaskData } from "../src/messages.js";
import { Outbox } from "../src/outbox.js";
import type { Replies } from "../src/replies.js";
import { RunTimes } from "../src/run-times.js";
import { until } from "./support/fleet.js";

const delay = async (milliseconds: number): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, milliseconds));

const MODULE = { builtin: "node:path" };

function job(id: number, more: Partial<Job> = {}, data: Partial<TaskData> = {}): Job {
  const all: TaskData = {
    v: 1,
    f: MODULE,
    e: "f",
    a: "AA==",
    r: "x",
    i: id,
    m: 1,
    ...data,
  };
  const rest = { name: "f", priority: undefined, apart: undefined, deaths: 0, alone: false };
  return { id, data: all, ...rest, ...more };
}

const jobs = (count: number, more?: (id: number) => Job): Job[] =>
  Array.from({ length: count }, (_, id) => more?.(id) ?? job(id));
const sizes = (groups: readonly (readonly Job[])[]): number[] => groups.map(({ length }) => length);

test("tasks of unknown or long time are not bundled", () => {
  const bundler = new Bundler();
  assert.deepEqual(sizes(bundler.bundle(jobs(100), 1000)), Array(100).fill(1));
  bundler.learn("f", 50);
  assert.deepEqual(sizes(bundler.bundle(jobs(100), 1000)), Array(100).fill(1));
});

test("quick tasks are bundled in their order, as many as leave work for all", () => {
  const bundler = new Bundler();
  bundler.learn("f", 0.01);
  assert.deepEqual(sizes(bundler.bundle(jobs(MANY - 1), 0)), Array(MANY - 1).fill(1));
  assert.deepEqual(sizes(bundler.bundle(jobs(MANY), 0)), Array(MANY / 2).fill(2));
  const groups = bundler.bundle(jobs(100), 10_000);
  assert.deepEqual(sizes(groups), [32, 32, 32, 4]);
  assert.deepEqual(
    groups.flat().map(({ id }) => id),
    jobs(100).map(({ id }) => id),
  );
  bundler.learn("g", 4);
  assert.equal(
    sizes(
      bundler.bundle(
        jobs(100, (id) => job(id, { name: "g" })),
        10_000,
      ),
    )[0],
    4,
  );
});

test("a task that became slow is soon not bundled any more", () => {
  const bundler = new Bundler();
  bundler.learn("f", 0.01);
  let tasks = 0;
  while (sizes(bundler.bundle(jobs(100), 10_000))[0] > 1) {
    bundler.learn("f", 1e9);
    tasks++;
  }
  assert.ok(tasks <= 2, `${tasks} slow tasks`);
});

test("what differs, is large, or must be alone shares no job", () => {
  const bundler = new Bundler();
  bundler.learn("f", 0.01);
  for (const odd of [
    job(1, { priority: 2 }),
    job(1, { apart: "A".repeat(100_000) }),
    job(1, { alone: true }),
    job(1, { name: "g" }),
    job(1, {}, { t: 5 }),
    job(1, {}, { b: 1 }),
    job(1, {}, { a: "A".repeat(5000) }),
  ])
    assert.deepEqual(sizes(bundler.bundle([job(0), odd, job(2)], 10_000)), [1, 1, 1]);
});

test("tasks that are submitted without a connection are kept in order, and can be taken back", async () => {
  const sent: number[][] = [];
  let open = false;
  const outbox = new Outbox(
    () => open,
    (all) => void sent.push(all.map(({ id }) => id)),
  );
  for (const each of jobs(4)) outbox.put(each);
  outbox.flushSoon(false);
  await delay(1);
  assert.deepEqual(sent, []);
  assert.deepEqual([outbox.takeBack(1), outbox.takeBack(1)], [true, false]);
  open = true;
  outbox.flushSoon(false);
  // It is gone again before the end of this turn.
  open = false;
  await delay(1);
  assert.deepEqual([sent, outbox.size], [[], 3]);
  open = true;
  outbox.flushSoon(true);
  await until(() => sent.length > 0, "they are sent");
  assert.deepEqual([sent, outbox.size], [[[0, 2, 3]], 0]);
});

test("the way to an interpreter is taken off the time of tasks, and no time is 0", () => {
  const runTime = { count: 0, mean: 0 };
  const times = new RunTimes({ stats: () => ({ runTime }) } as unknown as InterpreterPoolExecutor);
  assert.equal(times.of(5), 5);
  // They ran for 1 of 5 milliseconds.
  Object.assign(runTime, { count: 4, mean: 1 });
  for (let n = 0; n < 31; n++) times.of(5);
  assert.equal(times.of(5), 1);
  assert.equal(times.of(3), 0.02);
  // From now on they run for 21 of 25: only what is new counts.
  Object.assign(runTime, { count: 8, mean: (4 * 1 + 4 * 21) / 8 });
  for (let n = 0; n < 40; n++) times.of(25);
  assert.ok(Math.abs(times.of(25) - 21) < 2, String(times.of(25)));
});

/** A client that counts how often it was renewed. */
function fake(status: string): { client: IRedisClient; renewed(): number; become(status: string): void } {
  let renewed = 0;
  const client = { status, disconnect: (again: boolean) => void (again && renewed++) };
  return {
    client: client as unknown as IRedisClient,
    renewed: () => renewed,
    become: (now) => void (client.status = now),
  };
}

test("a connection that does not answer, or does not even greet, is renewed", async () => {
  for (const status of ["ready", "connect"]) {
    const { client, renewed } = fake(status);
    const watch = new ConnectionWatch(client, async () => await new Promise(() => undefined), 5, 20);
    await until(() => renewed() === 2, `a connection that is ${status} was renewed`);
    watch.stop();
  }
});

test("a connection that answers, or that the driver makes anew, is left alone", async () => {
  let asked = 0;
  const ready = fake("ready");
  const away = fake("reconnecting");
  const watches = [ready, away].map(
    ({ client }) => new ConnectionWatch(client, async () => void (await Promise.resolve(asked++)), 2, 10_000),
  );
  await until(() => asked > 10, "it has answered");
  for (const watch of watches) watch.stop();
  assert.deepEqual([ready.renewed(), away.renewed()], [0, 0]);
});

test("an overdue read renews its connection, if there is one, until the watch ends", async () => {
  const { client, renewed, become } = fake("reconnecting");
  const unwatch = watchRead(client, 5);
  await delay(30);
  assert.equal(renewed(), 0);
  become("ready");
  await until(() => renewed() > 0, "it was renewed");
  unwatch();
  const before = renewed();
  await delay(30);
  assert.equal(renewed(), before);
});

test("no request to stop a task is missed between two reads", async () => {
  const read: string[] = [];
  const stopped: string[] = [];
  const client = {
    status: "ready",
    on: () => undefined,
    defineCommand: () => undefined,
    disconnect: () => undefined,
    runCommand: async () => await Promise.resolve("7-0"),
    async xread([{ id }]: [{ id: string }]): Promise<unknown> {
      read.push(id);
      await delay(1);
      return read.length === 2 ? [["control", [["8-0", ["stop", "x-1"]]]]] : null;
    },
  };
  const control = new Control(
    client as unknown as IRedisClient,
    "control",
    (task) => void stopped.push(task),
  );
  control.start();
  await until(() => read.length >= 4, "it has read");
  control.stop();
  assert.deepEqual(read.slice(0, 4), ["7-0", "7-0", "8-0", "8-0"]);
  assert.deepEqual(stopped, ["x-1"]);
});

test("a task whose outcome is stored and not yet read is not lost; one without an outcome is", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const failed: number[] = [];
  let read = 0;
  const client = {
    status: "ready",
    del: async () => await Promise.resolve(0),
    runCommand: async () => await Promise.resolve(["900-0", [0, 1]]),
  } as unknown as IRedisClient;
  const replies = { hasRead: (id: string) => read >= Number(id.split("-")[0]) } as Replies;
  const sent = new Map<number, Sent>();
  for (const id of [1, 2]) sent.set(id, { since: -1e9, jobId: `j${id}`, job: job(id), bundled: false });
  const tasks = {
    has: () => true,
    fail: (id: number) => void failed.push(id),
  } as unknown as RemoteTasks;
  const audit = new Audit(client, replies, { jobs: "", replies: "r", leftBy: (id) => [id] }, sent, tasks);
  const look = async (): Promise<void> => {
    t.mock.timers.tick(4000);
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let n = 0; n < 5; n++) await look();
  assert.deepEqual(failed, []);
  read = 900;
  await look();
  audit.stop();
  assert.deepEqual([failed, [...sent.keys()]], [[1], [2]]);
});
