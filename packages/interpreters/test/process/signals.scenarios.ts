/**
 * Waits in every way with a signal that aborts, for signals.test.ts: `node signals.scenarios.js <listener> <before|after>`. Listeners of the
 * program are added to the signals before or after those of the package.
 */
import {
  asCompleted,
  create,
  createQueue,
  InterpreterPoolExecutor,
  type Queue,
  UNBOUND_KEEP,
  wait,
} from "interpreters";

const [how, when] = process.argv.slice(2);
const uncaught: string[] = [];
process.on("uncaughtException", (error: unknown) => void uncaught.push((error as Error).message));

const fail = (): never => {
  throw new Error("a listener");
};
const stop = (event: Event): void => event.stopImmediatePropagation();
const listeners: Record<string, (signal: AbortSignal) => void> = {
  none() {},
  throws: (signal) => signal.addEventListener("abort", fail),
  stops: (signal) => signal.addEventListener("abort", stop),
  stopsAndThrows(signal) {
    signal.addEventListener("abort", (event) => {
      stop(event);
      fail();
    });
  },
  onabort(signal) {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- what some programs do
    signal.onabort = (event) => {
      stop(event);
      fail();
    };
  },
  replaces: (signal) => void Object.assign(signal, { removeEventListener: fail, throwIfAborted() {} }),
};

/** Signals, and how to abort each; `all` are those to which the program adds its listeners. */
interface Source {
  signal: AbortSignal;
  all: AbortSignal[];
  abort: () => void;
}
const REASON = new Error("enough");
const kinds: Record<string, () => Source> = {
  controller() {
    const controller = new AbortController();
    return { signal: controller.signal, all: [controller.signal], abort: () => controller.abort(REASON) };
  },
  any() {
    const controller = new AbortController();
    const inner = AbortSignal.any([controller.signal, new AbortController().signal]);
    const signal = AbortSignal.any([inner]);
    return { signal, all: [controller.signal, inner, signal], abort: () => controller.abort(REASON) };
  },
  timeout() {
    const signal = AbortSignal.timeout(20);
    return { signal, all: [signal], abort() {} };
  },
  anyTimeout() {
    const source = AbortSignal.timeout(20);
    const signal = AbortSignal.any([source]);
    return { signal, all: [source, signal], abort() {} };
  },
};

const channel = (): Queue<string> => createQueue<string>(0, { unboundItems: UNBOUND_KEEP });
const full = createQueue<number>(1);
full.putNowait(0);
const announce = (begun: Queue<string>): Promise<never> => {
  begun.putNowait("begun");
  return new Promise(() => {});
};
const spin = (begun: Queue<string>): never => {
  begun.putNowait("begun");
  for (;;);
};

const pool = new InterpreterPoolExecutor({ maxWorkers: 1, maxQueue: 0 });
const limited = new InterpreterPoolExecutor({ maxWorkers: 1, maxQueue: 1 });
const running = [pool.submit(announce, channel()), limited.submit(announce, channel())];
for (const future of running) future.catch(() => {});
const busy = create();
busy.call(announce, channel()).catch(() => {});

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

/** Each waits until its signal aborts. Those that run something say when it has begun. */
const waits: Record<string, (signal: AbortSignal, begun: Queue<string>) => PromiseLike<unknown>> = {
  get: (signal) => createQueue().get({ signal }),
  getMany: (signal) => createQueue().getMany(2, { signal }),
  put: (signal) => full.put(1, { signal }),
  putMany: (signal) => full.putMany([1, 2], { signal }),
  "a call": (signal, begun) => create().with({ signal }).call(announce, begun),
  "an endless call": (signal, begun) => create().with({ signal }).call(spin, begun),
  "a call in line": (signal) => busy.with({ signal }).call(() => 1),
  "a script in line": (signal) => busy.exec("1", { signal }),
  "a task": (signal, begun) =>
    new InterpreterPoolExecutor({ maxWorkers: 1 }).with({ signal }).submit(announce, begun),
  "a task in line": (signal) => limited.with({ signal }).submit(() => 1),
  room: (signal) => pool.room({ signal }),
  map: (signal) => drain(pool.map((n: number) => n, [1], { signal })),
  wait: (signal) => wait(running, { signal }),
  asCompleted: (signal) => drain(asCompleted(running, { signal })),
};
const begins = new Set(["a call", "an endless call", "a task"]);

async function outcome(promise: PromiseLike<unknown>): Promise<string> {
  try {
    return `fulfilled: ${String(await promise)}`;
  } catch (error) {
    return error === REASON ? "its reason" : (error as Error).name;
  }
}

for (const [kind, make] of Object.entries(kinds)) {
  const outcomes = Object.entries(waits).map(async ([name, start]) => {
    const { signal, all, abort } = make();
    const listen = (): void => all.forEach(listeners[how]);
    if (when === "before") listen();
    const begun = channel();
    const settled = outcome(start(signal, begun));
    if (when === "after") listen();
    // A timeout may pass before.
    if (begins.has(name)) await Promise.race([begun.get(), settled]);
    else await new Promise((resolve) => setImmediate(resolve));
    abort();
    const seen = await settled;
    return `${kind}, ${name}: ${seen}\n`;
  });
  process.stdout.write((await Promise.all(outcomes)).join(""));
}
for (const future of running) console.log(future.running());
console.log(await busy.terminate(), full.qsize());
await pool.terminateWorkers();
await limited.terminateWorkers();
await new Promise((resolve) => setImmediate(resolve));
console.log(uncaught.filter((message) => message !== "a listener").join());
process.exit();
