/**
 * Call batches: one work item that holds many calls of one function (WORK_CALL_BATCH), as `map` makes them. They run one after another.
 *
 * A batch ends with the first call that fails, and its reply has the results before that, so a failure shows at its own item.
 */
import type { InterpreterId } from "../memory/brands.js";
import { clock } from "../base/clock.js";
import { promiseOf } from "../base/thenable.js";

/** The reply to a call batch. */
export interface CallBatchReply {
  /** Results of the calls up to the first that failed. */
  readonly values: unknown[];
  /** How that call failed: the status (REPLY_…) and value that it would have replied with. Undefined if no call failed. */
  readonly failure: CallFailure | undefined;
  /** Milliseconds that the batch took. */
  readonly took: number;
}

export interface CallFailure {
  readonly status: number;
  readonly value: unknown;
  /** The id of the interpreter in which it happened. */
  readonly interpreter: InterpreterId;
}

/** A call batch while it is executed, and until its reply is sent. */
export class CallBatch implements CallBatchReply {
  readonly values: unknown[] = [];
  failure: CallFailure | undefined;
  took = 0;
}

/**
 * Calls `call` with each list of arguments. Calls `begins` before each call but the first, and `failed` to describe a thrown value.
 * Returns a promise only if one of the calls does.
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
        const promise = promiseOf(result);
        if (promise !== undefined) return later(i, promise);
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

/** Ends a batch before its first result that cannot travel, for which `check` throws. Returns false if all of them can. */
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
