/**
 * The queue of interpreters that have ended and are not reaped yet, and of those that are terminated and whose threads may still run.
 *
 * Invariants: a death leaves the queue only after it was reaped completely, or withdrawn completely. An interpreter whose thread has
 * ended is reaped, and not withdrawn. The attached threads below an interpreter enter the
 * queue together with it, before any of them is reaped, because reaping may need a lock that any of them held.
 */
import { get, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import { S_PARENT, S_THREAD, slotPointer } from "../memory/layout.js";
import { joinerEnded, repairLocks } from "../kernel/reap.js";
import { idOf } from "../kernel/registry.js";
import type { EndReason } from "../wire/protocol.js";
import { attachedSlots } from "./attached-threads.js";
import type { InterruptedWork } from "./interrupted-work.js";

/** An interpreter that has ended. */
export interface Death {
  readonly slot: Slot;
  readonly id: InterpreterId;
  readonly reason: EndReason;
  readonly exitCode: number;
  readonly error: unknown;
  /** The executions that it was terminated for, and why. */
  readonly stopped?: ReadonlyMap<Pointer, EndReason>;
  /** Found before its pages were freed, and kept in case reaping starts again. */
  interrupted?: readonly InterruptedWork[];
  /** Its error was printed. */
  printed?: boolean;
  /** Every interpreter has its notice: it was withdrawn before its thread ended. */
  withdrawn?: boolean;
}

export class Deaths {
  readonly #m: SharedMemory;
  readonly #work: () => void;
  /** The oldest death first. */
  readonly #queue: Death[] = [];
  /** Terminated; their threads have not ended. */
  readonly #leaving: Death[] = [];

  /** `work` runs a pass, which reaps what is queued. */
  constructor(m: SharedMemory, work: () => void) {
    this.#m = m;
    this.#work = work;
  }

  /**
   * An interpreter is terminated: reports that to all others in the next pass, or the current one, however long its thread takes to end.
   * The death becomes `withdrawn` by that.
   */
  leave(death: Death): void {
    this.#leaving.push(death);
    setImmediate(this.#work);
  }

  /** The thread of an interpreter ended: reaps it now. Must not be called within a pass. */
  report(death: Death): void {
    const i = this.#leaving.findIndex(({ id }) => id === death.id);
    if (i !== -1) this.#leaving.splice(i, 1);
    this.#queue.push(death);
    this.#endChildrenOf(death.slot);
    this.#work();
  }

  /** An interpreter ended: reaps it in the next turn of the event loop. For callers that may be within a pass. */
  reportLater(slot: Slot, reason: EndReason, exitCode = -1, error?: unknown): void {
    this.#queue.push({ slot, id: idOf(this.#m, slot), reason, exitCode, error });
    setImmediate(this.#work);
  }

  /** The attached thread in `slot` ended. More than one source reports this. */
  attachedEnded(slot: Slot, exitCode: number): void {
    if (this.#queue.some((death) => death.slot === slot)) return;
    this.reportLater(slot, "exit", exitCode);
    this.#endChildrenOf(slot);
  }

  /** A thread that the supervisor did not start has ended. It may have joined, or may have been about to join. */
  threadEnded(threadId: number, exitCode: number): void {
    const m = this.#m;
    for (const slot of attachedSlots(m)) {
      if (get(m, slotPointer(slot) + S_THREAD) === threadId) this.attachedEnded(slot, exitCode);
    }
    joinerEnded(m, threadId);
  }

  /** The threads that the interpreter had started ended before it, and no thread is left to report them, nor those below. */
  #endChildrenOf(slot: Slot): void {
    const m = this.#m;
    const thread = get(m, slotPointer(slot) + S_THREAD);
    if (thread === -1) return;
    for (const other of attachedSlots(m)) {
      if (get(m, slotPointer(other) + S_PARENT) === thread) this.attachedEnded(other, -1);
    }
  }

  /** Repairs and releases the locks of all the dead. */
  repairLocks(): void {
    for (const { slot } of this.#queue) repairLocks(this.#m, slot);
  }

  /**
   * Calls `withdraw` for each interpreter that is leaving. If that throws, or returns false, it stays in the queue. Returns whether the queue is
   * empty; else call this again later.
   */
  withdrawAll(withdraw: (death: Death) => boolean): boolean {
    for (let i = 0; i < this.#leaving.length;) {
      if (withdraw(this.#leaving[i])) this.#leaving.splice(i, 1);
      else i++;
    }
    return this.#leaving.length === 0;
  }

  /** Calls `reap` for each death. If that throws, the death stays in the queue. */
  reapAll(reap: (death: Death) => void): void {
    for (; this.#queue.length > 0; this.#queue.shift()) reap(this.#queue[0]);
  }
}
