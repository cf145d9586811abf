/**
 * Reads the outcomes of one executor from its stream, over a connection of its own: a command that waits there would hold up others.
 *
 * An entry is deleted only after it has been read, so a broken connection loses none.
 */
import type { IRedisClient } from "bullmq";
import { setTimeout as delay } from "node:timers/promises";
import { watchRead } from "./connection.js";
import type { OutcomeData } from "./messages.js";
import { runScript } from "./scripts.js";
import { clearInterval, setImmediate, setInterval } from "./timers.js";

/** Milliseconds that a read waits for outcomes. */
const WAIT = 2000;
/** Outcomes arrive several in an entry. */
const ENTRIES = 256;
/** Milliseconds between two signs of life, by which read entries are deleted. */
const KEEP_EVERY = 1000;

type Entries = readonly (readonly [
  key: string,
  entries: readonly (readonly [id: string, fields: string[]])[],
])[];

export class Replies {
  readonly #client: IRedisClient;
  readonly #commands: IRedisClient;
  readonly #stream: string;
  readonly #life: number;
  readonly #take: (outcomes: readonly OutcomeData[]) => void;
  #last = "0-0";
  #deleted = "";
  #closed = false;
  #unwatch = (): void => undefined;
  #keeping: NodeJS.Timeout | undefined;

  /**
   * @param client a connection of its own
   * @param commands the connection for short commands
   * @param life milliseconds that the stream lives without a sign of life
   */
  constructor(
    client: IRedisClient,
    commands: IRedisClient,
    stream: string,
    life: number,
    take: (outcomes: readonly OutcomeData[]) => void,
  ) {
    this.#client = client;
    this.#commands = commands;
    this.#stream = stream;
    this.#life = life;
    this.#take = take;
  }

  /** Makes the stream and begins to read it. @throws what Redis answers */
  async start(): Promise<void> {
    await this.#keep();
    void this.#read();
    this.#keeping = setInterval(() => this.keepNow(), KEEP_EVERY);
  }

  /** Makes the stream again if Redis has lost it, and prolongs its life. */
  keepNow(): void {
    if (!this.#closed) void this.#keep().catch(() => undefined);
  }

  /** Whether the entry with this id, and all before it, have been read. */
  hasRead(id: string): boolean {
    const [time, count] = id.split("-").map(Number);
    const [lastTime, lastCount] = this.#last.split("-").map(Number);
    return lastTime > time || (lastTime === time && lastCount >= count);
  }

  /** A read that is under way may never end: without a connection, the driver forgets it. */
  stop(): void {
    this.#closed = true;
    clearInterval(this.#keeping);
    this.#unwatch();
    this.#client.disconnect();
  }

  /** Deletes what has been read, and prolongs the stream's life. */
  async #keep(): Promise<void> {
    const upTo = this.#last === this.#deleted || this.#last === "0-0" ? "" : this.#last;
    const existed = await runScript(this.#commands, "interpretersKeep", [this.#stream], [upTo, this.#life]);
    if (upTo !== "") this.#deleted = upTo;
    // Redis has lost it. The ids of a new stream may be smaller.
    if (existed === 0) this.#last = "0-0";
  }

  async #read(): Promise<void> {
    while (!this.#closed) {
      try {
        const found = await this.#next();
        for (const [id, fields] of found?.[0]?.[1] ?? []) {
          this.#last = id;
          const at = fields.indexOf("r");
          if (at !== -1 && !this.#closed) this.#take(JSON.parse(fields[at + 1]) as OutcomeData[]);
        }
        // The next submit of the caller goes first, because a task waits for it.
        if (found !== null) await new Promise<void>((resolve) => setImmediate(resolve));
      } catch {
        // The connection is gone, and comes back by itself. Entries that were not read are read again.
        if (!this.#closed) await delay(100);
      }
    }
  }

  async #next(): Promise<Entries | null> {
    this.#unwatch = watchRead(this.#client);
    try {
      return (await this.#client.xread([{ key: this.#stream, id: this.#last }], {
        BLOCK: WAIT,
        COUNT: ENTRIES,
      })) as Entries | null;
    } finally {
      this.#unwatch();
    }
  }
}
