/** Programs that environment.test.ts runs in unusual surroundings: `node environment.scenarios.js <name>`. */
import { once } from "node:events";
import { isMainThread, Worker } from "node:worker_threads";
import {
  create,
  createQueue,
  fromModule,
  getCurrent,
  Interpreter,
  InterpreterPoolExecutor,
  listAll,
  prewarm,
  Queue,
  UNBOUND,
} from "interpreters";

/** A bit of everything. Its output is the same in all surroundings. */
async function everything(): Promise<void> {
  const interp = create();
  console.log(interp.callSync(Math.hypot, 3, 4));
  await interp.exec("var answer = 41 + 1");
  console.log(await interp.call(() => (globalThis as { answer?: number }).answer));
  const { posix } = fromModule<{ posix(): string }>(
    new URL("data:text/javascript,export const posix = () => 'module'"),
  );
  console.log(await interp.call(posix));
  const queue = createQueue<number>();
  await interp.call((q: typeof queue) => q.putSync(7), queue);
  console.log(await queue.get());
  const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
  let sum = 0;
  for await (const n of pool.map((x: number) => x * x, [1, 2, 3])) sum += n;
  console.log(sum);
  await pool
    .submit(() => process.exit(3))
    .catch((error: unknown) => console.log((error as { reason?: string }).reason));
  await pool.shutdown();
}

/** Runs a scenario in a worker thread that this package did not start. */
function startWorker(scenario: string, workerData?: unknown): Worker {
  return new Worker(new URL(import.meta.url), { argv: [scenario], workerData });
}

async function join(stop: boolean): Promise<void> {
  create().callSync(() => 0);
  const queue = createQueue<string>();
  const worker = startWorker("joined", { queueId: queue.id, stay: stop });
  if (stop) worker.on("message", () => void worker.terminate());
  await once(worker, "exit");
  const isListed = (): boolean => listAll().some((interp) => interp.whence === "worker_threads");
  const deadline = performance.now() + 10_000;
  while (isListed() && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  console.log(queue.getNowait() === UNBOUND ? "UNBOUND" : "still bound");
  console.log(isListed() ? "still listed" : "gone");
}

const scenarios: Record<string, () => unknown> = {
  /** Prints the flags of an interpreter that got those of the process, and whether others are refused. */
  async flagsPassedOn() {
    const execArgv = [...process.execArgv, "--trace-uncaught"];
    await using interp = create({ execArgv });
    console.log(await interp.call(() => process.execArgv.join(" ")));
    await using refused = create({ execArgv: [...process.execArgv, "--title=other"] });
    console.log(
      await refused.call(() => false).catch((error: Error) => /--title=other/.test(String(error.cause))),
    );
  },
  everything,

  // A foreign worker thread, whose main thread does not use this package.
  inWorker() {
    startWorker("everything");
  },
  inTwoWorkers() {
    for (let i = 0; i < 2; i++) startWorker("everything");
  },
  workerStopped() {
    const worker = startWorker("busyForEver");
    worker.on("message", () => void worker.terminate().then((code) => console.log("stopped", code)));
  },
  async busyForEver() {
    const { parentPort } = await import("node:worker_threads");
    const interp = create();
    const started = createQueue<number>();
    interp
      .call((q: typeof started) => {
        q.putSync(1);
        for (;;);
      }, started)
      .catch(() => {});
    await started.get();
    parentPort?.postMessage("busy");
  },
  // A foreign worker thread that joins the runtime of its main thread, and ends by itself or is stopped.
  joining: () => join(false),
  joiningStopped: () => join(true),
  async joined() {
    const { parentPort, workerData } = await import("node:worker_threads");
    console.log(isMainThread, getCurrent().whence);
    const interp = create();
    console.log(await interp.call((n: number) => n + 1, 1));
    await interp.close();
    const { queueId } = workerData as { queueId: number };
    new Queue(queueId).putNowait("mine");
    parentPort?.postMessage("ready");
    // If the main thread stops this one, it waits for that.
    if ((workerData as { stay: boolean }).stay) setInterval(() => {}, 1e6);
  },

  async noPrograms() {
    for (const script of [
      "import { execFileSync } from 'node:child_process'; execFileSync('node')",
      "require('child_process').spawn('node')",
    ]) {
      await create({ config: { allowSpawn: false } })
        .exec(script)
        .catch((error: Error) => console.log((error.cause as { code: string }).code));
    }
  },
  async prewarmed() {
    prewarm(2);
    const interps = Array.from({ length: 5 }, () => create());
    console.log((await Promise.all(interps.map((interp) => interp.call(Math.hypot, 3, 4)))).join());
  },
  async stackOfScript() {
    const script = `import { fail } from "./environment.mapped.js";
const value: number = await 1;
fail()`;
    try {
      await create().exec(script, { filename: "job.ts", base: import.meta.url });
    } catch (error) {
      console.log((error as Error).stack);
    }
  },
  async stackOfTypeScript() {
    const { fail } = fromModule<{ fail(): never }>(new URL("./environment.mapped.js", import.meta.url));
    await create()
      .call(fail)
      .catch((error: Error) => console.log(error.stack));
  },
  async condition() {
    console.log(await create().call(() => process.execArgv.join(" ")));
  },
  async preloaded() {
    console.log(await create().call(() => (globalThis as { preloaded?: boolean }).preloaded));
  },
  async relativeImport() {
    const interp = create();
    const importHere = async (name: string): Promise<unknown> =>
      ((await import(name)) as { here: unknown }).here;
    console.log(await interp.call(importHere, "./here.mjs"));
    console.log(await interp.call(() => process.cwd() === process.env["EXPECTED_CWD"]));
  },
  async large() {
    const interp = create();
    const megabytes = 40;
    const bytes = new Uint8Array(megabytes << 20).fill(7);
    console.log(await interp.call((given: Uint8Array) => given.length >> 20, bytes));
    await everything();
  },
  // With --expose-gc: the program keeps no handle to its interpreters.
  async forgotten() {
    const ids = await (async () => {
      const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
      await pool.submit(() => 1);
      pool.submit(() => 2).resultSync();
      for await (const _ of pool.map((n: number) => n, [1, 2, 3]));
      const interp = create();
      await interp.call(() => 1);
      return listAll().map((each) => each.id);
    })();
    const exists = (id: number): boolean => {
      try {
        return new Interpreter(id).id === id;
      } catch {
        return false;
      }
    };
    for (let round = 0; round < 50 && ids.slice(1).some(exists); round++) {
      // Asking has made handles again. They are collected, and their collection is noticed, before the next question.
      for (let i = 0; i < 20; i++) {
        (globalThis as unknown as { gc(): void }).gc();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    console.log(ids.map((id) => `${id}: ${exists(id)}`).join(", "));
  },
  async threads() {
    const { readdirSync } = await import("node:fs");
    const count = (): number => readdirSync("/proc/self/task").length;
    await create().call(() => 1);
    const before = count();
    const interps = Array.from({ length: 6 }, () => create());
    await Promise.all(interps.map((interp) => interp.call(() => 1)));
    const during = count();
    await Promise.all(interps.map((interp, i) => (i % 2 === 0 ? interp.close() : interp.terminate())));
    while (count() > before) await new Promise((resolve) => setImmediate(resolve));
    // The standby threads end, too.
    prewarm(4);
    while (count() < before + 4) await new Promise((resolve) => setImmediate(resolve));
    prewarm(0);
    while (count() > before) await new Promise((resolve) => setImmediate(resolve));
    console.log(during >= before + interps.length);
  },
};

void scenarios[process.argv[2]]();
