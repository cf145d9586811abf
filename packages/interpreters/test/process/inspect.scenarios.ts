/** Programs that can be inspected; inspect.test.ts connects to them. */
import { createHook } from "node:async_hooks";
import { existsSync, mkdirSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BroadcastChannel } from "node:worker_threads";
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
  async often() {
    for (let i = 0; i < 20; i++) inspectable();
    // Warnings come in a later turn.
    await new Promise((resolve) => setTimeout(resolve, 1));
    process.exit();
  },
  /** A folder lies where the socket belongs. */
  async obstructed() {
    mkdirSync(join(tmpdir(), `interpreters-${process.getuid?.()}`), { mode: 0o700 });
    mkdirSync(join(tmpdir(), `interpreters-${process.getuid?.()}`, `${process.pid}.sock`));
    inspectable();
    writeSync(1, `${await create().call(Math.abs, -3)}\n`);
    process.exit();
  },
  /** Counts the ports of main that get what an interpreter publishes. */
  async publishes() {
    const received = new Map<number, number>();
    const ports = new Set<number>();
    createHook({
      init: (id, type) => void (type === "MESSAGEPORT" && ports.add(id)),
      before: (id) => void (ports.has(id) && received.set(id, (received.get(id) ?? 0) + 1)),
    }).enable();
    inspectable();
    const interp = create();
    await interp.call(Math.abs, -3);
    const channel = new BroadcastChannel(`interpreters:inspect:${process.pid}`);
    let count = 0;
    const heard = ({ data }: { data: { id: number } }): void => {
      // The listener keeps the interpreter, which would end with its last handle.
      if (data.id !== interp.id || ++count < 5) return;
      writeSync(1, `${[...received.values()].filter((each) => each >= 5).length}\n`);
      process.exit();
    };
    channel.addEventListener("message", heard as never);
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
