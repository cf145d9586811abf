/** An object that is marked as untransferable moves as `postMessage` moves it: not at all. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { markAsUntransferable, MessageChannel, type MessagePort } from "node:worker_threads";
import { create, createQueue, InterpreterPoolExecutor, move, type Movable } from "interpreters";
import { limits, rejection } from "../support/ways.js";

const interp = create();
const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
const queue = createQueue();
after(async () => {
  await interp.terminate();
  await pool.terminateWorkers();
});

function marked<T extends object>(object: T): T {
  markAsUntransferable(object);
  return object;
}

const sorts: Record<string, () => ArrayBuffer | MessagePort> = {
  "a small buffer": () => marked(new ArrayBuffer(16)),
  "a large buffer": () => marked(new ArrayBuffer(1 << 20)),
  "a pool of Buffers": () => Buffer.from("pooled").buffer as ArrayBuffer,
  "a port": () => marked(new MessageChannel().port1),
};

/** Whether the runtime refuses it. Node 20 copies a buffer instead. */
function isRefused(object: object): boolean {
  try {
    structuredClone(object, { transfer: [object as ArrayBuffer] });
    return false;
  } catch {
    return true;
  }
}

const isMissing = (value: unknown): boolean => value === undefined;

for (const [name, make] of Object.entries(sorts)) {
  const ways: Record<string, (object: Movable) => unknown> = {
    put: (object) => queue.put(object, { transfer: [object] }),
    putNowait: (object) => queue.putNowait(move(object)),
    "call with a list": (object) => interp.with({ transfer: [object] }).call(isMissing, object),
    "call with move": (object) => interp.call(isMissing, move(object)),
    submit: (object) => pool.submit(isMissing, move(object)),
  };
  for (const [way, send] of Object.entries(ways)) {
    test(`${name}, ${way}`, limits, async () => {
      const object = make();
      const size = object instanceof ArrayBuffer ? object.byteLength : undefined;
      if (isRefused(make())) {
        const error = await rejection((async () => await send(object))());
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, /cannot move: .* marked as untransferable/s);
        assert.equal(queue.qsize(), 0);
      } else {
        await send(object);
        if (queue.qsize() > 0) assert.equal((queue.getNowait() as ArrayBuffer).byteLength, size);
      }
      if (object instanceof ArrayBuffer) assert.equal(object.byteLength, size, "it stays here");
      else object.close();
    });
  }
}
