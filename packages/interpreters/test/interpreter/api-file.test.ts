/** The package's second file, which an interpreter loads only when it needs it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Callback, callback, create, createQueue, type Interpreter, Lock } from "interpreters";
import copies from "../../src/base/copies.cjs";
import { limits } from "../support/ways.js";

const isLoaded = (interp: Interpreter): Promise<boolean> =>
  interp.call(
    (key) => Object.getOwnPropertyDescriptor(globalThis, Symbol.for(key))?.get === undefined,
    Symbol.keyFor(copies.API)!,
  );

test("functions, values, queues and moved buffers do not need it", limits, async () => {
  await using interp = create();
  const queue = createQueue<number>();
  await interp.call((queue) => queue.put(1), queue);
  const buffer = new ArrayBuffer(8);
  assert.equal(
    await interp.with({ transfer: [buffer] }).call((buffer: ArrayBuffer) => buffer.byteLength, buffer),
    8,
  );
  await interp.exec("globalThis.x = 1");
  assert.equal(await isLoaded(interp), false);
});

const sent: Record<string, (interp: Interpreter) => Promise<unknown>> = {
  "a lock": (interp) => interp.call((lock) => lock.acquireSync().release(), new Lock()),
  "an interpreter": (interp) => interp.call((self) => self.id, interp),
  "a callback": (interp) =>
    interp.call(
      (double: Callback<[number], number>) => double(2),
      callback((n: number) => 2 * n),
    ),
  "a lock in a queue": async (interp) => {
    const queue = createQueue<Lock>();
    await queue.put(new Lock());
    await interp.call(async (queue) => void (await queue.get()), queue);
  },
};
for (const [what, send] of Object.entries(sent)) {
  test(`${what} that arrives loads it`, limits, async () => {
    await using interp = create();
    await send(interp);
    assert.equal(await isLoaded(interp), true);
  });
}

test("an import of the package loads it", limits, async () => {
  await using interp = create();
  await interp.exec(
    `globalThis.own = (await import(${JSON.stringify(import.meta.resolve("interpreters"))})).getCurrent().id`,
  );
  assert.equal(await interp.call(() => (globalThis as { own?: number }).own), interp.id);
  assert.equal(await isLoaded(interp), true);
});

test("it can be loaded again after the call stack overflowed in the middle", limits, async () => {
  await using interp = create();
  const queue = createQueue<Lock>();
  for (let i = 0; i < 500; i++) await queue.put(new Lock());
  const failures = await interp.call((queue) => {
    const seen: string[] = [];
    let done = false;
    // From the end of the stack upwards, every call has a little more room.
    const dive = (): void => {
      try {
        dive();
      } catch {
        // The end.
      }
      if (done) return;
      try {
        (queue.getNowait() as Lock).acquireSync().release();
        done = true;
      } catch (error) {
        seen.push((error as Error).name);
      }
    };
    dive();
    return [done, [...new Set(seen)]];
  }, queue);
  assert.deepEqual(failures, [true, ["RangeError"]]);
});
