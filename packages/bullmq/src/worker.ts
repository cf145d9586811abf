/**
 * A worker: a process that serves a queue with a pool of interpreters.
 *
 *     BullMQ's Worker ─ a job ─▶ runTask ─▶ pool ─▶ outcome ─▶ the caller's stream of replies ─▶ the job is done
 *
 * The outcome is sent before the end of the job, on the same connection: a process that dies in between leaves a job that is run again, and
 * never one that is done without an outcome.
 */
import { type IRedisClient, type Job, UnrecoverableError, WaitingError, Worker } from "bullmq";
import { hostname } from "node:os";
import { InterpreterDiedError, InterpreterPoolExecutor } from "interpreters";
import type { RemoteOutcome } from "interpreters/core";
import { coalesceWrites } from "./coalesce.js";
import { checkCluster, connectionError, ConnectionWatch, placeOf } from "./connection.js";
import { Control } from "./control.js";
import { makeError, messageOf } from "./errors.js";
import { fetchingBackend } from "./fetching.js";
import { labelOf, ModuleNames, projectRoot } from "./function-name.js";
import type { WorkerCounts } from "./health.js";
import { diedOutcome, encodeOutcome, type TaskData, VERSION } from "./messages.js";
import { type CheckedWorkerOptions, checkWorkerOptions, type WorkerOptions } from "./options.js";
import { Outcomes } from "./outcomes.js";
import { BROKEN_OFF, BROKEN_OFF_OUTCOME, runTask, STOPPED, Stopper } from "./run-task.js";
import { RunTimes } from "./run-times.js";
import { runScript, defineScripts } from "./scripts.js";
import { clearInterval, setImmediate, setInterval } from "./timers.js";
import { abandon, connected } from "./worker-connection.js";

/** BullMQ would end tasks of dead workers by itself, without an outcome. This package counts the deaths. */
const UNLIMITED = 1_000_000;

/** Milliseconds from the end of the time of grace until a worker ends without Redis, if that is away. */
const LAST_CHANCE = 1000;

/** Milliseconds between two looks at whether a worker that closes must wait for Redis. */
const LOOK_EVERY = 100;

/** How many requests to stop a task are kept that came before the task, or that other workers see to. */
const MOST_STOPPED = 1000;

/** A worker that serves a queue: what `createWorker` returns. */
export interface QueueWorker {
  /** Counters, for metrics. */
  counts(): WorkerCounts;
  /**
   * Takes no more tasks and resolves when those that run are done. After `grace` milliseconds (default: no limit) it stops the others: a task
   * with retries goes back to the queue, and one without fails with `InterpreterDiedError`.
   */
  close(options?: { grace?: number }): Promise<void>;
  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Serves a queue with a pool of interpreters. Resolves when Redis is connected.
 *
 * @throws TypeError, RangeError a bad option; InterpreterError (`ERR_REDIS_UNREACHABLE`, `ERR_REDIS_REFUSED`)
 * @example
 * import { createWorker } from "interpreters-bullmq";
 *
 * await using worker = await createWorker({ queue: "images", workers: 2 });
 * console.log(worker.counts().connected); // true
 */
export async function createWorker(options: WorkerOptions): Promise<QueueWorker> {
  return await startWorker(options);
}

/** As `createWorker`, which rejects with the signal's reason if that aborts before Redis is connected. */
export async function startWorker(options: WorkerOptions, stop?: AbortSignal): Promise<QueueWorker> {
  const server = new TaskServer(checkWorkerOptions(options));
  await server.start(stop);
  return server;
}

class TaskServer implements QueueWorker {
  readonly #options: CheckedWorkerOptions;
  readonly #names: ModuleNames;
  readonly #pool: InterpreterPoolExecutor;
  readonly #worker: Worker;
  readonly #where: string;
  readonly #place: string;
  /** The tasks that run, by executor and number. */
  readonly #running = new Map<string, Stopper>();
  /** For the next tasks. */
  readonly #stoppers: Stopper[] = [];
  /** Tasks to stop that did not run here when their callers said so. */
  readonly #stopped = new Set<string>();
  readonly #places: number;
  readonly #times: RunTimes;
  #client!: IRedisClient;
  #outcomes!: Outcomes;
  #control: Control | undefined;
  #watch: ConnectionWatch | undefined;
  #completed = 0;
  #failed = 0;
  #died = 0;
  #handedBack = 0;
  #milliseconds = 0;
  #closing: Promise<void> | undefined;
  #closed = false;
  #look: NodeJS.Timeout | undefined;
  #lastLine = "";

  constructor(options: CheckedWorkerOptions) {
    this.#options = options;
    const { queue, connection, prefix, root, workers, concurrency, lockDuration, stalledInterval, log } =
      options;
    this.#names = new ModuleNames(root ?? projectRoot(process.cwd()));
    this.#where = `the worker on ${hostname()} (process ${process.pid}, folder ${this.#names.root})`;
    this.#place = placeOf(connection);
    const sink = { write: (text: string): void => void process.stderr.write(text) };
    this.#pool = new InterpreterPoolExecutor({
      name: "interpreters-worker",
      concurrency,
      stdout: sink,
      stderr: sink,
      ...(workers !== undefined && { maxWorkers: workers }),
    });
    this.#times = new RunTimes(this.#pool);
    this.#places = this.#pool.maxWorkers * concurrency;
    const run = async (job: Job, token = ""): Promise<void> => await this.#process(job, token);
    const workerOptions = {
      connection,
      prefix,
      concurrency: this.#places,
      lockDuration,
      stalledInterval,
      maxStalledCount: UNLIMITED,
      // BullMQ waits so long before it fetches again after an interruption.
      runRetryDelay: 500,
      autorun: false,
    };
    this.#worker = new Worker(queue, run, workerOptions, fetchingBackend);
    this.#worker.on("error", (error) => {
      if (this.#closing !== undefined) return;
      const line = `interpreters worker: ${messageOf(error) || String(error)}`;
      // An interruption reports itself many times a second.
      if (line !== this.#lastLine) log(line);
      this.#lastLine = line;
    });
  }

  /** @throws InterpreterError no connection is made in time, or Redis refuses it */
  async start(stop?: AbortSignal): Promise<void> {
    try {
      await connected(this.#worker, this.#place, this.#options.connectTimeout, stop);
      await this.#prepare();
    } catch (error) {
      this.#closing = Promise.resolve();
      this.#control?.stop();
      await abandon(this.#worker);
      await this.#pool.shutdown({ timeout: 0 });
      throw stop?.aborted === true ? error : connectionError(this.#place, error);
    }
    this.#watch = new ConnectionWatch(this.#client, () =>
      this.#client.get(this.#worker.toKey("interpreters:ping")),
    );
    this.#worker
      .run()
      .catch((error: unknown) => this.#options.log(`interpreters worker: ${messageOf(error)}`));
  }

  async #prepare(): Promise<void> {
    this.#client = await this.#worker.getBackend().client;
    const key = (name: string): string => this.#worker.toKey(`interpreters:${name}`);
    checkCluster(this.#client, key(""), this.#place);
    defineScripts(this.#client);
    coalesceWrites(this.#client);
    this.#outcomes = new Outcomes(this.#client, key, this.#options.log);
    this.#control = new Control(
      this.#client.duplicate({ maxRetriesPerRequest: null }),
      key("control"),
      (task) => this.#stop(task),
    );
    this.#control.start();
    await runScript(this.#client, "interpretersPlaces", [key("places")], [this.#places]);
  }

  counts(): WorkerCounts {
    return {
      completed: this.#completed,
      failed: this.#failed,
      died: this.#died,
      handedBack: this.#handedBack,
      running: this.#running.size,
      seconds: this.#milliseconds / 1000,
      connected: this.#client.status === "ready",
      closing: this.#closing !== undefined,
      pool: this.#pool.stats(),
    };
  }

  async close({ grace }: { grace?: number } = {}): Promise<void> {
    const timer = grace === undefined ? undefined : setTimeout(() => this.#breakOff(), grace).unref();
    await (this.#closing ??= Promise.race([this.#close(), this.#left]));
    this.#closed = true;
    clearTimeout(timer);
    clearInterval(this.#look);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#watch?.stop();
    // Waits for the jobs that run, which end with their outcomes.
    const ended = this.#worker.close();
    await this.#idle();
    this.#look = setInterval(() => {
      // Redis has all outcomes, or never gets them.
      if (this.#outcomes.allStored && this.#client.status !== "ready") void this.#leaveRedis();
    }, LOOK_EVERY);
    await this.#outcomes.stored();
    await ended;
    this.#control?.stop();
    await this.#pool.shutdown({ timeout: 1000 });
  }

  async #idle(): Promise<void> {
    while (this.#running.size > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
  }
  #whenIdle: (() => void) | undefined;

  /** Resolves when the worker ends without Redis, which is away. */
  #leave!: () => void;
  readonly #left = new Promise<void>((resolve) => (this.#leave = resolve));

  /** The caller wants a task to be stopped. */
  #stop(task: string): void {
    const running = this.#running.get(task);
    if (running !== undefined) return running.stop(STOPPED);
    // Its job may be on its way to here.
    this.#stopped.add(task);
    if (this.#stopped.size > MOST_STOPPED)
      for (const oldest of this.#stopped) return void this.#stopped.delete(oldest);
  }

  /** Stops what runs. */
  #breakOff(): void {
    for (const running of this.#running.values()) running.stop(BROKEN_OFF);
    // Redis may come back in the meantime.
    setTimeout(() => {
      if (this.#closed || this.#client.status === "ready") return;
      if (!this.#outcomes.allStored)
        this.#options.log(
          "interpreters worker: Redis is away, so outcomes that it does not have yet are lost with this worker; their tasks count as those of a dead worker",
        );
      this.#outcomes.abandon();
      void this.#leaveRedis();
    }, LAST_CHANCE).unref();
  }

  /** Ends without Redis, which is away. */
  async #leaveRedis(): Promise<void> {
    this.#control?.stop();
    await abandon(this.#worker);
    await this.#pool.shutdown({ timeout: 0 });
    this.#leave();
  }

  /** Runs a job. BullMQ marks it as failed if this throws. */
  async #process(job: Job, token: string): Promise<void> {
    const data = job.data as Partial<TaskData> & { readonly x?: 1 };
    if (data.x === 1) return;
    if (typeof data.v !== "number" || typeof data.r !== "string" || typeof data.i !== "number")
      throw new UnrecoverableError(
        "This queue is served by interpreters-bullmq, and the job is no task of a BullMQExecutor",
      );
    const task = data as TaskData;
    if (task.k !== undefined) return await this.#processBundle(job, task, task.k);
    const { outcome, ran } = await this.#tracked(
      task,
      task.i,
      async (stopper) => await this.#runJob(job, task, stopper),
    );
    if (outcome === undefined) return;
    if (outcome === BROKEN_OFF_OUTCOME && (task.n ?? 0) > job.stalledCounter + (task.d ?? 0)) {
      await this.#handBack(job, token);
      throw new WaitingError();
    }
    await this.#send(job, task, task.i, ran, outcome);
    // Redis sends its answers only after it has executed all commands that it has read, so the one that ends the job comes later. While others run, that
    // would cost more than it gains.
    if (this.#running.size === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    if (outcome.kind === "threw" || outcome.kind === "failed")
      throw new UnrecoverableError(messageOf(outcome.kind === "threw" ? outcome.thrown : outcome.error));
  }

  /** Each task of a bundle has its own outcome. The job ends with the last of them. */
  async #processBundle(job: Job, task: TaskData, tasks: NonNullable<TaskData["k"]>): Promise<void> {
    const takenKey = this.#worker.toKey(`interpreters:taken:${job.id}`);
    const taken = await this.#client.hgetall(takenKey);
    const some = Object.keys(taken).length > 0;
    const left = some ? tasks.filter(([id]) => taken[id] === undefined) : tasks;
    if (job.stalledCounter > 0) {
      // The worker that died may have had more places than this one.
      const key = this.#worker.toKey("interpreters:places");
      const most = await runScript(this.#client, "interpretersPlaces", [key], [this.#places]);
      const ids = left.map(([id]) => id);
      await this.#outcomes.giveBack(task, ids, most as number);
    } else {
      await Promise.all(left.map(async ([id, values]) => await this.#runBundled(job, task, id, values)));
    }
    if (some) await this.#client.del(takenKey);
  }

  async #runBundled(job: Job, task: TaskData, id: number, values: string): Promise<void> {
    const run = async (stopper: Stopper): Promise<RemoteOutcome> =>
      await this.#runValues(task, values, stopper, 0);
    const { outcome, ran } = await this.#tracked(task, id, run);
    if (outcome === BROKEN_OFF_OUTCOME) {
      this.#handedBack++;
      await this.#outcomes.giveBack(task, [id], 1);
    } else await this.#send(job, task, id, ran, outcome);
  }

  /** Runs a task so that it can be stopped. `ran` is about how many milliseconds it ran, without the time in line. */
  async #tracked<T>(
    task: TaskData,
    id: number,
    run: (stopper: Stopper) => Promise<T>,
  ): Promise<{ outcome: T; ran: number }> {
    const key = `${task.r}-${id}`;
    const stopper = this.#stoppers.pop() ?? new Stopper(this.#pool);
    const began = performance.now();
    this.#running.set(key, stopper);
    if (this.#stopped.delete(key)) stopper.stop(STOPPED);
    // The tasks of a bundle wait for each other.
    const inLine = Math.max(1, this.#running.size / this.#places);
    try {
      const outcome = await run(stopper);
      return { outcome, ran: this.#times.of((performance.now() - began) / inLine) };
    } finally {
      this.#running.delete(key);
      if (!stopper.signal.aborted && this.#stoppers.length < this.#places) this.#stoppers.push(stopper);
      if (this.#running.size === 0) this.#whenIdle?.();
    }
  }

  async #send(job: Job, task: TaskData, id: number, ran: number, outcome: RemoteOutcome): Promise<void> {
    this.#milliseconds += ran;
    this.#count(outcome);
    await this.#outcomes.send(
      job.id as string,
      task,
      id,
      Math.round(ran * 1000),
      encodeOutcome(outcome, task.m),
    );
  }

  /** Runs the task of a job. Returns undefined if it has its outcome already. */
  async #runJob(job: Job, task: TaskData, stopper: Stopper): Promise<RemoteOutcome | undefined> {
    let values = task.a;
    if (values === undefined) {
      const apart = await this.#client.get(this.#outcomes.argsKey(job.id as string));
      // They are deleted when the outcome is stored.
      if (apart === null) return undefined;
      values = apart;
    }
    const { n: retries = 0, d: counted = 0 } = task;
    const deaths = job.stalledCounter + counted;
    if (deaths > retries) return diedOutcome(labelOf(task.f, task.e), deaths, retries);
    return await this.#runValues(task, values, stopper, deaths);
  }

  async #runValues(task: TaskData, values: string, stopper: Stopper, deaths: number): Promise<RemoteOutcome> {
    if (task.v !== VERSION) {
      const message = `Cannot run ${labelOf(task.f, task.e)}: its caller has another version of interpreters-bullmq (messages of version ${task.v}, here ${VERSION}). Install the same in both`;
      return { kind: "failed", error: makeError("ERR_TASK_VERSION", message) };
    }
    const retries = (task.n ?? 0) - deaths;
    const outcome = await runTask(stopper, this.#names, task, values, retries, this.#where);
    const { signal } = stopper;
    return signal.aborted && signal.reason === BROKEN_OFF && outcome.kind !== "value"
      ? BROKEN_OFF_OUTCOME
      : outcome;
  }

  async #handBack(job: Job, token: string): Promise<void> {
    await runScript(this.#client, "interpretersBrokeOff", [this.#worker.toKey(job.id as string)]);
    await job.moveToWait(token);
    this.#handedBack++;
  }

  #count(outcome: RemoteOutcome): void {
    if (outcome.kind === "value" || outcome.kind === "batch") this.#completed++;
    else if (outcome.kind === "failed" && outcome.error instanceof InterpreterDiedError) this.#died++;
    else this.#failed++;
  }
}
