/** Every form of put against every form of get, within an interpreter and between two. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { create, createQueue, type Interpreter, type Queue, QueueEmpty, QueueFull } from "interpreters";
import { getters, putters } from "../support/queues.js";
import { rejection, until, WATCHDOG } from "../support/processes.js";

const putForms = ["put", "putSync", "putNowait"] as const;
const getForms = ["get", "getSync", "getNowait"] as const;
type PutForm = (typeof putForms)[number];
type GetForm = (typeof getForms)[number];
type Numbers = Queue<number>;

/** One end of a queue. */
interface Side {
  readonly name: string;
  put(queue: Numbers, form: PutForm, from: number, to: number): Promise<void>;
  get(queue: Numbers, form: GetForm, count: number): Promise<unknown[]>;
}

async function putRange(queue: Numbers, form: PutForm, from: number, to: number): Promise<void> {
  for (let i = from; i < to; i++) await queue[form](i);
}

async function getSome(queue: Numbers, form: GetForm, count: number): Promise<unknown[]> {
  const items: unknown[] = [];
  while (items.length < count) items.push(await queue[form]());
  return items;
}

const here: Side = { name: "here", put: putRange, get: getSome };
const there = (name: string, interp: Interpreter): Side => ({
  name,
  put: (...args) => interp.call(putRange, ...args),
  get: (...args) => interp.call(getSome, ...args),
});

const first = create({ name: "first" });
const second = create({ name: "second" });
after(() => Promise.all([first.terminate(), second.terminate()]));
const a = there("one interpreter", first);
const b = there("another interpreter", second);

const routes: readonly (readonly [Side, Side])[] = [
  [here, here],
  [here, a],
  [a, here],
  [a, a],
  [a, b],
];
const COUNT = 200;
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

for (const [source, target] of routes) {
  describe(`from ${source.name} to ${target.name}`, { timeout: WATCHDOG }, () => {
    for (const putForm of putForms) {
      for (const getForm of getForms) {
        test(`${putForm} and ${getForm}: what is there comes out in the order it went in`, async () => {
          const queue = createQueue<number>();
          await source.put(queue, putForm, 0, COUNT);
          assert.equal(queue.qsize(), COUNT);
          assert.deepEqual(await target.get(queue, getForm, COUNT / 2), range(0, COUNT / 2));
          assert.equal(queue.qsize(), COUNT / 2);
          await source.put(queue, putForm, COUNT, COUNT + 10);
          assert.deepEqual(await target.get(queue, getForm, COUNT / 2 + 10), range(COUNT / 2, COUNT + 10));
          assert.ok(queue.empty());
        });
      }
    }
    if (source === target && source !== here) return;

    for (const getForm of ["get", "getSync"] as const) {
      for (const putForm of putForms) {
        // A blocked thread cannot put.
        if (source === here && target === here && getForm === "getSync") continue;
        test(`${getForm} waits until ${putForm} gives it something, every time`, async () => {
          const queue = createQueue<number>();
          for (let round = 0; round < 20; round++) {
            if (target === here && getForm === "getSync") {
              const putting = source.put(queue, putForm, round, round + 1);
              assert.equal(queue.getSync(), round);
              await putting;
              continue;
            }
            const getting = target.get(queue, getForm, 1);
            await until(() => getters(queue) === 1, "the getter waits");
            await source.put(queue, putForm, round, round + 1);
            assert.deepEqual(await getting, [round]);
          }
        });
      }
    }

    for (const putForm of ["put", "putSync"] as const) {
      for (const getForm of getForms) {
        if (source === here && putForm === "putSync") continue;
        test(`${putForm} waits until ${getForm} makes room, every time`, async () => {
          const queue = createQueue<number>(1);
          queue.putNowait(-1);
          for (let round = 0; round < 20; round++) {
            const putting = source.put(queue, putForm, round, round + 1);
            await until(() => putters(queue) === 1, "the putter waits");
            assert.deepEqual(await target.get(queue, getForm, 1), [round - 1]);
            await putting;
            assert.equal(queue.qsize(), 1);
          }
        });
      }
    }
  });
}

test(
  "a blocked getter and a blocked putter are the two ends of one bounded queue for a while",
  { timeout: WATCHDOG },
  async () => {
    const queue = createQueue<number>(3);
    const putting = a.put(queue, "putSync", 0, 3000);
    assert.deepEqual(await b.get(queue, "getSync", 3000), range(0, 3000));
    await putting;
    assert.equal(queue.qsize(), 0);
  },
);

test(
  "putNowait into a full queue and getNowait from an empty one throw in every interpreter",
  { timeout: WATCHDOG },
  async () => {
    const queue = createQueue<number>(1);
    assert.throws(() => queue.getNowait(), QueueEmpty);
    queue.putNowait(0);
    assert.throws(() => queue.putNowait(1), QueueFull);
    const full = await rejection(a.put(queue, "putNowait", 1, 2));
    assert.ok(full.cause instanceof QueueFull, String(full));
    await a.get(queue, "getNowait", 1);
    const empty = await rejection(a.get(queue, "getNowait", 1));
    assert.ok(empty.cause instanceof QueueEmpty, String(empty));
  },
);
