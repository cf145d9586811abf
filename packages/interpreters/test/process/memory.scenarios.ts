/** A program with little address space that fills all of the shared memory there is; run by memory.test.ts. */
import assert from "node:assert/strict";
import { create, createQueue, InterpreterError, type Queue, UNBOUND_KEEP } from "interpreters";

const MIB = 1 << 20;

/** Puts until it is refused; returns how many were put. Run in another interpreter, too. */
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
// Here, too; and who needs none of it goes on.
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

// What was put is there, and what is taken makes room for others.
assert.equal(queue.qsize(), count);
for (let i = 0; i < count; i++) assert.equal(queue.getNowait().length, 16 * MIB);
const [again] = await greedy.call(hoard, queue, 16 * MIB);
console.log(again === count);
queue.close();
await Promise.all([greedy.close(), modest.close()]);
