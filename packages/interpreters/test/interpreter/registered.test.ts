/** Registered types between interpreters: arguments, results, errors, items. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  create,
  createQueue,
  ExecutionFailed,
  fromModule,
  InterpreterError,
  InterpreterPoolExecutor,
} from "interpreters";
import { Money, PaymentError } from "./registered.js";
import { limits, rejection } from "../support/ways.js";

const interp = create();
after(() => interp.terminate());
const there = fromModule<typeof import("./registered.js")>(new URL("./registered.js", import.meta.url));

test("instances of a class that both sides register arrive as instances", limits, async () => {
  const doubled = await interp.call(there.double, new Money(5));
  assert.ok(doubled instanceof Money);
  assert.equal(doubled.cents, 10);
  assert.equal(interp.callSync(there.double, doubled).cents, 20);
  const queue = createQueue<Money[]>();
  queue.putNowait([new Money(1)]);
  const [money] = (await queue.get()) as Money[];
  assert.ok(money instanceof Money && money.cents === 1);
});

test("and so do errors, from calls and from tasks", limits, async () => {
  await using pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const failed = await rejection(interp.call(there.fail, new Money(5)));
  assert.ok(failed instanceof ExecutionFailed);
  for (const error of [failed.cause, await rejection(pool.submit(there.fail, new Money(5)))]) {
    assert.ok(error instanceof PaymentError, String(error));
    assert.equal(error.money.cents, 5);
    assert.match(String(error.stack), /PaymentError: no cover\n.*registered\.js/);
  }
});

test("an interpreter that has not registered the type says so, and goes on", limits, async () => {
  await using other = create();
  const error = await rejection(other.call((value: unknown) => typeof value, new Money(5)));
  assert.ok(error instanceof InterpreterError);
  assert.match(String(error), /"test\/Money", which this interpreter does not know\. Import the module/);
  assert.equal(await other.call(() => "healthy"), "healthy");
});
