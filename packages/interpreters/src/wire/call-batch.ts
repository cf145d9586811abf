/**
 * A chunk: one piece of work that is many calls of one function (WORK_CALL_EACH), one after another, as `map` makes them.
 *
 * It ends with the first call that fails, and gives what came before: a failure shows at its own item.
 */
import { clock } from "../base/clock.js";
import { isThenable } from "../base/thenable.js";

/** The answer to a chunk. */
export interface CallBatchReply {
  /** Results of the calls up to the first that failed. */
  readonly values: unknown[];
  /** How that one failed: a REPLY_… status, and what would have been its value. */
  readonly failure: CallFailure | undefined;
  /** Milliseconds that the chunk took. */
  readonly took: number;
}

export interface CallFailure {
  readonly status: number;
  readonly value: unknown;
  /** Where it happened. */
  readonly interpreter: number;
}

/** While it is run, and until it is sent. */
export class CallBatch implements CallBatchReply {
  readonly values: unknown[] = [];
  failure: CallFailure | undefined;
  took = 0;
}

/**
 * Runs `call` over all. `begins` is told of each call but the first; `failed` makes of what was thrown what is to be
 * said of it. A promise only where there is something to wait for.
 */
export function runCallBatch(
  lists: readonly unknown[][],
  call: (args: unknown[]) => unknown,
  begins: () => void,
  failed: (thrown: unknown) => CallFailure,
): CallBatch | Promise<CallBatch> {
  const batch = new CallBatch();
  const began = clock();
  const end = (failure?: CallFailure): CallBatch => {
    batch.failure = failure;
    batch.took = clock() - began;
    return batch;
  };
  const goOn = (from: number): CallBatch | Promise<CallBatch> => {
    try {
      for (let i = from; i < lists.length; i++) {
        if (i > 0) begins();
        const result = call(lists[i]);
        if (isThenable(result)) return later(i, result);
        batch.values.push(result);
      }
    } catch (thrown) {
      return end(failed(thrown));
    }
    return end();
  };
  const later = async (i: number, result: PromiseLike<unknown>): Promise<CallBatch> => {
    try {
      batch.values.push(await result);
    } catch (thrown) {
      return end(failed(thrown));
    }
    return goOn(i + 1);
  };
  return goOn(0);
}

/** Ends a chunk before the first of its results that cannot travel, for which `check` throws. False: all of them can. */
export function cutShort(
  batch: CallBatch,
  check: (value: unknown) => void,
  failed: (thrown: unknown) => CallFailure,
): boolean {
  for (const [i, value] of batch.values.entries()) {
    try {
      check(value);
    } catch (thrown) {
      batch.values.length = i;
      batch.failure = failed(thrown);
      return true;
    }
  }
  return false;
}
