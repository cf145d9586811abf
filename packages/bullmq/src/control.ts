/** Reads the queue's control stream, in which callers ask for tasks to be stopped, over a connection of its own. */
import type { IRedisClient } from "bullmq";
import { setTimeout as delay } from "node:timers/promises";
import { watchRead } from "./connection.js";
import { defineScripts, runScript } from "./scripts.js";

/** Milliseconds that a read waits. */
const WAIT = 2000;

type Entries = readonly (readonly [
  key: string,
  entries: readonly (readonly [id: string, fields: string[]])[],
])[];

export class Control {
  readonly #client: IRedisClient;
  readonly #stream: string;
  readonly #stopJob: (jobId: string) => void;
  #closed = false;
  #unwatch = (): void => undefined;

  constructor(client: IRedisClient, stream: string, stopJob: (jobId: string) => void) {
    this.#client = client;
    this.#stream = stream;
    this.#stopJob = stopJob;
    defineScripts(client);
    client.on("error", () => undefined);
  }

  start(): void {
    void this.#read();
  }

  /** A read that is under way may never end: without a connection, the driver forgets it. */
  stop(): void {
    this.#closed = true;
    this.#unwatch();
    this.#client.disconnect();
  }

  async #newest(): Promise<string> {
    while (!this.#closed) {
      try {
        return (await runScript(this.#client, "interpretersNewest", [this.#stream])) as string;
      } catch {
        if (!this.#closed) await delay(100);
      }
    }
    return "0-0";
  }

  async #read(): Promise<void> {
    // Requests from before this worker's start concern none of its tasks. Of "$", those would be missed that come between two reads.
    let last = await this.#newest();
    while (!this.#closed) {
      this.#unwatch = watchRead(this.#client);
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
        this.#unwatch();
      }
    }
  }
}
