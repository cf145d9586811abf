/** `move` deep inside of a value: moved wherever something can move, refused with the path elsewhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import {
  callback,
  create,
  createQueue,
  fromModule,
  InterpreterPoolExecutor,
  isShareable,
  move,
  NotShareableError,
  onPut,
  registerType,
  select,
  UNBOUND,
} from "interpreters";
import { limits, rejection } from "../support/ways.js";

const moving = fromModule<typeof import("./moving.js")>(new URL("./moving.js", import.meta.url));
const sevens = (length: number): Uint8Array => new Uint8Array(length).fill(7);

interface Nested {
  a: { b: Uint8Array };
}
type Holder = [Map<string, Set<Nested>>];
const holder = (bytes: Uint8Array): Holder => [new Map([["key", new Set([{ a: { b: bytes } }])]])];
const length = ([map]: Holder): number => {
  for (const nested of map.get("key") ?? []) return nested.a.b[0] * nested.a.b.length;
  return -1;
};

for (const size of [1, 10_000, 5_000_000]) {
  test(`${size} bytes, deep in arguments, items and results`, limits, async () => {
    await using interp = create();
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    await using again = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 1 });
    const queue = createQueue<Holder>();
    const ways: Record<string, (value: Holder) => unknown> = {
      call: (value) => interp.call(length, value),
      callSync: (value) => interp.callSync(length, value),
      submit: (value) => pool.submit(length, value),
      "submit with retries": (value) => again.submit(length, value),
      map: async (value) => {
        for await (const result of pool.map(length, [value], { chunksize: 2 })) return result;
        return undefined;
      },
      iterate: async (value) => {
        const results = interp.iterate(function* ([map]: Holder) {
          for (const nested of map.get("key") ?? []) yield nested.a.b[0] * nested.a.b.length;
        }, value);
        for await (const result of results) return result;
        return undefined;
      },
      put: async (value) => {
        await queue.put(value);
        return length((await queue.get()) as Holder);
      },
      putNowait: (value) => {
        queue.putNowait(value);
        return length(queue.getNowait() as Holder);
      },
      select: async (value) => {
        await select([onPut(queue, value)]);
        return length(queue.getNowait() as Holder);
      },
    };
    for (const [way, send] of Object.entries(ways)) {
      const bytes = sevens(size);
      assert.equal(await send(holder(move(bytes))), 7 * size, way);
      assert.equal(bytes.byteLength, 0, way);
      // It was marked for one message only.
      const other = holder(sevens(size));
      assert.equal(await send(other), 7 * size, way);
      assert.equal(length(other), 7 * size, way);
    }
    assert.deepEqual(await interp.call(moving.deep, size), { list: [{ bytes: sevens(size) }] });
    assert.equal(await interp.call(moving.left), 0);
    for await (const result of pool.map(moving.deep, [size, size], { chunksize: 2 })) {
      assert.deepEqual(result, { list: [{ bytes: sevens(size) }] });
    }
    assert.equal(await pool.submit(moving.left), 0);
    for await (const item of interp.iterate(moving.deepItems, size))
      assert.deepEqual(item.bytes, sevens(size));
    assert.equal(await interp.call(moving.left), 0);
    using returned = callback(() => ({ bytes: move(sevens(size)) }));
    const back = await interp.call(
      async (fn: () => Promise<{ bytes: Uint8Array }>) => (await fn()).bytes.length,
      returned,
    );
    assert.equal(back, size);
  });
}

test("a buffer that was copied before its mark is met is still one object, and moves", limits, async () => {
  await using interp = create();
  for (const size of [10, 5_000_000]) {
    const bytes = sevens(size);
    const part = bytes.subarray(1, 3);
    const same = ([first, { second }, { part }]: [
      Uint8Array,
      { second: Uint8Array },
      { part: Uint8Array },
    ]) => [first.buffer === second.buffer && second.buffer === part.buffer, second.length, part.length];
    const value: Parameters<typeof same>[0] = [bytes.subarray(2), { second: move(bytes) }, { part }];
    assert.deepEqual(await interp.call(same, value), [true, size, 2]);
    assert.equal(bytes.byteLength, 0);
  }
});

test("a view of a marked buffer", limits, async () => {
  await using interp = create();
  const buffer = move(new ArrayBuffer(8));
  assert.equal(await interp.call(({ view }) => view.length, { view: new Uint8Array(buffer) }), 8);
  assert.equal(buffer.byteLength, 0);
});

test("a port moves from any depth, and isShareable says so", limits, async () => {
  await using interp = create();
  const { port1, port2 } = new MessageChannel();
  const value = { list: [{ port: move(port2) }] };
  assert.equal(isShareable(value), true);
  const arrived = new Promise((resolve) => port1.once("message", resolve));
  await interp.call(
    ({ list: [{ port }] }: { list: { port: MessagePort }[] }) => port.postMessage("hello"),
    value,
  );
  assert.equal(await arrived, "hello");
  port1.close();
});

class Picture {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}
registerType("test/MovedPicture", Picture, {
  encode: ({ bytes }) => move(bytes.slice()),
  decode: (bytes: Uint8Array) => new Picture(bytes),
});

test("an encoder of a registered type may mark a new buffer each time", limits, () => {
  const queue = createQueue<{ picture: Picture }>();
  for (const size of [3, 5_000_000]) {
    queue.putNowait({ picture: new Picture(sevens(size)) });
    const got = queue.getNowait();
    assert.ok(got !== UNBOUND && got.picture instanceof Picture);
    assert.deepEqual(got.picture.bytes, sevens(size));
  }
});

test("a message that is refused leaves everything as it is", limits, async () => {
  const queue = createQueue<unknown>(1);
  const bytes = sevens(5);
  queue.putNowait(0);
  const value = { deep: [move(bytes)] };
  assert.throws(() => queue.putNowait(value), { code: "ERR_QUEUE_FULL" });
  assert.throws(() => queue.putNowait({ value, fn: () => 0 }), NotShareableError);
  assert.equal(bytes.length, 5);
  queue.getNowait();
  queue.putNowait(value);
  assert.equal(bytes.length, 0);
});

test("where nothing can move, the mark is refused with its path", limits, async () => {
  await using interp = create();
  const queue = createQueue<unknown>();
  const refused = (path: string): object => ({
    name: "NotShareableError",
    message: new RegExp(`${path.replace(/[[\].]/g, "\\$&")} is marked by move\\(\\)`),
  });
  const bytes = sevens(5);
  const value = { deep: [move(bytes)] };
  assert.throws(() => queue.putManySync([0, value]), refused("values[1].deep[0]"));
  await assert.rejects(interp.prepareMain({ value }), refused("value.deep[0]"));
  assert.throws(
    () => new InterpreterPoolExecutor({ initializer: (_value: unknown) => {}, initargs: [value] }),
    refused("initargs[0].deep[0]"),
  );
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const progress = pool.with({ onProgress: () => {} }).submit(moving.report);
  assert.match((await rejection(progress)).message, /value\.bytes is marked by move\(\)/);
  assert.equal(bytes.length, 5);
});
