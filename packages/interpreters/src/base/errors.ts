/** Every error class of the package, each with a stable `code` and its brand (brand.ts). */

import { brand } from "./brand.js";
import { callerFrames } from "./stacks.js";

/** Why an interpreter ended under an operation. */
export type DeathReason =
  | "terminated"
  | "timeout"
  | "aborted"
  | "exit"
  | "out-of-memory"
  | "uncaught-exception"
  | "boot";

/** Base of everything that goes wrong with interpreters. Also thrown itself, with a specific `code`. */
export class InterpreterError extends Error {
  readonly code: string;
  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super(message, options);
    this.code = options?.code ?? "ERR_INTERPRETER";
  }
}
brand(InterpreterError, "InterpreterError");

/** No interpreter has that id: it never existed, or it is gone. */
export class InterpreterNotFoundError extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_INTERPRETER_NOT_FOUND" });
  }
}
brand(InterpreterNotFoundError, "InterpreterNotFoundError");

/** The interpreter died while (or before) the operation ran in it. */
export class InterpreterDiedError extends InterpreterError {
  readonly interpreterId: number;
  readonly reason: DeathReason;
  /** The exit code of the thread; undefined where it has none of its own (stopped from outside). */
  readonly exitCode: number | undefined;
  constructor(
    message: string,
    details: { interpreterId: number; reason: DeathReason; exitCode?: number | undefined },
    options?: ErrorOptions,
  ) {
    super(message, { ...options, code: "ERR_INTERPRETER_DIED" });
    this.interpreterId = details.interpreterId;
    this.reason = details.reason;
    this.exitCode = details.exitCode;
  }
}
brand(InterpreterDiedError, "InterpreterDiedError");

/** What is known of an exception that left an interpreter (CPython: `_interpreters.excinfo`). */
export interface ExceptionInfo {
  /** `name` is the constructor's name, or the `typeof` of a thrown value that is no error. */
  readonly type: { readonly name: string };
  readonly message: string;
  /** `name: message`, one line as a rule. */
  readonly formatted: string;
  /** What Node would have printed for it in that interpreter. */
  readonly errdisplay: string;
}

const inspectCustom = Symbol.for("nodejs.util.inspect.custom");

/** An uncaught exception of an `exec` or a `call`. `cause` is a copy of what was thrown. */
export class ExecutionFailed extends InterpreterError {
  readonly excinfo!: ExceptionInfo;
  readonly interpreterId!: number;
  constructor(interpreterId: number, excinfo: ExceptionInfo, cause: unknown) {
    super(excinfo.formatted, { cause, code: "ERR_EXECUTION_FAILED" });
    // Not enumerable: the display below already shows all of it once.
    Object.defineProperties(this, {
      excinfo: { value: excinfo, enumerable: false },
      interpreterId: { value: interpreterId, enumerable: false },
    });
    this.useCallerFrames(this.stack);
  }

  /** Puts the display before the caller's own frames, which are taken from `stack`. */
  useCallerFrames(stack: string | undefined): void {
    const frames = callerFrames(stack);
    const display = this.excinfo.errdisplay.trimEnd();
    const value =
      `${this.name}: ${this.excinfo.formatted}\n\nUncaught in interpreter ${this.interpreterId}:\n` +
      display.replace(/^/gm, "    ") +
      (frames === "" ? "" : `\n\nCalled from:\n${frames}`);
    Object.defineProperty(this, "stack", { value, writable: true, configurable: true });
  }

  [inspectCustom](): string {
    return this.stack ?? this.message;
  }
}
brand(ExecutionFailed, "ExecutionFailed");

/** A native addon cannot be loaded in this kind of interpreter. */
export class AddonImportError extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_ADDON_IMPORT" });
  }
}
brand(AddonImportError, "AddonImportError");

/** An initializer threw, so that the pool can run nothing any more. */
export class BrokenInterpreterPool extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_BROKEN_INTERPRETER_POOL" });
  }
}
brand(BrokenInterpreterPool, "BrokenInterpreterPool");

/** The future was cancelled before its task ran. */
export class CancelledError extends InterpreterError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_CANCELLED" });
  }
}
brand(CancelledError, "CancelledError");

/** A value, or a function, that cannot be given to another interpreter. The message names the culprit's path. */
export class NotShareableError extends TypeError {
  readonly code = "ERR_NOT_SHAREABLE";
}
brand(NotShareableError, "NotShareableError");

/** Base of what goes wrong with queues. */
export class QueueError extends Error {
  readonly code: string;
  constructor(message: string, options?: ErrorOptions & { code?: string }) {
    super(message, options);
    this.code = options?.code ?? "ERR_QUEUE";
  }
}
brand(QueueError, "QueueError");

/** Nothing to get, now or within the time-out. */
export class QueueEmpty extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_EMPTY" });
  }
}
brand(QueueEmpty, "QueueEmpty");

/** No room, now or within the time-out. */
export class QueueFull extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_FULL" });
  }
}
brand(QueueFull, "QueueFull");

/** The queue was shut down: no more puts, and gets only until it is empty. */
export class QueueShutDown extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_SHUT_DOWN" });
  }
}
brand(QueueShutDown, "QueueShutDown");

/** No queue has that id: it never existed, was closed, or lost its last handle. */
export class QueueNotFoundError extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_QUEUE_NOT_FOUND" });
  }
}
brand(QueueNotFoundError, "QueueNotFoundError");

/** The item's interpreter was destroyed, and the item was put with `UNBOUND_ERROR`. */
export class ItemInterpreterDestroyed extends QueueError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, { ...options, code: "ERR_ITEM_INTERPRETER_DESTROYED" });
  }
}
brand(ItemInterpreterDestroyed, "ItemInterpreterDestroyed");
