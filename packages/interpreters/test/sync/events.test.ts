/** `Event` in every form of waiting, here and between interpreters (CPython: `lock_tests.py`, EventTests). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, Event, fromModule } from "interpreters";
import { limits, rejection, thrown, until, using, WATCHDOG } from "../support/ways.js";
import { waitersOf } from "../support/queues.js";
import { forms, wait } from "./works.js";

const works = fromModule<typeof import("./works.js")>(new URL("./works.js", import.meta.url));

describe("Event", { timeout: WATCHDOG }, () => {
  test("is set and cleared, once and again", () => {
    const event = new Event();
    assert.equal(event.isSet(), false);
    event.set();
    event.set();
    assert.equal(event.isSet(), true);
    event.clear();
    event.clear();
    assert.equal(event.isSet(), false);
  });

  for (const form of forms) {
    test(`waits as ${form}: not at all where it is set`, async () => {
      const event = new Event();
      event.set();
      await wait(event, form);
      await wait(event, form);
    });

    test(`several interpreters wait as ${form}, and all go on`, () =>
      using((a) =>
        using(async (b) => {
          const event = new Event();
          const all = [a, b].map((interp) => interp.call(works.wait, event, form));
          const mine = [event.wait(), event.wait()];
          await until(() => waitersOf(event) === 3);
          event.set();
          await Promise.all([...all, ...mine]);
        }),
      ));

    test(`this one waits as ${form} for another`, () =>
      using(async (other) => {
        const event = new Event();
        const setting = other.call((event: Event) => event.set(), event);
        await wait(event, form);
        await setting;
        assert.ok(event.isSet());
      }));
  }

  test("those that wait when it is set go on, though it is cleared at once", () =>
    using(async (other) => {
      const event = new Event();
      const waits = [event.wait(), event.wait({ timeout: 50_000 })];
      event.set();
      event.clear();
      await Promise.all(waits);
      const there = await other.call((event: Event) => {
        event.set();
        event.clear();
        return event.isSet();
      }, event);
      assert.equal(there, false);
      const later = event.wait();
      assert.equal((await rejection<DOMException>(event.wait({ timeout: 10 }))).name, "TimeoutError");
      event.set();
      await later;
    }));

  test("limits and signals end a wait", async () => {
    const event = new Event();
    for (const timeout of [0, 10]) {
      assert.equal((await rejection<DOMException>(event.wait({ timeout }))).name, "TimeoutError");
      assert.equal(thrown<DOMException>(() => event.waitSync({ timeout })).name, "TimeoutError");
    }
    const controller = new AbortController();
    const waiting = event.wait({ signal: controller.signal });
    controller.abort("enough");
    assert.equal(await rejection(waiting), "enough");
    assert.ok((await rejection(event.wait({ timeout: -1 }))) instanceof RangeError);
    assert.ok(thrown(() => event.waitSync({ timeout: Number.NaN })) instanceof TypeError);
    assert.ok(thrown(() => event.waitSync({ limit: 1 } as never)) instanceof TypeError);
  });

  test("it stays set when its setter dies, and a waiter that dies is no obstacle", async () => {
    const event = new Event();
    const [a, b] = [create(), create()];
    const dying = rejection(a.call(works.wait, event, "blocking"));
    await until(() => waitersOf(event) === 1);
    await a.terminate();
    await dying;
    await b.call((event: Event) => event.set(), event);
    await b.terminate();
    assert.ok(event.isSet());
    await event.wait();
  });
});

test("a wait keeps the process alive and ends with it", limits, async () => {
  const event = new Event();
  setTimeout(() => event.set(), 10);
  await event.wait();
});
