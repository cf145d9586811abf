/**
 * Asks Redis now and then what became of the jobs of an executor, and fails tasks whose job is gone without an outcome: after a restart of Redis
 * without persistence, say, or when the queue was cleaned.
 */
import type { IRedisClient } from "bullmq";
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

export class Audit {
  readonly #client: IRedisClient;
  readonly #replies: Replies;
  readonly #jobs: string;
  readonly #sent: Map<number, Sent>;
  readonly #tasks: RemoteTasks;
  readonly #timer: NodeJS.Timeout;
  /** Tasks whose job was gone at an audit, by the round of replies at that time. */
  readonly #suspects = new Map<number, number>();
  #upTo = 0;

  /**
   * @param jobs what the keys of jobs begin with
   * @param sent the tasks that Redis has, by number. Those that are done are taken out here
   */
  constructor(
    client: IRedisClient,
    replies: Replies,
    jobs: string,
    sent: Map<number, Sent>,
    tasks: RemoteTasks,
  ) {
    this.#client = client;
    this.#replies = replies;
    this.#jobs = jobs;
    this.#sent = sent;
    this.#tasks = tasks;
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), EVERY);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#client.status !== "ready") return;
    const ids = this.#choose(performance.now() - EVERY);
    if (ids.length === 0) return;
    const names = ids.map((id) => this.#sent.get(id)?.jobId ?? "");
    const states = (await runScript(this.#client, "interpretersAudit", [this.#jobs], names)) as (
      | number
      | string
    )[];
    for (const [i, id] of ids.entries()) {
      // It may have been sent again meanwhile, in another job.
      if (states[i] === 1 || this.#sent.get(id)?.jobId !== names[i]) this.#suspects.delete(id);
      else this.#suspect(id, states[i]);
    }
  }

  /** The tasks to look at, round and round: many that wait for long do not keep later ones from being looked at. */
  #choose(before: number): number[] {
    const ids: number[] = [];
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

  #suspect(id: number, state: number | string): void {
    const { rounds } = this.#replies;
    const since = this.#suspects.get(id);
    if (since === undefined) {
      this.#suspects.set(id, rounds);
      return;
    }
    // The replies have been read since then, and an outcome is stored before its job ends.
    if (rounds < since + 2) return;
    this.#suspects.delete(id);
    this.#sent.delete(id);
    const reason =
      state === 0
        ? "Redis does not have it any more (it was restarted without persistence, or the queue was cleaned)"
        : `its job ended without an outcome: ${state === "" ? "a worker that is not one of this package completed it" : state}`;
    this.#tasks.fail(id, makeError("ERR_TASK_LOST", `Cannot finish a task: ${reason}. It may have run`));
  }
}
