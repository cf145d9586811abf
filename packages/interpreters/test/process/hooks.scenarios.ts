/**
 * Uses every export under hooks that throw, for hooks.test.ts: `node hooks.scenarios.js <hook> <before|after>`. The hook is installed
 * before or after the package is loaded.
 */
import { AsyncLocalStorage, createHook, executionAsyncResource } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";

const fail = (): never => {
  throw new Error("a hook");
};
function define(target: object, key: PropertyKey, descriptor: PropertyDescriptor): void {
  Object.defineProperty(target, key, { configurable: true, ...descriptor });
}

const hooks: Record<string, () => void> = {
  none() {},
  prepareStackTrace: () => define(Error, "prepareStackTrace", { value: fail, writable: true }),
  sites: () =>
    define(Error, "prepareStackTrace", { value: (_: Error, sites: unknown) => sites, writable: true }),
  captureStackTrace: () => define(Error, "captureStackTrace", { value: fail, writable: true }),
  cause: () => define(Error.prototype, "cause", { get: fail, set: fail }),
  errors: () => define(Error.prototype, "errors", { get: fail, set: fail }),
  hasInstance: () => {
    for (const cls of [Error, DOMException, ArrayBuffer]) define(cls, Symbol.hasInstance, { value: fail });
  },
  inspect: () => define(Error.prototype, inspect.custom, { value: fail }),
  toJSON: () => {
    for (const cls of [Object, Array, Map, Error]) define(cls.prototype, "toJSON", { get: fail });
  },
  properties: () => {
    for (const key of ["code", "transfer", "timeout", "signal", "executionFailed", "itemIndex", "reason"])
      define(Error.prototype, key, { get: fail, set: fail });
  },
  descriptions: () => {
    define(Error.prototype, "toString", { value: fail });
    define(Error.prototype, Symbol.toPrimitive, { value: fail });
    define(Error.prototype, Symbol.toStringTag, { get: fail });
  },
  subscribers: () => {
    for (const name of ["submit", "retry", "settle"]) subscribe(`interpreters:task:${name}`, fail);
    for (const name of ["start", "end"]) subscribe(`interpreters:worker:${name}`, fail);
  },
  asyncHooks: () => {
    // A callback that throws ends the process: Node's own rule. These look at everything, and allocate.
    const seen = new Map<number, unknown>();
    const note = (id: number): void => void seen.set(id, { resource: executionAsyncResource() });
    createHook({
      init: (id, _type, _trigger, resource) =>
        void seen.set(id, { resource, keys: Reflect.ownKeys(resource) }),
      before: note,
      after: note,
      promiseResolve: note,
      destroy: (id) => void seen.delete(id),
    }).enable();
  },
  thenOfFunctions: () => define(Function.prototype, "then", { get: fail }),
};

const [hook, when] = process.argv.slice(2);
if (when === "before") hooks[hook]();
const api = await import("interpreters");
if (when === "after") hooks[hook]();

const interp = api.create();
const queue = api.createQueue<unknown>(2);
const pool = new api.InterpreterPoolExecutor({ maxWorkers: 1 });
const throwing = (): never => {
  throw new AggregateError([new RangeError("part")], "failed", { cause: new TypeError("why") });
};

const classOf = (error: unknown): string => Object.getPrototypeOf(error).constructor.name as string;
async function outcome(operation: () => unknown): Promise<unknown> {
  try {
    return await operation();
  } catch (error) {
    return `${classOf(error)}: ${(error as Error).message.split("\n")[0]}`;
  }
}
/** An own `cause`, `name` and `message` are read without the hooks. */
const thrownBy = (operation: () => unknown): Promise<unknown> => outcome(operation);

const empty = () => api.createQueue();
const gone = async () => {
  const other = api.create();
  await other.terminate();
  return other;
};
class Point {
  x = 1;
}

/** Not `JSON.stringify` or `util.inspect`, which call hooks. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([key, each]) => `${key}: ${show(each)}`)
    .join(", ")}}`;
}

/** One for each export: an export without a case fails the test. */
const cases: Record<keyof typeof api, () => unknown> = {
  create: () => interp.call((n: number) => n + 1, 1),
  Interpreter: async () => [
    await thrownBy(() => interp.call(throwing)),
    await thrownBy(() => interp.callSync(throwing)),
    await thrownBy(() => interp.exec("throw new TypeError('there')")),
    await thrownBy(() => interp.exec("a b")),
    await thrownBy(() => interp.with({ timeout: 60_000 }).call(() => () => 0)),
    await thrownBy(() => new api.Interpreter(-1)),
    await thrownBy(() => interp.prepareMain({ f: () => 1 })),
    await thrownBy(() => interp.call((n: number) => n, Symbol("s") as never)),
    [...interp.iterateSync((n: number) => [n, n + 1], 1)],
    await interp.iterate((n: number) => [n], 7).next(),
  ],
  TaskGroup: async () => {
    const group = pool.group();
    const future = group.submit((n: number) => n + 1, 1);
    await group[Symbol.asyncDispose]();
    return [await future, await thrownBy(() => pool.group().run((inner) => inner.submit(throwing)))];
  },
  prewarm: () => api.prewarm(1),
  inspectable: () => thrownBy(() => api.inspectable()),
  startTrace: () => thrownBy(() => api.startTrace(1 as never)),
  getCurrent: () => api.getCurrent().id,
  getMain: () => api.getMain().whence,
  listAll: () => api.listAll().includes(interp),
  fromModule: () => interp.call(api.fromModule<typeof import("node:path")>("node:path").basename, "/a/b"),
  functionsOf: async () => (await api.functionsOf("node:path")).includes("join"),
  InterpreterPoolExecutor: async () => {
    const results: number[] = [];
    for await (const n of pool.map((n: number) => n * 2, [1, 2])) results.push(n);
    const mapped = pool.map((n: number) => n, [() => 0] as never[]);
    return [results, await pool.submit(() => 1), await thrownBy(() => mapped.next())];
  },
  Future: async () => [
    await thrownBy(() => pool.submit(throwing)),
    await thrownBy(() => pool.submit(() => process.exit(3))),
    await thrownBy(() => pool.with({ timeout: 50 }).submit(() => new Promise(() => {}))),
    await thrownBy(() => pool.submit(() => () => 0)),
  ],
  wait: async () => (await api.wait([pool.submit(() => 1), pool.submit(() => 2)])).done.size,
  waitSync: () => api.waitSync([pool.submit(() => 1)]).done.size,
  asCompleted: async () => {
    const seen: string[] = [];
    const failing = pool.submit(throwing);
    for await (const { status } of api.asCompleted([failing])) seen.push(status);
    return seen;
  },
  callback: async () => {
    const { URLSearchParams } = api.fromModule<typeof import("node:url")>("node:url");
    const params = await interp.construct(URLSearchParams, "a=1");
    const f = api.callback((n: number) => "x".repeat(n));
    const bad = api.callback(throwing);
    const seen: number[] = [];
    const watched = pool.with({ onProgress: (n: number) => seen.push(n) });
    await watched.submit((report) => report(1));
    return [
      await interp.call((f: (n: number) => Promise<string>) => f(2), f),
      interp.callSync((f: { sync(n: number): string }) => f.sync(3), f),
      await thrownBy(() => interp.call((f: () => Promise<unknown>) => f(), bad)),
      await params.toString(),
      params.has.sync("a"),
      seen,
    ];
  },
  select: async () => {
    const [items, room] = [api.createQueue<number>(), api.createQueue<number>(1)];
    const getting = api.select([api.onGet(items), api.onGet(empty())]);
    items.putNowait(3);
    return [await getting, await api.select([api.onGet(items), api.onPut(room, 1)], { timeout: 60_000 })];
  },
  selectSync: () => api.selectSync({ item: api.onGet(empty()), done: pool.submit(() => 1) }),
  onGet: () => thrownBy(() => api.onGet({} as typeof queue)),
  onPut: () => thrownBy(() => api.select([api.onPut(queue, () => 0)])),
  onAcquire: async () => {
    const { index, value } = await api.select([api.onAcquire(new api.Lock()), api.onGet(empty())]);
    if (index === 0) value.release();
    return index;
  },
  onSet: () => {
    const event = new api.Event();
    event.set();
    return api.selectSync({ item: api.onGet(empty()), set: api.onSet(event) });
  },
  createQueue: () => queue.maxsize,
  listQueues: () => api.listQueues().includes(queue),
  Queue: async () => {
    await queue.put({ a: [1] });
    queue.putSync(new RangeError("far", { cause: "why" }));
    const first = await queue.get();
    const error = queue.getSync() as Error;
    return [first, classOf(error), typeof error.stack, await thrownBy(() => queue.put(() => 0))];
  },
  UNBOUND: () => String(api.UNBOUND),
  UNBOUND_ERROR: () => String(api.UNBOUND_ERROR),
  UNBOUND_KEEP: () => String(api.UNBOUND_KEEP),
  UNBOUND_REMOVE: () => String(api.UNBOUND_REMOVE),
  Lock: async () => {
    const lock = new api.Lock();
    const held = await lock.acquire();
    const error = classOf(await lock.acquire({ timeout: 1 }).catch((reason: unknown) => reason));
    held.release();
    return [error, await thrownBy(() => lock.release())];
  },
  Held: () => String(new api.Lock().tryAcquire()),
  Semaphore: async () => {
    const semaphore = new api.Semaphore(0);
    const acquiring = semaphore.acquire();
    semaphore.release();
    return (await acquiring).abandoned;
  },
  BoundedSemaphore: () => new api.BoundedSemaphore(2).value,
  Event: async () => {
    const event = new api.Event();
    const waiting = event.wait();
    event.set();
    await waiting;
    return event.isSet();
  },
  RLock: () => {
    const lock = new api.RLock();
    return [lock.tryAcquire(), lock.tryAcquire()].length;
  },
  Condition: async () => {
    const condition = new api.Condition();
    const held = await condition.acquire();
    const waiting = condition.wait();
    await condition.acquire();
    condition.notify();
    condition.release();
    const { abandoned } = await waiting;
    held.release();
    return abandoned;
  },
  Barrier: async () => {
    const barrier = new api.Barrier(2);
    return (await Promise.all([barrier.wait(), barrier.wait()])).length;
  },
  isShareable: () => [new Map(), () => 0, new Error("x"), Symbol("s")].map((value) => api.isShareable(value)),
  registerType: () => {
    api.registerType("hooks/Point", Point, { encode: ({ x }) => x, decode: () => new Point() });
    queue.putNowait(new Point());
    return classOf(queue.getNowait());
  },
  move: () => interp.call((b: ArrayBuffer) => b.byteLength, api.move(new ArrayBuffer(8))),
  addons: () => Array.isArray(api.addons()),
  LanguageValue: () => typeof api.LanguageValue,
  InterpreterError: () => thrownBy(() => api.getMain().close()),
  InterpreterNotFoundError: () => thrownBy(async () => (await gone()).call(() => 1)),
  InterpreterDiedError: async () => {
    const other = api.create();
    const dying = thrownBy(() => other.call(() => new Promise(() => {})));
    await other.terminate();
    return String(await dying).replace(/\d+/g, "N");
  },
  ExecutionFailed: async () => {
    const error: unknown = await interp.call(throwing).catch((reason: unknown) => reason);
    return api.ExecutionFailed.of(error)?.excinfo.formatted;
  },
  AddonImportError: () => typeof api.AddonImportError,
  BrokenInterpreterPool: async () => {
    const broken = new api.InterpreterPoolExecutor({ maxWorkers: 1, initializer: throwing });
    return classOf(await broken.submit(() => 1).exception());
  },
  BrokenBarrierError: () => {
    const barrier = new api.Barrier(2);
    barrier.abort();
    return thrownBy(() => barrier.waitSync());
  },
  CancelledError: async () => {
    const stopped = new api.InterpreterPoolExecutor({ maxWorkers: 1 });
    const [running, inLine] = [1, 2].map(() => stopped.submit(() => new Promise(() => {})));
    running.catch(() => {});
    inLine.cancel();
    const error = await thrownBy(() => inLine);
    await stopped.terminateWorkers();
    return error;
  },
  NotShareableError: () => thrownBy(() => queue.putNowait({ a: [() => 0] })),
  QueueError: () => thrownBy(() => new api.Queue(1e9)),
  QueueEmpty: async () =>
    classOf(
      await empty()
        .get({ timeout: 1 })
        .catch((reason: unknown) => reason),
    ),
  QueueFull: async () => {
    const full = api.createQueue(1);
    full.putNowait(1);
    return classOf(await full.put(2, { timeout: 0 }).catch((reason: unknown) => reason));
  },
  QueueShutDown: () => {
    const shut = empty();
    shut.shutdown();
    return shut.get().catch(classOf);
  },
  QueueNotFoundError: () => {
    const closed = empty();
    const waiting = closed.get().catch(classOf);
    closed.close();
    return waiting;
  },
  ItemInterpreterDestroyed: async () => {
    const items = api.createQueue<number>(0, { unboundItems: api.UNBOUND_ERROR });
    const other = api.create();
    await other.call((q: typeof items) => q.putSync(1), items);
    await other.terminate();
    return items.get().catch(classOf);
  },
};

const uncaught: string[] = [];
process.on("uncaughtException", (error: unknown) => {
  const { message } = error as Error;
  // Subscribers are user code that runs beside the package. Their exceptions are reported.
  if (hook !== "subscribers" || message !== "a hook") uncaught.push(message);
});
const storage = new AsyncLocalStorage<string>();
/** The cases after which the asynchronous context was not the caller's. */
const contexts: string[] = [];
const missing = Object.keys(api).filter((name) => !Object.hasOwn(cases, name));
const seen: [string, unknown][] = [];
for (const [name, use] of Object.entries(cases)) {
  await storage.run(name, async () => {
    seen.push([name, await outcome(use)]);
    if (storage.getStore() !== name) contexts.push(name);
  });
}
await pool.shutdown();
queue.close();
await interp.close();
await new Promise((resolve) => setImmediate(resolve));
for (const [name, value] of [["missing", missing], ...seen, ["contexts", contexts], ["uncaught", uncaught]])
  process.stdout.write(`${String(name)}: ${show(value)}\n`);
process.exit();
