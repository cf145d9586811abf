/** The behaviour that programs of tinypool rely on, and where this package does better. tinypool's own suite is run by scripts/conformance.mjs. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { MessageChannel } from "node:worker_threads";
import { listAll } from "interpreters";
import { isMovable, type Options, Tinypool } from "../src/index.js";

const filename = fileURLToPath(new URL("../../../test/workers/tasks.mjs", import.meta.url));
async function using(options: Options, body: (pool: Tinypool) => Promise<void>): Promise<void> {
  const pool = new Tinypool({ filename, minThreads: 1, maxThreads: 1, ...options });
  try {
    await body(pool);
  } finally {
    await pool.destroy();
  }
}
const rejection = async (promise: Promise<unknown>): Promise<Error & Record<string, unknown>> => {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  return assert.fail("it did not reject");
};

const oneProcessor = availableParallelism() < 2 && "one processor runs no successor";
/** The interpreters of the process, but for the main one. */
const created = (): number => listAll().length - 1;
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

test(
  "the successor of an isolated worker starts while that runs, with its id",
  { skip: oneProcessor },
  async () => {
    await using({ isolateWorkers: true }, async (pool) => {
      const [first, ...others] = [
        pool.run(300, { name: "nap" }),
        ...[1, 2, 3].map(() => pool.run(0, { name: "state" })),
      ];
      await until(() => created() === 2);
      assert.equal(pool.threads.length, 1);
      assert.equal(await first, "slept");
      for (const state of await Promise.all(others)) {
        assert.equal((state as { workerId: number }).workerId, 1);
      }
      // The last one needed none.
      await until(() => created() === 1);
    });
    await until(() => created() === 0);
  },
);

test(
  "a successor that nothing needs is stopped, and so is that of a pool that ends",
  { skip: oneProcessor },
  async () => {
    await using({ isolateWorkers: true, minThreads: 0 }, async (pool) => {
      const first = pool.run(100, { name: "nap" });
      const second = rejection(pool.run(0, { name: "state" }));
      await until(() => created() === 2);
      pool.cancelPendingTasks();
      await second;
      await first;
      await until(() => created() === 0);
      const tasks = [1, 2].map(() => rejection(pool.run(60_000, { name: "nap" })));
      await until(() => created() === 2);
      await pool.destroy();
      await Promise.all(tasks);
      assert.equal(created(), 0);
    });
  },
);

test("a successor takes the place of a worker that dies, or is aborted", { skip: oneProcessor }, async () => {
  await using({ isolateWorkers: true }, async (pool) => {
    const controller = new AbortController();
    const aborted = rejection(pool.run(60_000, { name: "nap", signal: controller.signal }));
    const died = rejection(pool.run(3, { name: "exit" }));
    const last = pool.run(0, { name: "runOf" }) as Promise<number[]>;
    await until(() => created() === 2);
    controller.abort();
    assert.equal((await aborted).name, "AbortError");
    assert.match((await died).message, /exited with code: 3/);
    assert.equal((await last)[0], 1);
  });
});

for (const runtime of ["worker_threads", "child_process"] as const) {
  test(`${runtime}: tasks by name, and what a worker knows of itself`, async () => {
    const data = runtime === "worker_threads" ? { workerData: { a: 1 } } : {};
    await using({ runtime, ...data }, async (pool) => {
      assert.equal(await pool.run(1), "default 1");
      assert.deepEqual(await pool.run({ b: [2] }, { name: "echo" }), { b: [2] });
      const state = (await pool.run(0, { name: "state" })) as Record<string, unknown>;
      assert.deepEqual([state["isTinypoolWorker"], state["workerId"], state["named"]], [true, 1, 1]);
      if (runtime === "worker_threads") assert.deepEqual([state["is"], state["data"]], [true, { a: 1 }]);
    });
  });

  test(`${runtime}: isolated tasks have a worker each, others share one`, async () => {
    for (const isolateWorkers of [true, false]) {
      await using({ runtime, isolateWorkers }, async (pool) => {
        const first = (await pool.run(0, { name: "runOf" })) as number[];
        const second = (await pool.run(0, { name: "runOf" })) as number[];
        assert.deepEqual([first[0], second[0]], isolateWorkers ? [1, 1] : [1, 2]);
      });
    }
  });

  test(`${runtime}: a worker that ends fails its task, and those that wait are run`, async () => {
    await using({ runtime }, async (pool) => {
      const tasks = [pool.run(3, { name: "exit" }), ...[1, 2, 3].map((n) => pool.run(n, { name: "echo" }))];
      const [died, ...others] = await Promise.allSettled(tasks);
      assert.equal(died.status, "rejected");
      assert.deepEqual(
        others.map((each) => (each as PromiseFulfilledResult<number>).value),
        [1, 2, 3],
      );
    });
  });
}

test("a process that cannot be given a task fails that task alone", async () => {
  await using({ runtime: "child_process" }, async (pool) => {
    assert.match((await rejection(pool.run(1n, { name: "echo" }))).message, /BigInt/);
    assert.equal(await pool.run(2, { name: "echo" }), 2);
  });
});

test("a process whose task closes the channel to the pool fails that task, and is replaced", async () => {
  await using({ runtime: "child_process" }, async (pool) => {
    const error = await rejection(pool.run(0, { name: "disconnect" }));
    assert.equal(error.message, "Worker exited unexpectedly");
    assert.equal(await pool.run(2, { name: "echo" }), 2);
  });
});

test(
  "a process ends with its pool's process, even if that is killed",
  { skip: process.platform === "win32" },
  () => {
    // The processes get the flags of their parent, so this is no module.
    const program = `
    import("@interpreters/tinypool").then(async ({ Tinypool }) => {
      const options = { minThreads: 1, maxThreads: 1, runtime: "child_process" };
      const pool = new Tinypool({ ...options, filename: ${JSON.stringify(filename)} });
      await pool.run(0, { name: "tick" });
      console.log(pool.threads[0].threadId);
      process.kill(process.pid, "SIGKILL");
    });
  `;
    const { stdout } = spawnSync(process.execPath, ["-e", program], {
      encoding: "utf8",
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      timeout: 60_000,
    });
    const child = Number(stdout);
    assert.ok(child > 0, stdout);
    const isThere = (): boolean => {
      try {
        process.kill(child, 0);
        return true;
      } catch {
        return false;
      }
    };
    for (let i = 0; i < 3000 && isThere(); i++)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    const stays = isThere();
    if (stays) process.kill(child, "SIGKILL");
    assert.ok(!stays, "the process is still there");
  },
);

test("a thread that died idle gets no task, even before the pool has seen the notice of its end", async () => {
  await using({}, async (pool) => {
    const event = once(pool, "error");
    await pool.run(1, { name: "later" });
    const thread = pool.threads[0] as unknown as { readonly isThere: boolean };
    // This thread does not come to its event loop.
    while (thread.isThere);
    assert.equal(await pool.run(2, { name: "echo" }), 2);
    assert.equal(((await event)[0] as Error).message, "thrown later");
  });
});

test("the file of a pool and of a task may be a URL; its options inherit nothing", async () => {
  const url = new URL("../../../test/workers/tasks.mjs", import.meta.url);
  const given = Object.assign(Object.create({ maxThreads: 7 }) as Options, { filename: url });
  const pool = new Tinypool({ ...given, minThreads: 0, maxThreads: 1 });
  try {
    assert.equal(pool.options.filename, filename);
    assert.equal(Object.getPrototypeOf(pool.options), null);
    assert.equal(await pool.run("of the pool", { name: "echo" }), "of the pool");
    assert.equal(await pool.run("of the task", { filename: url, name: "echo" }), "of the task");
    await assert.rejects(pool.run(0, { filename: 1 as never }), { name: "TypeError", message: /a URL/ });
  } finally {
    await pool.destroy();
  }
  const others = new Tinypool({ ...given, filename: url.href, minThreads: 0 });
  assert.notEqual(others.options.maxThreads, 7);
  await others.destroy();
});

test("an error arrives as itself: class, properties, cause", async () => {
  await using({}, async (pool) => {
    const error = await rejection(pool.run(0, { name: "fail" }));
    assert.ok(error instanceof RangeError && error.cause instanceof TypeError);
    assert.deepEqual([error.message, error["limit"]], ["too far", 3]);
  });
});

test("aborting a task that runs stops its worker, and no other task", async () => {
  await using({ minThreads: 2, maxThreads: 2 }, async (pool) => {
    const controller = new AbortController();
    const nap = pool.run(200, { name: "nap" });
    const endless = pool.run(0, { name: "loop", signal: controller.signal });
    const waiting = pool.run(1, { name: "echo" });
    controller.abort("enough");
    const error = await rejection(endless);
    assert.deepEqual([error.name, error.cause], ["AbortError", "enough"]);
    assert.deepEqual(await Promise.all([nap, waiting]), ["slept", 1]);
  });
});

test("tasks that wait can be cancelled; destroy rejects what runs", async () => {
  const pool = new Tinypool({ filename, minThreads: 1, maxThreads: 1 });
  const endless = rejection(pool.run(0, { name: "loop" }));
  const waiting = rejection(pool.run(0, { name: "echo" }));
  assert.equal(pool.queueSize, 1);
  pool.cancelPendingTasks();
  assert.equal((await waiting).name, "CancelError");
  await pool.destroy();
  assert.equal((await endless).message, "Terminating worker thread");
  assert.equal(pool.threads.length, 0);
});

test("the teardown of a worker's file runs before its worker ends", async () => {
  const { port1, port2 } = new MessageChannel();
  const message = once(port1, "message");
  await using({ teardown: "teardown" }, async (pool) => {
    await pool.run({ port: port2 }, { name: "keepPort", transferList: [port2] });
  });
  assert.equal((await message)[0], "torn down");
  port1.close();
});

test("what is moved is gone here", async () => {
  await using({}, async (pool) => {
    const bytes = new Uint8Array(100_000);
    const movable = Tinypool.move(bytes);
    assert.ok(isMovable(movable));
    const back = (await pool.run(movable, { name: "echo" })) as Uint8Array;
    assert.deepEqual([bytes.byteLength, back.byteLength], [0, 100_000]);
    assert.equal(((await pool.run(0, { name: "moved" })) as Uint8Array).byteLength, 10);
  });
});

test("workers can be replaced, also by ones of another kind", async () => {
  await using({}, async (pool) => {
    const before = pool.threads[0].threadId;
    await pool.recycleWorkers();
    assert.notEqual(pool.threads[0].threadId, before);
    await pool.recycleWorkers({ runtime: "child_process" });
    assert.equal(pool.threads[0].runtime, "child_process");
    assert.equal(await pool.run(1, { name: "echo" }), 1);
  });
});
