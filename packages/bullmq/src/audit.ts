/**
 * Asks Redis now and then what became of the jobs of an executor, and fails tasks whose job is gone without an outcome: after a restart of Redis
 * without persistence, say, or when the queue was cleaned.
 */
import type { IRedisClient } from "bullmq";
import { setTimeout as delay } from "node:timers/promises";
import type { RemoteTasks } from "interpreters/core";
import type { Job } from "./bundles.js";
import { makeError } from "./errors.js";
import type { Replies } from "./replies.js";
import { runScript } from "./scripts.js";

/** Milliseconds between two audits, and how many tasks one looks at. */
const EVERY = 4000;
const MOST = 1000;

/** A task that Redis has. */
export interface Sent {
  /** When it was sent. */
  readonly since: number;
  readonly jobId: string;
  readonly job: Job;
  /** Whether others are in the job, too. */
  readonly bundled: boolean;
}

/** The keys that an audit looks at: what those of jobs begin with, the stream of replies, and what a job leaves that is gone. */
export interface AuditKeys {
  readonly jobs: string;
  readonly replies: string;
  leftBy(jobId: string): string[];
}

export class Audit {
  readonly #client: IRedisClient;
  readonly #replies: Replies;
  readonly #keys: AuditKeys;
  readonly #sent: Map<number, Sent>;
  readonly #tasks: RemoteTasks;
  readonly #timer: NodeJS.Timeout;
  /** Tasks whose job was gone at an audit, with the id of the last reply that was stored then: their outcome comes before it, or never. */
  readonly #suspects = new Map<number, string>();
  #upTo = 0;
  #stopped = false;

  /**
   * @param sent the tasks that Redis has, by number. Those that are done are taken out here
   */
  constructor(
    client: IRedisClient,
    replies: Replies,
    keys: AuditKeys,
    sent: Map<number, Sent>,
    tasks: RemoteTasks,
  ) {
    this.#client = client;
    this.#replies = replies;
    this.#keys = keys;
    this.#sent = sent;
    this.#tasks = tasks;
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), EVERY);
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  /** Those of some jobs that Redis does not have. Resolves when the outcomes of those that are done have been read. Never rejects. */
  async gone(names: readonly string[]): Promise<ReadonlySet<string>> {
    try {
      const { last, states } = await this.#ask(names);
      while (!this.#stopped && !this.#replies.hasRead(last)) await delay(5);
      return new Set(names.filter((_, i) => states[i] === 0));
    } catch {
      return new Set(names);
    }
  }

  async #ask(names: readonly string[]): Promise<{ last: string; states: readonly (number | string)[] }> {
    const { jobs, replies } = this.#keys;
    const answer = await runScript(this.#client, "interpretersAudit", [jobs, replies], names);
    const [last, states] = answer as [last: string, states: (number | string)[]];
    return { last, states };
  }

  async #look(): Promise<void> {
    if (this.#client.status !== "ready") return;
    const ids = this.#choose(performance.now() - EVERY);
    if (ids.length === 0) return;
    const names = ids.map((id) => this.#sent.get(id)?.jobId ?? "");
    const { last, states } = await this.#ask(names);
    for (const [i, id] of ids.entries()) {
      // It may have been sent again meanwhile, in another job.
      if (states[i] === 1 || this.#sent.get(id)?.jobId !== names[i]) this.#suspects.delete(id);
      else this.#suspect(id, states[i], last);
    }
  }

  /** The tasks to look at, round and round: many that wait for long do not keep later ones from being looked at. */
  #choose(before: number): number[] {
    const ids: number[] = [];
    for (const id of this.#suspects.keys()) if (!this.#sent.has(id)) this.#suspects.delete(id);
    for (const [id, { since }] of this.#sent) {
      if (!this.#tasks.has(id)) {
        this.#sent.delete(id);
        this.#suspects.delete(id);
      } else if (since < before && (id > this.#upTo || this.#suspects.has(id))) ids.push(id);
      if (ids.length === MOST) break;
    }
    this.#upTo = ids.length === MOST ? ids[ids.length - 1] : 0;
    return ids;
  }

  #suspect(id: number, state: number | string, last: string): void {
    const until = this.#suspects.get(id);
    // Wait for the next audit: a job that was deleted by hand may still run, and its outcome arrives soon.
    if (until === undefined) {
      this.#suspects.set(id, last);
      return;
    }
    // A stream that Redis has lost begins anew.
    if (!this.#replies.hasRead(until) && !this.#replies.hasRead(last)) return;
    const jobId = this.#sent.get(id)?.jobId ?? "";
    void this.#client.del(...this.#keys.leftBy(jobId)).catch(() => undefined);
    this.#suspects.delete(id);
    this.#sent.delete(id);
    const reason =
      state === 0
        ? "Redis does not have it any more (it was restarted without persistence, or the queue was cleaned)"
        : `its job ended without an outcome: ${state === "" ? "a worker that is not one of this package completed it" : state}`;
    this.#tasks.fail(id, makeError("ERR_TASK_LOST", `Cannot finish a task: ${reason}. It may have run`));
  }
}
