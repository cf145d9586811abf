/** Programs that are traced; trace.test.ts reads what they leave. */
import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { create, createQueue, type Future, InterpreterPoolExecutor, prewarm, startTrace } from "interpreters";

const spin = function spin(ms: number): number {
  const until = performance.now() + ms;
  while (performance.now() < until);
  return ms;
};

const scenarios: Record<string, () => unknown> = {
  async tasks() {
    const executor = new InterpreterPoolExecutor({ maxWorkers: 2, name: "thumbs" });
    const queue = createQueue<number>();
    queue.putManySync([1, 2, 3]);
    await Promise.all(Array.from({ length: 20 }, () => executor.submit(spin, 1)));
    const failing = executor.submit(function fails() {
      throw new TypeError('not "this"\none');
    });
    await failing.catch(() => {});
    const interp = create({ name: "solo" });
    await interp.exec("1 + 1");
    await interp.call(Math.hypot, 3, 4);
    // The supervisor looks at the queues from time to time.
    await delay(100);
    queue.getSync();
    await executor.shutdown();
    await interp.close();
  },
  async deaths() {
    const executor = new InterpreterPoolExecutor({ maxWorkers: 1, retries: 1 });
    const killed = executor.submit(function kills() {
      process.exit(3);
    });
    await killed.catch(() => {});
    const hanging = executor.with({ timeout: 20 }).submit(function hangs() {
      for (;;);
    });
    await hanging.catch(() => {});
    await executor.submit(spin, 1);
    await executor.shutdown();
  },
  async nested() {
    const interp = create();
    await interp.call(async () => {
      const { InterpreterPoolExecutor } = await import("interpreters");
      const inner = new InterpreterPoolExecutor({ maxWorkers: 1 });
      await Promise.all(
        [1, 2, 3].map((n) =>
          inner.submit(function inside(x: number) {
            return x;
          }, n),
        ),
      );
      await inner.shutdown();
    });
    await interp.close();
  },
  /** The interpreters are there before the trace begins. */
  async older() {
    const interp = create();
    prewarm(1);
    await interp.call(Math.abs, -1);
    const trace = startTrace(process.env["FILE"] ?? "");
    const nests = async (): Promise<void> => {
      const { create } = await import("interpreters");
      await create().call(function inside() {});
    };
    await interp.call(nests);
    await create().call(nests);
    trace.end();
    process.exit();
  },
  async concurrent() {
    const executor = new InterpreterPoolExecutor({ maxWorkers: 1, concurrency: 3 });
    const gate = createQueue<number>();
    const tasks = [1, 2, 3].map(() => executor.submit((queue) => queue.get(), gate));
    while (!tasks.every((task) => task.running())) await delay(1);
    await gate.putMany([1, 2, 3]);
    await Promise.all(tasks);
    await executor.shutdown();
  },
  async spares() {
    prewarm(1);
    for (let i = 0; i < 5; i++) {
      const interp = create();
      await interp.call(Math.abs, -1);
      await interp.close();
      await delay(50);
    }
  },
  /** Many tasks in a thread that never returns to its event loop: nothing but their number makes it write. */
  blocked() {
    const interp = create();
    for (let i = 0; i < 20_000; i++) interp.callSync(Math.abs, -i);
    writeSync(1, "called\n");
    for (;;);
  },
  async unfinished() {
    const interp = create();
    const began = createQueue<number>();
    const call = interp.call(function endless(queue: typeof began) {
      queue.putSync(1);
      for (;;);
    }, began);
    call.catch(() => {});
    await began.get();
    process.exit(0);
  },
  twice() {
    const trace = startTrace(process.env["FILE"] as string);
    let code: unknown;
    try {
      startTrace(process.env["FILE"] as string);
    } catch (error) {
      ({ code } = error as { code?: unknown });
    }
    trace.end();
    trace.end();
    writeSync(1, `${String(code)}\n`);
    try {
      startTrace(process.env["FILE"] as string);
    } catch (error) {
      writeSync(1, `${(error as Error).message.replace(/.*: /, "")}\n`);
    }
  },
  child() {
    writeSync(1, `${process.env["INTERPRETERS_TRACE"] ?? "none"}\n`);
  },
  /** Exits while tasks are under way. */
  exits() {
    const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
    let done = 0;
    const next = (): void => {
      if (++done < 60_000) executor.submit(Math.abs, done).addDoneCallback(next);
      else if (done === 60_000) {
        writeSync(1, "60000");
        process.exit(0);
      }
    };
    for (let i = 0; i < 200; i++) executor.submit(Math.abs, i).addDoneCallback(next);
  },
  async burst() {
    const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const futures: Future<number>[] = [];
    for (let i = 0; i < 50_000; i++) futures.push(executor.submit(Math.abs, i));
    await Promise.all(futures);
    writeSync(1, "done\n");
    setInterval(() => {}, 1000);
  },
  async thousands() {
    const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
    for (let round = 0; round < 1000; round++) {
      const futures: Future<number>[] = [];
      for (let i = 0; i < 100; i++) futures.push(executor.submit(Math.abs, i));
      await Promise.all(futures);
    }
    await executor.shutdown();
  },
};

void scenarios[process.argv[2]]();
