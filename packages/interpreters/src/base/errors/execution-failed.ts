/** The error that reports an exception of code in another interpreter. */
import { brand } from "../brand.js";
import { callerFrames, stackOf } from "../stacks.js";
import { InterpreterError } from "./interpreter.js";

/** A description of an exception that left an interpreter (CPython: `_interpreters.excinfo`). */
export interface ExceptionInfo {
  /** `name` is the name of the error's class, or the `typeof` of a thrown value that is not an error. */
  readonly type: { readonly name: string };
  /** The error's message, or the thrown value as text. */
  readonly message: string;
  /** `name: message`; one line unless the message has several. */
  readonly formatted: string;
  /** The text that Node would have printed for the uncaught exception in that interpreter: stack, causes, own properties. */
  readonly errdisplay: string;
}

const inspectCustom = Symbol.for("nodejs.util.inspect.custom");

/**
 * Code in another interpreter threw an exception that it did not catch (PEP 734 and CPython: `ExecutionFailed`). Code:
 * `ERR_EXECUTION_FAILED`. `exec`, `call` and their blocking forms throw it; a task's future rejects with the exception itself,
 * and `ExecutionFailed.of` finds this error there. `cause` is a copy of what was thrown. `stack` shows `excinfo.errdisplay`,
 * followed by the place of the call.
 *
 * @example
 * await using interp = create();
 * const error = await interp.exec("throw new RangeError('too far')").catch((reason) => reason);
 * console.log(error instanceof ExecutionFailed); // true
 * console.log(error.excinfo.formatted); // RangeError: too far
 */
export class ExecutionFailed extends InterpreterError {
  /** The description of the exception. Not enumerable. */
  readonly excinfo!: ExceptionInfo;
  /** The id of the interpreter that the exception left. Not enumerable. */
  readonly interpreterId!: number;

  /**
   * Finds the ExecutionFailed that belongs to an error: the error itself, or the ExecutionFailed that hangs off the exception of a
   * pool's task (`TaskError.executionFailed`). Never throws.
   *
   * @param error any value, such as the one that a `catch` clause got
   * @returns undefined if no exception of code in another interpreter made the error
   * @example
   * await using executor = new InterpreterPoolExecutor({ maxWorkers: 1 });
   * const error = await executor.submit(() => JSON.parse("{")).exception();
   * console.log(ExecutionFailed.of(error)?.excinfo.type.name); // SyntaxError
   */
  static of(error: unknown): ExecutionFailed | undefined {
    if (error instanceof ExecutionFailed) return error;
    try {
      const { executionFailed } = Object(error) as { executionFailed?: unknown };
      return executionFailed instanceof ExecutionFailed ? executionFailed : undefined;
    } catch {
      // A getter or a proxy's trap threw.
      return undefined;
    }
  }

  constructor(interpreterId: number, excinfo: ExceptionInfo, cause: unknown) {
    super(excinfo.formatted, { cause, code: "ERR_EXECUTION_FAILED" });
    // Not enumerable: the stack below already shows all of it once.
    Object.defineProperties(this, {
      excinfo: { value: excinfo, enumerable: false },
      interpreterId: { value: interpreterId, enumerable: false },
    });
    this.useCallerFrames(stackOf(this));
  }

  /** @internal Makes `stack` of the display, followed by the frames of user code in the given stack, which is the caller's. */
  useCallerFrames(stack: unknown): void {
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
