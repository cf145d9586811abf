/** In a worker: its module, and what a farm calls in an interpreter. Nothing happens when this file is loaded. */
import type * as api from "interpreters" with { "resolution-mode": "import" };
import { isDataCloneError } from "./isDataCloneError";
import { packMessage } from "./safeMessageTransferring";

type AnyFn = (...args: unknown[]) => unknown;
interface Main {
  readonly [name: string]: unknown;
  readonly setup?: AnyFn;
  readonly teardown?: AnyFn;
}

/** An error of the module's `setup`. */
export class SetupError {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

export const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";

/** Calls `fn`, and what it throws or rejects with becomes a SetupError. */
function settingUp(fn: () => unknown): unknown {
  const fail = (error: unknown): never => {
    throw new SetupError(error);
  };
  try {
    const result = fn();
    return isPromise(result) ? result.then(undefined, fail) : result;
  } catch (error) {
    return fail(error);
  }
}

/** The module of a worker. It is loaded when it is first needed. */
export class ChildModule {
  readonly #file: string;
  readonly #setupArgs: unknown[];
  #initialized = false;

  constructor(file: string, setupArgs: unknown[]) {
    this.#file = file;
    this.#setupArgs = setupArgs;
  }

  #main(): Main {
    return require(this.#file) as Main;
  }

  /** Calls the module's `setup`, once. The result is a promise if that of `setup` is. */
  setup(): unknown {
    if (this.#initialized) return undefined;
    const main = this.#main();
    this.#initialized = true;
    const { setup } = main;
    return setup && settingUp(() => setup.apply(main, this.#setupArgs));
  }

  /** Calls a function of the module, after its `setup`. */
  call(method: string, args: unknown[]): unknown {
    const ready = this.setup();
    const main = this.#main();
    const run = (): unknown => {
      const target = method === "default" && !main["__esModule"] ? main : main[method];
      return (target as AnyFn).apply(main, args);
    };
    return isPromise(ready) ? ready.then(run) : run();
  }

  teardown(): unknown {
    const main = this.#main();
    return main.teardown?.call(main);
  }
}

/** The error thrown instead of null and undefined, which would pass for no error. */
export const thrownBy = (error: unknown): unknown => error ?? new Error('"null" or "undefined" thrown');

/** The name that jest-worker gives to an error: that of its class. */
export const typeOf = (error: unknown): string | undefined =>
  (error as { constructor?: { name?: string } }).constructor?.name;

interface Hook {
  message(message: unknown): void;
}
const KEY = Symbol.for("@interpreters/jest-worker.thread");
/** Where `messageParent` finds its farm: a global, because the worker's module may load another copy of this package. */
export const hook = globalThis as { [KEY]?: Hook };
export const threadHook = (): Hook | undefined => hook[KEY];

let child: ChildModule | undefined;
/** The result of the last call, until the next one: it may have to be packed. */
let lastResult: unknown;

export interface Control {
  /** Calls the module's `teardown`. */
  end(): Promise<void>;
  /** In bytes. */
  memoryUsage(): number;
}

const interpreters = (): typeof api => require("interpreters") as typeof api;

/** Makes this interpreter a worker. */
export function start(
  file: string,
  setupArgs: unknown[],
  workerId: string,
  report: api.Callback<[message: unknown], void>,
): api.Callback<[what: keyof Control], unknown> {
  const { callback, isShareable } = interpreters();
  process.env["JEST_WORKER_ID"] = workerId;
  const module = new ChildModule(file, setupArgs);
  child = module;
  hook[KEY] = {
    message: (message) => void report(isShareable(message) ? message : packMessage(message)).catch(() => {}),
  };
  return callback((what: keyof Control): unknown =>
    what === "memoryUsage" ? process.memoryUsage().heapUsed : module.teardown(),
  );
}

/** What a call throws in the farm: the error itself, which also says its class, or what explains it. */
function failure(error: unknown): unknown {
  if (error instanceof SetupError) {
    const cause = thrownBy(error.error) as Error;
    const { message, stack } = cause;
    return Object.assign(new Error(`Error when calling setup: ${message}`, { cause }), {
      type: typeOf(cause),
      stack,
    });
  }
  const thrown = thrownBy(error);
  if (typeof thrown !== "object" || thrown === null || Object.hasOwn(thrown, "type")) return thrown;
  Reflect.defineProperty(thrown, "type", {
    value: typeOf(thrown),
    configurable: true,
    enumerable: true,
    writable: true,
  });
  return thrown;
}

/**
 * Not an async function, and with listeners of its own: a stack that the module's code captures after an `await` would go on with the frames
 * of what awaits it, and Jest prints such stacks.
 */
function settled(promise: PromiseLike<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    promise.then(
      (result) => resolve((lastResult = result)),
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- whatever the module threw
      (error: unknown) => reject(failure(error)),
    );
  });
}

function perform(work: (child: ChildModule) => unknown): unknown {
  lastResult = undefined;
  let result: unknown;
  try {
    result = work(child!);
  } catch (error) {
    throw failure(error);
  }
  return isPromise(result) ? settled(result) : (lastResult = result);
}

export const call = (method: string, args: unknown[]): unknown =>
  perform((module) => module.call(method, args));
export const setup = (): unknown => perform((module) => module.setup());
/** The last result, which could not be sent. */
export const packLastResult = (): object => packMessage(lastResult);

export { isDataCloneError };
