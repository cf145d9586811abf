/** The identity of an interpreter: ids, names, one object for each, lists, and handles that travel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  create,
  createQueue,
  fromModule,
  getCurrent,
  getMain,
  Interpreter,
  InterpreterNotFoundError,
  listAll,
} from "interpreters";
import { limits, rejection, thrown, using } from "../support/ways.js";
import { tryOn } from "./inside.js";

const inside = fromModule<typeof import("./inside.js")>(new URL("./inside.js", import.meta.url));

test("the main interpreter is number 0, current, and the only one at first", limits, () => {
  assert.equal(getMain().id, 0);
  assert.equal(getMain(), getCurrent());
  assert.equal(getMain().whence, "runtime init");
  assert.equal(getMain().name, undefined);
  assert.equal(getMain().isRunning(), true);
  assert.deepEqual(listAll(), [getMain()]);
  assert.equal(Object.prototype.toString.call(getMain()), "[object Interpreter 0]");
});

test("ids increase and are never used twice", limits, async () => {
  let last = 0;
  for (let round = 0; round < 3; round++) {
    const made = [create(), create(), create()];
    for (const interp of made) {
      assert.ok(interp.id > last, `${interp.id} after ${last}`);
      last = interp.id;
    }
    for (const interp of made) await interp.close();
  }
});

test("there is one object for each id", limits, () =>
  using(async (interp) => {
    assert.equal(new Interpreter(interp.id), interp);
    assert.equal(new Interpreter(0), getMain());
    assert.ok(interp instanceof Interpreter);
    assert.ok(listAll().includes(interp));
    assert.equal(await interp.call((x: unknown) => x, interp), interp);
    assert.equal(
      interp.callSync((x: unknown) => x, getMain()),
      getMain(),
    );
    const queue = createQueue<Interpreter>();
    queue.putNowait(interp);
    assert.equal(queue.getNowait(), interp);
  }),
);

test("listAll is ordered by id and includes interpreters that are still booting", limits, async () => {
  const made = [create(), create(), create()];
  assert.deepEqual(
    listAll().map(({ id }) => id),
    [0, ...made.map(({ id }) => id)],
    "while they boot",
  );
  await made[1].close();
  const later = create();
  const expected = [0, made[0].id, made[2].id, later.id];
  assert.deepEqual(
    listAll().map(({ id }) => id),
    expected,
    "a slot that is used again does not change the order",
  );
  assert.deepEqual(await later.call(inside.listIds), expected, "the same list in every interpreter");
  for (const interp of [made[0], made[2], later]) await interp.terminate();
  assert.deepEqual(listAll(), [getMain()]);
});

test("whence and name are the same, seen from every interpreter", limits, async () => {
  for (const name of [undefined, "thumbnails", "ü".repeat(80), "😀".repeat(40)]) {
    const interp = create(name === undefined ? {} : { name });
    assert.equal(interp.name, name);
    assert.equal(interp.whence, "interpreters module");
    const seen = { id: interp.id, name, whence: "interpreters module" };
    assert.deepEqual(await interp.call(inside.describe, interp), seen, "by itself");
    await using(async (other) => assert.deepEqual(await other.call(inside.describe, interp), seen));
    await interp.close();
  }
});

test("id, whence and name cannot be changed", limits, () =>
  using(async (interp) => {
    const { id } = interp;
    for (const key of ["id", "whence", "name"] as const) {
      assert.throws(() => {
        (interp as unknown as Record<string, unknown>)[key] = 77;
      }, TypeError);
    }
    assert.equal(interp.id, id);
    assert.equal(await interp.call(() => 1), 1);
  }),
);

test("code in an interpreter finds itself with getCurrent, and the main one with getMain", limits, () =>
  using(async (interp) => {
    assert.deepEqual(await interp.call(inside.whoAmI), {
      current: interp.id,
      main: 0,
      same: true,
      whence: "interpreters module",
    });
    assert.equal(await interp.call(inside.currentHandle), interp);
    assert.equal(await interp.call(inside.mainHandle), getMain());
  }),
);

test("invalid ids are refused", limits, async () => {
  const gone = create();
  await gone.close();
  for (const id of ["1", 1.5, NaN, Infinity, undefined, null, 1n, {}, true]) {
    assert.throws(() => new Interpreter(id as number), TypeError, typeof id);
  }
  for (const id of [-1, -2, -(2 ** 40)]) assert.throws(() => new Interpreter(id), RangeError, String(id));
  for (const id of [gone.id, gone.id + 1000, 2 ** 31, 2 ** 32, 2 ** 53]) {
    const error = thrown(() => new Interpreter(id));
    assert.ok(error instanceof InterpreterNotFoundError, `${id}: ${String(error)}`);
    assert.match(error.message, new RegExp(`\\b${id}\\b`));
  }
});

test("an interpreter can create others, which outlive its call and which all may use", limits, () =>
  using(async (creator) => {
    const child = await creator.call(inside.createOne, "child");
    assert.ok(child instanceof Interpreter);
    assert.equal(child.name, "child");
    assert.ok(child.id > creator.id);
    assert.equal(await child.call((a: number) => a * 2, 21), 42);
    assert.equal(
      await creator.call((child: Interpreter) => child.callSync(() => "for the creator"), child),
      "for the creator",
    );
    await child.close();
    assert.ok((await rejection(child.exec("1"))) instanceof InterpreterNotFoundError);
  }),
);

test("an interpreter whose creator is gone lives on while a handle to it exists", limits, async () => {
  const creator = create();
  const child = await creator.call(inside.createOne, "orphan");
  await creator.terminate();
  assert.equal(await child.call(() => "alive"), "alive");
  await child.close();
});

test("an interpreter can close and terminate the one that created it", limits, async () => {
  for (const how of ["close", "terminate"] as const) {
    const creator = create();
    const child = await creator.call(inside.createOne, "child");
    await child.call(inside.end, creator, how);
    assert.ok((await rejection(creator.exec("1"))) instanceof InterpreterNotFoundError);
    await child.close();
  }
});

test("operations on main and on the current interpreter are refused", limits, () =>
  using(async (interp) => {
    for (const operation of [
      "call",
      "callSync",
      "exec",
      "execSync",
      "prepareMain",
      "prepareMainSync",
      "close",
      "closeSync",
      "terminate",
      "terminateSync",
    ] as const) {
      const onMain = await interp.call(inside.tryOn, getMain(), operation);
      assert.match(
        onMain,
        /^InterpreterError ERR_INTERPRETER_/,
        `${operation} on main from inside: ${onMain}`,
      );
      const onItself = await interp.call(inside.tryOn, interp, operation);
      assert.match(onItself, /^InterpreterError ERR_INTERPRETER_/, `${operation} on itself: ${onItself}`);
      const here = await tryOn(getMain(), operation);
      assert.match(here, /^InterpreterError ERR_INTERPRETER_/, `${operation} on main: ${here}`);
    }
    assert.equal(await interp.call(() => 1), 1);
  }),
);

test("a handle to an interpreter that is gone still travels, and says which one it was", limits, () =>
  using(async (other) => {
    const gone = create();
    await gone.exec("1");
    await gone.close();
    assert.equal(await other.call(inside.idOf, gone), gone.id);
    for (const operation of [
      "callSync",
      "execSync",
      "prepareMainSync",
      "closeSync",
      "terminateSync",
      "isRunning",
    ] as const) {
      assert.match(
        await other.call(inside.tryOn, gone, operation),
        /^InterpreterNotFoundError ERR_INTERPRETER_NOT_FOUND/,
        operation,
      );
    }
    assert.throws(() => gone.isRunning(), InterpreterNotFoundError);
  }),
);

test("handles travel inside any value, in both directions", limits, () =>
  using(async (interp) => {
    const sent = { list: [interp, getMain()], map: new Map([["self", interp]]) };
    const got = await interp.call((x: typeof sent) => ({ back: x, first: x.list[0].id }), sent);
    assert.equal(got.first, interp.id);
    assert.equal(got.back.list[0], interp);
    assert.equal(got.back.list[1], getMain());
    assert.equal(got.back.map.get("self"), interp);
  }),
);
