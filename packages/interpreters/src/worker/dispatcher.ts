/**
 * Executes work items: reads what came with one, loads its function once, runs it, and replies (replies.ts), at once or when its promise is
 * settled. The loop in work-loop.ts takes the items.
 */
import { clock } from "../base/clock.js";
import { InterpreterError, NotShareableError } from "../base/errors.js";
import type { ExecutingSide, GuestFunction } from "../guests/language.js";
import { get } from "../memory/atomics.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import { S_LANGUAGE, STATE_FINALIZING, STATE_READY } from "../memory/layout.js";
import { keep, type Received } from "../kernel/receive.js";
import { request } from "../thread/supervisor-client.js";
import { namespaceOf } from "./namespace.js";
import { Objects } from "./objects.js";
import { Replies, type WorkItem, Refusal } from "./replies.js";
import { finishIo } from "./finish-io.js";
import { feed, RunningTime } from "./feeder.js";
import { Places } from "./places.js";
import { callSafely, reportError } from "../base/report.js";
import { after, promiseOf } from "../base/thenable.js";
import { type CallFailure, runCallBatch } from "../wire/call-batch.js";
import { fetchCode } from "../wire/code.js";
import { checkReadable, type EncodedRecord, headerWord, readEncoded } from "../wire/message.js";
import { executeEncoded, openToInterrupts } from "./guest-work.js";
import { CODEC_NEUTRAL } from "../codec/codec.js";
import { readCall } from "../transfer/handover.js";
import { type PoolSetup, servedPool } from "./pool.js";
import {
  REPLY_REFUSED,
  REPLY_VALUE,
  REQUEST_DEADLINE,
  REQUEST_FINALIZING,
  WORK_CALL,
  WORK_CALL_BATCH,
  WORK_CARRIES,
  WORK_CLOSE,
  WORK_CONSTRUCT,
  WORK_EXEC,
  WORK_GUEST,
  WORK_ITERATE,
  WORK_OBJECT,
  WORK_OBJECT_ITERATE,
  WORK_PREPARE,
  WORK_SERVE,
} from "../wire/protocol.js";
import { setState } from "../kernel/registry.js";
import { endWork } from "../kernel/executions.js";
import { isObserved, note } from "../kernel/observations.js";
import { type Carrier, runCarried } from "../thread/carried.js";
import { observeThread } from "../thread/observing.js";
import type { Runtime } from "../thread/runtime.js";

/** How long an interpreter that is closing may run its exit handlers; milliseconds. */
const FINALIZE_LIMIT = 2_000;

/** The header of a work item. */
interface Work {
  readonly kind: number;
  /** The function's id and its code, if the work has one. */
  readonly a: number;
  readonly b: Pointer;
  /** Milliseconds; 0 for none. */
  readonly timeout: number;
  /** Whether something travels with it. */
  readonly carries: boolean;
}

export class WorkDispatcher {
  readonly places: Places;
  /** Whether code of users may have run in this thread. */
  ranCode = false;
  readonly #rt: Runtime;
  readonly #guest: ExecutingSide;
  /** The codec tag of its language. */
  readonly #language: number;
  readonly #functions = new Map<number, GuestFunction>();
  readonly #replies: Replies;
  /** The objects that other interpreters have constructed here. */
  readonly #objects: Objects;

  constructor(rt: Runtime, guest: ExecutingSide, concurrency: number) {
    this.#rt = rt;
    this.#guest = guest;
    this.#replies = new Replies(rt, guest);
    this.#objects = new Objects(rt);
    this.#language = get(rt.m, rt.m.me + S_LANGUAGE);
    this.places = new Places(rt, concurrency);
  }

  /** Takes no more tasks from the pool. From now on its replies say so. */
  retire(): void {
    this.places.pool = undefined;
    this.#replies.last = true;
  }

  /** Executes an item, and parks it if others may run beside it. */
  take(received: Received, ofPool: boolean, several: boolean): void | Promise<void> {
    const { places } = this;
    const kind = headerWord(this.#rt.m, received, 1) & ~WORK_CARRIES;
    const iterates = isIteration(kind) && places.takesIteration();
    const beside = ofPool ? several || places.isOpen : kind === WORK_CALL && places.takesCall();
    if (!iterates && !beside) return this.execute(received);
    places.executeBeside(ofPool, iterates, () => this.execute(received));
  }

  /** Executes one work item and replies. Returns a promise only if the item returned one. */
  execute(received: Received): void | Promise<void> {
    const { m } = this.#rt;
    const item = this.places.next;
    item.sender = received.sender;
    item.sequence = headerWord(m, received, 0);
    const carries = headerWord(m, received, 1) & WORK_CARRIES;
    const kind = headerWord(m, received, 1) & ~WORK_CARRIES;
    const a = headerWord(m, received, 2);
    const b = headerWord(m, received, 3) as Pointer;
    const timeout = headerWord(m, received, 5);
    if (this.#guest.interruptible === true)
      openToInterrupts(m, kind !== WORK_CALL_BATCH && !this.places.isOpen);
    const observed = isObserved(m);
    item.began = headerWord(m, received, 4) === 0 && !observed ? 0 : clock();
    if (observed) {
      // A thread that is older than what observes it.
      callSafely(observeThread, this.#rt);
      note(m, item.execution, kind, a, b, item.began);
    }
    if (timeout > 0) this.#limit(item, timeout);
    const work: Work = { kind, a, b, timeout, carries: carries !== 0 };
    let loading: Promise<unknown> | undefined;
    try {
      // The module of the function may register types (`registerType`) that its arguments have, so it is loaded before these are read.
      // (Not an initializer, whose free names may be those that the pool shares, which come with the work.)
      if (isCall(kind) && !this.#functions.has(a))
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
  #read(item: WorkItem, work: Work, received: Received): void | Promise<void> {
    const { kind } = work;
    let value: unknown;
    try {
      value = kind === WORK_GUEST ? readEncoded(this.#rt.m, received) : readCall(this.#rt.m, received, item);
      if (isCall(kind) || kind === WORK_PREPARE) this.#checkReadable(received);
    } catch (error) {
      this.#replies.reply(item, REPLY_REFUSED, error);
      return;
    }
    try {
      const result = work.carries ? this.#runCarried(item, work, value) : this.#start(item, work, value);
      const promise = promiseOf(result);
      if (promise !== undefined) return this.#replyLater(item, promise);
      this.#replies.reply(item, REPLY_VALUE, result);
    } catch (error) {
      this.#replies.replyFailure(item, error);
    }
  }

  #start(item: WorkItem, work: Work, value: unknown): unknown {
    const { kind, a, b, timeout } = work;
    if (kind === WORK_CALL_BATCH) return this.#each(item, timeout, a, b, value as unknown[][]);
    if (isIteration(kind)) return this.#iterate(item, work, value as unknown[]);
    if (kind === WORK_CONSTRUCT) return this.#construct(item, a, b, value as unknown[]);
    return this.#run(kind, a, b, value);
  }

  /** Does what came with a carrier, as its last element. */
  #runCarried(item: WorkItem, work: Work, value: unknown): unknown {
    const list = value as unknown[];
    const carrier = list.pop() as Carrier;
    const { name = "" } = this.#functions.get(work.a) ?? {};
    const what = work.kind === WORK_EXEC ? "exec" : work.kind === WORK_OBJECT ? "method" : name;
    return runCarried(carrier, what === "" ? "anonymous function" : what, this.#rt.id, () =>
      this.#start(item, work, work.kind === WORK_EXEC ? list[0] : list),
    );
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
    if (kind === WORK_OBJECT) return this.#objects.run(a, b, value as unknown[]);
    if (kind === WORK_EXEC) {
      this.ranCode = true;
      const promise = promiseOf(this.#guest.exec(value));
      return promise && after(promise, () => undefined);
    }
    if (kind === WORK_PREPARE) return this.#guest.prepare(namespaceOf(value));
    if (kind === WORK_SERVE) return this.#serve(a, b, value as PoolSetup);
    if (kind === WORK_GUEST) return executeEncoded(this.#rt.m, this.#guest, value as EncodedRecord);
    return kind === WORK_CLOSE ? this.#close() : undefined;
  }

  #construct({ sender }: WorkItem, id: number, pointer: Pointer, args: unknown[]): unknown {
    return this.#load(id, pointer, (make) => this.#objects.add(make(...args), sender));
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

  /** Executes an iteration. The time that it waits for its consumer does not count. */
  #iterate(item: WorkItem, { kind, a, b, timeout }: Work, args: unknown[]): Promise<unknown> {
    const id = args.pop() as QueueId;
    const { seat, sender } = item;
    const clockOf = timeout > 0 ? new RunningTime(timeout, (left) => this.#limit(item, left)) : undefined;
    const wait = (waits: boolean): void => {
      clockOf?.wait(waits);
      seat?.wait(waits);
    };
    const isMethod = kind === WORK_OBJECT_ITERATE;
    const begin = (): unknown =>
      isMethod ? this.#objects.begin(a, b, args) : this.#run(WORK_CALL, a, b, args);
    const method = isMethod ? this.#objects.nameOf(a, b) : undefined;
    return feed(this.#rt, id, sender, { wait }, begin, method);
  }

  /** Has the supervisor stop the item if it runs for another `timeout` milliseconds. */
  #limit({ sender, sequence }: WorkItem, timeout: number): void {
    request(this.#rt, REQUEST_DEADLINE, sender, sequence, timeout);
  }

  /** Sets up for a pool, and takes its tasks only when the set-up is done. */
  #serve(id: number, pointer: Pointer, setup: PoolSetup): unknown {
    if (setup.concurrency > 1) this.places.openFor(setup.concurrency);
    const begin = (): void => {
      this.#rt.servesPool = true;
      this.#rt.attend();
      this.places.pool = servedPool(this.#rt.m, setup);
    };
    if (setup.shared !== undefined) this.#guest.prepare(setup.shared);
    const promise = id === 0 ? undefined : promiseOf(this.#run(WORK_CALL, id, pointer, setup.initargs));
    return promise === undefined ? begin() : after(promise, begin);
  }

  /** Calls `use` with the function of code `id`, which is loaded the first time. */
  #load(id: number, pointer: Pointer, use: (fn: GuestFunction) => unknown): unknown {
    this.ranCode = true;
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
    const { execution } = this.places.next;
    await this.places.noneParked();
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

function isIteration(kind: number): boolean {
  return kind === WORK_ITERATE || kind === WORK_OBJECT_ITERATE;
}

/** Whether its header names code. */
function isCall(kind: number): boolean {
  return kind === WORK_CALL || kind === WORK_CALL_BATCH || kind === WORK_ITERATE || kind === WORK_CONSTRUCT;
}
