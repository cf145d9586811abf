/** Programs that late-globals.test.ts runs, each in its own process: `node late-globals.scenarios.js <name>`. */
import {
  asCompleted,
  create,
  createQueue,
  ExecutionFailed,
  fromModule,
  functionsOf,
  getCurrent,
  type Interpreter,
  InterpreterPoolExecutor,
  isShareable,
  listAll,
  listQueues,
  move,
  onGet,
  onPut,
  prewarm,
  Queue,
  select,
  selectSync,
  wait,
  waitSync,
} from "interpreters";

/** Scenarios use these after they have replaced the globals. */
const { AbortController, ArrayBuffer, console, Map, Object, Promise, SharedArrayBuffer, Uint8Array } =
  globalThis;
const { JSON, process, Proxy, RangeError, setTimeout, String } = globalThis;

/** Replaces every global that can be replaced by a function that throws and that says what was used. */
function replaceGlobals(used: Set<string>): () => void {
  const kept = ["globalThis", "undefined", "NaN", "Infinity"];
  // Since Node 22, even a look at their descriptors loads the client behind them, which calls WebAssembly.instantiate some time later.
  kept.push(
    "FormData",
    "Headers",
    "Request",
    "Response",
    "MessageEvent",
    "WebSocket",
    "CloseEvent",
    "EventSource",
  );
  const candidates = Object.getOwnPropertyNames(globalThis).filter((name) => !kept.includes(name));
  const originals: Record<string, PropertyDescriptor> = {};
  for (const name of candidates) originals[name] = Object.getOwnPropertyDescriptor(globalThis, name)!;
  const names = candidates.filter((name) => originals[name].configurable !== false);
  const { defineProperty } = Object;
  for (const name of names) {
    const broken = new Proxy(function () {}, {
      apply: () => used.add(`${name}()`),
      construct: () => used.add(`new ${name}`),
      get: (_, key) => void used.add(`${name}.${String(key)}`),
      set: (_, key) => (used.add(`${name}.${String(key)} =`), true),
      has: (_, key) => (used.add(`${String(key)} in ${name}`), false),
    });
    defineProperty(globalThis, name, { value: broken, configurable: true, writable: true });
  }
  return () => {
    for (const name of names) defineProperty(globalThis, name, originals[name]);
  };
}

const attempt = async (operation: () => unknown): Promise<string> => {
  try {
    return JSON.stringify(await operation()) ?? "undefined";
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message.split("\n")[0]}`;
  }
};
const sleep = (time: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, time));

async function useAll(): Promise<Record<string, string>> {
  const seen: Record<string, string> = {};
  const text: string[] = [];
  const sink = { write: (chunk: unknown): void => void text.push(String(chunk)) };
  const interp = create({ name: "a", stdout: sink });
  const queue = createQueue<unknown>(3);
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1, minWorkers: 1, idleTimeout: 60_000 });
  const steps: Record<string, () => unknown> = {
    call: () => interp.call((a: number, b: Map<string, number>) => a + b.get("b")!, 1, new Map([["b", 2]])),
    callSync: () => interp.callSync((bytes: Uint8Array) => bytes.length, new Uint8Array(3000)),
    "call of a builtin": () => interp.call(parse, "[1]"),
    exec: () => interp.exec("var x = 1; console.log(x + 1)"),
    execSync: () => interp.execSync("x = 2"),
    prepareMain: () => interp.prepareMain({ y: [1] }),
    "an exception": async () => {
      try {
        await interp.call(() => {
          throw new RangeError("far", { cause: new AggregateError([new TypeError("part")]) });
        });
        return "no error";
      } catch (error) {
        const failed = ExecutionFailed.of(error)!;
        return [
          failed.excinfo.formatted,
          (failed.cause as Error).name,
          failed.stack!.includes("late-globals"),
        ];
      }
    },
    "a time limit": () => interp.with({ waitTimeout: 60_000, timeout: 60_000 }).call(() => 1),
    "a time limit that passes": () => queue.get({ timeout: 1 }),
    "an abort": async () => {
      const controller = new AbortController();
      const got = queue.get({ signal: controller.signal });
      controller.abort(new RangeError("enough"));
      await got;
    },
    transfer: async () => {
      const buffer = new ArrayBuffer(100_000);
      const size = await interp.with({ transfer: [buffer] }).call((b: ArrayBuffer) => b.byteLength, buffer);
      return [size, buffer.byteLength];
    },
    move: () => interp.call((b: ArrayBuffer) => b.byteLength, move(new ArrayBuffer(8))),
    "a shared buffer": () =>
      interp.call((b: SharedArrayBuffer) => new Uint8Array(b).length, new SharedArrayBuffer(8)),
    queues: async () => {
      queue.putNowait(1);
      await queue.put({ two: 2 });
      queue.putSync([3]);
      return [queue.qsize(), queue.full(), queue.getNowait(), await queue.get(), queue.getSync()];
    },
    many: async () => [await queue.putMany([1, 2]), await queue.getMany(2), new Queue(queue.id) === queue],
    "a blocked get": async () => {
      const got = queue.get();
      await interp.call((q: Queue<unknown>) => q.putSync("there"), queue);
      return got;
    },
    lists: () => [
      listAll().length > 1,
      listQueues().includes(queue),
      getCurrent().id,
      isShareable(new Map()),
    ],
    prewarm: () => prewarm(1),
    functionsOf: () => functionsOf("node:path").then((names) => names.includes("join")),
    fromModule: () => interp.call(fromModule<typeof import("node:path")>("node:path").basename, "/a/b"),
    submit: () => pool.submit((n: number) => n, 1),
    "a task's exception": async () => {
      const error = (await pool.submit(() => JSON.parse("{")).exception()) as Error;
      return [error.name, ExecutionFailed.of(error) !== undefined, error.stack!.includes("late-globals")];
    },
    "a task's time limit": () =>
      pool.with({ timeout: 50 }).submit(() => {
        for (;;);
      }),
    map: async () => {
      const results: number[] = [];
      for await (const n of pool.map((n: number) => n * 2, [1, 2], { timeout: 60_000 })) results.push(n);
      for await (const n of pool.starmap(power, [[2, 3]])) results.push(n);
      return results;
    },
    callback: () => new Promise((resolve) => pool.submit(() => 1).addDoneCallback((f) => resolve(f.done()))),
    wait: async () => {
      const futures = [pool.submit(() => 1), pool.submit(() => 2)];
      for await (const { status } of asCompleted(futures)) if (status !== "fulfilled") return status;
      return [(await wait(futures)).done.size, waitSync(futures).done.size, futures[0].resultSync()];
    },
    select: async () => {
      const [items, room] = [createQueue<number>(), createQueue<number>(1)];
      const getting = select([onGet(items), onPut(room, 1), pool.submit(() => 1)], { timeout: 60_000 });
      const late = select({ item: onGet(items) }, { timeout: 10 });
      return [
        (await getting).index >= 0,
        selectSync([onGet(items)], { default: true }),
        await attempt(() => late),
      ];
    },
    room: () => pool.room(),
    stats: () => pool.stats().failed,
    death: async () => {
      const other = create();
      const dying = other.call(() => new Promise(() => {}));
      const late = other.terminate();
      await dying.finally(() => late);
    },
    shutdown: () => pool.shutdown(),
    close: async () => {
      queue.close();
      await interp.close();
      return text.join("");
    },
  };
  // Ids count up.
  for (const [name, step] of Object.entries(steps))
    seen[name] = (await attempt(step)).replaceAll(/(queue|interpreter) \d+/g, "$1");
  return seen;
}
const { parse } = JSON;
const { pow: power } = Math;

const scenarios: Record<string, () => Promise<unknown>> = {
  /** Each operation ends as it does without replaced globals, and uses none of them. */
  async main() {
    const before = await useAll();
    const used = new Set<string>();
    const restore = replaceGlobals(used);
    const after = await useAll();
    restore();
    return { before, after, used: [...used] };
  },

  /** The same in an interpreter, whose scripts may declare any name. */
  async interpreter() {
    const interp = create();
    const peer = create();
    const queue = createQueue<number>();
    await interp.exec(`{
      const { defineProperty, getOwnPropertyNames } = Object;
      const { Error } = globalThis;
      (() => {
        for (const name of getOwnPropertyNames(globalThis)) {
          if (["globalThis", "undefined", "NaN", "Infinity", "console"].includes(name)) continue;
          const broken = () => { throw new Error(name + " was used"); };
          try {
            defineProperty(globalThis, name, { value: broken, writable: true, configurable: true });
          } catch {
            // Node loads what this global was, which takes the other globals.
          }
        }
      })();
    }`);
    const seen: string[] = [];
    const steps: (() => unknown)[] = [
      () => interp.call((n: number) => n + 1, 1),
      () => interp.callSync((n: readonly number[]) => n.length, [1]),
      () => interp.call(async (list: number[]) => [...list, 2], [1]),
      () =>
        interp.call(() => {
          (undefined as unknown as object).toString();
        }),
      () => interp.exec("let later = 1; console.error.name"),
      () => interp.prepareMain({ z: new Uint8Array(3000) }),
      () => interp.call((q: Queue<number>) => q.putSync(7), queue),
      () => queue.get(),
      // (Not its text: the parser is a package of its own, which uses the globals of the moment.)
      () => interp.call((p: Interpreter, name: string) => p.exec(name), peer, "globalThis.there = 1"),
      () => peer.call(() => (globalThis as { there?: number }).there),
      () => interp.with({ timeout: 60_000 }).call(() => 1),
      () => interp.close(),
    ];
    for (const step of steps) seen.push(await attempt(step));
    await sleep(0);
    return seen;
  },
};

console.log(JSON.stringify(await scenarios[process.argv[2]]()));
process.exit();
