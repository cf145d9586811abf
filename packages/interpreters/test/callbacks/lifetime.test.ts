/** Callbacks leave behind: nothing, in the owner, in receivers and in the shared memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Callback,
  callback,
  createQueue,
  fromModule,
  isShareable,
  type Interpreter,
} from "interpreters";
import { gc, sharedMemory } from "../support/queues.js";
import { limits, using } from "../support/ways.js";
import { until } from "../support/processes.js";

const inside = fromModule<typeof import("./inside.js")>(new URL("./inside.js", import.meta.url));

/** Bytes: channels keep segments for their longest backlog. Each callback that stayed would have a page of 4096. */
const SLACK = 100 * 4096;

/** Collects garbage here and in the interpreters until `condition` holds. */
async function afterGarbage(
  interps: readonly Interpreter[],
  condition: () => boolean,
  what: string,
): Promise<void> {
  for (const interp of interps) await interp.call(inside.collectGarbage);
  let rounds = 0;
  await until(() => {
    gc();
    if (++rounds % 20 === 0) for (const interp of interps) interp.callSync(inside.collectGarbage);
    return condition();
  }, what);
}

test("10 000 callbacks come and go, and nothing is left", { timeout: 2 * limits.timeout }, () =>
  using(async (interp) => {
    const round = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 100) {
        await Promise.all(
          Array.from({ length: 100 }, async (_, n) => {
            const result = await interp.call(
              (f: Callback<[number], number>, n: number) => f(n),
              callback((n: number) => n + 1),
              n,
            );
            assert.equal(result, n + 1);
          }),
        );
      }
    };
    await round(200);
    await afterGarbage([interp], () => true, "");
    const before = sharedMemory().inUse;
    await round(10_000);
    await afterGarbage([interp], () => sharedMemory().inUse < before + SLACK, "all pages were given back");
  }),
);

test("a callback that its own function refers to is collected", limits, () =>
  using(async (interp) => {
    const collected = new Set<number>();
    const registry = new FinalizationRegistry<number>((n) => collected.add(n));
    const send = async (n: number): Promise<void> => {
      const f: Callback<[], boolean> = callback(() => isShareable(f));
      registry.register(f, n);
      assert.equal(await interp.call((f: Callback<[], boolean>) => f(), f), true);
    };
    for (let n = 0; n < 10; n++) await send(n);
    await afterGarbage([interp], () => collected.size === 10, "all were collected");
  }),
);

test("callbacks in messages that never arrive are forgotten", limits, () =>
  using(async (interp) => {
    const collected = new Set<number>();
    const registry = new FinalizationRegistry<number>((n) => collected.add(n));
    const make = (n: number): Callback<[], number> => {
      const f = callback(() => n);
      registry.register(f, n);
      return f;
    };
    await (async () => {
      isShareable(make(0));
      await interp.call((x: unknown) => x, [make(1), () => 0] as never).catch(() => {});
      const full = createQueue<unknown>(1);
      full.putNowait(1);
      await full.put(make(2), { timeout: 1 }).catch(() => {});
      assert.throws(() => full.putNowait(make(3)));
      const closed = createQueue<unknown>();
      closed.putNowait(make(4));
      closed.close();
      const withdrawn = new AbortController();
      const blocker = interp.call(() => new Promise<void>((resolve) => setTimeout(resolve, 1)));
      const waiting = interp.with({ signal: withdrawn.signal }).call((f: unknown) => f, make(5));
      withdrawn.abort();
      await waiting.catch(() => {});
      await blocker;
    })();
    // A callback that was dropped unread is found when the callbacks are looked at: a death does that.
    await afterGarbage(
      [interp],
      () => [0, 1, 2, 3].every((n) => collected.has(n)),
      "those that were never put",
    );
    await using((other) => other.exec("1"));
    await afterGarbage([interp], () => collected.size === 6, `all (${[...collected].join()})`);
  }),
);

test("a put that waits keeps its callback", limits, () =>
  using(async (interp) => {
    const queue = createQueue<Callback<[], string> | number>(1);
    queue.putNowait(1);
    const putting = queue.put(callback(() => "still there"));
    for (let i = 0; i < 5; i++) {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await queue.get();
    await putting;
    gc();
    assert.equal(
      await interp.call(async (q: typeof queue) => {
        const f = await q.get();
        return typeof f === "function" ? await f() : f;
      }, queue),
      "still there",
    );
  }),
);

test("a callback that only a receiver has stays, and goes with the receiver", limits, async () => {
  const collected = new Set<string>();
  const registry = new FinalizationRegistry<string>((name) => collected.add(name));
  await using(async (interp) => {
    await (async () => {
      const f = callback(() => "here");
      registry.register(f, "f");
      await interp.prepareMain({ f });
    })();
    for (let i = 0; i < 5; i++) {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await interp.call(inside.callGlobal as never, "f", false), "here");
    assert.equal(collected.size, 0);
  });
  await afterGarbage([], () => collected.has("f"), "it was collected");
});

test("an interpreter stays as long as somebody can call a callback of it", limits, async () => {
  const f = await (async () => {
    const { create } = await import("interpreters");
    return await create().call(inside.make, 5);
  })();
  for (let i = 0; i < 10; i++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(await f(1), 5);
});
