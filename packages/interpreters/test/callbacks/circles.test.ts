/** Circles of blocked threads that close while one of them runs a callback, or by its end; and waits that only look like one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Callback, callback, fromModule, Lock } from "interpreters";
import { channel, limits, using } from "../support/ways.js";

const circles = fromModule<typeof import("./circles.js")>(new URL("./circles.js", import.meta.url));

test(
  "a circle of calls that closes when a callback within one of them ends is found, and named",
  limits,
  () =>
    using((a) =>
      using(async (b) => {
        const [given, said, gate] = [channel<Callback<[], void>>(), channel<string>(), channel<string>()];
        const begun = channel<string>();
        const calling = a.call(circles.callWhileCalled, a, b, given, said, gate);
        assert.equal(await said.get(), "called");
        const waiting = (await given.get())();
        assert.equal(await said.get(), "in the callback");
        // Both wait for the gate: `b` first. Its call of `a` closes no circle while `a` is in its callback.
        gate.putNowait("call");
        while (!gate.empty()) await new Promise(setImmediate);
        gate.putNowait("end");
        await waiting;
        const outcome = await calling;
        assert.match(outcome, /^ERR_INTERPRETER_DEADLOCK: Cannot call a function in interpreter/);
        assert.match(
          outcome,
          new RegExp(`interpreter ${b.id} would wait for a reply of interpreter ${a.id}`, "i"),
        );
        assert.match(outcome, new RegExp(`interpreter ${a.id} waits for a reply of interpreter ${b.id}`));
        assert.equal(await a.call(() => 1), 1);
        assert.ok(begun.empty());
      }),
    ),
);

test("a circle through a callback that began while its caller was in another callback is found", limits, () =>
  using((a) =>
    using(async (owner) => {
      const [given, said, gate] = [channel<Callback<[], void>>(), channel<string>(), channel<string>()];
      const [made, go] = [channel<Callback<[], string>>(), channel<string>()];
      const making = owner.call(circles.makeCalling, a, made, said, go);
      const calling = a.call(circles.callCallback, given, said, gate, await made.get());
      assert.equal(await said.get(), "calls");
      const waiting = (await given.get())();
      assert.equal(await said.get(), "in the callback");
      go.putNowait("run the callback");
      assert.equal(await said.get(), "begun");
      gate.putNowait("end");
      const outcome = await calling;
      assert.match(outcome, /^ERR_INTERPRETER_DEADLOCK: Cannot call a function in interpreter/);
      await Promise.all([making, waiting]);
      assert.equal(await owner.call(() => 1), 1);
    }),
  ),
);

test(
  "an interpreter that calls its caller, which has its reply but has not read it, is not refused",
  limits,
  () =>
    using((a) =>
      using(async (b) => {
        const outcomes = channel<string>();
        for (let i = 0; i < 200; i++) {
          await a.call(circles.callOnce, a, b, outcomes);
          assert.equal(await outcomes.get(), "answered");
        }
      }),
    ),
);

test("an owner that calls the interpreter whose callback has just ended is not refused", limits, () =>
  using(async (a) => {
    for (let i = 0; i < 200; i++) {
      const answers: Promise<string>[] = [];
      using f = callback(() => {
        answers.push(
          new Promise((resolve) => setImmediate(resolve)).then(() => a.callSync(() => "answered")),
        );
      });
      await a.call((f: Callback<[], void>) => f.sync(), f);
      assert.deepEqual(await Promise.all(answers), ["answered"]);
    }
  }),
);

test("a lock that a callback is about to release is waited for", limits, () =>
  using(async (a) => {
    const lock = new Lock();
    for (let i = 0; i < 200; i++) {
      const held = lock.acquireSync();
      using release = callback(() => held.release());
      assert.equal(a.callSync(circles.releaseAndAcquire, lock, release), "acquired");
    }
  }),
);
