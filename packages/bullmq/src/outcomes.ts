/**
 * Sends outcomes to their callers. Those of one turn of the event loop go in one command for each caller.
 *
 * `send` resolves after the command has been given to the connection, not when Redis has executed it: the command that ends the job follows on
 * the same connection, so Redis executes it later. If Redis refuses an outcome (it is out of memory, say), it is sent again until it is
 * taken.
 */
import type { IRedisClient } from "bullmq";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "./errors.js";
import { type EncodedOutcome, INLINE, type OutcomeData, type TaskData } from "./messages.js";
import { runScript } from "./scripts.js";

/** Milliseconds that large results wait for their caller. */
const RESULT_LIFE = 24 * 60 * 60 * 1000;
/** Milliseconds until an outcome that Redis refused is sent again. */
const AGAIN = 500;
/** Milliseconds from a new connection on in which callers may not be back yet, whose streams Redis has lost. */
const COMING_BACK = 10_000;

export class Outcomes {
  readonly #client: IRedisClient;
  readonly #key: (name: string) => string;
  readonly #log: (line: string) => void;
  /** By executor: the outcomes of this turn. */
  #gathered = new Map<string, OutcomeData[]>();
  #sent: Promise<void> | undefined;
  #abandoned = false;
  readonly #underWay = new Set<Promise<void>>();
  #connectedSince = performance.now();

  constructor(client: IRedisClient, key: (name: string) => string, log: (line: string) => void) {
    this.#client = client;
    this.#key = key;
    this.#log = log;
    client.on("ready", () => (this.#connectedSince = performance.now()));
  }

  argsKey(jobId: string): string {
    return this.#key(`args:${jobId}`);
  }

  /** Sends an outcome. Resolves when the job may be ended. */
  async send(
    jobId: string,
    task: TaskData,
    id: number,
    ran: number,
    { kind, values }: EncodedOutcome,
  ): Promise<void> {
    let place: OutcomeData[3] = values;
    if (values.length > INLINE) {
      const apart = this.#key(`result:${jobId}:${id}`);
      // Redis may refuse it, but not the outcome, which is small. The caller must find it.
      await this.#insist(
        "a result",
        async () => void (await this.#client.set(apart, values, { PX: RESULT_LIFE })),
      );
      place = { apart };
    }
    await this.#gather(task.r, [id, ran, kind, place]);
    if (task.a === undefined && task.k === undefined)
      void this.#insist("arguments", async () => void (await this.#client.del(this.argsKey(jobId))));
  }

  /** Gives tasks of a bundle back to their caller. `begun`: how many of those that are open may have run. */
  async giveBack(task: TaskData, ids: readonly number[], begun: number): Promise<void> {
    await this.#gather(task.r, [task.i, 0, "returned", { ids, begun }]);
  }

  async #gather(executor: string, outcome: OutcomeData): Promise<void> {
    let gathered = this.#gathered.get(executor);
    if (gathered === undefined) this.#gathered.set(executor, (gathered = []));
    gathered.push(outcome);
    // Behind the microtasks of this turn, in which other tasks end.
    this.#sent ??= new Promise((resolve) => {
      process.nextTick(() => {
        this.#flush();
        resolve();
      });
    });
    await this.#sent;
  }

  /** Redis is away, and the worker ends without it. */
  abandon(): void {
    this.#abandoned = true;
  }

  /** Whether Redis has taken all outcomes. */
  get allStored(): boolean {
    return this.#underWay.size === 0;
  }

  /** Resolves when Redis has taken all outcomes. */
  async stored(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #flush(): void {
    const all = this.#gathered;
    this.#gathered = new Map();
    this.#sent = undefined;
    for (const [executor, outcomes] of all) {
      const text = JSON.stringify(outcomes);
      const reply = async (): Promise<boolean> =>
        (await runScript(this.#client, "interpretersReply", [this.#key(`replies:${executor}`)], [text])) ===
        1;
      void this.#insist("an outcome", async () => {
        if (!(await reply())) void this.#awaitCaller(reply).catch(() => undefined);
      });
    }
  }

  /** A caller without a stream is gone. After a restart of Redis without persistence, it may still be coming back. */
  async #awaitCaller(reply: () => Promise<boolean>): Promise<void> {
    while (!this.#abandoned && performance.now() - this.#connectedSince < COMING_BACK) {
      await delay(AGAIN, undefined, { ref: false });
      if (await reply()) return;
    }
  }

  /** Does it until Redis takes it. The first attempt is made at once. */
  async #insist(what: string, attempt: () => Promise<void>): Promise<void> {
    const first = attempt();
    const all = first.catch(async (error: unknown) => {
      this.#log(`interpreters worker: Redis refused ${what}, which is sent again: ${messageOf(error)}`);
      for (;;) {
        await delay(AGAIN);
        if (this.#abandoned) return;
        try {
          return await attempt();
        } catch {
          // Again. The caller learns of a loss by its audit if this process ends before.
        }
      }
    });
    this.#underWay.add(all);
    await all;
    this.#underWay.delete(all);
  }
}
