/**
 * Programs whose threads come to the runtime in every order, for runtimes.test.ts: `node runtimes.scenarios.js <name> [how main is busy]`.
 * The package is imported only where a scenario says so.
 */
import { once } from "node:events";
import { parentPort, Worker, workerData } from "node:worker_threads";

type Package = typeof import("interpreters");
const load = (): Promise<Package> => import("interpreters");

/** Main does this meanwhile, for longer than any thread waits for a reply. */
const busy: Record<string, () => void> = {
  idle: () => {},
  busy() {
    for (const end = performance.now() + 1000; performance.now() < end;);
  },
  waiting: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000),
};
const meanwhile = busy[process.argv[3] ?? "idle"];

function startWorker(role: string, data: object = {}): Worker {
  return new Worker(new URL(import.meta.url), { workerData: { role, ...data } });
}

/** Starts a worker that is older than whatever comes next: it has begun to run, and waits for a message. */
async function older(role: string, data?: object): Promise<Worker> {
  const worker = startWorker(role, { ...data, waits: true });
  await once(worker, "message");
  return worker;
}

async function next<T>(worker: Worker): Promise<T> {
  return (await once(worker, "message"))[0] as T;
}

/** The work of worker threads. Most wait for a message first, and reply with one. */
const roles: Record<string, (data: { gate: Int32Array }) => unknown> = {
  /** Makes a queue with an item, an interpreter, and calls it in both forms. */
  async everything() {
    const { create, createQueue, getCurrent, listAll } = await load();
    const before = listAll().length;
    const interp = create();
    const queue = createQueue<string>();
    queue.putNowait("from the worker");
    parentPort?.postMessage({
      me: getCurrent().id,
      interp: interp.id,
      queue: queue.id,
      before,
      results: [interp.callSync(Math.max, 1, 2), await interp.call(Math.max, 3, 4)],
    });
    setInterval(() => queue.qsize(), 1000);
  },

  /** Uses the package at the same moment as all others that wait at the gate. */
  async atOnce({ gate }) {
    const { create, createQueue, getCurrent } = await load();
    Atomics.add(gate, 1, 1);
    Atomics.wait(gate, 0, 0);
    const [interp, queue] = [create(), createQueue()];
    parentPort?.postMessage({ me: getCurrent().id, interp: interp.id, queue: queue.id });
    // Keeps both.
    setInterval(() => [interp, queue], 1000);
  },

  /** Keeps an interpreter, and calls it again at each message. */
  async keeping() {
    const { create } = await load();
    const interp = create();
    const reply = async (): Promise<void> =>
      parentPort?.postMessage([interp.id, await interp.call(Math.max, 1, 2)]);
    parentPort?.on("message", () => void reply());
    await reply();
  },
};

interface Everything {
  me: number;
  interp: number;
  queue: number;
  before: number;
  results: number[];
}

/** Prints what the worker found, and whether main finds the same. */
async function compare(worker: Worker): Promise<void> {
  meanwhile();
  const { me, interp, queue, before, results } = await next<Everything>(worker);
  const { createQueue, getCurrent, listAll, Queue } = await load();
  createQueue<string>().putNowait("from main");
  console.log(getCurrent().id, me, interp, before, results.join());
  console.log(
    listAll()
      .map(({ id, whence }) => `${id} ${whence}`)
      .join(", "),
  );
  console.log(new Queue(queue).getNowait());
  await worker.terminate();
}

const scenarios: Record<string, () => unknown> = {
  async importedYounger() {
    await load();
    await compare(startWorker("everything"));
  },
  async usedYounger() {
    (await load()).getCurrent();
    await compare(startWorker("everything"));
  },
  async importedOlder() {
    const worker = await older("everything");
    await load();
    worker.postMessage(undefined);
    await compare(worker);
  },
  async usedOlder() {
    const worker = await older("everything");
    (await load()).getCurrent();
    worker.postMessage(undefined);
    await compare(worker);
  },
  async neverOlder() {
    const worker = await older("everything");
    worker.postMessage(undefined);
    await compare(worker);
  },

  /** Several workers use the package at once, and main with them if the arguments say so. */
  async atOnce() {
    const gate = new Int32Array(new SharedArrayBuffer(8));
    const workers = await Promise.all(Array.from({ length: 5 }, () => older("atOnce", { gate })));
    const replies = workers.map((worker) => next<Omit<Everything, "before" | "results">>(worker));
    for (const worker of workers) worker.postMessage(undefined);
    while (Atomics.load(gate, 1) < workers.length) await new Promise((resolve) => setTimeout(resolve, 1));
    const api = process.argv[4] === "main" ? await load() : undefined;
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    const kept = api && ([api.create(), api.createQueue()] as const);
    Object.assign(globalThis, { kept });
    const all = kept && [{ me: api.getCurrent().id, interp: kept[0].id, queue: kept[1].id }];
    meanwhile();
    const ids = [...(all ?? []), ...(await Promise.all(replies))];
    const interpreters = ids.flatMap(({ me, interp }) => [me, interp]);
    console.log(
      new Set(interpreters).size - ids.length * 2,
      new Set(ids.map(({ queue }) => queue)).size - ids.length,
    );
    const { listAll } = await load();
    const known = listAll().map(({ id }) => id);
    console.log(
      known[0],
      known.length - ids.length * 2,
      interpreters.every((id) => known.includes(id)),
    );
    await Promise.all(workers.map((worker) => worker.terminate()));
  },

  /** Main never imports the package. Of two workers the one that used it first ends; nothing of the other one's is lost. */
  async endsFirst() {
    const [first, second] = [await older("keeping"), await older("keeping")];
    for (const worker of [first, second]) {
      worker.postMessage(undefined);
      console.log((await next<number[]>(worker)).join());
    }
    await first.terminate();
    second.postMessage(undefined);
    console.log((await next<number[]>(second)).join());
    const third = startWorker("keeping");
    console.log((await next<number[]>(third))[1]);
    await Promise.all([second.terminate(), third.terminate()]);
  },

  /** A worker cannot create interpreters, because main cannot start threads any more. */
  async refused() {
    const worker = await older("refused");
    const { default: threads } = await import("node:worker_threads");
    const { syncBuiltinESMExports } = await import("node:module");
    threads.Worker = function refuse() {
      throw Object.assign(new RangeError("no more threads"), { code: "ERR_WORKER_INIT_FAILED" });
    } as never;
    syncBuiltinESMExports();
    await load();
    worker.postMessage(undefined);
    for (const line of await next<string[]>(worker)) console.log(line);
    await worker.terminate();
  },
};

roles["refused"] = async () => {
  const { create } = await load();
  const lines: string[] = [];
  for (let i = 0; i < 2; i++) {
    try {
      create();
    } catch (error) {
      const { name, code, cause } = error as NodeJS.ErrnoException & { cause: NodeJS.ErrnoException };
      lines.push(`${name} ${code} because of ${cause.name} ${cause.code} ${cause.message}`);
    }
  }
  parentPort?.postMessage(lines);
};

const { role, waits, ...data } = (workerData ?? {}) as { role?: string; waits?: boolean; gate: Int32Array };
if (role === undefined) await scenarios[process.argv[2]]();
else {
  if (waits === true) {
    parentPort?.postMessage("started");
    await once(parentPort as NonNullable<typeof parentPort>, "message");
  }
  await roles[role](data);
}
