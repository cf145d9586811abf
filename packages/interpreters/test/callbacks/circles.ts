/** Functions that run in interpreters and wait for each other through callbacks. */
import { type Callback, callback, fromModule, type Interpreter, type Lock, type Queue } from "interpreters";

const here = fromModule<typeof import("./circles.js")>(import.meta.url);

type Said = Queue<string, never>;

/** Gives away a callback that blocks until `gate` opens, and then calls `other`, blocking, which calls back. */
export function callWhileCalled(
  self: Interpreter,
  other: Interpreter,
  given: Queue<Callback<[], void>, never>,
  said: Said,
  gate: Said,
): string {
  using wait = callback(() => {
    said.putSync("in the callback");
    gate.getSync();
  });
  given.putSync(wait);
  return other.callSync(here.callBack, self, said, gate);
}

/** Calls its caller once that is in its callback, and says what comes of it. */
export function callBack(caller: Interpreter, said: Said, begun: Said): string {
  said.putSync("called");
  begun.getSync();
  return outcome(() => caller.callSync(() => "answered"));
}

/** Gives away a callback that blocks until `gate` opens, and then calls `other`'s callback, blocking. */
export function callCallback(
  given: Queue<Callback<[], void>, never>,
  said: Said,
  gate: Said,
  other: Callback<[], string>,
): string {
  using wait = callback(() => {
    said.putSync("in the callback");
    gate.getSync();
  });
  given.putSync(wait);
  said.putSync("calls");
  return other.sync();
}

/** Makes a callback that calls `caller`, blocking, and stays busy until `go` comes. */
export async function makeCalling(
  caller: Interpreter,
  given: Queue<Callback<[], string>, never>,
  said: Said,
  go: Said,
): Promise<void> {
  const calls = callback(() => {
    said.putSync("begun");
    return outcome(() => caller.callSync(() => "answered"));
  });
  given.putSync(calls);
  (globalThis as { calls?: unknown }).calls = calls;
  // Its event loop stands still: the call waits for it.
  while (go.empty());
  go.getNowait();
}

function outcome(call: () => string): string {
  try {
    return call();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return `${code}: ${message}`;
  }
}

/** Replies, and calls its caller as soon as it can. */
export function callAfterwards(caller: Interpreter, outcomes: Said): void {
  setImmediate(() => outcomes.putSync(outcome(() => caller.callSync(() => "answered"))));
}

export function callOnce(self: Interpreter, other: Interpreter, outcomes: Said): void {
  other.callSync(here.callAfterwards, self, outcomes);
}

/** Calls back, which has its lock released, and waits for that lock. */
export function releaseAndAcquire(lock: Lock, release: Callback<[], void>): string {
  void release();
  return outcome(() => {
    lock.acquireSync().release();
    return "acquired";
  });
}
