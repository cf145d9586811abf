/**
 * Takes the tasks of one executor to a BullMQ queue, and brings their outcomes.
 *
 *     send ─▶ Outbox ──next tick──▶ addBulk ─▶ Redis ─▶ a worker ─▶ the stream of replies ─▶ Replies ─▶ RemoteTasks.settle
 *
 * Nothing is lost while Redis has it, and no task stays open for ever: the audit asks now and then what became of the jobs, and fails
 * tasks whose job is gone without an outcome.
 */
import { type IRedisClient, Queue } from "bullmq";
import { randomBytes } from "node:crypto";
import type { Carrier, RemoteTask, RemoteTasks } from "interpreters/core";
import { Audit, type Sent } from "./audit.js";
import { Bundler, type Job, MANY } from "./bundles.js";
import { coalesceWrites } from "./coalesce.js";
import { checkCluster, connectionError, ConnectionWatch, hintFor, placeOf } from "./connection.js";
import { makeError, messageOf } from "./errors.js";
import { FirstConnection } from "./first-connection.js";
import { labelOf, ModuleNames, projectRoot } from "./function-name.js";
import {
  decodeOutcome,
  diedOutcome,
  INLINE,
  type OutcomeData,
  type OutcomeKind,
  type Returned,
  TAKEN_BACK,
  type TaskData,
  VERSION,
} from "./messages.js";
import type { CheckedExecutorOptions } from "./options.js";
import { Outbox } from "./outbox.js";
import { Replies } from "./replies.js";
import { defineScripts, runScript } from "./scripts.js";

/** How many jobs go to Redis at once. */
const BULK = 500;
/** Up to so many jobs are added one by one: ioredis takes longer to set up a pipeline than to send them. */
const FEW = 3;
/** Milliseconds that outcomes wait in Redis for an executor that shows no sign of life. */
const LIFE = 24 * 60 * 60 * 1000;

/** BullMQ's priority of a task: smaller numbers are more urgent, from 1. */
const priorityOf = (priority: number): number => 3 - priority;

export class BullMQCarrier implements Carrier {
  readonly name = "BullMQExecutor";
  readonly places: number;
  readonly #options: CheckedExecutorOptions;
  readonly #queue: Queue;
  readonly #names: ModuleNames;
  readonly #place: string;
  /** Names this executor in Redis. */
  readonly #id = randomBytes(9).toString("base64url").replaceAll("-", "_");
  #tasks!: RemoteTasks;
  #client: IRedisClient | undefined;
  #replies: Replies | undefined;
  #watch: ConnectionWatch | undefined;
  readonly #outbox = new Outbox(
    () => this.#client?.status === "ready",
    (jobs) => this.#submit(jobs),
  );
  /** The commands that are on their way to Redis. */
  readonly #adding = new Set<Promise<void>>();
  /** Tasks that Redis has, or will have in a moment. */
  readonly #sent = new Map<number, Sent>();
  readonly #bundler = new Bundler();
  readonly #ready: Promise<void>;
  readonly #first: FirstConnection;
  #audit: Audit | undefined;
  #closed = false;

  constructor(options: CheckedExecutorOptions) {
    this.#options = options;
    this.places = options.places;
    this.#place = placeOf(options.connection);
    this.#names = new ModuleNames(options.root ?? projectRoot(process.cwd()));
    this.#queue = new Queue(options.queue, { connection: options.connection, prefix: options.prefix });
    // BullMQ reports interruptions here. They end by themselves, except that Redis may refuse the connection.
    this.#queue.on("error", (error) => this.#first.reported(error));
    this.#first = new FirstConnection(this.#place, options.connectTimeout, (error) => {
      for (const { id } of this.#outbox.takeAll()) this.#tasks.fail(id, error);
    });
    this.#ready = this.#open();
    this.#ready.catch((error: unknown) => this.#first.refused(error));
  }

  /** Must be called before the first task. */
  serve(tasks: RemoteTasks): void {
    this.#tasks = tasks;
  }

  /** Resolves when Redis is connected. @throws InterpreterError (`ERR_REDIS_UNREACHABLE`, `ERR_REDIS_REFUSED`) */
  async ready(): Promise<void> {
    await this.#first.ready(this.#ready);
  }

  send({ id, url, export: exported, args, batch, options: { timeout, priority } }: RemoteTask): void {
    const { retries, maxValueSize } = this.#options;
    const module = this.#names.nameOf(url);
    if (args.length > maxValueSize) {
      throw makeError(
        "ERR_VALUE_TOO_LARGE",
        `Cannot submit a task with ${args.length} bytes of arguments: at most ${maxValueSize} are allowed (put them where the worker can read them ` +
          "and pass the name, or raise maxValueSize)",
      );
    }
    const values = Buffer.from(args.buffer, args.byteOffset, args.byteLength).toString("base64");
    const apart = values.length > INLINE ? values : undefined;
    const data: TaskData = {
      v: VERSION,
      f: module,
      e: exported,
      ...(apart === undefined && { a: values }),
      ...(batch && { b: 1 }),
      r: this.#id,
      i: id,
      ...(timeout !== undefined && Number.isFinite(timeout) && { t: timeout }),
      ...(retries > 0 && { n: retries }),
      m: maxValueSize,
    };
    this.#outbox.put({
      id,
      name: labelOf(module, exported),
      data,
      priority: priority === undefined ? undefined : priorityOf(priority),
      apart,
      deaths: 0,
      alone: false,
    });
    this.#first.expect();
    this.#flushSoon();
  }

  async takeBack(id: number): Promise<boolean> {
    if (this.#outbox.takeBack(id)) return true;
    try {
      await this.#ready;
      return (await this.#askBack(id)) === 1;
    } catch {
      return false;
    }
  }

  stop(id: number): void {
    if (this.#outbox.takeBack(id)) return;
    void this.#stop(id).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#first.stop();
    this.#audit?.stop();
    this.#replies?.stop();
    // The client may be the user's, and live on.
    this.#client?.off("ready", this.#back);
    const replies = this.#key(`replies:${this.#id}`);
    if (this.#client?.status === "ready") await this.#client.del(replies).catch(() => undefined);
    // A connection that is interrupted would be waited for, so it is given up. One that the user gave stays the user's.
    else await this.#queue.getBackend().close(true);
    await this.#queue.close().catch(() => undefined);
    this.#watch?.stop();
  }

  /** How many jobs wait, run and are done in the queue, and how many workers serve it. */
  async counts(): Promise<{ jobs: Record<string, number>; workers: number }> {
    await this.ready();
    try {
      const [jobs, workers] = await Promise.all([this.#queue.getJobCounts(), this.#queue.getWorkersCount()]);
      return { jobs, workers };
    } catch (error) {
      throw connectionError(this.#place, error);
    }
  }

  async #open(): Promise<void> {
    const client = await this.#queue.getBackend().client;
    if (this.#closed) return;
    checkCluster(client, this.#key(""), this.#place);
    defineScripts(client);
    coalesceWrites(client);
    const reader = client.duplicate({ maxRetriesPerRequest: null });
    reader.on("error", () => undefined);
    const replies = new Replies(reader, client, this.#key(`replies:${this.#id}`), LIFE, (outcomes) => {
      for (const outcome of outcomes) this.#take(outcome);
    });
    try {
      await replies.start();
    } catch (error) {
      replies.stop();
      throw error;
    }
    if (this.#closed) return replies.stop();
    this.#replies = replies;
    this.#client = client;
    this.#first.made();
    this.#watch = new ConnectionWatch(client, () => client.get(this.#key("ping")));
    const leftBy = (jobId: string): string[] => [this.#key(`args:${jobId}`), this.#key(`taken:${jobId}`)];
    const keys = { jobs: this.#queue.toKey(""), replies: this.#key(`replies:${this.#id}`), leftBy };
    this.#audit = new Audit(client, replies, keys, this.#sent, this.#tasks);
    client.on("ready", this.#back);
    this.#flushSoon();
  }

  /** The connection has come back. */
  readonly #back = (): void => {
    // Ahead of the tasks: workers send no outcomes to a stream that Redis has lost.
    this.#replies?.keepNow();
    this.#flushSoon();
  };

  #key(name: string): string {
    return this.#queue.toKey(`interpreters:${name}`);
  }

  #flushSoon(): void {
    if (this.#outbox.size > 0) this.#outbox.flushSoon(this.#sent.size > 2 * MANY);
  }

  /** Everything that one turn of the event loop submits goes in one message. */
  #submit(waiting: readonly Job[]): void {
    const jobs = this.#bundler.bundle(waiting, this.#sent.size);
    for (let at = 0; at < jobs.length; at += BULK) {
      const adding = this.#add(jobs.slice(at, at + BULK));
      this.#adding.add(adding);
      void adding.then(() => this.#adding.delete(adding));
    }
  }

  async #add(groups: readonly (readonly Job[])[]): Promise<void> {
    try {
      await this.#addAll(groups);
    } catch (error) {
      if (this.#closed) return;
      // Redis may have taken some of them, and workers may have done these already.
      if (groups.length > 1) {
        const nameOf = ([{ id }]: readonly Job[]): string => this.#sent.get(id)?.jobId ?? "";
        const gone = await (this.#audit as Audit).gone(groups.map(nameOf));
        for (const group of groups) if (gone.has(nameOf(group))) await this.#add([group]);
        return;
      }
      const reason = messageOf(error);
      const hint =
        hintFor(error) ?? "if it is out of memory, raise its maxmemory or wait until tasks are done";
      for (const { id, apart } of groups[0]) {
        const sent = this.#sent.get(id);
        this.#sent.delete(id);
        if (apart !== undefined)
          void this.#client?.del(this.#key(`args:${sent?.jobId}`)).catch(() => undefined);
        this.#tasks.fail(
          id,
          makeError(
            "ERR_REDIS_REFUSED",
            `Cannot submit a task: Redis at ${this.#place} refused it: ${reason} (${hint})`,
            error,
          ),
        );
      }
    }
  }

  async #addAll(groups: readonly (readonly Job[])[]): Promise<void> {
    const { keepFailed } = this.#options;
    const client = this.#client as IRedisClient;
    const values: Promise<unknown>[] = [];
    const since = performance.now();
    const bulk = groups.map((group) => {
      const [{ id, name, data, priority, apart, deaths }] = group;
      // One that is sent again has another job.
      const jobId = `${this.#id}-${id}${deaths === 0 ? "" : `.${deaths}`}${group[0].alone ? "a" : ""}`;
      if (apart !== undefined) values.push(client.set(this.#key(`args:${jobId}`), apart));
      for (const job of group) this.#sent.set(job.id, { since, jobId, job, bundled: group.length > 1 });
      const { a: _, ...shared } = data;
      return {
        name,
        data:
          group.length > 1
            ? { ...shared, k: group.map((job) => [job.id, job.data.a]) }
            : deaths > 0
              ? { ...data, d: deaths }
              : data,
        opts: {
          jobId,
          removeOnComplete: true,
          removeOnFail: keepFailed === 0 ? true : { count: keepFailed },
          ...(priority !== undefined && { priority }),
        },
      };
    });
    const added =
      bulk.length > FEW
        ? [this.#queue.addBulk(bulk)]
        : bulk.map(async ({ name, data, opts }) => await this.#queue.add(name, data, opts));
    await Promise.all([...values, ...added]);
  }

  async #askBack(id: number): Promise<unknown> {
    await Promise.all(this.#adding);
    const sent = this.#sent.get(id);
    if (sent === undefined) return -1;
    const { jobId, bundled } = sent;
    const client = this.#client as IRedisClient;
    const job = this.#queue.toKey(jobId);
    if (bundled) {
      const keys = [job, `${job}:lock`, this.#key(`taken:${jobId}`)];
      return await runScript(client, "interpretersTakeOut", keys, [id]);
    }
    const keys = [job, `${job}:lock`, this.#key(`args:${jobId}`)];
    return await runScript(client, "interpretersTakeBack", keys, [TAKEN_BACK]);
  }

  async #stop(id: number): Promise<void> {
    await this.#ready;
    if ((await this.#askBack(id)) !== 0) return;
    const client = this.#client as IRedisClient;
    await client.xadd(
      this.#key("control"),
      "*",
      { stop: `${this.#id}-${id}` },
      { MAXLEN: 1000, approximate: true },
    );
  }

  #take([id, ran, kind, values]: OutcomeData): void {
    if (kind === "returned") this.#returned(values as Returned);
    else if (typeof values === "string") this.#settle(id, ran, kind, values);
    else void this.#takeApart(id, ran, kind, (values as { apart: string }).apart);
  }

  /**
   * The tasks of a bundle whose worker ended go on alone, if they may. Tasks begin in their order, so those that may have run are the first of
   * the ones that are open.
   */
  #returned({ ids, begun }: Returned): void {
    let left = begun;
    for (const id of ids) {
      const sent = this.#sent.get(id);
      if (sent === undefined || !sent.bundled || !this.#tasks.has(id)) continue;
      const { job } = sent;
      this.#sent.delete(id);
      if (left-- > 0) job.deaths++;
      if (job.deaths > this.#options.retries) {
        this.#tasks.settle(id, diedOutcome(job.name, job.deaths, this.#options.retries));
        continue;
      }
      job.alone = true;
      this.#outbox.put(job);
      this.#flushSoon();
    }
  }

  async #takeApart(id: number, ran: number, kind: OutcomeKind, key: string): Promise<void> {
    const client = this.#client as IRedisClient;
    if (!this.#tasks.has(id)) return void client.del(key).catch(() => undefined);
    const sent = this.#sent.get(id);
    // Its outcome is here: no audit must look for it while the connection is away.
    this.#sent.delete(id);
    try {
      const values = await client.get(key);
      if (values === null) throw new Error("its result has expired");
      this.#settle(id, ran, kind, values, sent);
      await client.del(key);
    } catch (error) {
      this.#tasks.fail(
        id,
        makeError("ERR_TASK_LOST", `Cannot read the result of a task from Redis: ${messageOf(error)}`, error),
      );
    }
  }

  #settle(id: number, ran: number, kind: OutcomeKind, values: string, sent = this.#sent.get(id)): void {
    const name = sent?.job.name;
    if (name !== undefined && kind !== "batch") this.#bundler.learn(name, ran / 1000);
    this.#sent.delete(id);
    this.#tasks.settle(id, decodeOutcome(kind, values), ran);
  }
}
