/** Values that cannot travel, and values that are moved: errors name the culprit, and nothing is sent by halves. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  create,
  createQueue,
  fromModule,
  getMain,
  InterpreterError,
  isShareable,
  NotShareableError,
  type Queue,
} from "interpreters";
import { limits, rejection, thrown } from "../support/ways.js";

const interp = create();
after(() => interp.terminate());

async function refused(
  send: () => Promise<unknown>,
  sendSync: () => unknown,
  expected: RegExp,
): Promise<void> {
  for (const error of [await rejection(send()), thrown(sendSync)]) {
    assert.ok(error instanceof NotShareableError, String(error));
    assert.ok(error instanceof TypeError);
    assert.equal(error.code, "ERR_NOT_SHAREABLE");
    assert.match(error.message, expected);
  }
  assert.equal(
    interp.callSync(() => "healthy"),
    "healthy",
  );
  assert.equal(interp.isRunning(), false);
}

test("an argument that cannot travel is named by its path", limits, async () => {
  const cases: [unknown, RegExp][] = [
    [() => 1, /args\[1\] is a function/],
    [{ items: [0, 1, { onClick() {} }] }, /args\[1\]\.items\[2\]\.onClick is a function/],
    [Symbol("s"), /args\[1\] is a symbol/],
    [{ a: { b: Symbol("s") } }, /args\[1\]\.a\.b is a symbol/],
    [new Map([["key", new WeakMap()]]), /args\[1\]\.get\('key'\) is a WeakMap/],
    [new Set([1, Promise.resolve()]), /args\[1\].*is a Promise/],
    [{ "not a name": new WeakRef({}) }, /args\[1\]\["not a name"\] is a WeakRef/],
    [new Error("e", { cause: { fn: () => 1 } }), /args\[1\]\.cause\.fn is a function/],
    [(function* () {})(), /args\[1\] is a.* Generator/],
    [new Proxy(new Map(), {}), /args\[1\] is a Proxy/],
    [new Proxy(new Uint8Array([1]), {}), /args\[1\] is a Proxy/],
    [[new Proxy(getMain(), {})], /args\[1\]\[0\] is a Proxy/],
    [{ queue: new Proxy(createQueue(), {}) }, /args\[1\]\.queue is a Proxy/],
    [process.stdout, /args\[1\] is a \w*Stream|args\[1\] is a Socket/],
  ];
  for (const [value, expected] of cases) {
    assert.equal(isShareable(value), false, String(expected));
    await refused(
      () => interp.call((_a: number, b: unknown) => b, 1, value),
      () => interp.callSync((_a: number, b: unknown) => b, 1, value),
      expected,
    );
  }
});

test("a result that cannot travel is named by its path", limits, async () => {
  const cases: [() => unknown, RegExp][] = [
    [() => () => 1, /result is a function/],
    [() => ({ list: [1, { fn() {} }] }), /result\.list\[1\]\.fn is a function/],
    [() => new Map([["k", Symbol("s")]]), /result\.get\('k'\) is a symbol/],
    [async () => [new WeakSet()], /result\[0\] is a WeakSet/],
    [() => globalThis, /result/],
  ];
  for (const [fn, expected] of cases)
    await refused(
      () => interp.call(fn),
      () => interp.callSync(fn),
      expected,
    );
});

test("the target refuses a function that captures variables, and names each variable", limits, async () => {
  const [one, two] = [1, { deep: 2 }];
  const inner = (): number => one + two.deep;
  await refused(
    () => interp.call(inner),
    () => interp.callSync(inner),
    /^function "inner" captures `one`, `two` .*fromModule/s,
  );
  await interp.prepareMain({ one: 20, two: { deep: 22 } });
  assert.equal(await interp.call(inner), 42, "they may be globals there");
});

test("functions that can never travel are refused here", limits, async () => {
  class Point {
    x = 1;
    static make(): Point {
      return new Point();
    }
    #secret = 1;
    reveal(): number {
      return this.#secret;
    }
  }
  const cases: [unknown, RegExp][] = [
    [((a: number) => a).bind(null, 1), /bound/],
    [Point, /class/],
    [
      Promise.withResolvers === undefined
        ? Promise.prototype.then.bind(Promise.resolve())
        : new Promise(() => {}).then.bind(0),
      /bound/,
    ],
    [
      function* () {
        yield 1;
      },
      /generator/,
    ],
    [
      async function* () {
        yield 1;
      },
      /generator/,
    ],
    [new Proxy(() => 1, {}), /Proxy/],
    [Point.prototype.reveal, /#secret|private/i],
  ];
  for (const [fn, expected] of cases) {
    await refused(
      () => interp.call(fn as () => unknown),
      () => interp.callSync(fn as () => unknown),
      expected,
    );
  }
});

test("a missing module or export fails the call, and the error names it", limits, async () => {
  const none = fromModule<{ f(): void }>(new URL("./there-is-none.js", import.meta.url));
  const error = await rejection<InterpreterError>(interp.call(none.f));
  assert.match(error.message, /there-is-none\.js/);
  const noExport = fromModule<{ nothing(): void }>(new URL("./works.js", import.meta.url));
  assert.match(
    (await rejection(interp.call(noExport.nothing))).message,
    /nothing.*works\.js|works\.js.*nothing/s,
  );
  assert.equal(
    interp.callSync(() => 1),
    1,
  );
});

test("calling a value that is not a function is a TypeError that says so", limits, async () => {
  for (const fn of [undefined, null, 5, "text", {}, [], fromModule(new URL("./works.js", import.meta.url))]) {
    for (const error of [
      await rejection(interp.call(fn as unknown as () => void)),
      thrown(() => interp.callSync(fn as unknown as () => void)),
      await rejection(interp.with({}).call(fn as unknown as () => void)),
    ]) {
      assert.ok(error instanceof TypeError, String(error));
      assert.ok(!(error instanceof NotShareableError));
      assert.match(error.message, /expected a function/);
    }
  }
});

test("a file or a name in place of a function says how to get the function", limits, async () => {
  for (const fn of ["work", "./work.js", new URL("./works.js", import.meta.url)]) {
    const error = await rejection(interp.call(fn as unknown as () => void));
    assert.match(error.message, /const \{ f \} = fromModule\(new URL\(/);
  }
});

test("transfer moves a buffer: it is detached here and whole there", limits, async () => {
  for (const size of [0, 16, 5000, 1 << 20]) {
    const [moved, blocking] = [new ArrayBuffer(size), new ArrayBuffer(size)];
    new Uint8Array(moved).fill(9);
    const there = await interp
      .with({ transfer: [moved] })
      .call(
        (buffer: ArrayBuffer) => [buffer.byteLength, new Uint8Array(buffer).every((b) => b === 9)],
        moved,
      );
    assert.deepEqual(there, [size, true]);
    assert.equal(moved.byteLength, 0);
    assert.throws(() => new Uint8Array(moved), TypeError, "detached");
    assert.equal(
      interp.with({ transfer: [blocking] }).callSync((buffer: ArrayBuffer) => buffer.byteLength, blocking),
      size,
    );
    assert.throws(() => new Uint8Array(blocking), TypeError);
  }
});

test("transfer of a buffer detaches its views", limits, async () => {
  const view = new Float64Array([1, 2, 3]);
  const sum = await interp
    .with({ transfer: [view.buffer] })
    .call((view: Float64Array) => view.reduce((a, b) => a + b), view);
  assert.equal(sum, 6);
  assert.equal(view.length, 0);
});

test("a refused call leaves its buffers here", limits, async () => {
  const aborted = AbortSignal.abort(new RangeError("changed my mind"));
  const gone = create();
  await gone.close();
  const attempts: [string, (buffer: ArrayBuffer) => Promise<unknown>][] = [
    [
      "an argument that cannot travel",
      (b) =>
        interp.with({ transfer: [b] }).call(
          (...args: unknown[]) => args.length,
          b,
          () => 1,
        ),
    ],
    [
      "a getter that throws",
      (b) =>
        interp.with({ transfer: [b] }).call((...args: unknown[]) => args.length, b, {
          get bad(): never {
            throw new Error("no");
          },
        }),
    ],
    [
      "a function that cannot travel",
      (b) =>
        interp.with({ transfer: [b] }).call(Array.prototype.includes.bind([]) as (b: unknown) => boolean, b),
    ],
    [
      "an aborted signal",
      (b) => interp.with({ transfer: [b], signal: aborted }).call((b: ArrayBuffer) => b.byteLength, b),
    ],
    [
      "an interpreter that is gone",
      (b) => gone.with({ transfer: [b] }).call((b: ArrayBuffer) => b.byteLength, b),
    ],
  ];
  for (const [name, attempt] of attempts) {
    const buffer = new ArrayBuffer(8);
    await rejection(attempt(buffer));
    assert.equal(buffer.byteLength, 8, name);
    new Uint8Array(buffer)[0] = 1;
  }
});

test("an impossible transfer is refused before anything is sent", limits, async () => {
  const queue = createQueue<string>();
  const say = (queue: Queue<string>): void => queue.putNowait("ran");
  const twice = new ArrayBuffer(8);
  const options = { transfer: [twice, twice] };
  for (const attempt of [
    () => interp.with(options).callSync(say, queue),
    () => interp.execSync("1", options),
  ]) {
    const error = thrown(attempt);
    assert.ok(error instanceof TypeError, String(error));
    assert.match(error.message, /twice/);
  }
  assert.equal(twice.byteLength, 8);
  assert.equal(await interp.call(() => "in line"), "in line");
  assert.equal(queue.qsize(), 0, "nothing was run");
});

test("a buffer that was moved before cannot be sent again", limits, async () => {
  const moved = new ArrayBuffer(8);
  await interp.with({ transfer: [moved] }).call((b: ArrayBuffer) => b.byteLength, moved);
  for (const options of [{}, { transfer: [moved] }]) {
    const view = interp.with(options);
    for (const error of [
      await rejection(view.call((b: ArrayBuffer) => b.byteLength, moved)),
      thrown(() => view.callSync((b: ArrayBuffer) => b.byteLength, moved)),
    ]) {
      assert.ok(error instanceof NotShareableError, String(error));
      assert.match(error.message, /args\[0\].*detached/);
    }
  }
});
