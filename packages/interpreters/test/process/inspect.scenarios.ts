/** Programs that can be inspected; inspect.test.ts connects to them. */
import { existsSync, mkdirSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, createQueue, inspectable, InterpreterPoolExecutor } from "interpreters";

const scenarios: Record<string, () => unknown> = {
  async blocked() {
    // A process that had this one's id has left it behind.
    const folder = join(tmpdir(), `interpreters-${process.getuid?.()}`);
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, `${process.pid}.sock`), "");
    inspectable();
    inspectable();
    const executor = new InterpreterPoolExecutor({ maxWorkers: 1, name: "thumbs" });
    const [began, full, never] = [createQueue<number>(), createQueue<number>(2), createQueue<number>()];
    full.putManySync([1, 2]);
    await Promise.all(Array.from({ length: 5 }, (_, n) => executor.submit(Math.abs, n)));
    const hangs = create({ name: "hangs" });
    const hanging = hangs.call(function endless(queue: typeof began) {
      queue.putSync(1);
      for (;;);
    }, began);
    await began.get();
    const waits = create({ name: "waits" });
    const waiting = waits.call(
      (ready: typeof began, queue: typeof never) => {
        ready.putSync(1);
        return queue.getSync();
      },
      began,
      never,
    );
    waiting.catch(() => {});
    await began.get();
    const holding = executor.submit(
      (ready: typeof began, queue: typeof never) => {
        ready.putSync(1);
        return queue.getSync();
      },
      began,
      never,
    );
    holding.catch(() => {});
    await began.get();
    for (let i = 0; i < 3; i++) executor.submit(Math.abs, i).catch(() => {});
    writeSync(1, "ready\n");
    // Until the test has seen what main publishes.
    while (!existsSync(join(tmpdir(), "go"))) await new Promise((resolve) => setTimeout(resolve, 1));
    writeSync(1, "blocking\n");
    create({ name: "late" });
    // Main is blocked until another thread terminates the interpreter.
    try {
      hangs.callSync(Math.abs, 1);
    } catch (error) {
      writeSync(1, `${(error as { code?: string }).code}\n`);
    }
    hanging.catch(() => {});
    process.exit(0);
  },
  async idle() {
    const interp = create({ name: "only" });
    await interp.call(Math.abs, 1);
    writeSync(1, "ready\n");
    setInterval(() => {}, 1e6);
  },
  unreferenced() {
    inspectable();
  },
  fails() {
    try {
      inspectable();
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      writeSync(1, `${code} ${message}\n`);
    }
  },
};

void scenarios[process.argv[2]]();
