/** The fields that errors carry: their types, and that they are set where their documentation says. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  create,
  createQueue,
  ExecutionFailed,
  InterpreterError,
  InterpreterPoolExecutor,
  NotShareableError,
  type Queue,
  QueueFull,
  QueueNotFoundError,
  UNBOUND_KEEP,
} from "interpreters";
import { calculator, program } from "../guests/calculator.js";
import { rejection, WATCHDOG } from "../support/processes.js";

/** Compiles only where both are the very same type. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(..._proof: Same<A, B> extends true ? [] : [never]): void {}

const limits = { timeout: WATCHDOG };
const executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
after(() => executor.shutdown());

test("the fields are typed, optional and read-only", () => {
  same<QueueFull["put"], number | undefined>();
  same<QueueNotFoundError["put"], number | undefined>();
  same<InterpreterError["put"], number | undefined>();
  same<InterpreterError["items"], readonly unknown[] | undefined>();
  same<NotShareableError["items"], readonly unknown[] | undefined>();
  const error = new InterpreterError("none of them is there unless it is set");
  assert.deepEqual(["put" in error, "items" in error], [false, false]);
  assert.equal("items" in new NotShareableError(""), false);
  // @ts-expect-error read-only
  const write = (): unknown => (error.put = 1);
  assert.equal(write(), 1);
});

test("an error of putMany says how many items were put, and is silent if none was", limits, async () => {
  const queue = createQueue<number>(2, { unboundItems: UNBOUND_KEEP });
  const error = await rejection<QueueFull>(queue.putMany([1, 2, 3], { timeout: 0 }));
  assert.ok(error instanceof QueueFull);
  assert.equal(error.put, 2);
  assert.deepEqual(Object.keys(error), ["code"], "not enumerable");
  const none = await rejection<QueueFull>(queue.putMany([4], { timeout: 0 }));
  assert.deepEqual([none instanceof QueueFull, none.put], [true, undefined]);
});

test("an error of getMany for a value of another language has the other items", limits, async () => {
  await using alice = create({ language: calculator() });
  const queue = createQueue<unknown>(0, { unboundItems: UNBOUND_KEEP });
  const putSecret = program<[Queue]>("1 secret $0 put");
  const forms = { getMany: () => queue.getMany(10), getManySync: async () => queue.getManySync(10) };
  for (const form of Object.values(forms)) {
    queue.putNowait("before");
    await alice.call(putSecret, queue as Queue);
    queue.putNowait("after");
    const error = await rejection<NotShareableError>(form());
    assert.ok(error instanceof NotShareableError);
    assert.deepEqual(error.items, ["before", "after"]);
    assert.deepEqual(Object.keys(error), ["code"], "not enumerable");
    await alice.call(putSecret, queue as Queue);
    const alone = await rejection<NotShareableError>(form());
    assert.deepEqual([alone instanceof NotShareableError, alone.items], [true, undefined]);
  }
});

test("ExecutionFailed.of finds the display of a call's and a task's failure", limits, async () => {
  await using interp = create();
  const failing = (): never => {
    throw new RangeError("too far");
  };
  const ofCall = await rejection<Error>(interp.call(failing));
  assert.equal(ExecutionFailed.of(ofCall), ofCall);
  const ofTask = await rejection<Error>(executor.submit(failing));
  const failed = ExecutionFailed.of(ofTask);
  same<typeof failed, ExecutionFailed | undefined>();
  assert.ok(ofTask instanceof RangeError && failed instanceof ExecutionFailed);
  assert.deepEqual([failed.cause, failed.excinfo.formatted], [ofTask, "RangeError: too far"]);
  assert.equal(ExecutionFailed.of(failed), failed);
});

test("ExecutionFailed.of finds nothing in any other value, and never throws", limits, async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const hostile = Object.defineProperty(new Error(""), "executionFailed", {
    get() {
      throw new Error("a getter");
    },
  });
  const died = await rejection(executor.submit(() => process.exit(1)));
  const others = [undefined, null, 0, "text", Symbol(""), new Error(""), {}, proxy, hostile, died];
  const pretended = { executionFailed: { excinfo: {} } };
  for (const other of [...others, pretended]) assert.equal(ExecutionFailed.of(other), undefined);
});
