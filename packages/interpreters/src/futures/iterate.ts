/** `iterate` of executors: an iteration (interpreter/iteration-feed.ts) whose generator is a task of the pool. */
import { ownOptions } from "../base/check.js";
import type { Iterating, Producer } from "../interpreter/iteration-feed.js";
import type { QueueId } from "../memory/brands.js";
import type { Trace } from "../thread/trace.js";
import { codeOf } from "../wire/code.js";
import { WORK_ITERATE } from "../wire/protocol.js";
import type { IterateTaskOptions } from "./options.js";
import type { Pool } from "./pool.js";
import { submit } from "./submit.js";

/**
 * How to iterate over what `fn` returns.
 *
 * @throws NotShareableError the function cannot travel; InterpreterError (`ERR_EXECUTOR_SHUTDOWN`); BrokenInterpreterPool
 */
export function iterating(
  pool: Pool,
  fn: Function,
  args: readonly unknown[],
  { buffersize, signal, ...others }: IterateTaskOptions,
  trace: Trace,
): Iterating {
  pool.checkUsable();
  const options = ownOptions(others);
  const { rt } = pool.tasks;
  codeOf(rt.m, fn, pool.language, true);
  const send = (queue: QueueId, onDone: () => void): Producer => {
    const how = { kind: WORK_ITERATE, waited: false, onDone };
    const future = submit<unknown>(pool, fn, [...args, queue], options, trace, how);
    return {
      get settled() {
        return future.done();
      },
      outcome() {
        const outcome = future.settled();
        if (outcome.status === "rejected") throw outcome.reason;
        return outcome.value;
      },
      withdraw(error) {
        if (!pool.tasks.takeBack(future)) return false;
        future.aborted(error);
        return true;
      },
      stop: () => pool.tasks.stop(future),
      waitedTooLong: () => future.waitedTooLong(),
    };
  };
  return { rt, buffersize, signal, waitTimeout: options.waitTimeout, send };
}
