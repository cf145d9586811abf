/** Each package as a pool that runs tasks by name. */

import type { EventEmitter } from "node:events";
import { fileURLToPath } from "node:url";
import type { TaskName } from "./tasks.js";

export interface Pool {
  run(name: TaskName, value?: unknown): PromiseLike<unknown>;
  /** Starts a task; `cancel` cancels it while it runs. */
  cancellable(name: TaskName): { result: PromiseLike<unknown>; cancel(): void };
  stop(): PromiseLike<unknown> | void;
}

export interface PoolOptions {
  readonly workers: number;
  /** The workers' module throws while it is loaded. */
  readonly broken?: boolean;
}

export interface Package {
  readonly name: string;
  /** A call blocks its caller, which can therefore run one task at a time and cancel none. */
  readonly blocking?: boolean;
  /** Whether it is ours: then it must pass each row. */
  readonly ours?: boolean;
  /** Rows, by their ids, that the package's API has no means for, and why. */
  readonly without?: Readonly<Record<string, string>>;
  make(options: PoolOptions): Promise<Pool>;
}

const at = (file: string): URL => new URL(file, import.meta.url);
const path = (file: string): string => fileURLToPath(at(file));
/** Little memory, so that exhausting it does not take long. */
const resourceLimits = { maxOldGenerationSizeMb: 64 };

/**
 * Workers start before the first task. Those whose module cannot be loaded start only for a task, which must fail: before it, no task
 * would.
 */
const threads = (workers: number, broken = false): { minThreads: number; maxThreads: number } => ({
  minThreads: broken ? 0 : workers,
  maxThreads: workers,
});

const interpreters: Package = {
  name: "interpreters",
  ours: true,
  async make({ workers, broken }) {
    const { fromModule, InterpreterPoolExecutor } = await import("interpreters");
    const module = fromModule<typeof import("./tasks.js")>(at(broken ? "./throws-on-load.js" : "./tasks.js"));
    const pool = new InterpreterPoolExecutor({ maxWorkers: workers, resourceLimits });
    return {
      run: (name, value) => pool.submit(module[name], value),
      cancellable(name) {
        const controller = new AbortController();
        const view = pool.with({ signal: controller.signal });
        const result = view.submit(module[name], undefined);
        return { result, cancel: () => controller.abort() };
      },
      stop: () => pool.shutdown(),
    };
  },
};

/** The package, or our adapter for it, which has the same API. */
const piscinaAs = (
  name: string,
  load: () => Promise<Pick<typeof import("piscina"), "Piscina">>,
): Package => ({
  name,
  ours: name.startsWith("@interpreters/"),
  async make({ workers, broken }) {
    const { Piscina } = await load();
    const filename = at(broken ? "./throws-on-load.js" : "./tasks.js").href;
    const pool = new Piscina({ filename, ...threads(workers, broken), resourceLimits });
    // piscina also emits the error here. Without a listener that ends the process.
    pool.on("error", () => {});
    return {
      run: async (task, value) => await pool.run(value, { name: task }),
      cancellable(task) {
        const controller = new AbortController();
        const result = pool.run(undefined, { name: task, signal: controller.signal });
        return { result, cancel: () => controller.abort() };
      },
      stop: () => pool.destroy(),
    };
  },
});

const piscina = piscinaAs("piscina", () => import("piscina"));
const ourPiscina = piscinaAs(
  "@interpreters/piscina",
  () => import("@interpreters/piscina") as unknown as Promise<Pick<typeof import("piscina"), "Piscina">>,
);

const tinypoolAs = (
  name: string,
  load: () => Promise<Pick<typeof import("tinypool"), "Tinypool">>,
): Package => ({
  name,
  ours: name.startsWith("@interpreters/"),
  async make({ workers, broken }) {
    const { Tinypool } = await load();
    const filename = at(broken ? "./throws-on-load.js" : "./tasks.js").href;
    const pool = new Tinypool({ filename, ...threads(workers, broken), resourceLimits });
    (pool as unknown as EventEmitter).on("error", () => {});
    return {
      run: async (task, value) => (await pool.run(value, { name: task })) as unknown,
      cancellable(task) {
        const controller = new AbortController();
        const result = pool.run(undefined, { name: task, signal: controller.signal }) as Promise<unknown>;
        return { result, cancel: () => controller.abort() };
      },
      stop: () => pool.destroy(),
    };
  },
});

const tinypool = tinypoolAs("tinypool", () => import("tinypool"));
const ourTinypool = tinypoolAs(
  "@interpreters/tinypool",
  () => import("@interpreters/tinypool") as unknown as Promise<Pick<typeof import("tinypool"), "Tinypool">>,
);

const workerpool: Package = {
  name: "workerpool",
  async make({ workers, broken }) {
    const { default: library } = await import("workerpool");
    const pool = library.pool(path(broken ? "./throws-on-load.js" : "./workerpool.worker.js"), {
      workerType: "thread",
      minWorkers: workers,
      maxWorkers: workers,
      workerThreadOpts: { resourceLimits },
    });
    return {
      run: async (name, value) => (await pool.exec(name, [value])) as unknown,
      cancellable(name) {
        const result = pool.exec(name, []);
        return { result: result, cancel: () => void result.cancel() };
      },
      stop: async () => {
        await pool.terminate();
      },
    };
  },
};

const workerpoolAdapter: Package = {
  name: "@interpreters/workerpool",
  ours: true,
  async make({ workers, broken }) {
    const library = await import("@interpreters/workerpool");
    const script = path(broken ? "./throws-on-load.js" : "./interpreters-workerpool.worker.js");
    const pool = library.pool(script, {
      workerType: "thread",
      minWorkers: workers,
      maxWorkers: workers,
      workerThreadOpts: { resourceLimits },
    });
    return {
      run: (name, value) => pool.exec(name, [value]),
      cancellable(name) {
        const result = pool.exec(name, []);
        return { result, cancel: () => void result.cancel() };
      },
      stop: () => pool.terminate(),
    };
  },
};

/** The same for jest-worker and for our adapter. Neither can cancel a call. */
function jestWorker(name: "@interpreters/jest-worker" | "jest-worker"): Package {
  return {
    name,
    ours: name.startsWith("@interpreters/"),
    without: {
      cancel: "it cannot cancel a call",
      result: "it leaves functions out of a result",
      thrown: "its own suite demands an error for `throw undefined`",
    },
    async make({ workers, broken }) {
      const { Worker } =
        name === "jest-worker" ? await import("jest-worker") : await import("@interpreters/jest-worker");
      const farm = new Worker(path(broken ? "./throws-on-load.js" : "./tasks.js"), {
        enableWorkerThreads: true,
        exposedMethods: Object.keys(await import("./tasks.js")),
        numWorkers: workers,
        resourceLimits,
        maxRetries: 0,
      });
      const methods = farm as unknown as Record<string, (value: unknown) => Promise<unknown>>;
      return {
        run: (task, value) => methods[task](value),
        cancellable() {
          throw new Error("jest-worker cannot cancel a call");
        },
        stop: () => farm.end(),
      };
    },
  };
}

const poolifier: Package = {
  name: "poolifier",
  async make({ workers, broken }) {
    const { FixedThreadPool } = await import("poolifier");
    const script = path(broken ? "./throws-on-load.js" : "./poolifier.worker.js");
    const pool = new FixedThreadPool(workers, script, {
      workerOptions: { resourceLimits },
      errorHandler: () => {},
    });
    return {
      run: async (name, value) => await pool.execute(value, name),
      cancellable(name) {
        const controller = new AbortController();
        const result = pool.execute(undefined, name, controller.signal);
        return { result, cancel: () => controller.abort() };
      },
      stop: () => pool.destroy(),
    };
  },
};

const synckitAs = (
  name: string,
  script: string,
  load: () => Promise<Pick<typeof import("synckit"), "createSyncFn">>,
): Package => ({
  name,
  ours: name.startsWith("@interpreters/"),
  blocking: true,
  async make({ broken }) {
    const { createSyncFn } = await load();
    const run = createSyncFn<(name: TaskName, value: unknown) => unknown>(
      at(broken ? "./throws-on-load.js" : script),
    );
    return {
      run: (task, value) => new Promise((resolve) => resolve(run(task, value))),
      cancellable() {
        throw new Error("synckit blocks its caller, which therefore cannot cancel");
      },
      stop: () => undefined,
    };
  },
});

const synckit = synckitAs("synckit", "./synckit.worker.js", () => import("synckit"));
const ourSynckit = synckitAs(
  "@interpreters/synckit",
  "./interpreters-synckit.worker.js",
  () => import("@interpreters/synckit"),
);

export const packages: readonly Package[] = [
  interpreters,
  piscina,
  ourPiscina,
  tinypool,
  ourTinypool,
  workerpool,
  workerpoolAdapter,
  jestWorker("jest-worker"),
  jestWorker("@interpreters/jest-worker"),
  poolifier,
  synckit,
  ourSynckit,
];
