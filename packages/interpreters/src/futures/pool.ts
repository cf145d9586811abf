/**
 * The pool behind an executor: when interpreters start, when they are replaced, and how the pool ends.
 *
 *     open ──shutdown──▶ shut down ──last task settled──▶ finished: interpreters and queues are gone
 *       │                    │ └──timeout, terminate──▶ all workers are stopped ──▶ finished
 *       └────────────────────┴── the initializer failed ──▶ broken: all tasks fail
 *
 * A worker is started when a task is submitted that the present ones have no place for, up to `maxWorkers`, and when one
 * is lost while there are such tasks, or fewer than `minWorkers` are left. An interpreter that dies by itself must not be
 * restarted over and over: after a death without a task soon after its start, or a failed boot, the pool waits (backoff.ts).
 */
import { onAbort } from "../base/abort.js";
import { clock } from "../base/clock.js";
import { BrokenInterpreterPool, InterpreterError, QueueFull } from "../base/errors.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { defaultLanguage, type Language } from "../guests/language.js";
import type { Death } from "../thread/death.js";
import type { PoolView } from "../thread/tracer.js";
import type { Runtime } from "../thread/runtime.js";
import type { Trace } from "../thread/trace.js";
import { NativePromise } from "../platform/microtasks.js";
import { processors } from "../platform/processors.js";
import type { Future } from "./future.js";
import { Backoff } from "./backoff.js";
import { deathOf, useSubmitter } from "./failure.js";
import { IdleWatch } from "./idle-watch.js";
import { Idleness } from "./idleness.js";
import type { ExecutorOptions } from "./options.js";
import { Room } from "./room.js";
import type { ExecutorStats } from "./stats.js";
import { type Refusal, Tasks, type TasksOwner } from "./tasks.js";
import { timeoutError } from "../base/limits.js";
import { type WorkerDeath, Workers, type WorkersOwner } from "./workers.js";

/** Milliseconds. A worker that dies sooner after its start, without a task, is likely to do so again. */
const EARLY = 10_000;

export class Pool implements TasksOwner, WorkersOwner {
  readonly executor: unknown;
  readonly maxWorkers: number;
  readonly concurrency: number;
  readonly language: Language;
  /** How often each task may be run again. */
  readonly retries: number;
  readonly tasks: Tasks;
  readonly workers: Workers;
  /** Those that wait for room for a task. */
  readonly room: Room;
  readonly #rt: Runtime;
  /** How many tasks that are not done there may be (`maxQueue`). */
  readonly #mostTasks: number;
  readonly #minWorkers: number;
  /** Milliseconds that a shutdown waits for tasks, unless it has a limit of its own. */
  readonly #shutdownTimeout: number;
  readonly #idleness: Idleness;
  /** Waits after workers that died early, without a task, before `minWorkers` are filled up. */
  readonly #deaths: Backoff;
  /** Waits after workers that failed to boot before others are started, as long as there is one. */
  readonly #boots: Backoff;
  /** Learns of the deaths of `minWorkers` while there is no task. */
  readonly #watch: IdleWatch;
  /** Takes the death listener away; the pool's collection does so too. */
  readonly #stopListening: () => void;
  /** Whether new tasks are refused. It stays true. */
  #shutdown = false;
  /** Whether all workers are being stopped. It stays true. */
  #terminated = false;
  /** When all workers are stopped, in milliseconds of `clock`, and the timer for it. */
  #deadline = Infinity;
  #timer: NodeJS.Timeout | undefined;
  /** Why no task can run any more. The first failure stays. */
  #broken: BrokenInterpreterPool | undefined;
  /** Settles when everything is gone. Set by the first `finish`. */
  #finished: Promise<void> | undefined;

  /** @throws NotShareableError the workers' set-up cannot travel; InterpreterError `minWorkers` cannot be started */
  constructor(rt: Runtime, executor: unknown, options: ExecutorOptions) {
    const { maxWorkers = processors(), minWorkers = 0, concurrency = 1, idleTimeout = Infinity } = options;
    const { language = defaultLanguage(), shutdownTimeout = Infinity, maxQueue = Infinity } = options;
    this.#rt = rt;
    this.executor = executor;
    this.maxWorkers = maxWorkers;
    this.retries = options.retries ?? 0;
    this.concurrency = concurrency;
    this.#minWorkers = minWorkers;
    this.#shutdownTimeout = shutdownTimeout;
    this.language = language;
    this.tasks = new Tasks(rt, this, maxWorkers, concurrency, language);
    this.#mostTasks = maxWorkers * concurrency + maxQueue;
    // Those that wait for room in a pool that takes no more tasks must learn of that.
    this.room = new Room(() => (this.#usable() ? this.#mostTasks - this.tasks.size : Infinity));
    this.workers = new Workers(rt, this, options, this.tasks.queues);
    this.#idleness = new Idleness(idleTimeout, minWorkers, () => this.#demand(), this.workers);
    const self = new WeakRef(this);
    const fill = fillOf(self);
    // One early death may be a coincidence. A boot that failed is likely to fail again at once.
    this.#deaths = new Backoff(fill, 1);
    this.#boots = new Backoff(fill, 0);
    this.#watch = new IdleWatch(rt, isIdleOf(self));
    this.#stopListening = listenFor(rt, self);
    collected.register(this, this.#stopListening, this);
    this.#startLeast();
  }

  /** The pool as it is, for those who watch. */
  view(): PoolView {
    const { concurrency, maxWorkers, tasks, workers } = this;
    const { ids, name } = workers;
    return { name, maxWorkers, concurrency, lanes: tasks.pointers, workers: ids, stats: this.stats() };
  }

  /** See `InterpreterPoolExecutor.stats`. */
  stats(): ExecutorStats {
    const { concurrency, tasks, workers } = this;
    return tasks.stats.snapshot(tasks.size, tasks.queued, workers.size, workers.lifetime * concurrency);
  }

  /** @throws BrokenInterpreterPool; InterpreterError (`ERR_EXECUTOR_SHUTDOWN`) */
  checkUsable(): void {
    if (this.#broken !== undefined) {
      throw new BrokenInterpreterPool(this.#broken.message, { cause: this.#broken.cause });
    }
    if (!this.#shutdown) return;
    throw new InterpreterError("Cannot submit a task: the executor was shut down", {
      code: "ERR_EXECUTOR_SHUTDOWN",
    });
  }

  /** See `TasksOwner`. */
  refusal(signal: AbortSignal | undefined, waited: boolean): Refusal | undefined {
    this.checkUsable();
    if (signal?.aborted === true) return { reason: signal.reason };
    if (waited || this.tasks.size < this.#mostTasks) return undefined;
    return {
      reason: new QueueFull(
        `Cannot submit a task: the pool has ${this.tasks.size} that are not done, as many as \`maxQueue\` allows. ` +
          "Wait for room() first.",
      ),
    };
  }

  /** Resolves when there is room for a task, and no earlier waiter for it. */
  async waitForRoom(timeout: number, signal: AbortSignal | undefined): Promise<void> {
    this.checkUsable();
    if (this.room.keep()) return;
    await new NativePromise<void>((resolve, reject) => {
      const end = (settle: () => void): void => {
        stopTimer(timer);
        stopWaiting();
        stopListening?.();
        settle();
      };
      const stopWaiting = this.room.wait(() => end(resolve));
      const timer = startTimer(timeout, () => end(() => reject(noRoom("room", timeout))));
      const stopListening = signal && onAbort(signal, () => end(() => reject(signal.reason)));
    });
    this.checkUsable();
  }

  /** Like `waitForRoom`, but blocks this thread, and does not let others pass that wait on the event loop. */
  waitForRoomSync(timeout: number): void {
    const done = (): boolean => !this.#usable() || this.tasks.size < this.#mostTasks;
    if (!this.#rt.blockUntil(done, timeout)) throw noRoom("roomSync", timeout);
    this.checkUsable();
  }

  #usable(): boolean {
    return this.#broken === undefined && !this.#shutdown;
  }

  /**
   * Starts a worker if this task, just put in line, would wait otherwise. If the pool has no worker and none can
   * be started, the task is withdrawn.
   *
   * @throws InterpreterError no worker can be started
   */
  provideWorkers(future: Future<unknown>): void {
    this.#idleness.came();
    this.room.used();
    if (!this.#wantsWorker()) return;
    try {
      this.workers.start();
    } catch (error) {
      if (this.workers.size > 0) {
        // Another worker will run it. The next tasks do not try again at once, each for itself.
        this.#boots.failed();
        return;
      }
      if (future.done()) return;
      this.tasks.withdraw(future);
      throw error;
    }
  }

  /** A task is done, so there may be more workers than tasks. */
  settled(): void {
    this.#idleness.went();
    this.room.check();
    if (this.isIdle()) this.#watch.start();
  }

  /** Whether it has no task, but workers to keep. */
  isIdle(): boolean {
    return this.#minWorkers > 0 && this.tasks.size === 0 && !this.#shutdown && this.#broken === undefined;
  }

  retired(worker: number): void {
    this.workers.retire(worker);
  }

  lost(end?: WorkerDeath): void {
    if (this.#broken !== undefined || this.#terminated) return;
    if (end === undefined || this.#learn(end)) this.fill();
  }

  /** Starts the workers that the tasks, or `minWorkers`, need. */
  fill(): void {
    if (this.#broken !== undefined || this.#terminated) return;
    try {
      while (this.#wantsWorker()) this.workers.start();
    } catch (cause) {
      this.#cannotStart((trace) => {
        const why = `none can be started: ${(cause as Error).message}`;
        const { code } = cause as InterpreterError;
        const error = new InterpreterError(
          `Cannot run the task: the pool has no interpreter left, and ${why}`,
          { cause, code },
        );
        useSubmitter(error, trace);
        return error;
      });
    }
  }

  /** Learns from a worker's death. Returns whether the next one may start at once. */
  #learn({ death, ready, lived }: WorkerDeath): boolean {
    const { id, reason } = death;
    // Closed by the pool, or ended from outside while it was booting: this says nothing about the next one.
    if (reason === "closed" || (!ready && reason === "terminated")) return true;
    if (!ready) {
      this.#cannotStart((trace) => deathOf(death, trace));
      return false;
    }
    if (this.tasks.lastKilled(id)) return true;
    if (lived > EARLY) this.#deaths.succeeded();
    this.#deaths.failed();
    return true;
  }

  /** A worker cannot be started. If it was the last one, the tasks in line would wait for ever. */
  #cannotStart(makeError: (trace: Trace | undefined) => unknown): void {
    this.#boots.failed();
    if (this.workers.size === 0) this.tasks.failAllInLine(makeError);
  }

  started(): void {
    this.#boots.succeeded();
  }

  /** Fails the tasks in line, lets the running ones end, and then closes the workers. */
  broke(why: string, cause: unknown): boolean {
    if (this.#broken !== undefined) return false;
    this.#broken = new BrokenInterpreterPool(`The pool is broken: ${why}`, { cause });
    this.tasks.retrying = false;
    const broken = this.#broken;
    this.tasks.failAllInLine(() => broken);
    this.room.check();
    void this.workers.close();
    return true;
  }

  /**
   * Takes no more tasks. The promise resolves when the tasks are done and everything is gone. `timeout` milliseconds from
   * now, all workers are stopped.
   */
  finish(cancelTasks: boolean, timeout = this.#shutdownTimeout): Promise<void> {
    this.#stopTaking(cancelTasks, timeout);
    return (this.#finished ??= this.#finish());
  }

  /** Like `finish`, but blocks this thread, and does not wait for sinks of the workers' output. */
  finishSync(cancelTasks: boolean, timeout = this.#shutdownTimeout): void {
    this.#stopTaking(cancelTasks, timeout);
    this.#blockUntil(() => this.tasks.size === 0);
    this.#idleness.stop();
    void this.workers.close();
    this.#blockUntil(() => this.workers.living === 0);
    this.#end();
    this.#finished ??= NativePromise.resolve();
  }

  #stopTaking(cancelTasks: boolean, timeout: number): void {
    this.#shutdown = true;
    this.room.check();
    if (cancelTasks) this.tasks.cancelAllInLine();
    const deadline = clock() + timeout;
    if (timeout === 0) this.#terminate();
    if (this.#terminated || deadline >= this.#deadline) return;
    this.#deadline = deadline;
    stopTimer(this.#timer);
    this.#timer = startTimer(timeout, this.#terminate);
  }

  /** Blocks until `done`, but stops all workers at the deadline. */
  #blockUntil(done: () => boolean): void {
    while (!this.#rt.blockUntil(done, this.#terminated ? Infinity : Math.max(0, this.#deadline - clock())))
      this.#terminate();
  }

  /** Stops all workers, whatever they do: running tasks fail, and those in line are cancelled. */
  readonly #terminate = (): void => {
    this.#terminated = true;
    this.tasks.abandon();
    this.tasks.cancelAllInLine();
    this.workers.terminate();
  };

  /**
   * Starts the workers that must be there before the first task: all of them, or the pool is not created. One that has failed to boot by
   * then is started again later, like one that fails to boot a moment later.
   */
  #startLeast(): void {
    try {
      while (this.workers.size < this.#minWorkers && !this.#boots.waiting) this.workers.start();
    } catch (error) {
      this.#stopListening();
      collected.unregister(this);
      this.#boots.stop();
      void this.workers.close();
      throw error;
    }
    this.#idleness.went();
    if (this.isIdle()) this.#watch.start();
  }

  /** How many workers the tasks would fill. */
  #demand(): number {
    return Math.ceil(this.tasks.size / this.concurrency);
  }

  /** Whether to start a worker now: for a task that would wait for one, or to have `minWorkers` of them. */
  #wantsWorker(): boolean {
    const { size } = this.workers;
    if (size > 0 && this.#boots.waiting) return false;
    if (size < this.maxWorkers && size < this.#demand()) return true;
    return size < this.#minWorkers && !this.#shutdown && !this.#deaths.waiting && !this.#boots.waiting;
  }

  /** Waits for the last task, then closes the workers, and then the queues. */
  async #finish(): Promise<void> {
    await this.tasks.allSettled();
    this.#idleness.stop();
    await this.workers.close();
    this.#end();
  }

  /** No task and no worker is left. May be called again. */
  #end(): void {
    stopTimer(this.#timer);
    this.#deaths.stop();
    this.#boots.stop();
    this.#stopListening();
    collected.unregister(this);
    this.tasks.close();
  }
}

function noRoom(what: string, timeout: number): DOMException {
  return timeoutError(`${what}: there was no room for a task within ${timeout} ms`);
}

/**
 * Passes deaths on to a pool without keeping it reachable: the interpreters of a pool that is collected are closed
 * through their handles. Outside the class, because a closure made in the constructor would share its context with those
 * that hold `this`.
 */
function listenFor(rt: Runtime, self: WeakRef<Pool>): () => void {
  const view = (): PoolView | undefined => self.deref()?.view();
  rt.pools.add(view);
  const stopListening = rt.onDeath((death: Death) => self.deref()?.workers.onDeath(death));
  return () => {
    rt.pools.delete(view);
    stopListening();
  };
}

/** These are outside the class for the same reason. */
function fillOf(self: WeakRef<Pool>): () => void {
  return () => self.deref()?.fill();
}

function isIdleOf(self: WeakRef<Pool>): () => boolean | undefined {
  return () => self.deref()?.isIdle();
}

const collected = new FinalizationRegistry<() => void>((stopListening) => stopListening());
