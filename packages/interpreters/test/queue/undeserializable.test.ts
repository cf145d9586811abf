/** Messages that the runtime posts but cannot deserialize where they arrive: the sender is refused, and no other thread notices. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { create, createQueue, isShareable, NotShareableError } from "../../src/index.js";
import { runtime } from "../../src/thread/current.js";
import { makePlaceholder } from "../../src/transfer/supervisor-port.js";
import { limits, rejection, thrown } from "../support/ways.js";

interface Memory {
  readonly buffer: SharedArrayBuffer;
  toResizableBuffer?(): SharedArrayBuffer;
}
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Memory: new (options: object) => Memory };
};

const [one, two] = [create(), create()];
after(async () => {
  await one.terminate();
  await two.terminate();
});

function undeserializable(): SharedArrayBuffer | undefined {
  const buffer = new WebAssembly.Memory({ initial: 1, maximum: 5, shared: true }).toResizableBuffer?.();
  if (buffer === undefined) return undefined;
  try {
    structuredClone(buffer);
    return undefined;
  } catch {
    return buffer;
  }
}

const without = undeserializable() === undefined && "this runtime deserializes all that it posts";

test("a buffer that cannot be received is refused, in every form", { ...limits, skip: without }, async () => {
  const queue = createQueue();
  for (const first of [false, true]) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 5, shared: true });
    if (first) assert.equal(await one.call((buffer) => buffer.byteLength, memory.buffer), 65_536);
    const buffer = memory.toResizableBuffer!();
    for (const value of [buffer, { deep: [new Uint8Array(buffer)] }]) {
      assert.equal(isShareable(value), false);
      for (const error of [
        await rejection(one.call((value) => value, value)),
        thrown(() => one.callSync((value) => value, value)),
        await rejection(queue.put(value)),
        thrown(() => queue.putSync(value)),
      ]) {
        assert.ok(error instanceof NotShareableError, String(error));
        assert.match(error.message, /is a SharedArrayBuffer that this runtime cannot pass/);
      }
    }
  }
  assert.equal(queue.qsize(), 0);
  assert.equal(await two.call((buffer) => buffer.byteLength, new SharedArrayBuffer(8)), 8);
});

test(
  "the supervisor survives what it cannot deserialize, and replies",
  { ...limits, skip: without },
  async () => {
    const rt = runtime();
    await one.call((buffer) => buffer.byteLength, new SharedArrayBuffer(8));
    for (const follows of [true, false]) {
      const handle = makePlaceholder(rt, "test");
      if (follows) rt.supervisorPort!.postMessage({ ...handle, buffer: undefined, follows: true });
      rt.supervisorPort!.postMessage({ ...handle, buffer: undeserializable() });
      // Once by its event loop, and once when a thread asks for a buffer at that moment.
      if (follows) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(
        one.callSync((buffer) => buffer.byteLength, new SharedArrayBuffer(16)),
        16,
      );
    }
    assert.equal(await create().call(() => "a new one"), "a new one");
  },
);
