/**
 * The threads that the supervisor started: how they get their slots, and why they end.
 *
 * Invariants: a child is in the map from the moment at which it serves a slot until Node reports its end, and is adopted before
 * any request or event that may concern it is handled. Its `reason` is set once, by whatever first decides that it ends.
 * Nothing here waits for a lock, so no step of this is ever dropped.
 */
import { cas, get, load, notify as wake, set, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import { ring } from "../memory/doorbell.js";
import {
  ADDONS_LEAVE,
  ADDONS_LOADED,
  H_SLOTS_USED,
  S_ADDONS,
  S_CREATOR,
  S_LAZY,
  slotPointer,
  STATE_BOOTING,
  STATE_FINALIZING,
} from "../memory/layout.js";
import { closeExecutions, condemn, interrupt } from "../kernel/executions.js";
import { fence, standsStill } from "../kernel/fence.js";
import { repairLocks } from "../kernel/reap.js";
import { idOf, slotOf, stateOf } from "../kernel/registry.js";
import { stopPatience } from "../platform/threads.js";
import type { BootOptions, Place } from "../wire/boot.js";
import { type EndReason, reasonNumber } from "../wire/protocol.js";
import type { BufferStore } from "./buffer-store.js";
import type { Death, Deaths } from "./deaths.js";
import type { SupervisorObserver } from "./observer.js";
import { StandbyPool } from "./standby-pool.js";
import { type Shared, startThread, type StartedThread, terminateThread } from "./threads.js";

/** How long an interpreter with native addons may take to come out of one and leave by itself; milliseconds. */
const LEAVE_LIMIT = 250;

/** How long a guest may take to act on an interrupt; milliseconds. */
const INTERRUPT_LIMIT = 1000;

/** How long a thread that is stopped may take to write its coverage before others learn of its end all the same; milliseconds. */
const COVERAGE_LIMIT = 2000;

interface Child extends StartedThread {
  /** -1 until it serves one. */
  slot: Slot;
  /** The options of a standby thread. Such a thread may end before it serves, through no interpreter's fault. */
  readonly standbyOptions: BootOptions | undefined;
  reason?: EndReason;
  error?: unknown;
  /** The executions that it is terminated for, and why. */
  readonly stopped: Map<Pointer, EndReason>;
  /** Its death as all others see it, if it was terminated. */
  leaving?: Death;
  /** Has others learn of it before the thread has ended. */
  leavesLater?: NodeJS.Timeout;
}

export class Children {
  readonly standby: StandbyPool<Child>;
  /** The observer of the process, if it has one. */
  observer: SupervisorObserver | undefined;
  readonly #m: SharedMemory;
  readonly #deaths: Deaths;
  readonly #buffers: BufferStore;
  readonly #shared: Shared;
  readonly #bySlot = new Map<Slot, Child>();
  /** Interpreters without a thread, which their first work starts. */
  readonly #lazy = new Map<Slot, { readonly id: InterpreterId; readonly options: BootOptions }>();
  /** By id: those whose first work was sent before their boot request came. */
  readonly #eager = new Set<InterpreterId>();
  /** Terminated, and what stops their threads unless these end earlier. */
  readonly #stopping = new Map<Child, NodeJS.Timeout>();
  /** By id: interpreters to terminate as soon as their boot request arrives, and why. */
  readonly #doomed = new Map<InterpreterId, EndReason>();

  constructor(m: SharedMemory, deaths: Deaths, buffers: BufferStore, shared: Shared) {
    this.#m = m;
    this.#deaths = deaths;
    this.#buffers = buffers;
    this.#shared = shared;
    this.standby = new StandbyPool(
      m,
      (options, cell) => this.#start(options, { cell }, options),
      ({ worker }) => terminateThread(worker),
    );
  }

  /** The thread of the interpreter in `slot`, if the supervisor started it. */
  threadOf(slot: Slot): StartedThread["worker"] | undefined {
    return this.#bySlot.get(slot)?.worker;
  }

  has(slot: Slot): boolean {
    return this.#bySlot.has(slot);
  }

  /** Whether the interpreter in `slot` has no thread yet. */
  isLazy(slot: Slot): boolean {
    return this.#lazy.has(slot);
  }

  /** Gives interpreter `id`, whose creator has claimed `slot`, a thread, which may have been started already. */
  boot(slot: Slot, id: InterpreterId, options: BootOptions, started?: StartedThread): void {
    const m = this.#m;
    set(m, slotPointer(slot) + S_CREATOR, 0);
    if (started !== undefined) {
      this.#adopt(this.#observe(started), slot, id);
      return;
    }
    if (idOf(m, slot) !== id || stateOf(m, slot) !== STATE_BOOTING) return;
    const doom = this.#takeDoom(id);
    if (doom !== undefined) {
      this.#deaths.reportLater(slot, doom);
      return;
    }
    const child = this.standby.take(options, slot);
    try {
      this.#adopt(child ?? this.#start(options, { slot }), slot, id);
    } catch (error) {
      this.#deaths.reportLater(slot, "boot", -1, error);
    }
  }

  /** As `boot`, when the first work was sent to it (`start`). */
  bootLater(slot: Slot, id: InterpreterId, options: BootOptions): void {
    const m = this.#m;
    // The request to start it was sent by another thread, and overtook this one.
    const first = this.#eager.delete(id);
    if (first || this.#doomed.has(id)) {
      set(m, slotPointer(slot) + S_LAZY, 0);
      this.boot(slot, id, options);
      return;
    }
    set(m, slotPointer(slot) + S_CREATOR, 0);
    if (idOf(m, slot) === id && stateOf(m, slot) === STATE_BOOTING) this.#lazy.set(slot, { id, options });
  }

  /** Gives an interpreter that has none yet its thread. */
  start(slot: Slot, id: InterpreterId): void {
    const m = this.#m;
    const waiting = this.#lazy.get(slot);
    if (waiting?.id === id) {
      this.#lazy.delete(slot);
      set(m, slotPointer(slot) + S_LAZY, 0);
      this.boot(slot, id, waiting.options);
    } else if (idOf(m, slot) === id && get(m, slotPointer(slot) + S_CREATOR) !== 0) this.#eager.add(id);
  }

  /** Ends an interpreter that has no thread. Returns whether it had none. */
  #discard(slot: Slot, id: InterpreterId, reason: EndReason): boolean {
    if (this.#lazy.get(slot)?.id !== id) return false;
    this.#lazy.delete(slot);
    set(this.#m, slotPointer(slot) + S_LAZY, 0);
    this.#deaths.reportLater(slot, reason);
    return true;
  }

  /** Adopts the standby threads to which creators have given slots. */
  adoptGiven(): void {
    for (const [child, slot] of this.standby.given()) {
      set(this.#m, slotPointer(slot) + S_CREATOR, 0);
      const id = idOf(this.#m, slot);
      this.#adopt(child, slot, id);
      const doom = this.#takeDoom(id);
      if (doom !== undefined) this.terminate(id, doom);
    }
  }

  /** From now on the thread is interpreter `id`. */
  #adopt(child: Child, slot: Slot, id: InterpreterId): void {
    child.slot = slot;
    this.#bySlot.set(slot, child);
    this.observer?.adopted(slot, id, child.standbyOptions !== undefined);
    this.#buffers.addPort(id, child.port);
  }

  #takeDoom(id: InterpreterId): EndReason | undefined {
    const reason = this.#doomed.get(id);
    this.#doomed.delete(id);
    return reason;
  }

  #start(options: BootOptions, place: Place, standbyOptions?: BootOptions): Child {
    return this.#observe(
      startThread(this.#m.memory, this.#shared, options, place, this.#buffers.lent(options.language.shared)),
      standbyOptions,
    );
  }

  /** Observes the end of a thread, which must have been started in this turn of the event loop. */
  #observe(started: StartedThread, standbyOptions?: BootOptions): Child {
    const child: Child = {
      ...started,
      slot: -1 as Slot,
      standbyOptions,
      stopped: new Map(),
    };
    child.worker.on("error", (error) => this.#failed(child, error));
    child.worker.on("exit", (exitCode) => this.#ended(child, exitCode));
    return child;
  }

  #failed(child: Child, error: unknown): void {
    this.adoptGiven();
    if (child.slot === -1 || this.#endedOnStandby(child)) return;
    // Node copies it as an object of its class, which would be shown as "TypeError [Error]".
    if (error instanceof Error) Reflect.deleteProperty(error, Symbol.toStringTag);
    child.error = error;
    const code = (error as NodeJS.ErrnoException | null)?.code;
    if (stateOf(this.#m, child.slot) === STATE_BOOTING) child.reason ??= "boot";
    child.reason ??= code === "ERR_WORKER_OUT_OF_MEMORY" ? "out-of-memory" : "uncaught-exception";
  }

  #ended(child: Child, exitCode: number): void {
    if (!this.standby.ended(child)) {
      this.adoptGiven();
      this.standby.ended(child);
    }
    clearTimeout(this.#stopping.get(child));
    clearTimeout(child.leavesLater);
    this.#stopping.delete(child);
    const { slot } = child;
    if (slot === -1) return;
    this.#bySlot.delete(slot);
    const id = idOf(this.#m, slot);
    if (this.#endedOnStandby(child)) {
      repairLocks(this.#m, slot);
      this.boot(slot, id, child.standbyOptions as BootOptions);
      return;
    }
    const state = stateOf(this.#m, slot);
    const byItself = state === STATE_FINALIZING ? "closed" : state === STATE_BOOTING ? "boot" : "exit";
    const reason = child.reason ?? byItself;
    if (reason === "boot")
      child.error ??= new Error(`its thread ended with exit code ${exitCode} before it was ready`);
    if (child.leaving !== undefined) {
      this.#deaths.report(child.leaving);
      return;
    }
    // A thread that was terminated has no exit code of its own; Node reports the same one for all of them.
    const terminated = ["terminated", "timeout", "aborted"].includes(reason);
    this.#deaths.report({
      slot,
      id,
      reason,
      exitCode: terminated ? -1 : exitCode,
      error: child.error,
      stopped: child.stopped,
    });
  }

  /** Whether a standby thread, which has ended, did so before it served its slot. */
  #endedOnStandby({ standbyOptions, reason, slot }: Child): boolean {
    return standbyOptions !== undefined && reason === undefined && stateOf(this.#m, slot) === STATE_BOOTING;
  }

  /** Ends interpreter `id`, if it is alive. */
  terminate(id: InterpreterId, reason: EndReason): void {
    const m = this.#m;
    const slot = slotOf(m, id);
    const child = this.#bySlot.get(slot);
    if (child !== undefined) {
      const ending = child.reason !== undefined;
      child.reason ??= reason;
      closeExecutions(m, slot);
      // One that is ending by itself has an error, or an exit code, that only its end tells.
      if (!ending) fence(m, slot);
      this.#stop(child);
      if (ending) return;
      const death: Death = { slot, id, reason, exitCode: -1, error: undefined, stopped: child.stopped };
      child.leaving = death;
      // Whoever knows of its end may read what it has counted, or end the process.
      if (child.isMeasured) child.leavesLater = setTimeout(() => this.#deaths.leave(death), COVERAGE_LIMIT);
      else this.#deaths.leave(death);
    } else if (this.#discard(slot, id, reason)) {
      // It had nothing to stop.
    } else if (slot !== -1 && get(m, slotPointer(slot) + S_CREATOR) !== 0) {
      // Its creator has claimed the slot, and its boot request is still on the way.
      this.#doomed.set(id, reason);
    }
  }

  /** At once; but a thread that may be at a place where it must not be stopped first gets the chance to come out of it. */
  #stop(child: Child): void {
    const { slot, worker } = child;
    const m = this.#m;
    const p = slotPointer(slot) + S_ADDONS;
    if (load(m, p) === ADDONS_LEAVE || this.#stopping.has(child)) return;
    const leaves = cas(m, p, ADDONS_LOADED, ADDONS_LEAVE) === ADDONS_LOADED;
    const { booting, running } = stopPatience;
    const patience = stateOf(m, slot) === STATE_BOOTING ? booting : running;
    if (leaves || patience > 0)
      this.#stopping.set(
        child,
        setTimeout(() => this.#stopNow(child), leaves ? LEAVE_LIMIT : patience),
      );
    else terminateThread(worker);
    if (!leaves) return;
    // Its event loop waits on that word. In a blocking operation of this package it waits for its doorbell.
    wake(m, p, Infinity);
    ring(m, slot);
  }

  #stopNow(child: Child): void {
    clearTimeout(this.#stopping.get(child));
    this.#stopping.delete(child);
    terminateThread(child.worker);
  }

  /** Stops those that wait for that behind the fence. */
  stopStill(): void {
    for (const child of this.#stopping.keys()) if (standsStill(this.#m, child.slot)) this.#stopNow(child);
  }

  /** Stops the work item in whichever slot executes it, if any does. */
  stopWork(caller: InterpreterId, sequence: number, reason: EndReason): void {
    const end = load(this.#m, H_SLOTS_USED);
    for (let slot = 0 as Slot; slot < end; slot++) this.stopWorkIn(slot, caller, sequence, reason);
  }

  /** Stops the work item if that slot executes it. That takes terminating the interpreter, unless its guest can be interrupted and obeys. */
  stopWorkIn(slot: Slot, caller: InterpreterId, sequence: number, reason: EndReason): void {
    if (interrupt(this.#m, slot, caller, sequence, reasonNumber(reason))) {
      ring(this.#m, slot);
      setTimeout(() => this.stopWorkIn(slot, caller, sequence, reason), INTERRUPT_LIMIT);
      return;
    }
    const execution = condemn(this.#m, slot, caller, sequence);
    if (execution === 0) return;
    this.#bySlot.get(slot)?.stopped.set(execution, reason);
    this.terminate(idOf(this.#m, slot), reason);
  }
}
