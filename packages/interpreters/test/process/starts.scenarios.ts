/** Programs in which the first start of the supervisor fails, for starts.test.ts: `node starts.scenarios.js <name>`. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import path from "node:path";
import workerThreads, { Worker } from "node:worker_threads";

interface Failure {
  name: string;
  code?: string;
  message: string;
  cause?: Failure;
}

function print(error: unknown): void {
  const { name, code, cause } = error as Failure;
  const why = cause?.code ?? cause?.message.split("\n")[0];
  console.log(`${name} ${code} because of ${cause?.name} ${why}`);
}

/** The threads that may be started before the system refuses more. Counts only those of the package. */
function limitThreads(): { left: number } {
  const limit = { left: 0 };
  class LimitedWorker extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      if (limit.left-- <= 0)
        throw Object.assign(new Error("Worker initialization failure: EAGAIN"), {
          code: "ERR_WORKER_INIT_FAILED",
        });
      super(...args);
    }
  }
  Object.assign(workerThreads, { Worker: LimitedWorker });
  syncBuiltinESMExports();
  return limit;
}

/** Every thread of the package's supervisor begins to run and ends by itself, as many times as `times`. */
function failThreads(times: number): void {
  class FailingWorker extends Worker {
    constructor(file: string | URL, options: workerThreads.WorkerOptions) {
      const failing = options.name === "interpreters supervisor" && times-- > 0;
      super(
        failing ? "throw new Error('out of luck')" : file,
        failing ? { ...options, eval: true } : options,
      );
    }
  }
  Object.assign(workerThreads, { Worker: FailingWorker });
  syncBuiltinESMExports();
}

const scenarios: Record<string, () => unknown> = {
  async limit() {
    const limit = limitThreads();
    const { create, createQueue, InterpreterPoolExecutor, prewarm } = await import("interpreters");
    for (const use of [
      () => create(),
      () => create(),
      () => prewarm(1),
      () => createQueue<unknown>().putNowait(new SharedArrayBuffer(4)),
    ]) {
      try {
        use();
        console.log("no error");
      } catch (error) {
        print(error);
      }
    }
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    // Pools reject, as calls do, and the next task tries again.
    const futures = [pool.submit(() => 1), pool.with({ priority: 1 }).submit(() => 1)];
    for (const future of futures) await future.catch(print);
    console.log(futures[0].done(), pool.stats().queued, pool.stats().running);
    await pool
      .map((n: number) => n, [1])
      .next()
      .catch(print);
    limit.left = Infinity;
    console.log(await pool.submit(() => 1));
    console.log(create().callSync(Math.max, 1, 2));
    console.log(await create().call(Math.max, 3, 4));
  },

  async permission() {
    const { create, createQueue } = await import("interpreters");
    for (let i = 0; i < 2; i++) {
      try {
        create();
      } catch (error) {
        print(error);
      }
    }
    const queue = createQueue<number>();
    queue.putSync(1);
    console.log(queue.getSync());
  },

  async directory() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "interpreters-gone-"));
    const before = process.cwd();
    process.chdir(folder);
    process.cwd();
    fs.rmdirSync(folder);
    const { create } = await import("interpreters");
    for (const use of [async () => create().call(Math.max, 1), () => create().callSync(Math.max, 1)]) {
      try {
        await use();
      } catch (error) {
        print(error);
      }
    }
    process.chdir(before);
    console.log(await create().call(Math.max, 1, 2));
  },

  /** Both attempts fail, twice; the third start works. */
  async ending() {
    failThreads(4);
    const { create, createQueue, listAll } = await import("interpreters");
    const queue = createQueue<number>();
    const first = create();
    const pending = [first.call(Math.max, 1), first.exec("1"), first.call(Math.max, queue.id), first.close()];
    for (const each of await Promise.allSettled(pending)) {
      if (each.status === "rejected") print(each.reason);
      else console.log("closed");
    }
    await first.call(Math.max, 1).catch(print);
    console.log(listAll().length);
    const second = create();
    try {
      second.callSync(Math.max, 1);
    } catch (error) {
      print(error);
    }
    const third = create();
    console.log(third.callSync(Math.max, 1, 2), listAll().length, third.id);
  },

  /** An attached thread's operations fail, too. */
  async works() {
    const { create } = await import("interpreters");
    console.log(create().callSync(Math.max, 1, 2));
    console.log(await create().call((x: number) => x + 1, 1));
  },
};

await scenarios[process.argv[2]]();
