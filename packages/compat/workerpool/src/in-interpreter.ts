/** The functions that a pool calls in its workers' interpreters. */
import { pathToFileURL } from "node:url";
import type * as api from "interpreters" with { "resolution-mode": "import" };
import { FLAG_ABORT_LISTENERS, FLAG_BEGUN, FLAG_ON_TERMINATE } from "./messages";
import { isTransfer } from "./transfer";
import { cleanUp, execute, finish, openWorker, type WorkerState } from "./worker";

const interpreters = (): typeof api => require("interpreters") as typeof api;

export interface Starting {
  /** An absolute path, a URL, or the text of the script if `eval` is set. Without one, the worker only runs functions. */
  readonly script: string | undefined;
  readonly eval: boolean;
  readonly flags: Int32Array;
  /** Tells the pool of an event of a task, or with the id 0 that the worker is ready. */
  readonly report: api.Callback<[id: number, payload?: unknown], void>;
}

export interface Control {
  cleanUp(id: number): Promise<Error | null>;
  finish(code: number): Promise<void>;
}

let worker: WorkerState | undefined;
let shared: Int32Array | undefined;

/** The form of a message or a result on its way: what a `Transfer` names is moved. */
function outgoing(value: unknown): unknown {
  if (!isTransfer(value)) return value;
  const { message, transfer } = value;
  if (typeof message !== "object" || message === null) return message;
  return interpreters().move(message, transfer as api.Movable[]);
}

/** Makes this interpreter a worker, and loads its script. */
export async function start({ script, eval: asText, flags, report }: Starting): Promise<Control> {
  const { callback, isShareable, NotShareableError } = interpreters();
  const ignore = (): void => {};
  const opened = openWorker({
    ready: () => void report(0).catch(ignore),
    emit: (id, payload) => {
      const value = outgoing(payload);
      // An event that cannot travel is an error of the function that emits it.
      if (!isTransfer(payload) && !isShareable(value)) {
        throw new NotShareableError(
          "Cannot emit an event to the pool: only data can be copied, not functions",
        );
      }
      report(id, value).catch(ignore);
    },
    changed: ({ abortListeners, onTerminate }) => {
      Atomics.store(flags, FLAG_ABORT_LISTENERS, abortListeners.length);
      Atomics.store(flags, FLAG_ON_TERMINATE, onTerminate === undefined ? 0 : 1);
    },
  });
  worker = opened;
  shared = flags;
  const control: Control = {
    cleanUp: callback((id: number) => cleanUp(opened, id)),
    finish: callback((code: number) => finish(opened, code)),
  };
  if (script !== undefined) {
    // oxlint-disable-next-line no-eval -- the text that the program passed for it
    if (asText) (0, eval)(script);
    else await import(/^[a-z]{2,}:/.test(script) ? script : pathToFileURL(script).href);
  }
  return control;
}

/** Runs a task of this worker. */
export function run(id: number, method: string, params: readonly unknown[] | null | undefined): unknown {
  if (worker === undefined || shared === undefined) throw new Error("The worker has not been started");
  Atomics.store(shared, FLAG_BEGUN, id);
  const result = execute(worker, id, method, params);
  return result instanceof Promise ? result.then(outgoing) : outgoing(result);
}
