/** The calls of this thread's callbacks, by blocked interpreters, that wait for a promise. */
import type { Slot } from "../memory/brands.js";

/**
 * Refuses the call: while this thread is blocked, the promise is never settled. Returns false, and does nothing, if the caller is gone, whose slot
 * may be another's by now.
 */
export type RefuseCall = () => boolean;

export class PromisedCalls {
  /** By the slot of the caller. One that blocks may run callbacks of its own meanwhile, which block in their turn: the last call comes last. */
  readonly #calls = new Map<Slot, RefuseCall[]>();

  add(slot: Slot, call: RefuseCall): void {
    const calls = this.#calls.get(slot);
    if (calls === undefined) this.#calls.set(slot, [call]);
    else calls.push(call);
  }

  /** The call is answered, or its caller is gone. */
  remove(slot: Slot, call: RefuseCall): void {
    const rest = this.#calls.get(slot)?.filter((each) => each !== call) ?? [];
    if (rest.length === 0) this.#calls.delete(slot);
    else this.#calls.set(slot, rest);
  }

  /** Refuses the call for which the interpreter in `slot` blocks. Returns false without one. */
  refuse(slot: Slot): boolean {
    for (;;) {
      const call = this.#calls.get(slot)?.at(-1);
      if (call === undefined) return false;
      this.remove(slot, call);
      if (call()) return true;
    }
  }
}
