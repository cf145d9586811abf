/** Ends of interpreters in a browser, each by another cause, and what others see of them. */
import {
  create,
  createQueue,
  fromModule,
  Interpreter,
  InterpreterPoolExecutor,
  listAll,
  UNBOUND_KEEP,
} from "interpreters";
import { check, done, equal, failure, matches } from "./checks.js";
import type * as Tasks from "./tasks.js";

const { double, closeHere, throwLater, rejectLater, loopForEver, spawnAndLoop } = fromModule<typeof Tasks>(
  new URL("./tasks.js", import.meta.url),
);

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

await check("a worker closes itself", async () => {
  const interp = create();
  const error = await failure(() => interp.call(closeHere));
  equal([error.name, error.reason], ["InterpreterDiedError", "exit"]);
  equal((await failure(() => interp.call(double, 1))).name, "InterpreterNotFoundError");
});

await check("a worker closes itself while it is idle", async () => {
  const interp = create();
  await interp.exec("setTimeout(() => close(), 10)");
  for (let i = 0; i < 200 && listAll().length > 1; i++) await sleep(10);
  equal(listAll().length, 1);
});

await check("an exception that nothing catches", async () => {
  const interp = create();
  const error = await failure(() => interp.call(throwLater));
  equal([error.name, error.reason], ["InterpreterDiedError", "uncaught-exception"]);
  matches((error.cause as Error).message, /nothing catches this/);
});

await check("a rejection that nothing handles", async () => {
  const interp = create();
  const error = await failure(() => interp.call(rejectLater));
  equal([error.name, error.reason], ["InterpreterDiedError", "uncaught-exception"]);
});

await check("terminate ends a loop: the caller is told at once", async () => {
  const interp = create();
  const queue = createQueue<string>();
  await interp.prepareMain({ queue });
  const call = interp.call(loopForEver, queue);
  await queue.get();
  const waiting = interp.call(double, 1);
  const outcomes = Promise.allSettled([call, waiting]);
  const began = performance.now();
  await interp.terminate();
  const [first, second] = await outcomes;
  const told = performance.now() - began;
  for (const each of [first, second])
    equal((each as { reason: { name: string } }).reason.name, "InterpreterDiedError");
  if (told > 1000) throw new Error(`it took ${told} ms`);
  return { told };
});

await check("a loop that is terminated does nothing for others any more", async () => {
  const queue = createQueue<number>(0, { unboundItems: UNBOUND_KEEP });
  const interp = create();
  await interp.prepareMain({ queue });
  const call = interp.exec("for (let i = 0; ; i++) if (i % 1000 === 0) queue.putNowait(i);");
  call.catch(() => {});
  await queue.get();
  await interp.terminate();
  const before = queue.qsize();
  await sleep(300);
  equal(queue.qsize(), before);
});

await check("an interpreter's interpreters outlive it", async () => {
  const queue = createQueue<number>();
  const interp = create();
  const call = interp.call(spawnAndLoop, queue);
  call.catch(() => {});
  const id = (await queue.get()) as number;
  const inner = new Interpreter(id);
  await interp.terminate();
  equal(await inner.call(double, 4), 8);
  await inner.close();
});

/** Keeps the page busy until `done()`. */
function busyUntil(done: () => boolean): void {
  const until = performance.now() + 10_000;
  while (!done()) if (performance.now() > until) throw new Error("it does not happen while the page is busy");
}

await check("the page is busy: interpreters go on", async () => {
  const queue = createQueue<number>();
  const interp = create();
  await interp.prepareMain({ queue });
  const call = failure(() => interp.exec("for (let i = 0; ; i++) if (i % 1e5 === 0) queue.putNowait(i);"));
  await queue.get();
  const before = queue.qsize();
  busyUntil(() => queue.qsize() > before + 3);
  await interp.terminate();
  equal((await call).name, "InterpreterDiedError");
});

await check("the page is busy: time limits pass", async () => {
  const interp = create();
  await interp.call(double, 1);
  const limited = failure(() =>
    interp.with({ timeout: 100 }).call(() => {
      for (;;);
    }),
  );
  busyUntil(() => interp.isRunning());
  busyUntil(() => {
    try {
      return !interp.isRunning();
    } catch {
      return true;
    }
  });
  equal((await limited).name, "TimeoutError");
});

await check("a module that does not exist, and one that throws", async () => {
  const interp = create();
  const none = fromModule<{ f(): void }>(new URL("./none.js", import.meta.url));
  const error = await failure(() => interp.call(none.f));
  matches(error.message, /none\.js/);
  equal(await interp.call(double, 1), 2);
  await interp.close();
});

await check("kills without number: each task has one outcome", async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 2, retries: 1 });
  const futures = Array.from({ length: 60 }, (_, i) => pool.submit(double, i));
  for (let i = 0; i < 5; i++) {
    const victim = listAll().at(-1);
    if (victim !== undefined && victim.id !== 0) await victim.terminate();
    await sleep(5);
  }
  const outcomes = await Promise.allSettled(futures);
  for (const each of outcomes) {
    if (each.status === "rejected") equal((each.reason as Error).name, "InterpreterDiedError");
  }
});

await check("many are made and ended", async () => {
  for (let i = 0; i < 30; i++) {
    const interp = create();
    if (i % 3 === 0) await interp.call(double, i);
    if (i % 3 === 1) await interp.terminate();
    else await interp.close();
  }
});

await check("all are gone, in the end", async () => {
  for (let i = 0; i < 100 && listAll().length > 1; i++) await sleep(100);
  equal(listAll().length, 1);
});

await done();
