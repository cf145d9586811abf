/**
 * Programs in which every interpreter falls asleep, or only seems to, for asleep.test.ts: `node asleep.scenarios.js NAME`. Each runs in a process
 * of its own, because the rule holds only where no thread was started but by the package.
 */
import { writeSync } from "node:fs";
import { register } from "node:module";
import {
  Barrier,
  Condition,
  create,
  createQueue,
  Event,
  InterpreterPoolExecutor,
  Lock,
  onGet,
  onSet,
  type Queue,
  selectSync,
  Semaphore,
  waitSync,
} from "interpreters";
import { get } from "../../src/memory/atomics.js";
import { H_STRANGERS } from "../../src/memory/layout.js";
import { runtime } from "../../src/thread/current.js";

const [name] = process.argv.slice(2);
process.env["PACKAGE"] = import.meta.resolve("interpreters");

/** The messages of an error and of its causes, and its codes. */
function say(what: string, action: () => unknown): void {
  let said: string;
  try {
    said = `returned ${String(action())}`;
  } catch (error) {
    const texts: string[] = [];
    for (let each = error; each instanceof Error; each = each.cause)
      texts.push(`${(each as { code?: string }).code ?? each.name}: ${each.message.split("\n")[0]}`);
    said = texts.join(" | ");
  }
  writeSync(1, `${what}: ${said}\n`);
}

const scenarios: Record<string, () => unknown> = {
  /* ---- no interpreter ever goes on ---- */
  getAlone() {
    const queue = createQueue<number>();
    say("get", () => queue.getSync());
    queue.putNowait(1);
    say("then", () => queue.getSync());
    say("get again", () => queue.getManySync(3));
  },

  callGets() {
    const queue = createQueue<number>();
    const interp = create({ name: "reader" });
    say("call", () => interp.callSync((queue: Queue<number>) => queue.getSync(), queue));
    say("then", () => interp.callSync(() => 2));
    interp.closeSync();
  },

  callPuts() {
    const queue = createQueue<number>(1);
    const interp = create();
    say("call", () =>
      interp.callSync((queue: Queue<number>) => {
        queue.putSync(1);
        queue.putSync(2);
      }, queue),
    );
    say("size", () => queue.qsize());
    // It is idle now, but its code may have left a timer behind.
    interp.closeSync();
    say("putMany", () => {
      try {
        queue.getNowait();
        queue.putManySync([3, 4]);
      } catch (error) {
        say("put", () => (error as { put?: number }).put);
        throw error;
      }
    });
    say("item", () => queue.getSync());
  },

  triangle() {
    const queue = createQueue<string>();
    const [lock, begun] = [new Lock(), createQueue<number>()];
    const [a, b] = [create({ name: "A" }), create({ name: "B" })];
    // A holds the lock and waits for an item; B waits for the lock; main waits for B.
    void a
      .call(
        (queue: Queue<string>, lock: Lock, begun: Queue<number>) => {
          const held = lock.acquireSync();
          begun.putSync(1);
          try {
            return queue.getSync();
          } finally {
            held.release();
          }
        },
        queue,
        lock,
        begun,
      )
      .catch(() => undefined);
    begun.getSync();
    say("main", () => b.callSync((lock: Lock) => lock.acquireSync().release(), lock));
    // A waits still if B gave way.
    queue.putNowait("an item");
    say("then", () => [a, b].map((interp) => interp.callSync(() => 1)).join(" "));
  },

  idlePool() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 3, minWorkers: 3 });
    const queue = createQueue<number>();
    say("result", () => pool.submit((queue: Queue<number>) => queue.getSync(), queue).resultSync());
    say("then", () => pool.submit(() => 3).resultSync());
  },

  waitForPool() {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    const queue = createQueue<number>();
    say("wait", () => waitSync([pool.submit((queue: Queue<number>) => queue.getSync(), queue)]).done.size);
  },

  syncObjects() {
    const interp = create();
    say("event", () => interp.callSync((event: Event) => event.waitSync(), new Event()));
    interp.closeSync();
    say("semaphore", () => new Semaphore(0).acquireSync());
    const barrier = new Barrier(2);
    say("barrier", () => barrier.waitSync());
    say("broken", () => barrier.broken);
    const condition = new Condition();
    say("condition", () => {
      using _ = condition.acquireSync();
      condition.waitSync();
    });
    say("select", () => selectSync([onGet(createQueue()), onSet(new Event())]));
    say("select one", () => selectSync([onGet(createQueue())]));
    say("lock", () => {
      const lock = new Lock();
      lock.acquireSync();
      lock.acquireSync();
    });
  },

  lastOneDies() {
    const queue = createQueue<number>();
    const interp = create();
    // No interpreter is left to put.
    void interp.call(() => process.exit()).catch(() => undefined);
    say("get", () => queue.getSync());
  },

  limitEnds() {
    const queue = createQueue<number>();
    const interp = create();
    // A limit that the supervisor enforces ends the wait.
    say("call", () =>
      interp.with({ timeout: 300 }).callSync((queue: Queue<number>) => queue.getSync(), queue),
    );
    say("get", () => queue.getSync());
  },

  /* ---- another one goes on ---- */
  timer() {
    const queue = createQueue<number>();
    const interp = create();
    interp.execSync("");
    void interp.call((queue: Queue<number>) => void setTimeout(() => queue.putNowait(1), 300).unref(), queue);
    say("get", () => queue.getSync());
  },

  stranger() {
    const queue = createQueue<number>();
    create().callSync(() => 1);
    startStranger(queue.id);
    say("get", () => queue.getSync());
  },

  strangerBefore() {
    startStranger(0);
    const queue = createQueue<number>();
    say("get", () => queue.getSync());
  },

  strangerOfInterpreter() {
    const queue = createQueue<number>();
    const interp = create();
    say("get", () => {
      interp.callSync(startStranger, queue.id);
      return queue.getSync();
    });
  },

  loader() {
    create().callSync(() => 1);
    const { m } = runtime();
    say("before", () => get(m, H_STRANGERS));
    register("data:text/javascript,export {}");
    say("after", () => get(m, H_STRANGERS));
  },

  timeLimits() {
    const queue = createQueue<number>();
    const interp = create();
    say("get", () => queue.getSync({ timeout: 100 }));
    say("call", () => interp.callSync((queue: Queue<number>) => queue.getSync({ timeout: 300 }), queue));
  },

  async eventLoop() {
    // Main serves its event loop while an interpreter is blocked.
    const queue = createQueue<number>();
    const call = create().call((queue: Queue<number>) => queue.getSync(), queue);
    await new Promise((resolve) => setTimeout(resolve, 300));
    queue.putNowait(1);
    const got = await call;
    say("get", () => got);
  },
};

/** Starts a worker thread of the program's own, which joins after a while and puts an item into the newest queue. */
function startStranger(id: number): void {
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  const code = `setTimeout(async () => {
    const { Queue } = await import(${JSON.stringify(process.env["PACKAGE"])});
    new Queue(${id}).putNowait("of a stranger");
  }, 300);`;
  new Worker(code, { eval: true }).unref();
}

// Jobs of the last lines must not keep the process alive.
await scenarios[name ?? ""]?.();
process.exit();
