/** Helpers for the contract tests of interpreters: every way to reach an interpreter, and conditions to wait for. */
import assert from "node:assert/strict";
import { after } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import {
  create,
  createQueue,
  ExecutionFailed,
  fromModule,
  type Interpreter,
  InterpreterDiedError,
  type Queue,
  UNBOUND_KEEP,
} from "interpreters";
import { type Form, type Operation, perform, type WorkName } from "../interpreter/perform.js";

/** A time limit that only turns a hang into a failure. Milliseconds. */
export const WATCHDOG = 60_000;
export const limits = { timeout: WATCHDOG };

/**
 * A blocked main thread cannot notice that its test takes too long, so this thread does: it kills a test file that imports
 * this module and hangs, and says so.
 */
const watchdog = new Worker(
  `setTimeout(() => {
     require("node:fs").writeSync(2, "\\nThis test file hangs: killed by its watchdog.\\n");
     process.kill(process.pid, "SIGKILL");
   }, ${2 * WATCHDOG});`,
  { eval: true, execArgv: [], stdin: false },
);
watchdog.unref();

/** A queue that also delivers the items of an interpreter that died. */
export function channel<T>(): Queue<T, never> {
  return createQueue<T>(0, { unboundItems: UNBOUND_KEEP });
}

/** Waits until `condition` holds; checks it once in each turn of the event loop. */
export async function until(condition: () => boolean, what = condition.toString()): Promise<void> {
  const deadline = performance.now() + WATCHDOG;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`never came true: ${what}`);
    await turn();
  }
}

/** Resolves to a promise's rejection reason; throws if the promise is fulfilled. */
export async function rejection<E = Error>(promise: PromiseLike<unknown>): Promise<E> {
  const outcome = await Promise.resolve(promise).then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome) return outcome.error as E;
  assert.fail(`expected a rejection, got the value ${String(outcome.value)}`);
}

/** Asserts that the error is that of a time limit that stopped work, and returns its cause: the interpreter's death. */
export function deathByLimit(error: unknown): InterpreterDiedError {
  assert.ok(error instanceof DOMException && error.name === "TimeoutError", String(error));
  const death = (error as { cause?: unknown }).cause;
  assert.ok(death instanceof InterpreterDiedError, String(death));
  assert.equal(death.reason, "timeout");
  return death;
}

/** Returns the exception that `action` throws; fails if it throws none. */
export function thrown<E = Error>(action: () => unknown): E {
  try {
    action();
  } catch (error) {
    return error as E;
  }
  assert.fail(`expected an exception from ${action.toString()}`);
}

/** One way to reach an interpreter: a form of each operation, here or in another interpreter. */
export interface Way {
  readonly name: string;
  readonly form: Form;
  readonly elsewhere: boolean;
  call(interp: Interpreter, work: WorkName, ...args: unknown[]): Promise<unknown>;
  /** Any operation. `args` are those of the method, except that `call` takes a function's name. */
  do(operation: Operation, interp: Interpreter, ...args: unknown[]): Promise<unknown>;
}

const remote = fromModule<typeof import("../interpreter/perform.js")>(
  new URL("../interpreter/perform.js", import.meta.url),
);
let between: Interpreter | undefined;
after(async () => await between?.terminate());

/** The interpreter from which `elsewhere` ways start. */
export function relay(): Interpreter {
  return (between ??= create({ name: "relay" }));
}

const forms: readonly [Form, string][] = [
  ["promise", "as a promise"],
  ["sync", "blocking"],
  ["view", "as a promise with options"],
  ["viewSync", "blocking with options"],
];

const here: Way[] = forms.map(([form, name]) => ({
  name,
  form,
  elsewhere: false,
  call: async (interp, work, ...args) => await perform(form, "call", interp, work, ...args),
  do: async (operation, interp, ...args) => await perform(form, operation, interp, ...args),
}));

const elsewhere: Way[] = forms.map(([form, name]) => {
  const through = async (operation: Operation, interp: Interpreter, ...args: unknown[]): Promise<unknown> => {
    try {
      return await relay().call(remote.perform, form, operation, interp, ...args);
    } catch (error) {
      // An exception that the operation threw there left the relay's call like any exception.
      if (error instanceof ExecutionFailed && error.interpreterId === relay().id) throw error.cause;
      throw error;
    }
  };
  return {
    name: `${name}, from another interpreter`,
    form,
    elsewhere: true,
    call: (interp, work, ...args) => through("call", interp, work, ...args),
    do: through,
  };
});

export const ways: readonly Way[] = [...here, ...elsewhere];
/** The ways that differ for `prepareMain`, `close` and `terminate`, which have no options. */
export const plainWays = ways.filter(({ form }) => form === "promise" || form === "sync");

/** Keeps an interpreter executing a call until `release`. */
export async function busy(interp: Interpreter): Promise<{ done: Promise<string>; release: () => void }> {
  const started = channel<string>();
  const gate = channel<string>();
  const done = interp.call(
    (started: Queue<string>, gate: Queue<string>) => {
      started.putNowait("started");
      return gate.getSync() as string;
    },
    started,
    gate,
  );
  done.catch(() => {});
  await started.get();
  return { done, release: () => gate.putNowait("released") };
}

/** Runs `action` with a new interpreter, and terminates it afterwards in any case. */
export async function using<T>(action: (interp: Interpreter) => Promise<T>): Promise<T> {
  const interp = create();
  try {
    return await action(interp);
  } finally {
    await interp.terminate().catch(() => {});
  }
}

/** Asserts that both forms fail in the same way, and returns the failure of the blocking form. */
export async function failureIn(interp: Interpreter, fn: () => unknown): Promise<ExecutionFailed> {
  const blocking = thrown<ExecutionFailed>(() => interp.callSync(fn));
  const promised = await rejection<ExecutionFailed>(interp.call(fn));
  for (const error of [blocking, promised]) {
    assert.ok(error instanceof ExecutionFailed, String(error));
    assert.equal(error.code, "ERR_EXECUTION_FAILED");
    assert.equal(error.name, "ExecutionFailed");
    assert.equal(error.message, error.excinfo.formatted);
    assert.equal(typeof error.excinfo.errdisplay, "string");
    assert.match(error.stack ?? "", new RegExp(`Uncaught in interpreter ${interp.id}:`));
  }
  assert.deepEqual(promised.excinfo, blocking.excinfo);
  assert.equal(
    interp.callSync(() => "healthy"),
    "healthy",
  );
  return blocking;
}
