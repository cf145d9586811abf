/** Programs that exits.test.ts and failures.test.ts run, each in its own process: `node exits.scenarios.js <name>`. */
import {
  callback,
  create,
  createQueue,
  fromModule,
  type Interpreter,
  InterpreterPoolExecutor,
  onGet,
  prewarm,
  type Queue,
  select,
} from "interpreters";

/** Returns an interpreter that executes an endless loop. */
async function looping(): Promise<Interpreter> {
  const interp = create();
  const started = createQueue<number>();
  interp
    .call((queue: typeof started) => {
      queue.putSync(1);
      for (;;);
    }, started)
    .catch(() => {});
  await started.get();
  return interp;
}

async function blocked(): Promise<Interpreter> {
  const interp = create();
  const [started, never] = [createQueue<number>(), createQueue<number>()];
  interp
    .call(
      (queue: typeof started, other: typeof never) => {
        queue.putSync(1);
        other.getSync();
      },
      started,
      never,
    )
    .catch(() => {});
  await started.get();
  return interp;
}

const handles: Interpreter[] = [];

/** An interpreter that is not collected, and so not closed, while the program waits. */
function kept(): Interpreter {
  const interp = create();
  handles.push(interp);
  return interp;
}

const later = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 100));

const scenarios: Record<string, () => unknown> = {
  // Idle interpreters, pools and queues do not keep a program alive.
  async created() {
    create();
    await create().call(() => 1);
    create({ name: "third" });
  },
  async prewarmed() {
    prewarm(3);
    await create().call(() => 1);
  },
  queues() {
    for (let i = 0; i < 10; i++) createQueue<number>(i).putNowait(i);
  },
  async pool() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    await Promise.all([1, 2, 3].map((n) => pool.submit((x: number) => x, n)));
    const unused = new InterpreterPoolExecutor();
    if (unused.maxWorkers < 1) throw new Error("no workers");
  },
  async mapLeft() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    for await (const _ of pool.map(Math.sqrt, [1, 2, 3, 4, 5, 6, 7, 8, 9])) break;
  },
  async mapForgotten() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    await pool.map(Math.sqrt, [1, 2, 3], { timeout: 1e9, buffersize: 1 }).next();
  },
  async idleTimers() {
    await create().exec("setInterval(() => {}, 10); setTimeout(() => {}, 1e9)");
  },
  // A callback that an interpreter has keeps nothing alive either.
  async callbacks() {
    const f = callback(() => 1);
    await create().prepareMain({ f });
    await create().call(async (f: () => Promise<number>) => {
      setInterval(() => void f(), 1);
      return await f();
    }, f);
  },
  async idleServer() {
    await create().call(async () => {
      const net = await import("node:net");
      await new Promise<void>((resolve) => net.createServer().listen(0, resolve));
    });
  },
  async closed() {
    const interp = create();
    await interp.call(() => 1);
    await interp.close();
    const other = create();
    other.callSync(() => 1);
    other.terminateSync();
  },
  async died() {
    const interp = create();
    await interp.call(() => process.exit(9)).catch(() => {});
  },
  async endsAwaited() {
    const [idle, dead, closed] = [create(), create(), create()];
    void idle.ended.then(() => console.log("ended"));
    await dead.call(() => process.exit(9)).catch(() => {});
    void dead.ended.then(({ exitCode }) => exitCode === 9 || console.log("ended otherwise"));
    closed.closeSync();
    void closed.ended;
  },
  async unreferenced() {
    const interp = create();
    await interp.call(() => 1);
    const queue = createQueue<number>(1);
    const never = (): void => console.log("settled");
    const view = interp.with({ ref: false, waitTimeout: 50_000, resultTimeout: 50_000 });
    void view.call(() => new Promise(() => {})).then(never);
    void view.exec("1").then(never);
    void queue.get({ ref: false, timeout: 50_000 }).then(never, never);
    void queue.getMany(2, { ref: false }).then(never, never);
    const full = createQueue<number>(1);
    full.putNowait(1);
    void full.put(2, { ref: false }).then(never, never);
    const iteration = create()
      .with({ ref: false })
      .iterate(async function* () {
        await new Promise(() => {});
        yield 1;
      });
    void iteration.next().then(never, never);
  },
  async unreferencedSettled() {
    const interp = create();
    const queue = createQueue<number>();
    // Something else keeps the process alive.
    const alive = setInterval(() => {}, 1000);
    const got = queue.get({ ref: false });
    await interp.call((queue: Queue<number>) => queue.putNowait(1), queue);
    const sum = (await got) as number;
    const two = await interp.with({ ref: false }).call((n: number) => n + 1, sum);
    clearInterval(alive);
    console.log(two === 2 ? "settled" : two);
  },

  // Pending operations do.
  pendingCall() {
    void create()
      .call(() => new Promise((resolve) => setTimeout(() => resolve("settled"), 200)))
      .then(console.log);
  },
  pendingExec() {
    void create()
      .exec("var until = Date.now() + 200; while (Date.now() < until);")
      .then(() => console.log("settled"));
  },
  pendingTask() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const tasks = [1, 2, 3].map(() => pool.submit(() => new Promise((resolve) => setTimeout(resolve, 50))));
    void Promise.all(tasks).then(() => console.log("settled"));
  },
  pendingTaskUnobserved() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    void pool.submit(async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      console.log("settled");
    });
  },
  async pendingGet() {
    const queue = createQueue<string>();
    await kept().call((q: typeof queue) => void setTimeout(() => q.putNowait("settled"), 200), queue);
    void queue.get().then(console.log);
  },
  async pendingPut() {
    const queue = createQueue<string>(1);
    queue.putNowait("first");
    await kept().call((q: typeof queue) => void setTimeout(() => q.getNowait(), 200), queue);
    void queue.put("second").then(() => console.log("settled"));
  },
  async pendingSelect() {
    const queue = createQueue<string>();
    await kept().call((q: typeof queue) => void setTimeout(() => q.putNowait("settled"), 200), queue);
    void select([onGet(queue), onGet(createQueue())]).then(({ value }) => console.log(value));
    // It keeps the process alive no longer than it waits.
    const controller = new AbortController();
    const ended = select([onGet(createQueue())], { signal: controller.signal });
    controller.abort();
    await ended.catch(() => {});
  },
  pendingClose() {
    const interp = create();
    void interp.call(() => new Promise((resolve) => setTimeout(resolve, 200)));
    void interp.close({ wait: true }).then(() => console.log("settled"));
  },
  async pendingLoop() {
    const interp = await looping();
    // The timer does not keep the process alive; the pending call of the loop does.
    setTimeout(() => {
      console.log("settled");
      void interp.terminate();
    }, 200).unref();
  },

  // process.exit() in main, whatever the interpreters do.
  exitIdle: async () => {
    await create().call(() => 1);
    process.exit(5);
  },
  exitPrewarmed: async () => {
    prewarm(3);
    await create().call(() => 1);
    process.exit(5);
  },
  exitBooting() {
    for (let i = 0; i < 5; i++) create();
    process.exit(5);
  },
  exitAtOnce() {
    create()
      .call(() => 1)
      .catch(() => {});
    process.exit(5);
  },
  exitLooping: async () => {
    await Promise.all([looping(), looping()]);
    process.exit(5);
  },
  exitBlocked: async () => {
    await Promise.all([blocked(), blocked()]);
    process.exit(5);
  },
  async exitPool() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const started = createQueue<number>();
    for (let i = 0; i < 10; i++) {
      pool
        .submit((queue: typeof started) => {
          queue.putSync(1);
          for (;;);
        }, started)
        .catch(() => {});
    }
    await Promise.all([started.get(), started.get()]);
    process.exit(5);
  },
  async exitChatty() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const answers = [];
    for (let i = 0; i < 2000; i++) answers.push(pool.submit((n: number) => n, i));
    await answers[500];
    process.exit(5);
  },
  async exitWhileClosing() {
    const interp = await blocked();
    interp.terminate().catch(() => {});
    const other = create();
    other.close({ wait: true }).catch(() => {});
    process.exit(5);
  },
  exitCode: async () => {
    await looping();
    process.exitCode = 5;
    setImmediate(() => process.exit());
  },
  exitFromNested: async () => {
    const interp = create();
    const started = createQueue<number>();
    const { createAndLoop } = fromModule<typeof import("./nested.js")>(
      new URL("./nested.js", import.meta.url),
    );
    interp.call(createAndLoop, started).catch(() => {});
    await started.get();
    process.exit(5);
  },

  // Failures without a handler.
  async uncaught() {
    await looping();
    throw new Error("uncaught in main");
  },
  async uncaughtLater() {
    await create().call(() => 1);
    setTimeout(() => {
      throw new Error("uncaught in main");
    }, 1);
  },
  failedTask() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    void pool.submit(() => {
      throw new RangeError("nobody looked");
    });
  },
  async failedTaskWithCallback() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const future = pool.submit(() => {
      throw new RangeError("nobody looked");
    });
    future.addDoneCallback(() => console.log("called back"));
    await later(0);
  },
  async failedTaskSeen() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const fail = (): never => {
      throw new RangeError("somebody looked");
    };
    pool.submit(fail).catch(() => {});
    await pool.submit(fail).then(undefined, () => {});
    await pool
      .submit(fail)
      .result()
      .catch(() => {});
    await pool.submit(fail).exception();
    try {
      pool.submit(fail).resultSync();
    } catch {
      // Handled.
    }
    pool.submit(fail).addDoneCallback((future) => void future.exception());
    await Promise.allSettled([pool.submit(fail), pool.submit(fail)]);
    await later(0);
  },
  async cancelledTask() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const first = pool.submit(() => 1);
    const second = pool.submit(() => 2);
    console.log(second.cancel());
    await first;
    await pool.shutdown({ cancelFutures: true });
  },
  async failedCall() {
    const interp = create();
    void interp.call(() => {
      throw new RangeError("nobody looked");
    });
    await later(0);
  },
  async abandonedMap() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const results = pool.map(
      (n: number) => {
        if (n > 0) throw new Error(`item ${n}`);
        return n;
      },
      [0, 1, 2, 3, 4, 5],
    );
    for await (const _ of results) break;
    await pool.submit(() => 0);
    await later(0);
  },

  // Programs that a signal ends.
  async waitForSignal() {
    await Promise.all([looping(), blocked()]);
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    await pool.submit(() => 1);
    console.log("ready");
    setInterval(() => {}, 1e6);
  },
  async waitForSignalBlocked() {
    const interp = await looping();
    console.log("ready");
    interp.callSync(() => 1);
  },
  async handleSignal() {
    await Promise.all([looping(), blocked()]);
    process.on("SIGINT", () => {
      console.log("handled");
      process.exit(130);
    });
    console.log("ready");
    setInterval(() => {}, 1e6);
  },
};

// Not awaited at the top level: a program that ends too early must end with code 0, with its output missing.
void scenarios[process.argv[2]]();
