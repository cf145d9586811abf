/** Reads the queue's control stream, in which callers ask for tasks to be stopped, over a connection of its own. */
import type { IRedisClient } from "bullmq";
import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds that a read waits, and after which it must have returned even so. */
const WAIT = 2000;
const OVERDUE = 8000;

type Entries = readonly (readonly [
  key: string,
  entries: readonly (readonly [id: string, fields: string[]])[],
])[];

export class Control {
  readonly #client: IRedisClient;
  readonly #stream: string;
  readonly #stopJob: (jobId: string) => void;
  #closed = false;
  #reading: Promise<void> | undefined;

  constructor(client: IRedisClient, stream: string, stopJob: (jobId: string) => void) {
    this.#client = client;
    this.#stream = stream;
    this.#stopJob = stopJob;
    client.on("error", () => undefined);
  }

  start(): void {
    this.#reading = this.#read();
  }

  async stop(): Promise<void> {
    this.#closed = true;
    this.#client.disconnect();
    await this.#reading;
  }

  async #read(): Promise<void> {
    // Requests from before this worker's start concern none of its tasks.
    let last = "$";
    while (!this.#closed) {
      const overdue = setInterval(() => this.#client.disconnect(true), OVERDUE);
      try {
        const found = (await this.#client.xread([{ key: this.#stream, id: last }], {
          BLOCK: WAIT,
          COUNT: 100,
        })) as Entries | null;
        for (const [id, fields] of found?.[0]?.[1] ?? []) {
          last = id;
          this.#stopJob(fields[1]);
        }
      } catch {
        if (!this.#closed) await delay(100);
      } finally {
        clearInterval(overdue);
      }
    }
  }
}
