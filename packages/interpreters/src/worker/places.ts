/**
 * The executions of this thread: the one into which the next work item is taken, and those of the items that are parked.
 *
 * An item is parked when it returns a promise and others may run beside it: a task of a pool with `concurrency`, a call of an interpreter that was
 * created with it, or an iteration (feeder.ts). A task takes one of the pool's places while it runs, and what came through the mailbox one of the
 * mailbox's; no other item begins while all are taken. An iteration has a *seat*: when it waits for its consumer, it gives the place back.
 */
import type { InterpreterId, Pointer } from "../memory/brands.js";
import { store } from "../memory/atomics.js";
import { ring } from "../memory/doorbell.js";
import { EXECUTION_WORDS, S_EXECUTION, S_TAKING } from "../memory/layout.js";
import { openExecutions } from "../kernel/executions.js";
import { passWorkOn } from "../kernel/lanes.js";
import type { Runtime } from "../thread/runtime.js";
import { memoryFull } from "../wire/status-error.js";
import { endThread } from "./fatal.js";
import { FaultAttribution } from "./fault-attribution.js";
import type { ServedPool } from "./pool.js";
import { Refusal, type WorkItem } from "./replies.js";

/** How many iterations may wait for their consumers at a time while this thread does other work. */
const WAITING_ITERATIONS = 64;

export class Places {
  /** The pool that this thread serves, as long as it takes tasks from it. */
  pool: ServedPool | undefined;
  /** The execution into which the next work item is taken. */
  next: WorkItem;
  /** How many items are parked. */
  parked = 0;
  /** How many parked tasks of the pool run. */
  #taken = 0;
  /** How many parked calls and iterations from the mailbox run, and how many may. */
  #calls = 0;
  readonly #mostCalls: number;
  readonly #rt: Runtime;
  /** Idle executions, besides `next`. */
  readonly #free: WorkItem[] = [];
  #faults: FaultAttribution | undefined;
  #whenNoneParked: (() => void) | undefined;

  /** `concurrency` is that of the mailbox. */
  constructor(rt: Runtime, concurrency: number) {
    this.#rt = rt;
    this.#mostCalls = concurrency;
    this.next = workItemIn((rt.m.me + S_EXECUTION) as Pointer);
  }

  /** Whether items can be parked: `open` was called. */
  get isOpen(): boolean {
    return this.#faults !== undefined;
  }

  /** Whether the mailbox must wait, because as many calls and iterations run that came from there as may. */
  get mailboxWaits(): boolean {
    return this.#calls >= this.#mostCalls;
  }

  /** Whether no further task of the pool may begin. */
  get isFull(): boolean {
    const { pool } = this;
    return (
      pool !== undefined && (this.#taken >= pool.concurrency || (this.isOpen && this.#free.length === 0))
    );
  }

  /** Makes executions for `tasks` parked tasks and for iterations that wait. Returns false if memory is exhausted. */
  #open(tasks: number): boolean {
    const count = Math.max(tasks, this.#mostCalls) + WAITING_ITERATIONS;
    const executions = openExecutions(this.#rt.m, count);
    if (executions === 0) return false;
    for (let i = count - 1; i >= 0; i--)
      this.#free.push(workItemIn((executions + i * EXECUTION_WORDS) as Pointer));
    this.#faults = new FaultAttribution(this.#rt.m);
    return true;
  }

  /** @throws Refusal memory is exhausted */
  openFor(concurrency: number): void {
    if (this.isOpen || this.#open(concurrency)) return;
    throw new Refusal(memoryFull(`run ${concurrency} tasks at once`));
  }

  /** Whether an iteration can be parked now. If not, it runs as a call does, and no other work begins before its end. */
  takesIteration(): boolean {
    return (this.isOpen || this.#open(1)) && this.#free.length > 0;
  }

  /** As `takesIteration`, for a call from the mailbox. */
  takesCall(): boolean {
    return this.#mostCalls > 1 && this.takesIteration();
  }

  /** Has `execute` execute the item in `next`, and parks the item if it returns a promise, which must not reject. */
  executeBeside(ofPool: boolean, iterates: boolean, execute: () => void | Promise<void>): void {
    const item = this.next;
    const seat = iterates ? new Seat((waits) => this.#take(ofPool, waits ? -1 : 1)) : undefined;
    item.seat = seat;
    const executing = (this.#faults as FaultAttribution).run(item.execution, execute);
    if (executing === undefined) return;
    this.next = this.#free.pop() as WorkItem;
    store(this.#rt.m, this.#rt.m.me + S_TAKING, this.next.execution);
    this.parked++;
    this.#count(ofPool, 1);
    void executing.then(() => this.#unpark(item, ofPool, seat)).catch(endThread);
  }

  #unpark(item: WorkItem, ofPool: boolean, seat: Seat | undefined): void {
    const waited = this.isFull || this.mailboxWaits;
    this.#free.push(item);
    this.parked--;
    if (seat?.waits !== true) this.#count(ofPool, -1);
    if (waited) this.#wake();
    if (this.parked === 0) this.#whenNoneParked?.();
  }

  /** An iteration takes its place again, or gives it back. */
  #take(ofPool: boolean, by: number): void {
    const waited = this.isFull || this.mailboxWaits;
    this.#count(ofPool, by);
    if (by < 0) {
      if (waited) this.#wake();
      // This worker may have been rung for a task that it cannot begin now.
    } else if (this.isFull) passWorkOn(this.#rt.m, (this.pool as ServedPool).lanes);
  }

  #count(ofPool: boolean, by: number): void {
    if (ofPool) this.#taken += by;
    else this.#calls += by;
  }

  /** The loop took no more items, and may have parked this thread. */
  #wake(): void {
    ring(this.#rt.m, this.#rt.m.slot);
  }

  /** Resolves when no item is parked. */
  async noneParked(): Promise<void> {
    if (this.parked > 0) await new Promise<void>((resolve) => (this.#whenNoneParked = resolve));
  }
}

/** The seat of an iteration. */
export class Seat {
  /** Whether the iteration waits for its consumer. */
  waits = false;
  readonly #changed: (waits: boolean) => void;

  constructor(changed: (waits: boolean) => void) {
    this.#changed = changed;
  }

  /** The iteration waits for its consumer from now on, or goes on. */
  wait(waits: boolean): void {
    this.waits = waits;
    this.#changed(waits);
  }
}

function workItemIn(execution: Pointer): WorkItem {
  return {
    execution,
    sender: 0 as InterpreterId,
    sequence: 0,
    began: 0,
    channel: undefined,
    seat: undefined,
  };
}
