/** Programs that output.test.ts runs, each in its own process: `node output.scenarios.js <name>`. */
import { writeSync } from "node:fs";
import { create, createQueue, fromModule, InterpreterPoolExecutor, listAll, type Queue } from "interpreters";

const never = createQueue<number>();
/** Prints, and then does not return for long, so that its caller waits. (Waiting for ever is refused where all do.) */
function say(text: string, queue: typeof never): void {
  console.log(text);
  queue.getSync({ timeout: 2 ** 31 - 1 });
}

const scenarios: Record<string, () => unknown> = {
  // The main thread never reaches its event loop: the interpreter itself must write its output.
  callSync() {
    create().callSync(say, "shown", never);
  },
  execSync() {
    create().execSync("process.stdout.write('shown\\n'); for (;;);");
  },
  getSync() {
    void create().call(say, "shown", never);
    createQueue().getSync();
  },
  resultSync() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    pool.submit(say, "shown", never).resultSync();
  },
  atomicsWait() {
    void create().call(say, "shown", never);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  busyLoop() {
    void create().call(say, "shown", never);
    for (;;);
  },
  fromTimer() {
    create().callSync(() => void setTimeout(() => console.log("shown"), 1));
    createQueue().getSync({ timeout: 2 ** 31 - 1 });
  },
  nested() {
    const { sayFromWithin } = fromModule<typeof import("./output.nested.js")>(
      new URL("./output.nested.js", import.meta.url),
    );
    create().callSync(sayFromWithin, "shown");
  },

  // Order, and output right before an end.
  order() {
    const interp = create();
    for (let n = 0; n < 10; n += 2) {
      console.log(n);
      interp.callSync((x: number) => console.log(x), n + 1);
    }
  },
  async lastWords() {
    const interp = create();
    await interp
      .call(() => {
        console.log("last words");
        process.exit(1);
      })
      .catch(() => {});
    const other = create();
    await other.call(() => console.log("before close"));
    await other.close();
    const third = create();
    await third.call(() => process.stdout.write("before terminate\n"));
    await third.terminate();
  },
  large() {
    create().callSync(() => {
      for (let i = 0; i < 1000; i++) console.log(`${i} ${"x".repeat(1000)}`);
    });
    console.log("end");
  },
  async manyAtOnce() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 4 });
    const line = (n: number): void => console.log(`line ${n} ${"x".repeat(200)}`);
    await Promise.all(Array.from({ length: 200 }, (_, n) => pool.submit(line, n)));
  },
  errors() {
    create().callSync(() => {
      console.error("to stderr");
      console.log("to stdout");
    });
  },

  // Output of an idle interpreter.
  async idleTimerThrows() {
    const interp = create();
    const { id } = interp;
    await interp.exec("setTimeout(() => { throw new TypeError('from a timer') }, 1)");
    while (listAll().some((each) => each.id === id)) await new Promise((resolve) => setImmediate(resolve));
    console.log(await create().call(() => "main goes on"));
  },
  async idleRejection() {
    const interp = create();
    const { id } = interp;
    await interp.exec("void Promise.reject(new TypeError('nobody handles it'))");
    while (listAll().some((each) => each.id === id)) await new Promise((resolve) => setImmediate(resolve));
    console.log(await create().call(() => "main goes on"));
  },
  async idleThrowsAnything() {
    const bystander = create();
    const gate = createQueue<number>();
    const call = bystander.call((gate: Queue<number>) => gate.getSync(), gate);
    const things = ["undefined", "null", "'text'", "Symbol('s')", "() => 1", "Object.freeze(new Error('e'))"];
    const hostile = [
      "new Proxy(new Error('p'), {})",
      "Object.defineProperty(new Error('g'), 'message', { get() { throw 1 } })",
    ];
    for (const thing of [...things, ...hostile]) {
      const interp = create();
      const { id } = interp;
      await interp.exec(`setTimeout(() => { throw ${thing} }, 1)`);
      while (listAll().some((each) => each.id === id)) await new Promise((resolve) => setImmediate(resolve));
    }
    gate.putNowait(1);
    console.log(await call);
  },
  // Output that is still on its way to a sink when the program ends.
  async sinkAtEnd() {
    const stdout = { write: (text: string) => void writeSync(1, `sink: ${text}`) };
    const gate = createQueue<number>();
    const interp = create({ stdout });
    await interp.call((gate: Queue<number>) => {
      console.log("during the call");
      setImmediate(() => {
        console.log("afterwards");
        gate.putNowait(1);
      });
    }, gate);
    gate.getSync();
  },
  sinkAtExit() {
    const stdout = { write: (text: string) => void writeSync(1, `sink: ${text}`) };
    const gate = createQueue<number>();
    create({ stdout }).callSync((gate: Queue<number>) => {
      setImmediate(() => {
        console.log("afterwards");
        gate.putNowait(1);
      });
    }, gate);
    gate.getSync();
    process.exit(0);
  },
  async poolIdleTimerThrows() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    await pool.submit(() => {
      setTimeout(() => {
        throw new TypeError("from a timer");
      }, 1);
    });
    const gone = (): boolean => listAll().length === 1;
    while (!gone()) await new Promise((resolve) => setImmediate(resolve));
    console.log(await pool.submit(() => "pool goes on"));
  },
  async busyTimerThrows() {
    // The caller gets the exception, so it is not printed as well.
    await create()
      .call(async () => {
        setTimeout(() => {
          throw new TypeError("from a timer");
        }, 1);
        await new Promise(() => {});
      })
      .catch((error: Error) => console.log((error.cause as Error).message));
  },
  async bootFails() {
    const interp = create({ execArgv: ["--import", "data:text/javascript,throw new TypeError('no boot')"] });
    const results = await Promise.allSettled([
      interp.call(() => 1),
      interp.exec("1"),
      interp.prepareMain({ a: 1 }),
    ]);
    for (const result of results) {
      if (result.status === "rejected") console.log(result.reason.code, result.reason.cause.message);
    }
  },
  bootFailsBlocking() {
    const interp = create({ execArgv: ["--import", "data:text/javascript,throw new TypeError('no boot')"] });
    try {
      interp.callSync(() => 1);
    } catch (error) {
      console.log((error as NodeJS.ErrnoException).code);
    }
  },
  async poolDoesNotBoot() {
    const pool = new InterpreterPoolExecutor({
      maxWorkers: 1,
      resourceLimits: { maxOldGenerationSizeMb: 4, maxYoungGenerationSizeMb: 1 },
    });
    const futures = [1, 2, 3].map((n) => pool.submit((x: number) => x, n));
    for (const result of await Promise.allSettled(futures)) {
      if (result.status === "rejected") console.log(result.reason.name, result.reason.code);
    }
    for (const again of [pool.submit(() => 1), pool.map(Math.sqrt, [1]).next()]) {
      try {
        await again;
      } catch (error) {
        console.log((error as Error).name);
      }
    }
    await pool.shutdown();
  },

  // A bit of everything that prints nothing.
  async quiet() {
    const interp = create({ name: "quiet" });
    await interp.prepareMain({ n: 1 });
    await interp.exec("var fs = import('node:fs'); globalThis.m = n + 1");
    await interp.call(async () => (await import("node:os")).cpus().length);
    const { twice } = fromModule<{ twice(n: number): number }>(
      new URL("data:text/javascript,export const twice = (n) => n * 2"),
    );
    interp.callSync(twice, 4);
    await interp
      .call(() => {
        throw new Error("told by an exception");
      })
      .catch(() => {});
    await interp
      .with({ timeout: 5 })
      .call(() => {
        for (;;);
      })
      .catch(() => {});
    const pool = new InterpreterPoolExecutor({ maxWorkers: 2, retries: 1 });
    const { signal } = new AbortController();
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => pool.with({ signal }).submit((x: number) => x, n)),
    );
    for await (const _ of pool.map(
      Math.sqrt,
      Array.from({ length: 50 }, (_, n) => n),
      { signal, buffersize: 40 },
    ));
    const queue = createQueue<number>();
    const gets = Array.from({ length: 30 }, () => queue.get({ signal }));
    for (let n = 0; n < 30; n++) queue.putNowait(n);
    await Promise.all(gets);
    const target = create();
    await Promise.all(
      Array.from({ length: 30 }, (_, n) => target.with({ signal }).call((x: number) => x, n)),
    );
    await pool.submit(() => process.exit(1)).catch(() => {});
    await pool.shutdown();
  },
};

void scenarios[process.argv[2]]();
