/**
 * Several sets of globals in one thread, as test runners make them (Jest; vitest's `vmThreads`): the package belongs to one, its
 * user to another, and the parser that it loads to a third.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import vm from "node:vm";
import { create, fromModule, InterpreterPoolExecutor, move } from "interpreters";
import type * as Package from "interpreters";
import copies from "../../src/base/copies.cjs";
import type * as Bundle from "../../src/bundle.js";
import { limits } from "../support/ways.js";

/** Returns a context with everything that Node adds to a bare V8 realm, and a copy of the package in it. */
function otherRealm(): { context: vm.Context; copy: typeof Package } {
  const context = vm.createContext();
  const builtin = new Set(vm.runInNewContext("Object.getOwnPropertyNames(globalThis)") as string[]);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const property = Object.getOwnPropertyDescriptor(globalThis, name)!;
    if (!builtin.has(name) && name !== "global") Object.defineProperty(context, name, property);
  }
  const parameters = ["exports", "require", "module", "__filename", "__dirname"];
  const load = (name: string): unknown => {
    const file = new URL(`../../src/${name}`, import.meta.url);
    const module = { exports: {} };
    const evaluate = vm.compileFunction(readFileSync(file, "utf8"), parameters, {
      parsingContext: context,
      filename: file.pathname,
    }) as (...args: unknown[]) => void;
    evaluate(module.exports, createRequire(file), module, file.pathname, new URL(".", file).pathname);
    return module.exports;
  };
  (load("interpreters.cjs") as typeof Bundle).share(() => ({ exports: load("api.cjs") as Bundle.ApiFile }));
  return { context, copy: Reflect.get(context, copies.API) as typeof Package };
}

/** Does what Jest does when a test file is done: empties every object that the file left in its globals. */
function tearDown(context: vm.Context): void {
  const globals = vm.runInContext("globalThis", context) as Record<string | symbol, unknown>;
  for (const key of Reflect.ownKeys(globals)) {
    if (key in globalThis && typeof key === "string") continue;
    const value = globals[key];
    if (typeof value !== "object" || value === null) continue;
    for (const each of Reflect.ownKeys(value)) Reflect.deleteProperty(value, each);
  }
}

const foreign = <T>(expression: string): T => vm.runInNewContext(expression) as T;

test("buffers of another realm are moved", limits, async () => {
  await using interp = create();
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const length = (buffer: ArrayBuffer): number => buffer.byteLength;
  for (const size of [10, 5_000_000]) {
    const [named, noted, task] = [0, 1, 2].map(() => foreign<ArrayBuffer>(`new ArrayBuffer(${size})`));
    assert.equal(await interp.with({ transfer: [named] }).call(length, named), size);
    assert.equal(await interp.call(length, move(noted)), size);
    assert.equal(await pool.with({ transfer: [task] }).submit(length, task), size);
    assert.deepEqual([named.byteLength, noted.byteLength, task.byteLength], [0, 0, 0]);
  }
});

test("signals and URLs that are not Node's own are recognized", limits, async () => {
  class Signal extends EventTarget {
    aborted = false;
    reason: unknown;
    throwIfAborted(): void {}
  }
  const signal = new Signal();
  await using interp = create();
  const call = interp
    .with({ signal: signal as unknown as AbortSignal })
    .call(() => new Promise<never>(() => {}));
  signal.aborted = true;
  signal.reason = new Error("mine");
  signal.dispatchEvent(new Event("abort"));
  await assert.rejects(call, /mine/);

  const url = { href: "node:path", protocol: "node:", toString: () => "node:path" } as URL;
  const { basename } = fromModule<typeof import("node:path")>(url);
  await using other = create();
  assert.equal(await other.call(basename, "/a/b"), "b");
  assert.throws(() => fromModule({ href: 5 } as unknown as URL), TypeError);
  assert.throws(() => interp.with({ signal: {} as AbortSignal }), TypeError);
});

test("a copy in another realm behaves there as a copy in Node's realm does here", limits, async () => {
  const { context, copy } = otherRealm();
  const run = vm.runInContext(
    `(async (copy) => {
      const interp = copy.create();
      const value = { a: [1, { b: new Map([[1, new Set([2])]]) }], d: new Date(5), bytes: new Uint8Array(5) };
      const back = await interp.call((value) => value, value);
      const failure = await interp.call(() => { throw new TypeError("bad"); }).catch((error) => error);
      const script = await interp.exec("let = = 5").catch((error) => error);
      await interp.exec("const typed: number = 1", { filename: "typed.ts" });
      const queue = copy.createQueue();
      await interp.call((queue) => queue.putSync({ a: 1 }), queue);
      const item = await queue.get();
      await interp.close();
      return {
        object: Object.getPrototypeOf(back) === Object.prototype,
        array: back.a instanceof Array,
        map: back.a[1].b instanceof Map,
        set: back.a[1].b.get(1) instanceof Set,
        date: back.d instanceof Date,
        bytes: back.bytes instanceof Uint8Array,
        failure: failure instanceof copy.ExecutionFailed,
        cause: failure.cause instanceof TypeError,
        syntax: script.cause instanceof SyntaxError,
        item: Object.getPrototypeOf(item) === Object.prototype && item.a === 1,
      };
    })`,
    context,
  ) as (copy: typeof Package) => Promise<Record<string, boolean>>;
  const wrong = Object.entries(await run(copy)).filter(([, right]) => !right);
  assert.deepEqual(wrong, []);
});

test(
  "the package works without the globals that a test runner removes from a finished realm",
  limits,
  async () => {
    const { context, copy } = otherRealm();
    const interp = copy.create();
    const [queue, begun] = [copy.createQueue<number>(), copy.createQueue<number>()];
    const call = interp.call(
      async (queue: Package.Queue<number>, begun: Package.Queue<number>) => {
        await begun.put(1);
        return await queue.get();
      },
      queue,
      begun,
    );
    await begun.get();
    tearDown(context);
    await queue.put(42);
    assert.equal(await call, 42);
    await interp.close({ wait: true });
  },
);
