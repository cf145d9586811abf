/** A program with little address space that fills the whole shared memory; run by memory.test.ts. */
import assert from "node:assert/strict";
import { create, createQueue, InterpreterError, type Queue, UNBOUND_KEEP } from "interpreters";

const MIB = 1 << 20;

/** Puts until a put is refused; returns how many were put. Also runs in another interpreter. */
function hoard(queue: Queue<Uint8Array, never>, size: number): [count: number, code: string] {
  const item = new Uint8Array(size);
  for (let count = 0; ; count++) {
    try {
      queue.putSync(item);
    } catch (error) {
      return [count, (error as { code: string }).code];
    }
  }
}

const queue = createQueue<Uint8Array>(0, { unboundItems: UNBOUND_KEEP });
const [requests, replies] = [createQueue<number>(), createQueue<number>()];
const [greedy, modest] = [create(), create()];
const echoing = modest.call(
  (from: Queue<number>, to: Queue<number>) => {
    let item = from.getSync() as number;
    for (; item >= 0; item = from.getSync() as number) to.putSync(item);
    return "done";
  },
  requests,
  replies,
);
requests.putNowait(0);
assert.equal(await replies.get(), 0);

const [count, code] = await greedy.call(hoard, queue, 16 * MIB);
console.log(code, count >= 2);
// A put from here is refused, too, and an interpreter that needs no more memory continues.
assert.throws(
  () => queue.putNowait(new Uint8Array(16 * MIB)),
  (error) => error instanceof InterpreterError && error.code === code,
);
for (let i = 1; i <= 1000; i++) {
  requests.putNowait(i);
  assert.equal(await replies.get(), i);
}
requests.putNowait(-1);
console.log(await echoing);

// The items that were put are in the queue, and taking them makes room for others.
assert.equal(queue.qsize(), count);
for (let i = 0; i < count; i++) assert.equal(queue.getNowait().length, 16 * MIB);
const [again] = await greedy.call(hoard, queue, 16 * MIB);
console.log(again === count);
queue.close();
await Promise.all([greedy.close(), modest.close()]);
