/** `move`: results whose buffers are moved to the caller, and arguments whose buffers are moved to the interpreter. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, fromModule, InterpreterPoolExecutor, move, NotShareableError } from "interpreters";
import { rejection, WATCHDOG } from "../support/processes.js";

const limits = { timeout: WATCHDOG };
const moving = fromModule<typeof import("./moving.js")>(new URL("./moving.js", import.meta.url));
const sevens = (length: number): Uint8Array => new Uint8Array(length).fill(7);

for (const length of [1, 10_000, 5_000_000]) {
  test(`results of ${length} bytes arrive, and none stays there unless copied`, limits, async () => {
    await using interp = create();
    assert.deepEqual(await interp.call(moving.bytes, length), sevens(length));
    assert.equal(await interp.call(moving.left), 0);
    assert.deepEqual(await interp.call(moving.later, length), sevens(length));
    assert.equal(interp.callSync(moving.left), 0);
    assert.deepEqual(new Uint8Array(interp.callSync(moving.buffer, length)), sevens(length));
    assert.equal(await interp.call(moving.left), 0);
    assert.deepEqual(await interp.call(moving.nested, length), { name: "nested", bytes: sevens(length) });
    assert.equal(await interp.call(moving.left), 0);
    assert.deepEqual(await interp.call(moving.copied, length), sevens(length));
    assert.equal(await interp.call(moving.left), length, "not moved");
  });
}

test("a result that cannot travel moves nothing", limits, async () => {
  await using interp = create();
  assert.ok((await rejection(interp.call(moving.refused, 5))) instanceof NotShareableError);
  assert.equal(await interp.call(moving.left), 5);
});

test("results of a pool's tasks, alone and in call batches, are moved", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  assert.deepEqual(await pool.submit(moving.bytes, 3), sevens(3));
  assert.equal(await pool.submit(moving.left), 0);
  const lengths: number[] = [];
  const asked = [1, 4_000_000, 3, 5_000_000];
  for await (const result of pool.map(moving.bytes, asked, { chunksize: 4 })) lengths.push(result.length);
  assert.deepEqual(lengths, asked);
  assert.equal(await pool.submit(moving.left), 0);
});

for (const length of [1, 10_000, 5_000_000]) {
  test(`an argument of ${length} bytes is moved`, limits, async () => {
    await using interp = create();
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const first = (bytes: Uint8Array): number => bytes[0] * bytes.length;
    const [called, blocking, submitted] = [0, 1, 2].map(() => sevens(length));
    assert.equal(await interp.call(first, move(called)), 7 * length);
    assert.equal(interp.callSync(first, move(blocking)), 7 * length);
    assert.equal(await pool.submit(first, move(submitted)), 7 * length);
    const inside = { name: "inside", bytes: sevens(length) };
    assert.equal(
      await interp.call(({ bytes }) => bytes.length, move(inside, [inside.bytes.buffer as ArrayBuffer])),
      length,
    );
    const both = sevens(length);
    const { buffer } = both as { buffer: ArrayBuffer };
    assert.equal(await interp.with({ transfer: [buffer] }).call(first, move(both)), 7 * length);
    for (const { byteLength } of [called, blocking, submitted, inside.bytes, both])
      assert.equal(byteLength, 0);

    const items = [sevens(length), sevens(length)];
    const marked = items.map((item) => move(item));
    for await (const found of pool.map(first, marked, { chunksize: 2 })) assert.equal(found, 7 * length);
    assert.deepEqual(
      items.map((item) => item.length),
      [0, 0],
    );
  });
}

test("a refused call does not move its argument, and the next call does", limits, async () => {
  await using interp = create();
  const bytes = move(sevens(5));
  await assert.rejects(
    interp.call(
      (bytes: Uint8Array, _fn: unknown) => bytes.length,
      bytes,
      () => {},
    ),
    NotShareableError,
  );
  assert.equal(bytes.length, 5);
  assert.equal(await interp.call((bytes: Uint8Array) => bytes.length, bytes), 5);
  assert.equal(bytes.length, 0);
});

test("move returns its argument, and refuses values without buffers", () => {
  const bytes = new Uint8Array(3);
  assert.equal(move(bytes), bytes);
  assert.equal(move(bytes, []), bytes);
  assert.equal(bytes.length, 3, "only what is sent is moved");
  assert.throws(() => move({}), /name the buffers to move/);
  assert.throws(() => move(new Uint8Array(new SharedArrayBuffer(1))), /name the buffers to move/);
  assert.throws(() => move(null as never), TypeError);
  assert.throws(() => move(5 as never, []), TypeError);
  assert.throws(() => move({}, [bytes as never]), TypeError);
});
