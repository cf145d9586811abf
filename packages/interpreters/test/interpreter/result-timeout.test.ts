/** `resultTimeout`: the caller stops waiting, and the work goes on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  createQueue,
  fromModule,
  type InterpreterView,
  NotShareableError,
  type Queue,
  UNBOUND_KEEP,
} from "interpreters";
import { limits, rejection, thrown, until } from "../support/ways.js";

type Gate = Queue<string, never>;
const gate = (): Gate => createQueue<string>(0, { unboundItems: UNBOUND_KEEP });

const forms: readonly {
  readonly name: string;
  call(view: InterpreterView, fn: (...args: never[]) => unknown, ...args: unknown[]): Promise<unknown>;
}[] = [
  {
    name: "as a promise",
    call: (view, fn, ...args) => view.call(fn as (...args: unknown[]) => unknown, ...args),
  },
  {
    name: "blocking",
    call: async (view, fn, ...args) => view.callSync(fn as (...args: unknown[]) => unknown, ...args),
  },
];

function assertTimeout(error: unknown, message = /its result did not come within 20 ms/): void {
  assert.ok(error instanceof DOMException, String(error));
  assert.equal(error.name, "TimeoutError");
  assert.match(error.message, message);
}

for (const { name, call } of forms) {
  test(`work that runs goes on, and the interpreter does more (${name})`, limits, async () => {
    await using interp = create();
    const [begun, open, done] = [gate(), gate(), gate()];
    const slow = async (begun: Gate, open: Gate, done: Gate): Promise<string> => {
      begun.putNowait("begun");
      done.putNowait(`done: ${await open.get()}`);
      return "dropped";
    };
    // It has booted, so that the work begins in time.
    await interp.call(() => 1);
    assertTimeout(await rejection(call(interp.with({ resultTimeout: 20 }), slow, begun, open, done)));
    assert.equal(await begun.get(), "begun");
    assert.equal(interp.isRunning(), true);
    const next = interp.call((n: number) => n + 1, 41);
    open.putNowait("opened");
    assert.equal(await done.get(), "done: opened");
    assert.equal(await next, 42);
  });

  test(`work that waits in line is withdrawn (${name})`, limits, async () => {
    await using interp = create();
    const [begun, open] = [gate(), gate()];
    const first = interp.call(
      (begun: Gate, open: Gate) => {
        begun.putNowait("begun");
        return open.getSync();
      },
      begun,
      open,
    );
    await begun.get();
    const never = (begun: Gate): void => begun.putNowait("never");
    assertTimeout(
      await rejection(call(interp.with({ resultTimeout: 20, waitTimeout: 60_000 }), never, begun)),
    );
    open.putNowait("opened");
    assert.equal(await first, "opened");
    await interp.call(() => 1);
    assert.equal(begun.qsize(), 0);
    // The shorter limit counts.
    const busy = interp.call((open: Gate) => open.getSync(), open);
    assertTimeout(
      await rejection(call(interp.with({ resultTimeout: 60_000, waitTimeout: 20 }), never, begun)),
      /it waited in line for 20 ms/,
    );
    open.putNowait("opened");
    await busy;
  });

  test(`a result in time is a result, and failures are failures (${name})`, limits, async () => {
    await using interp = create();
    const view = interp.with({ resultTimeout: 60_000, waitTimeout: 50_000 });
    assert.equal(await call(view, Math.hypot, 3, 4), 5);
    const error = await rejection(
      call(view, () => {
        throw new RangeError("thrown");
      }),
    );
    assert.match(error.message, /thrown/);
    assert.ok((await rejection(call(view, () => Symbol()))) instanceof NotShareableError);
  });

  test(`what comes too late is let go of, whatever it is (${name})`, limits, async () => {
    const interp = create();
    const open = gate();
    const index = import.meta.resolve("interpreters");
    await interp.prepareMain({ open });
    const late = [
      async (index: string): Promise<unknown> => {
        const { move } = (await import(index)) as typeof import("interpreters");
        const { MessageChannel } = await import("node:worker_threads");
        const { open } = globalThis as unknown as { open: Gate };
        const { port1 } = new MessageChannel();
        await open.get();
        const big = new Uint8Array(4 << 20);
        return move({ port1, big }, [port1, big.buffer]);
      },
      async (): Promise<unknown> => {
        await (globalThis as unknown as { open: Gate }).open.get();
        throw new RangeError("late");
      },
      async (): Promise<unknown> => {
        await (globalThis as unknown as { open: Gate }).open.get();
        return Symbol();
      },
    ];
    for (const fn of late) {
      // A buffer of the call brings a channel for those of the result.
      const bytes = new ArrayBuffer(4 << 20);
      const view = interp.with({ resultTimeout: 20, transfer: [bytes] });
      assertTimeout(await rejection(call(view, fn, index, bytes)));
      open.putNowait("open");
      assert.equal(await interp.call(() => 1), 1);
      // On a busy machine it may not have begun in that time.
      while (!open.empty()) open.getNowait();
    }
    // It dies after the caller has left.
    assertTimeout(
      await rejection(
        call(interp.with({ resultTimeout: 20 }), async () => {
          await (globalThis as unknown as { open: Gate }).open.get();
          process.exit(3);
        }),
      ),
    );
    open.putNowait("open");
    await until(() => interp.threadId === undefined);
  });
}

test("scripts have it, too; iterate, construct and bad values are refused", limits, async () => {
  await using interp = create();
  const open = gate();
  await interp.prepareMain({ open });
  assertTimeout(
    thrown(() => interp.execSync("await open.get(); var after = 'after'", { resultTimeout: 20 })),
  );
  open.putNowait("opened");
  await interp.exec("if (after !== 'after') throw new Error()");
  const view = interp.with({ resultTimeout: 20 });
  const { URL } = fromModule<typeof import("node:url")>("node:url");
  assert.match(
    (await rejection(view.construct(URL, "data:,"))).message,
    /construct: resultTimeout is for call/,
  );
  assert.match(thrown(() => view.iterateSync(() => [1])).message, /iterate: resultTimeout is for call/);
  assert.throws(() => interp.with({ resultTimeout: -1 }), RangeError);
  assert.throws(() => interp.with({ resultTimeout: "5" as unknown as number }), TypeError);
  assert.throws(() => interp.with({ ref: 1 as unknown as boolean }), /with: ref must be a boolean, found 1/);
});
