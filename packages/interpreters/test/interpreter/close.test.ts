/** How an interpreter ends on request: close, close with wait, terminate, `using`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  type Interpreter,
  InterpreterDiedError,
  InterpreterError,
  InterpreterNotFoundError,
  listAll,
  type Queue,
} from "interpreters";
import { busy, channel, limits, plainWays, rejection, thrown, until } from "../support/ways.js";

const isGone = async (interp: Interpreter): Promise<void> => {
  assert.ok((await rejection(interp.exec("1"))) instanceof InterpreterNotFoundError);
};

for (const way of plainWays) {
  test(`close({ wait: true }) lets running and waiting work end (${way.name})`, limits, async () => {
    const interp = create();
    const [started, said] = [channel<string>(), channel<string>()];
    const running = interp.call(
      async (started: Queue<string>, said: Queue<string>) => {
        started.putNowait("started");
        await new Promise((resolve) => setTimeout(resolve, 10));
        said.putNowait("running");
        return "ran";
      },
      started,
      said,
    );
    await started.get();
    const waiting = interp.call((said: Queue<string>) => said.putNowait("waiting"), said);
    assert.equal(await way.do("close", interp, { wait: true }), undefined);
    assert.deepEqual([said.getNowait(), said.getNowait(), said.qsize()], ["running", "waiting", 0]);
    assert.equal(await running, "ran");
    assert.equal(await waiting, undefined);
    await isGone(interp);
  });

  test(`close({ wait: true }) of an idle interpreter is a plain close (${way.name})`, limits, async () => {
    const interp = create();
    await interp.exec("setInterval(() => {}, 1000)");
    assert.equal(await way.do("close", interp, { wait: true }), undefined);
    await isGone(interp);
  });
}

test("while an interpreter closes, new work is refused, and earlier work ends", limits, async () => {
  const interp = create();
  const { done, release } = await busy(interp);
  const closing = interp.close({ wait: true });
  for (const attempt of [
    () => interp.call(() => 1),
    () => interp.exec("1"),
    () => interp.prepareMain({}),
    () => interp.with({ timeout: 5 }).call(() => 1),
  ]) {
    const error = await rejection<InterpreterError>(attempt());
    assert.ok(error instanceof InterpreterError, String(error));
    assert.equal(error.code, "ERR_INTERPRETER_CLOSING");
  }
  assert.throws(() => interp.callSync(() => 1), { code: "ERR_INTERPRETER_CLOSING" });
  release();
  assert.equal(await done, "released");
  await closing;
  await isGone(interp);
});

test("closing an interpreter that is closing already waits for the same end", limits, async () => {
  const interp = create();
  const { release } = await busy(interp);
  const first = interp.close({ wait: true });
  const second = interp.close({ wait: true });
  release();
  assert.deepEqual(await Promise.allSettled([first, second]), [
    { status: "fulfilled", value: undefined },
    { status: "fulfilled", value: undefined },
  ]);
});

test("a requested close happens even if its requester is terminated", limits, async () => {
  const interp = create();
  const { done, release } = await busy(interp);
  const asker = create();
  await asker.call((interp: Interpreter) => void interp.close({ wait: true }), interp);
  await asker.terminate();
  assert.equal((await rejection<InterpreterError>(interp.call(() => 1))).code, "ERR_INTERPRETER_CLOSING");
  release();
  assert.equal(await done, "released");
  await until(() => !listAll().includes(interp));
});

test("terminate overtakes a close that waits", limits, async () => {
  const interp = create();
  const { done } = await busy(interp);
  const closing = interp.close({ wait: true });
  await interp.terminate();
  assert.equal(await closing, undefined, "it is gone, as the close requested");
  const error = await rejection<InterpreterDiedError>(done);
  assert.ok(error instanceof InterpreterDiedError);
  assert.equal(error.reason, "terminated");
});

test("work that dies while a close waits fails, and the close succeeds", limits, async () => {
  const interp = create();
  const [started, gate] = [channel<string>(), channel<string>()];
  const work = rejection<InterpreterDiedError>(
    interp.call(
      (started: Queue<string>, gate: Queue<string>) => {
        started.putNowait("started");
        gate.getSync();
        process.exit(4);
      },
      started,
      gate,
    ),
  );
  await started.get();
  const closing = interp.close({ wait: true });
  gate.putNowait("go");
  assert.deepEqual([(await work).reason, (await work).exitCode], ["exit", 4]);
  assert.equal(await closing, undefined);
});

test("terminating twice at the same time succeeds twice", limits, async () => {
  const interp = create();
  await interp.exec("1");
  assert.deepEqual(await Promise.all([interp.terminate(), interp.terminate()]), [undefined, undefined]);
  await isGone(interp);
});

test(
  "ending an interpreter that has ended at this thread's own request succeeds until that request is settled",
  limits,
  async () => {
    const forms: Record<string, (interp: Interpreter) => unknown> = {
      terminate: (interp) => interp.terminate(),
      terminateSync: (interp) => interp.terminateSync(),
      close: (interp) => interp.close({ wait: true }),
      closeSync: (interp) => interp.closeSync({ wait: true }),
    };
    for (const first of [forms.terminate, forms.close]) {
      for (const [name, second] of Object.entries(forms)) {
        const interp = create();
        await interp.exec("1");
        const ending = first(interp);
        // Blocks the event loop, which would otherwise observe the end.
        while (listAll().includes(interp));
        assert.equal(await second(interp), undefined, name);
        await ending;
        await assert.rejects(async () => second(interp), InterpreterNotFoundError);
      }
    }
  },
);

test("closing an interpreter runs its exit handlers", limits, async () => {
  const said = channel<string>();
  for (const end of [
    (interp: Interpreter) => interp.close(),
    async (interp: Interpreter) => interp.closeSync(),
  ]) {
    const interp = create();
    await interp.call((said: Queue<string>) => {
      process.once("exit", (code) => said.putNowait(`exit ${code}`));
    }, said);
    await end(interp);
    assert.equal(said.getNowait(), "exit 0");
  }
});

test("an exit handler that never ends does not keep close waiting forever", limits, async () => {
  const interp = create();
  await interp.exec("process.once('exit', () => { for (;;); })");
  assert.equal(await interp.close(), undefined);
  await isGone(interp);
});

test("an exit handler that throws does not disturb close", limits, async () => {
  const interp = create();
  await interp.exec("process.once('exit', () => { throw new Error('in an exit handler'); })");
  assert.equal(await interp.close(), undefined);
  await isGone(interp);
});

test("await using closes at the end of the block, and lets work end", limits, async () => {
  let interp: Interpreter;
  let work: Promise<string>;
  {
    await using made = create();
    interp = made;
    work = made.call(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return "ended";
    });
  }
  assert.equal(await work, "ended");
  await isGone(interp);
});

test("using closes at the end of the block, blocking, and lets work end", limits, async () => {
  let interp: Interpreter;
  let work: Promise<string>;
  {
    using made = create();
    interp = made;
    work = made.call(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return "ended";
    });
  }
  assert.throws(() => interp.isRunning(), InterpreterNotFoundError);
  assert.equal(await work, "ended");
});

test("disposing an interpreter that is already gone does nothing", limits, async () => {
  for (const end of ["close", "terminate"] as const) {
    await using first = create();
    using second = create();
    await first[end]();
    await second[end]();
  }
  await using died = create();
  assert.ok((await rejection(died.call(() => process.exit(1)))) instanceof InterpreterDiedError);
});

test("an exception in the block propagates out of it", limits, async () => {
  let interp: Interpreter | undefined;
  const error = await rejection(
    (async () => {
      await using made = create();
      interp = made;
      throw new RangeError("in the block");
    })(),
  );
  assert.equal(error.message, "in the block");
  await isGone(interp!);
});

test("close refuses while the interpreter boots with work waiting, and that work runs", limits, async () => {
  const interp = create();
  const work = interp.call(() => "worked");
  const error = thrown<InterpreterError>(() => interp.closeSync());
  assert.equal(error.code, "ERR_INTERPRETER_RUNNING");
  assert.match(error.message, /wait|terminate/, "it says what to do");
  assert.equal(await work, "worked");
  await interp.close();
});
