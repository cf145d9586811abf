/** Ending an interpreter: `close`, which is its last work item, and `terminate`, which is a request to the supervisor. */
import { checkOptions, ownOptions } from "../base/check.js";
import { InterpreterError } from "../base/errors.js";
import { load } from "../memory/atomics.js";
import { OK, S_LAZY, slotPointer, STATUS_BUSY, STATUS_SHUT } from "../memory/layout.js";
import { request, startIfLazy } from "../thread/supervisor-client.js";
import { Message } from "../wire/message.js";
import { reasonNumber, REQUEST_TERMINATE, WORK_CLOSE } from "../wire/protocol.js";
import { Operation } from "./operation.js";
import { checkTarget, isGone, type Target } from "./target.js";

/** Settled by the interpreter's end, for whatever reason it ends. */
export class EndOperation extends Operation<void> {
  #promise: Promise<void> | undefined;

  /** May be called more than once. */
  override promise(): Promise<void> {
    return (this.#promise ??= super.promise());
  }

  override died(): void {
    this.resolve(undefined);
  }
}

/** The ends that one handle has asked for. */
export class Ending {
  readonly #target: Target;
  #last: EndOperation | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  close(options: { wait?: boolean | undefined }, blocking: boolean): EndOperation {
    checkOptions("close", options, ["wait"]);
    const wait = ownOptions(options).wait === true;
    const { rt, slot, id } = this.#target;
    const what = `close interpreter ${id}`;
    const joined = this.#join(what);
    if (joined !== undefined) return joined;
    const operation = new EndOperation(rt, id, what);
    // With `wait`, the target's work may be waiting for this interpreter, as in a call.
    if (blocking && wait) operation.announce(slot);
    const message = Message.take(rt.m).header(operation.sequence, WORK_CLOSE);
    const status = message.intoMailboxAsLast(slot, id, wait, rt.id);
    message.discard();
    if (status === STATUS_BUSY) {
      rt.forget(operation.sequence);
      throw new InterpreterError(
        `Cannot ${what}: it is running. Wait for its work first, or use close({ wait: true }), or terminate().`,
        { code: "ERR_INTERPRETER_RUNNING" },
      );
    }
    // If it has no thread, there is nothing to wait for; but with `wait`, work may be on its way.
    if (status === OK && load(rt.m, slotPointer(slot) + S_LAZY) !== 0) {
      if (wait) startIfLazy(rt, slot, id);
      else request(rt, REQUEST_TERMINATE, id, reasonNumber("closed"));
    }
    // If it is closing already (STATUS_SHUT), its end settles this operation, too.
    if (status !== STATUS_SHUT) operation.sent(status);
    this.#last = operation;
    return operation;
  }

  terminate(): EndOperation {
    const { rt, id } = this.#target;
    const what = `terminate interpreter ${id}`;
    const joined = this.#join(what);
    if (joined !== undefined) return joined;
    const operation = new EndOperation(rt, id, what);
    request(rt, REQUEST_TERMINATE, id, reasonNumber("terminated"));
    this.#last = operation;
    return operation;
  }

  /** Lets an error of closing pass if the interpreter is gone. @throws the error if it is not */
  allowGone(error: unknown): void {
    if (!isGone(this.#target)) throw error;
  }

  /**
   * Checks that the interpreter may be ended. If it is gone because this handle asked for that, and the death notice has not arrived,
   * asking again is no error: the notice that settles the first operation settles the one returned here.
   */
  #join(what: string): EndOperation | undefined {
    const { rt, id } = this.#target;
    if (this.#last?.settled === false && isGone(this.#target)) return new EndOperation(rt, id, what);
    checkTarget(this.#target, what, false);
    return undefined;
  }
}
