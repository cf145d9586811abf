/** An interpreter dies while it works: every waiter learns why, in whichever way it waits, and no thread hangs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  type DeathReason,
  InterpreterDiedError,
  InterpreterError,
  InterpreterNotFoundError,
  type Interpreter,
  type Queue,
} from "interpreters";
import { withoutMemoryLimits } from "../support/memory.js";
import {
  busy,
  channel,
  limits,
  plainWays,
  rejection,
  relay,
  thrown,
  until,
  using,
  ways,
} from "../support/ways.js";
import type { WorkName } from "./perform.js";

interface Death {
  readonly name: string;
  readonly work: WorkName;
  readonly args: readonly unknown[];
  readonly reason: DeathReason;
  readonly exitCode: number;
  readonly cause?: string;
}

const deaths: readonly Death[] = [
  { name: "process.exit(7)", work: "exit", args: [7], reason: "exit", exitCode: 7 },
  { name: "process.exit()", work: "exit", args: [], reason: "exit", exitCode: 0 },
  { name: "process.exit(3) later", work: "exitLater", args: [3], reason: "exit", exitCode: 3 },
  {
    name: "an exception from a timer",
    work: "throwFromTimer",
    args: ["ticked off"],
    reason: "uncaught-exception",
    exitCode: 1,
    cause: "ticked off",
  },
  {
    name: "a rejection that nobody handles",
    work: "rejectUnseen",
    args: ["unseen"],
    reason: "uncaught-exception",
    exitCode: 1,
    cause: "unseen",
  },
];

function assertDied(
  error: unknown,
  interp: Interpreter,
  reason: DeathReason,
): asserts error is InterpreterDiedError {
  assert.ok(error instanceof InterpreterDiedError, String(error));
  assert.ok(error instanceof InterpreterError);
  assert.equal(error.code, "ERR_INTERPRETER_DIED");
  assert.equal(error.reason, reason);
  assert.equal(error.interpreterId, interp.id);
  assert.match(error.message, new RegExp(`interpreter ${interp.id} `));
}

// With options or without makes no difference to what happens over there.
for (const way of ways.filter(({ elsewhere, form }) => !elsewhere || form === "promise" || form === "sync")) {
  test(`work that ends its interpreter fails with the reason (${way.name})`, limits, async () => {
    for (const { name, work, args, reason, exitCode, cause } of deaths) {
      const interp = create();
      const error = await rejection(way.call(interp, work, ...args));
      assertDied(error, interp, reason);
      assert.equal(error.exitCode, exitCode, name);
      if (cause === undefined) assert.equal(error.cause, undefined, name);
      else
        assert.deepEqual(
          [(error.cause as Error).name, (error.cause as Error).message],
          ["RangeError", cause],
          name,
        );
      assert.ok((await rejection(way.call(interp, "add", 1, 2))) instanceof InterpreterNotFoundError, name);
    }
  });

  test(`a script that ends its interpreter fails with the reason (${way.name})`, limits, async () => {
    const interp = create();
    const error = await rejection(way.do("exec", interp, "process.exit(9)"));
    assertDied(error, interp, "exit");
    assert.equal(error.exitCode, 9);
  });
}

for (const way of plainWays) {
  test(
    `running out of memory ends one interpreter and is said (${way.name})`,
    { ...limits, skip: withoutMemoryLimits },
    async () => {
      const interp = create({ resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 } });
      const error = await rejection(way.call(interp, "hoard"));
      assertDied(error, interp, "out-of-memory");
    },
  );

  test(`terminate from a third interpreter reaches whoever waits (${way.name})`, limits, () =>
    using(async (killer) => {
      for (const work of ["spin", "hang", "waitLater", "wait"] as const) {
        const interp = create();
        const started = channel<string>();
        // The killer waits until the victim runs, even while this thread is blocked.
        const killed = killer.call(
          (victim: Interpreter, started: Queue<string>) => {
            started.getSync();
            victim.terminateSync();
          },
          interp,
          started,
        );
        const error = await rejection(way.call(interp, work, started, channel()));
        assertDied(error, interp, "terminated");
        await killed;
      }
    }),
  );
}

test("an interpreter that was stopped from outside has no exit code of its own", limits, async () => {
  const interp = create();
  const { done } = await busy(interp);
  await interp.terminate();
  const error = await rejection(done);
  assertDied(error, interp, "terminated");
  assert.equal(error.exitCode, undefined);
});

test(
  "work that waits in line fails with the same reason as the work that ended the interpreter",
  limits,
  async () => {
    for (const { name, work, args, reason, exitCode, cause } of deaths) {
      const interp = create();
      const way = ways[0];
      const first = rejection(way.call(interp, work, ...args));
      const others = [
        rejection(interp.call((a: number) => a, 1)),
        rejection(interp.exec("globalThis.ran = true")),
        rejection(interp.prepareMain({ a: 1 })),
        rejection(interp.with({ timeout: 50_000 }).call(() => 1)),
        rejection(interp.with({ signal: new AbortController().signal }).call(() => 1)),
        rejection(relay().call((other: Interpreter) => other.callSync(() => 1), interp)).then(
          ({ cause }) => cause,
        ),
      ];
      assertDied(await first, interp, reason);
      for (const other of others.slice(0, -1)) {
        const error = await other;
        assertDied(error, interp, reason);
        assert.equal(error.exitCode, exitCode, name);
        assert.equal((error.cause as Error | undefined)?.message, cause, name);
      }
      // The relay may have called too late.
      assert.ok((await others.at(-1)) instanceof InterpreterError);
    }
  },
);

test(
  "an innocent piece of work that runs while a timer of an earlier one throws is told what happened",
  limits,
  async () => {
    const interp = create();
    const [started, gate] = [channel<string>(), channel<string>()];
    await interp.call((gate: Queue<string>) => {
      void gate.get().then(() => {
        setTimeout(() => {
          throw new RangeError("left behind");
        });
      });
    }, gate);
    const innocent = interp.call((started: Queue<string>) => {
      started.putNowait("started");
      return new Promise<never>(() => {});
    }, started);
    innocent.catch(() => {});
    await started.get();
    gate.putNowait("go");
    const error = await rejection(innocent);
    assertDied(error, interp, "uncaught-exception");
    assert.equal((error.cause as Error).message, "left behind");
  },
);

test("an interpreter that dies while booting or before its work ran fails that work", limits, async () => {
  const interp = create();
  const work = interp.call(() => 1);
  const ended = interp.terminate();
  assertDied(await rejection(work), interp, "terminated");
  await ended;
  assert.ok((await rejection(interp.call(() => 1))) instanceof InterpreterNotFoundError);
});

test("nobody else is harmed by a death", limits, () =>
  using(async (bystander) => {
    const [started, gate] = [channel<string>(), channel<string>()];
    const beside = bystander.call(
      (started: Queue<string>, gate: Queue<string>) => {
        started.putNowait("started");
        return gate.getSync();
      },
      started,
      gate,
    );
    await started.get();
    for (const { work, args } of deaths) {
      const interp = create();
      await rejection(ways[0].call(interp, work, ...args));
    }
    gate.putNowait("unharmed");
    assert.equal(await beside, "unharmed");
    assert.equal(
      bystander.callSync(() => 1),
      1,
    );
  }),
);

test("an interpreter that dies while it waits for another leaves that one working", limits, () =>
  using(async (worker) => {
    const interp = create();
    const [started, gate] = [channel<string>(), channel<string>()];
    const outer = interp.call(
      (worker: Interpreter, started: Queue<string>, gate: Queue<string>) =>
        worker.callSync(
          (started: Queue<string>, gate: Queue<string>) => {
            started.putNowait("started");
            gate.getSync();
          },
          started,
          gate,
        ),
      worker,
      started,
      gate,
    );
    outer.catch(() => {});
    await started.get();
    interp.terminateSync();
    assertDied(await rejection(outer), interp, "terminated");
    gate.putNowait("go on");
    await until(() => !worker.isRunning());
    assert.equal(await worker.call(() => 5), 5);
  }),
);

test("a blocking close with wait ends with the work that ends the interpreter", limits, () => {
  const interp = create();
  void interp.call(() => process.exit(1)).catch(() => {});
  assert.equal(interp.closeSync({ wait: true }), undefined);
  assert.throws(() => interp.execSync("1"), InterpreterNotFoundError);
});

test("work that an interpreter sent and that had not begun is dropped with its sender", limits, () =>
  using(async (worker) => {
    const said = channel<string>();
    const [started, gate] = [channel<string>(), channel<string>()];
    const first = worker.call(
      (started: Queue<string>, gate: Queue<string>) => {
        started.putNowait("started");
        gate.getSync();
      },
      started,
      gate,
    );
    await started.get();
    const sender = create();
    await sender.call(
      (worker: Interpreter, said: Queue<string>) => {
        void worker.call((said: Queue<string>) => said.putNowait("from the dead"), said);
      },
      worker,
      said,
    );
    await sender.terminate();
    gate.putNowait("go on");
    await first;
    assert.equal(await worker.call((said: Queue<string>) => said.qsize(), said), 0);
  }),
);

test("the frames of an error about a death are the caller's", limits, async () => {
  const interp = create();
  const error = thrown(function whoAsked() {
    interp.callSync(() => process.exit(1));
  });
  assert.match(error.stack ?? "", /whoAsked/);
  assert.doesNotMatch(error.stack ?? "", /src\/interpreter/);
});
