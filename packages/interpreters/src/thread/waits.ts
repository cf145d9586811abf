/** The waits that block this thread, and that may never end (kernel/deadlock.ts, kernel/asleep.ts). */
import { anyone } from "../kernel/asleep.js";
import { replyOf, seemsToCloseCircle } from "../kernel/deadlock.js";
import type { Pointer, Slot } from "../memory/brands.js";
import { deadlockError } from "./deadlock.js";
import type { Runtime } from "./runtime.js";
import type { Endless, Wait } from "./sleeper.js";
import { startSupervisor } from "./supervisor-start.js";

/** Milliseconds between two looks at a circle whose members are falling asleep, or are about to go on, and for how long it is looked at. */
const APART = 0.1;
const PATIENCE = 50;

/** A wait that can be given up at any time: as such, for a lock or a permit. */
export class RevocableWait implements Wait {
  readonly on: number;
  protected readonly rt: Runtime;
  readonly #what: string | (() => string);

  /** `what`: a verb phrase, "acquire lock 3". `on`: what S_WAITING_ON will say. */
  constructor(rt: Runtime, what: string | (() => string), on: number) {
    this.rt = rt;
    this.#what = what;
    this.on = on;
  }

  /** @throws InterpreterError (`ERR_INTERPRETER_DEADLOCK`) */
  refuse(found: Endless): never {
    const what = typeof this.#what === "string" ? this.#what : this.#what();
    throw deadlockError(this.rt, what, found);
  }
}

/** One that any interpreter may end. */
export class AnyoneWait extends RevocableWait {
  /** `what`: a verb phrase, "get from queue 3". `kind`: an ANYONE_…. `q`: the queue or synchronization object, if it is for one. */
  constructor(rt: Runtime, what: string | (() => string), kind: number, q?: Pointer) {
    super(rt, what, anyone(kind, q));
  }

  alone(): void {
    try {
      startSupervisor(this.rt);
    } catch {
      // Then it stays unknown, and the wait goes on.
    }
  }
}

/** A wait for a reply, which can be given up while the work has not begun. */
export class ReplyWait implements Wait {
  readonly on: number;
  readonly #rt: Runtime;
  readonly #what: string;
  readonly #withdraw: ((error: unknown) => boolean) | undefined;
  #begins = false;
  /** What S_WAITING_ON said when it began. */
  #before: number | undefined;

  /**
   * For a reply of the interpreter in `slot`. `what`: a verb phrase. `withdraw` ends the wait with an error, if the work has not begun, and returns
   * whether it could.
   */
  constructor(rt: Runtime, what: string, slot: Slot, withdraw?: (error: unknown) => boolean) {
    this.#rt = rt;
    this.#what = what;
    this.#withdraw = withdraw;
    this.on = replyOf(slot);
  }

  /**
   * This thread is about to send the work, and then to block. If others wait for this interpreter, in a circle that this would close, nothing is sent.
   * Call it once.
   *
   * @throws InterpreterError (`ERR_INTERPRETER_DEADLOCK`)
   */
  begin(): void {
    const rt = this.#rt;
    this.#before = rt.sleeper.say(rt.m, this.on);
    if (seemsToCloseCircle(rt.m)) this.#settle();
  }

  /** Waits until those in the circle sleep, or go on. */
  #settle(): void {
    const rt = this.#rt;
    const { parkLimit, sleeper } = rt;
    sleeper.begins(rt.m);
    this.#begins = true;
    rt.parkLimit = Math.min(parkLimit, APART);
    try {
      rt.blockUntil(() => !seemsToCloseCircle(rt.m), PATIENCE, this);
    } catch (error) {
      this.end();
      throw error;
    } finally {
      this.#begins = false;
      sleeper.began(rt.m);
      rt.parkLimit = parkLimit;
    }
  }

  end(): void {
    if (this.#before !== undefined) this.#rt.sleeper.say(this.#rt.m, this.#before);
  }

  refuse(found: Endless): boolean {
    const error = deadlockError(this.#rt, this.#what, found);
    if (this.#begins) throw error;
    return this.#withdraw?.(error) === true;
  }
}
