/**
 * An interpreter's main loop: take a work item, execute it, reply, take the next.
 *
 * It executes one item at a time, first in, first out, from its own mailbox first and then from the lanes of the pool that it
 * serves, if any. Microtasks run between items. Every millisecond, and before the thread parks, the event loop gets a turn, so the
 * guest's timers and sockets live on. If an item returns a promise, the loop awaits it on the event loop.
 *
 * A pool may run several tasks at once (`concurrency`): a task that returns a promise is then *parked* in the execution that
 * records it (kernel/executions.ts), and the next item is taken into another execution. Items of the mailbox are never parked: no
 * other item begins until they are done, and an interpreter that is closed ends when all parked tasks are done.
 */
// A script may declare a global of that name: `import { setImmediate } from "node:timers/promises"`.
import { setImmediate } from "../platform/timers.js";
import { clock } from "../base/clock.js";
import { InterpreterError, NotShareableError } from "../base/errors.js";
import type { ExecutingSide, GuestFunction } from "../guests/language.js";
import { get, store } from "../memory/atomics.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import { observe, ring, park, parkAsync } from "../memory/doorbell.js";
import {
  OK,
  EXECUTION_WORDS,
  S_EXECUTION,
  S_LANGUAGE,
  S_TAKING,
  STATE_BOOTING,
  STATE_FINALIZING,
  STATE_READY,
  STATUS_NOT_FOUND,
} from "../memory/layout.js";
import { keep, makeReceived, type Received } from "../kernel/receive.js";
import { request } from "../thread/supervisor-client.js";
import { Replies, type WorkItem, Refusal } from "./replies.js";
import { endThread } from "./fatal.js";
import { finishIo } from "./finish-io.js";
import { FaultAttribution } from "./fault-attribution.js";
import { reportError } from "../base/report.js";
import { after, promiseOf } from "../base/thenable.js";
import { type CallFailure, runCallBatch } from "../wire/call-batch.js";
import { fetchCode } from "../wire/code.js";
import { passWorkOn, stopSpinning, takeWorkOrWait } from "../kernel/lanes.js";
import { takeWork } from "../kernel/mailbox.js";
import { checkReadable, type EncodedRecord, headerWord, readEncoded } from "../wire/message.js";
import { executeEncoded, namespaceOf, openToInterrupts } from "./guest-work.js";
import { CODEC_NEUTRAL } from "../codec/codec.js";
import { readCall } from "../transfer/handover.js";
import { type PoolSetup, type ServedPool, servedPool } from "./pool.js";
import {
  REPLY_REFUSED,
  REPLY_VALUE,
  REQUEST_DEADLINE,
  REQUEST_FINALIZING,
  WORK_CALL,
  WORK_CALL_BATCH,
  WORK_CLOSE,
  WORK_EXEC,
  WORK_GUEST,
  WORK_PREPARE,
  WORK_SERVE,
} from "../wire/protocol.js";
import { setState } from "../kernel/registry.js";
import { endWork, openExecutions } from "../kernel/executions.js";
import type { Runtime } from "../thread/runtime.js";
import { memoryFull } from "../wire/status-error.js";

/** Longest time between two turns of the event loop while there is work; milliseconds. */
const TURN_EVERY = 1;
/** How many work items to execute between two readings of the clock. */
const CLOCK_EVERY = 16;
/** How long an interpreter that is closing may run its exit handlers; milliseconds. */
const FINALIZE_LIMIT = 2_000;
/** Longest wait for more work before V8's garbage collector continues; milliseconds. */
const BEFORE_GC = 3;

/**
 * Serves until the interpreter is closed, or until a warm-up is over (`rt.end`). Calls `afterFirst` after the reply to the first
 * work item.
 */
export async function serve(rt: Runtime, guest: ExecutingSide, afterFirst?: () => void): Promise<void> {
  const { m } = rt;
  const received = makeReceived();
  const dispatcher = new WorkDispatcher(rt, guest);
  setState(m, m.slot, STATE_BOOTING, STATE_READY);
  let lastTurn = clock();
  let count = 0;
  for (;;) {
    const seen = observe(m);
    rt.poll();
    let status = takeWork(m, dispatcher.next.execution, received);
    const { pool } = dispatcher;
    let several = false;
    if (pool !== undefined) {
      if (status === OK || dispatcher.parked === pool.concurrency) passWorkOn(m, pool.lanes);
      else {
        status = takeWorkOrWait(m, pool.lanes, dispatcher.next.execution, received);
        if (status === OK && --pool.left === 0) dispatcher.retire();
        several = status === OK && pool.concurrency > 1;
      }
      // The pool was closed and expects nothing from this interpreter any more, or this thread is about to end.
      if (status === STATUS_NOT_FOUND) dispatcher.pool = undefined;
    }
    if (status === OK) {
      // Awaiting lets the item's microtasks run before the next item begins.
      await (several ? dispatcher.executeBeside(received) : dispatcher.execute(received));
      if (++count === 1) afterFirst?.();
      if (count % CLOCK_EVERY === 0 && clock() - lastTurn > TURN_EVERY) {
        await turn();
        lastTurn = clock();
      }
      continue;
    }
    const { lanes } = dispatcher.pool ?? {};
    // Parked tasks wait for the event loop, which spinning would block. Of the workers of a pool only those with a place spin.
    const spins = dispatcher.parked === 0 && (lanes === undefined || lanes.place !== -1);
    if (spins && rt.adaptiveSpin.spin(seen)) continue;
    if (lanes !== undefined) stopSpinning(m, lanes);
    if (dispatcher.parked === 0 && comesBeforeGc(rt, seen)) continue;
    await turn();
    if (rt.ended) return;
    lastTurn = clock();
    rt.goDormant();
    await parkAsync(m, seen);
    if (spins) rt.adaptiveSpin.parked(lastTurn);
  }
}

/**
 * V8 marks the whole heap for a large buffer that has arrived. It finishes, which takes milliseconds, at the next turn of the event
 * loop, and marks again for the next buffer. So this waits briefly for more work, and returns whether some came before that turn.
 */
function comesBeforeGc(rt: Runtime, seen: number): boolean {
  if (!rt.marking) return false;
  rt.marking = false;
  park(rt.m, seen, BEFORE_GC);
  return observe(rt.m) !== seen;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The header of a work item. */
interface Work {
  readonly kind: number;
  /** The function's id and its code, if the work has one. */
  readonly a: number;
  readonly b: Pointer;
  /** Milliseconds; 0 for none. */
  readonly timeout: number;
}

export class WorkDispatcher {
  /** The pool that it serves, as long as it takes tasks from it. */
  pool: ServedPool | undefined;
  /** The execution into which the next work item is taken. */
  next: WorkItem;
  /** How many tasks of the pool are parked. */
  parked = 0;
  readonly #rt: Runtime;
  readonly #guest: ExecutingSide;
  /** The codec tag of its language. */
  readonly #language: number;
  readonly #functions = new Map<number, GuestFunction>();
  readonly #replies: Replies;
  /** Idle executions, besides `next`. */
  readonly #free: WorkItem[] = [];
  #faults: FaultAttribution | undefined;
  #whenNoneParked: (() => void) | undefined;

  constructor(rt: Runtime, guest: ExecutingSide) {
    this.#rt = rt;
    this.#guest = guest;
    this.#replies = new Replies(rt, guest);
    this.#language = get(rt.m, rt.m.me + S_LANGUAGE);
    this.next = workItemIn((rt.m.me + S_EXECUTION) as Pointer);
  }

  /** Takes no more tasks from the pool. From now on its replies say so. */
  retire(): void {
    this.pool = undefined;
    this.#replies.last = true;
  }

  /** Executes a task of the pool as `execute` does, and parks it if it returns a promise. */
  executeBeside(received: Received): void {
    const item = this.next;
    const faults = this.#faults as FaultAttribution;
    const executing = faults.run(item.execution, () => this.execute(received));
    if (executing === undefined) return;
    this.next = this.#free.pop() as WorkItem;
    store(this.#rt.m, this.#rt.m.me + S_TAKING, this.next.execution);
    this.parked++;
    void executing.then(() => this.#unpark(item)).catch(endThread);
  }

  #unpark(item: WorkItem): void {
    const { m } = this.#rt;
    this.#free.push(item);
    // The loop took no more tasks, and may have parked this thread.
    if (this.parked-- === this.pool?.concurrency) ring(m, m.slot);
    if (this.parked === 0) this.#whenNoneParked?.();
  }

  /** Executes one work item and replies. Returns a promise only if the item returned one. */
  execute(received: Received): void | Promise<void> {
    const { m } = this.#rt;
    const item = this.next;
    item.sender = received.sender;
    item.sequence = headerWord(m, received, 0);
    const kind = headerWord(m, received, 1);
    const a = headerWord(m, received, 2);
    const b = headerWord(m, received, 3) as Pointer;
    const timeout = headerWord(m, received, 5);
    if (this.#guest.interruptible === true)
      openToInterrupts(m, kind !== WORK_CALL_BATCH && this.#faults === undefined);
    item.began = headerWord(m, received, 4) === 0 ? 0 : clock();
    if (timeout > 0) this.#limit(item, timeout);
    const work: Work = { kind, a, b, timeout };
    let loading: Promise<unknown> | undefined;
    try {
      // The module of the function may register types (`registerType`) that its arguments have, so it is loaded before these are read.
      // (Not an initializer, whose free names may be those that the pool shares, which come with the work.)
      if ((kind === WORK_CALL || kind === WORK_CALL_BATCH) && !this.#functions.has(a))
        loading = this.#load(a, b, () => undefined) as Promise<unknown> | undefined;
    } catch (error) {
      this.#replies.replyFailure(item, this.#drop(received, item, error));
      return;
    }
    return loading === undefined
      ? this.#read(item, work, received)
      : this.#readLater(item, work, keep(received), loading);
  }

  /** Goes on when the function is loaded. */
  async #readLater(item: WorkItem, work: Work, received: Received, loading: Promise<unknown>): Promise<void> {
    try {
      await loading;
    } catch (error) {
      this.#replies.replyFailure(item, this.#drop(received, item, error));
      return;
    }
    await this.#read(item, work, received);
  }

  /** Decodes what came with the work, and does it. */
  #read(item: WorkItem, { kind, a, b, timeout }: Work, received: Received): void | Promise<void> {
    let value: unknown;
    try {
      value = kind === WORK_GUEST ? readEncoded(this.#rt.m, received) : readCall(this.#rt.m, received, item);
      if (kind === WORK_CALL || kind === WORK_CALL_BATCH || kind === WORK_PREPARE)
        this.#checkReadable(received);
    } catch (error) {
      this.#replies.reply(item, REPLY_REFUSED, error);
      return;
    }
    try {
      const result =
        kind === WORK_CALL_BATCH
          ? this.#each(item, timeout, a, b, value as unknown[][])
          : this.#run(kind, a, b, value);
      const promise = promiseOf(result);
      if (promise !== undefined) return this.#replyLater(item, promise);
      this.#replies.reply(item, REPLY_VALUE, result);
    } catch (error) {
      this.#replies.replyFailure(item, error);
    }
  }

  /** Replies when the promise is settled. */
  async #replyLater(item: WorkItem, promise: PromiseLike<unknown>): Promise<void> {
    let value: unknown;
    try {
      value = await promise;
    } catch (error) {
      this.#replies.replyFailure(item, error);
      return;
    }
    this.#replies.reply(item, REPLY_VALUE, value);
  }

  /** Lets go of what came with work whose function cannot be loaded: it belongs to this thread already. Returns `error`. */
  #drop(received: Received, item: WorkItem, error: unknown): unknown {
    try {
      readCall(this.#rt.m, received, item);
    } catch {
      // The error of the function matters more.
    }
    return error;
  }

  #run(kind: number, a: number, b: Pointer, value: unknown): unknown {
    if (kind === WORK_CALL) {
      const fn = this.#functions.get(a);
      // A function of a module must not see the module's exports as `this`.
      if (fn !== undefined) return fn.apply(undefined, value as unknown[]);
      return this.#load(a, b, (loaded) => loaded.apply(undefined, value as unknown[]));
    }
    if (kind === WORK_EXEC) {
      const promise = promiseOf(this.#guest.exec(value));
      return promise && after(promise, () => undefined);
    }
    if (kind === WORK_PREPARE) return this.#guest.prepare(namespaceOf(value));
    if (kind === WORK_SERVE) return this.#serve(a, b, value as PoolSetup);
    if (kind === WORK_GUEST) return executeEncoded(this.#rt.m, this.#guest, value as EncodedRecord);
    return kind === WORK_CLOSE ? this.#close() : undefined;
  }

  /** Its caller checks this, too, but a task may come from a thread that knows the language by another name. */
  #checkReadable({ codec }: Received): void {
    if (codec !== CODEC_NEUTRAL)
      checkReadable(codec, { name: "guest", tag: this.#language }, "what was sent");
  }

  /** Executes a call batch. A time limit applies to each call. */
  #each(item: WorkItem, timeout: number, id: number, pointer: Pointer, lists: unknown[][]): unknown {
    const next = (): void => {
      if (timeout > 0) this.#limit(item, timeout);
    };
    const failed = (thrown: unknown): CallFailure => this.#replies.inBatch(this.#replies.failureOf(thrown));
    return this.#load(id, pointer, (fn) =>
      runCallBatch(lists, (args) => fn.apply(undefined, args), next, failed),
    );
  }

  /** Has the supervisor stop the item if it runs for another `timeout` milliseconds. */
  #limit({ sender, sequence }: WorkItem, timeout: number): void {
    request(this.#rt, REQUEST_DEADLINE, sender, sequence, timeout);
  }

  /** Sets up for a pool, and takes its tasks only when the set-up is done. */
  #serve(id: number, pointer: Pointer, setup: PoolSetup): unknown {
    if (setup.concurrency > 1) this.#makeRoom(setup.concurrency);
    const begin = (): void => {
      this.#rt.servesPool = true;
      this.#rt.attend();
      this.pool = servedPool(setup);
    };
    if (setup.shared !== undefined) this.#guest.prepare(setup.shared);
    const promise = id === 0 ? undefined : promiseOf(this.#run(WORK_CALL, id, pointer, setup.initargs));
    return promise === undefined ? begin() : after(promise, begin);
  }

  /** Makes executions for the parked tasks, besides the one for the item that is executed at the moment. */
  #makeRoom(concurrency: number): void {
    const executions = openExecutions(this.#rt.m, concurrency);
    if (executions === 0) throw new Refusal(memoryFull(`run ${concurrency} tasks at once`));
    for (let i = concurrency - 1; i >= 0; i--)
      this.#free.push(workItemIn((executions + i * EXECUTION_WORDS) as Pointer));
    this.#faults = new FaultAttribution(this.#rt.m);
  }

  /** Calls `use` with the function of code `id`, which is loaded the first time. */
  #load(id: number, pointer: Pointer, use: (fn: GuestFunction) => unknown): unknown {
    const known = this.#functions.get(id);
    if (known !== undefined) return use(known);
    const description = fetchCode(this.#rt.m, id, pointer);
    if (description === undefined) {
      throw new Refusal(new InterpreterError("Cannot call a function: the interpreter that sent it is gone"));
    }
    const start = (fn: GuestFunction): unknown => {
      this.#functions.set(id, fn);
      return use(fn);
    };
    let fn: GuestFunction | Promise<GuestFunction>;
    try {
      fn = this.#guest.load(description);
    } catch (error) {
      if (error instanceof NotShareableError) throw new Refusal(error);
      throw error;
    }
    return typeof fn === "function" ? start(fn) : after(fn, start);
  }

  /** Ends this thread, as `process.exit()` does. The supervisor's notice settles the operations that wait for the end. */
  async #close(): Promise<never> {
    const { m } = this.#rt;
    const { execution } = this.next;
    if (this.parked > 0) await new Promise<void>((resolve) => (this.#whenNoneParked = resolve));
    setState(m, m.slot, STATE_READY, STATE_FINALIZING);
    endWork(m, execution);
    // From now on the supervisor terminates this thread if it takes too long.
    request(this.#rt, REQUEST_FINALIZING, this.#rt.id, this.#guest.finalizeLimit ?? FINALIZE_LIMIT);
    try {
      await this.#guest.finalize?.();
    } catch (error) {
      // Shown as any uncaught exception. It ends the thread, too, so the interpreter is closed.
      reportError(error);
      await new Promise(() => {});
    }
    this.#rt.end();
    await finishIo();
    process.exit(0);
  }
}

function workItemIn(execution: Pointer): WorkItem {
  return { execution, sender: 0 as InterpreterId, sequence: 0, began: 0, channel: undefined };
}
