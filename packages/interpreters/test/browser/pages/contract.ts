/** The contract, on the page of a browser: asynchronous forms on the page, blocking ones in its interpreters. */
import {
  Barrier,
  callback,
  Condition,
  create,
  createQueue,
  Event,
  fromModule,
  getCurrent,
  getMain,
  InterpreterPoolExecutor,
  isShareable,
  listAll,
  Lock,
  move,
  onGet,
  onSet,
  prewarm,
  select,
  Semaphore,
  UNBOUND,
  wait,
} from "interpreters";
import { check, done, equal, failure, matches } from "./checks.js";
import type * as Tasks from "./tasks.js";

class Point {
  x = 1;
}

declare const document: { readonly body: object };

const { double, later, fail, numbers, Counter, tenTimes, blockingCall, blockingGet, holdForEver, closeHere } =
  fromModule<typeof Tasks>(new URL("./tasks.js", import.meta.url));

await check("call of a module's function", async () => {
  const interp = create();
  equal(await interp.call(double, 21), 42);
  equal(await interp.call(later, 1), 2);
  await interp.close();
});

await check("call of a function as text", async () => {
  const interp = create();
  equal(await interp.call((a: number, b: number) => a + b, 1, 2), 3);
  equal(await interp.call(Math.hypot, 3, 4), 5);
  await interp.close();
});

await check("errors come back", async () => {
  const interp = create();
  const error = await failure(() => interp.call(fail));
  matches(error.message, /as asked/);
  await interp.close();
});

await check("a later interpreter gets a thread that is ready", async () => {
  const limit = performance.now() + 10_000;
  for (let ready = false; !ready;) {
    await using interp = create();
    const created = performance.timeOrigin + performance.now();
    ready = (await interp.call(() => performance.timeOrigin)) < created - 5;
    if (performance.now() > limit) throw new Error("each got a thread that was started for it");
  }
});

await check("a name is that of the thread, too", async () => {
  await using interp = create({ name: "resizer" });
  equal(await interp.call(() => (globalThis as { name?: string }).name), "resizer");
});

await check("exec", async () => {
  const interp = create();
  await interp.exec("let n = 1; const twice = (x) => x * 2;");
  await interp.exec("n = twice(n) + 1;");
  equal(await interp.call(() => (globalThis as unknown as { n: number }).n), 3);
  await interp.close();
});

await check("queue", async () => {
  const queue = createQueue<number>();
  const interp = create();
  await interp.prepareMain({ queue });
  await interp.exec("for (let i = 0; i < 10; i++) await queue.put(i);");
  const items: unknown[] = [];
  for (let i = 0; i < 10; i++) items.push(await queue.get());
  equal(items, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await interp.close();
});

await check("pool", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const results: number[] = [];
  for await (const each of pool.map(double, [1, 2, 3])) results.push(each);
  equal(results, [2, 4, 6]);
});

await check("values arrive as themselves", async () => {
  await using interp = create();
  const value = {
    text: "äöü € 𝄞 " + "x".repeat(100),
    lone: "\ud800",
    big: 2n ** 80n,
    list: [1, -0, Number.NaN, 1.5, 2 ** 40],
    map: new Map([["a", new Set([1])]]),
    date: new Date(5),
    regexp: /a+/gi,
    bytes: new Uint8Array([1, 2, 3]),
    floats: new Float64Array([1.5]),
    error: new TypeError("no"),
    nothing: undefined,
  };
  const same = await interp.call((v: typeof value) => v, value);
  equal(same.text, value.text);
  equal(same.lone, value.lone);
  equal(String(same.big), String(value.big));
  equal(Object.is(same.list[1], -0), true);
  equal([...same.map.get("a")!], [1]);
  equal(same.date.getTime(), 5);
  equal(String(same.regexp), "/a+/gi");
  equal([...same.bytes], [1, 2, 3]);
  equal([...same.floats], [1.5]);
  equal(same.error instanceof TypeError && same.error.message, "no");
  equal("nothing" in same, true);
});

await check("large values", async () => {
  await using interp = create();
  const bytes = new Uint8Array(10 << 20).fill(7);
  equal(
    await interp.call((given: Uint8Array) => given.every((byte) => byte === 7) && given.length, bytes),
    10 << 20,
  );
  const text = "ä".repeat(1 << 20) + "€";
  equal((await interp.call((given: string) => given + given, text)).length, text.length * 2);
});

await check("moved bytes are detached here", async () => {
  await using interp = create();
  const bytes = new Uint8Array(8 << 20);
  equal(await interp.call((given: Uint8Array) => given.length, move(bytes)), 8 << 20);
  equal(bytes.length, 0);
});

await check("what cannot be sent is refused", async () => {
  await using interp = create();
  const captured = 1;
  matches((await failure(() => interp.call(() => captured))).message, /captures `captured`/);
  matches(
    (await failure(() => interp.call((x: unknown) => x, { a: [() => 1] }))).message,
    /args\[0\]\.a\[0\] is a function/,
  );
  matches((await failure(() => interp.call((x: unknown) => x, document.body))).message, /HTMLBodyElement/);
  matches(
    (await failure(() => interp.call((x: unknown) => x, new SharedArrayBuffer(8)))).message,
    /SharedArrayBuffer/,
  );
  matches(
    (await failure(() => interp.call((x: unknown) => x, new MessageChannel().port1))).message,
    /MessagePort/,
  );
  matches((await failure(() => interp.call((x: unknown) => x, Promise.resolve(1)))).message, /Promise/);
  equal(isShareable(new Map([[1, document]])), false);
  equal(isShareable(new Map([[1, 2]])), true);
});

await check("functions as text: forms", async () => {
  await using interp = create();
  equal(await interp.call(async () => 1), 1);
  equal(
    await interp.call(function named(n: number): number {
      return n < 2 ? 1 : n * named(n - 1);
    }, 5),
    120,
  );
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  equal(await interp.call(factorial, 5), 120);
  const methods = {
    add(a: number, b: number) {
      return a + b;
    },
  };
  equal(await interp.call(methods.add, 1, 2), 3);
  matches((await failure(() => interp.call(Point as never))).message, /it is a class/);
  equal(await interp.call(() => typeof document), "undefined");
});

await check("exec: imports, await, errors", async () => {
  await using interp = create();
  await interp.exec(
    'import { double } from "./pages/tasks.js"; const four = await Promise.resolve(double(2));',
  );
  equal(await interp.call(() => (globalThis as unknown as { four: number }).four), 4);
  await interp.exec('const m = await import("./tasks.js"); var six = m.double(3)', { base: import.meta.url });
  equal(await interp.call(() => (globalThis as unknown as { six: number }).six), 6);
  await interp.exec('import { createQueue } from "interpreters"; var id = createQueue().id >= 0');
  const broken = await failure(() => interp.exec("let a = 1;\nlet b = = 2;"));
  matches(broken.message, /SyntaxError/);
  const thrown = await failure(() => interp.exec("\nfoo.bar"));
  matches(thrown.message, /foo is not defined/);
  matches((await failure(() => interp.exec("const n: number = 1"))).message, /TypeScript/);
});

await check("close while it works, and with wait", async () => {
  const interp = create();
  const slow = interp.call(async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return 5;
  });
  equal((await failure(() => interp.close())).code, "ERR_INTERPRETER_RUNNING");
  await interp.close({ wait: true });
  equal(await slow, 5);
  equal((await failure(() => interp.call(double, 1))).name, "InterpreterNotFoundError");
});

await check("names and identities", async () => {
  await using interp = create({ name: "worker" });
  equal([interp.name, interp.whence, getMain().id, getCurrent().id], ["worker", "interpreters module", 0, 0]);
  equal(
    listAll().map(({ id }) => id),
    [0, interp.id],
  );
  equal(interp.isRunning(), false);
});

await check("options that a page does not have are refused", async () => {
  for (const options of [
    { resourceLimits: { maxOldGenerationSizeMb: 64 } },
    { env: {} },
    { argv: [] },
    { execArgv: [] },
  ])
    equal((await failure(() => create(options))).code, "ERR_INTERPRETER_UNSUPPORTED");
  equal((await failure(() => create({ nmae: 1 } as object))).name, "TypeError");
});

await check("blocking forms are refused on the page", async () => {
  await using interp = create();
  const error = await failure(() => interp.callSync(double, 1));
  equal(error.code, "ERR_BLOCKING_NOT_ALLOWED");
  matches(error.message, /Interpreter\.call\(\)/);
  const queue = createQueue<number>();
  equal((await failure(() => queue.getSync())).code, "ERR_BLOCKING_NOT_ALLOWED");
  equal((await failure(() => new Lock().acquireSync())).code, "ERR_BLOCKING_NOT_ALLOWED");
  equal(
    (await failure(() => interp.with({ timeout: 10 }).callSync(double, 1))).code,
    "ERR_BLOCKING_NOT_ALLOWED",
  );
  equal((await failure(() => interp[Symbol.dispose]())).code, "ERR_BLOCKING_NOT_ALLOWED");
  // Nothing was sent.
  equal(interp.isRunning(), false);
  queue.putNowait(1);
  equal(queue.getNowait(), 1);
});

await check("blocking forms work in interpreters", async () => {
  await using interp = create();
  equal(await interp.call(blockingCall, 20), 42);
  const queue = createQueue<number>();
  const got = interp.call(blockingGet, queue);
  await queue.put(5);
  equal(await got, 5);
  await interp.exec(`
    import { create } from "interpreters";
    const inner = create();
    var answer = inner.callSync((a) => a * 2, 21);
    var clone = inner.callSync(structuredClone, [answer]);
    inner.closeSync();
  `);
  equal(await interp.call(() => (globalThis as unknown as { clone: number[] }).clone), [42]);
});

await check("queues: limits, many, shutdown, iteration", async () => {
  const queue = createQueue<number>(2);
  queue.putNowait(1);
  await queue.put(2);
  equal((await failure(() => queue.put(3, { timeout: 10 }))).name, "QueueFull");
  equal([queue.qsize(), queue.full()], [2, true]);
  equal(await queue.getMany(5), [1, 2]);
  equal((await failure(() => queue.get({ timeout: 10 }))).name, "QueueEmpty");
  const producer = create();
  await producer.prepareMain({ queue });
  const sent = producer.exec("for (let i = 0; i < 100; i++) queue.putSync(i); queue.shutdown();");
  let sum = 0;
  for await (const item of queue) sum += item as number;
  await sent;
  equal(sum, 4950);
  await producer.close();
});

await check("items of the dead", async () => {
  const queue = createQueue<number>();
  const interp = create();
  await interp.prepareMain({ queue });
  await interp.exec("await queue.put(1)");
  await interp.terminate();
  equal((await queue.get()) === UNBOUND, true);
});

await check("pool: many tasks, cancelling, errors, map, groups", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 3 });
  const futures = Array.from({ length: 500 }, (_, i) => pool.submit(double, i));
  equal(
    (await Promise.all(futures)).reduce((a, b) => a + b, 0),
    499 * 500,
  );
  const failed = await failure(() => pool.submit(fail));
  equal([failed.name, failed.message], ["RangeError", "as asked"]);
  const { done: all } = await wait([pool.submit(double, 1), pool.submit(later, 1)]);
  equal(all.size, 2);
  const found: number[] = [];
  for await (const each of pool.map((n: number) => n * n, [1, 2, 3, 4])) found.push(each);
  equal(found, [1, 4, 9, 16]);
  await using group = pool.group();
  equal(await group.submit(double, 4), 8);
});

await check("pool: nothing is lost when workers die", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, (_, i) => (i % 10 === 5 ? pool.submit(closeHere) : pool.submit(double, i))),
  );
  equal(outcomes.filter(({ status }) => status === "fulfilled").length, 36);
  for (const each of outcomes)
    if (each.status === "rejected") equal((each.reason as Error).name, "InterpreterDiedError");
});

await check("coordination between the page and interpreters", async () => {
  await using interp = create();
  const lock = new Lock();
  const event = new Event();
  const held = await lock.acquire();
  const waiting = interp.call(tenTimes, lock, event);
  await event.wait({ timeout: 5000 });
  held.release();
  equal(await waiting, 10);
  const semaphore = new Semaphore(1);
  (await semaphore.acquire()).release();
  const barrier = new Barrier(1);
  equal(await barrier.wait(), 0);
  const condition = new Condition();
  {
    await using _ = await condition.acquire();
    equal((await failure(() => condition.wait({ timeout: 10 }))).name, "TimeoutError");
  }
});

await check("a holder that dies hands on its lock", async () => {
  const interp = create();
  const lock = new Lock();
  const event = new Event();
  const holding = interp.call(holdForEver, lock, event);
  await event.wait();
  const next = lock.acquire();
  const died = failure(() => holding);
  await interp.terminate();
  equal((await died).name, "InterpreterDiedError");
  const held = await next;
  equal(held.abandoned, interp.id);
  held.release();
});

await check("select", async () => {
  const queue = createQueue<number>();
  const event = new Event();
  setTimeout(() => void queue.put(7), 5);
  const chosen = await select([onGet(queue), onSet(event)]);
  equal([chosen.index, chosen.value], [0, 7]);
});

await check("iterate, construct, callbacks, progress", async () => {
  await using interp = create();
  const found: number[] = [];
  for await (const each of interp.iterate(numbers, 5)) found.push(each);
  equal(found, [0, 1, 2, 3, 4]);
  const counter = await interp.construct(Counter, 10);
  await counter.add(5);
  equal(await counter.add(1), 16);
  const said: string[] = [];
  await interp.call(
    async (say: (text: string) => Promise<void>) => {
      await say("hello");
    },
    callback((text: string) => void said.push(text)) as never,
  );
  equal(said, ["hello"]);
});

await check("prewarm", async () => {
  prewarm(1);
  await using interp = create();
  equal(await interp.call(double, 2), 4);
  prewarm(0);
});

await check("time limits and signals", async () => {
  const interp = create();
  await interp.call(double, 1);
  const began = performance.now();
  const error = await failure(() =>
    interp.with({ timeout: 50 }).call(() => {
      for (;;);
    }),
  );
  equal(error.name, "TimeoutError");
  equal((error.cause as { reason?: string }).reason, "timeout");
  const took = performance.now() - began;
  if (took > 1000) throw new Error(`it took ${took} ms until the caller was told`);
  const other = create();
  await other.call(double, 1);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 20);
  equal(
    (await failure(() => other.with({ signal: controller.signal }).call(() => new Promise(() => {}))))
      .message,
    "enough",
  );
  return { told: took };
});

await check("output goes to a sink", async () => {
  let text = "";
  const interp = create({ stdout: { write: (part: string) => void (text += part) }, stderr: "ignore" });
  await interp.exec("console.log('hello', { a: 1 }); console.error('not this')");
  equal(text, "hello { a: 1 }\n");
  await interp.close();
});

await check("all are gone, in the end", async () => {
  // Chromium lets a loop run on for two seconds.
  for (let i = 0; i < 100 && listAll().length > 1; i++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  equal(
    listAll().map(({ id }) => id),
    [0],
  );
});

await done();
