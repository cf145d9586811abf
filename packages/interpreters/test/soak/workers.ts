/** The work of a soak's interpreters, until they die or the queue is shut down: they put and get in every form. */
import { setImmediate as turn } from "node:timers/promises";
import {
  ItemInterpreterDestroyed,
  onGet,
  onPut,
  onSet,
  QueueEmpty,
  QueueFull,
  QueueShutDown,
  type PutOptions,
  select,
  selectSync,
  UNBOUND,
} from "interpreters";
import { burn, type Fuse } from "../faults/victims.js";
import { behaviourOf, BLOCK, flawOf, hash, type Item, type Items, makeItem } from "./items.js";
import { ITEMS, type Ledger, ledgerOf } from "./ledger.js";
import { type Locks, useLocks } from "./locks.js";

/** The number of a round's ledger, its seed, and the locks that all use. */
export interface Place {
  readonly ledger: number;
  readonly seed: number;
  readonly locks: Locks;
}

/** Puts `count` items, and then waits for its death unless it may return. */
export async function produce(
  { ledger: number, seed, locks }: Place,
  items: Items,
  producer: number,
  count: number,
  fuse: Fuse,
): Promise<void> {
  const ledger = ledgerOf(number);
  const end = fuse.way === "return" ? Math.min(count, fuse.steps * BLOCK) : count;
  for (let n = 0, step = 0; n < end; step++) {
    const most = Math.min(BLOCK - (n % BLOCK), end - n);
    n += await putSome(ledger, seed, locks, items, producer, n, most, step);
    if (step % 3 === 0) await useLocks(locks, hash(seed, producer, step));
    burn(fuse, step);
    if (fuse.way === "throw" && step >= fuse.steps) await turn();
  }
  if (fuse.way === "return" || count < ITEMS) return;
  if (fuse.way !== "none") burn(fuse, fuse.steps);
  // Waits until it is killed.
  await new Promise(() => {});
}

/** Puts between 0 and `most` items from `n` on, all of one block and so of one behaviour; returns how many. */
async function putSome(
  ledger: Ledger,
  seed: number,
  { event }: Locks,
  items: Items,
  producer: number,
  n: number,
  most: number,
  step: number,
): Promise<number> {
  const h = hash(~seed, producer, step);
  const behaviour = behaviourOf(seed, producer, n);
  const options: PutOptions = behaviour === undefined ? {} : { unboundItems: behaviour };
  const timeout = (h >>> 8) % 4;
  const form = h % 10;
  const many = form === 6 || form === 7;
  const count = many ? most : 1;
  const batch = Array.from({ length: count }, (_, i) => makeItem(seed, producer, n + i));
  ledger.begin(producer, n + count);
  let put = count;
  const controller = new AbortController();
  try {
    if (form === 0) items.putNowait(batch[0], options);
    else if (form === 1) await items.put(batch[0], options);
    else if (form === 2) items.putSync(batch[0], options);
    else if (form === 3) await items.put(batch[0], { ...options, timeout });
    else if (form === 4) items.putSync(batch[0], { ...options, timeout });
    else if (form === 5) {
      const putting = items.put(batch[0], { ...options, signal: controller.signal });
      abortSoon(controller, timeout);
      await putting;
    } else if (form === 6) await items.putMany(batch, { ...options, ...(timeout > 0 && { timeout }) });
    else if (form === 7) items.putManySync(batch, { ...options, ...(timeout > 0 && { timeout }) });
    else {
      const cases = { put: onPut(items, batch[0], options), set: onSet(event) };
      const limits = { timeout, default: true } as const;
      const chosen = form === 8 ? await select(cases, limits) : selectSync(cases, limits);
      if (chosen.name !== "put") put = 0;
    }
  } catch (error) {
    if (error instanceof QueueFull) put = many ? ((error as { put?: number }).put ?? 0) : 0;
    else if (error === controller.signal.reason) put = 0;
    else throw error;
  }
  // An item that carries a queue is made anew next time.
  for (const [, , body] of batch.slice(put)) if (isQueue(body)) body.close();
  if (put === 0) await turn();
  ledger.put(producer, n + put);
  return put;
}

async function abortSoon(controller: AbortController, turns: number): Promise<void> {
  for (; turns > 0; turns--) await turn();
  controller.abort(new Error("aborted by the soak"));
}

function isQueue(body: Item[2]): body is Extract<Item[2], { close(): void }> {
  return typeof body === "object" && "close" in body;
}

/** Gets items until the queue is shut down or `fuse` ends it; notes each item, and checks its content and its order. */
export async function consume(place: Place, items: Items, consumer: number, fuse: Fuse): Promise<void> {
  const taker = new Taker(place, items, consumer);
  for (let step = 0; fuse.way !== "return" || step < fuse.steps; step++) {
    if (!(await taker.takeSome(step))) return;
    if (step % 3 === 0) await useLocks(place.locks, hash(place.seed, consumer, step));
    burn(fuse, step);
    if (fuse.way === "throw" && step >= fuse.steps) await turn();
  }
}

const FORMS = 11;
/** The forms that never wait long. */
const IMPATIENT = [0, 3, 4, 5, 8, 9, 10];

/** Takes items in every form. */
export class Taker {
  readonly #ledger: Ledger;
  readonly #last = new Map<number, number>();
  readonly #seed: number;
  readonly #items: Items;
  readonly #consumer: number;
  readonly #event: Locks["event"];

  constructor({ ledger, seed, locks }: Place, items: Items, consumer: number) {
    this.#ledger = ledgerOf(ledger);
    this.#seed = seed;
    this.#items = items;
    this.#consumer = consumer;
    this.#event = locks.event;
  }

  /**
   * Takes once, which may yield no item or several. Returns false if the queue is shut down and empty. With `patient` it may
   * choose a form that waits without a limit.
   */
  async takeSome(step: number, patient = true): Promise<boolean> {
    const h = hash(~this.#seed, -1 - this.#consumer, step);
    const form = patient ? h % FORMS : IMPATIENT[h % IMPATIENT.length];
    const most = form < 6 || form > 8 ? 1 : 1 + ((h >>> 8) % 24);
    this.#ledger.hold(this.#consumer, most);
    const going = await this.#take(form, most, (h >>> 16) % 4);
    this.#ledger.hold(this.#consumer, 0);
    return going;
  }

  /** Takes the items that are in the queue, one by one, and returns how many there were. */
  async drain(): Promise<number> {
    let count = 0;
    while (this.#items.qsize() > 0) {
      await this.#note(() => this.#items.getNowait());
      count++;
    }
    return count;
  }

  async #take(form: number, most: number, timeout: number): Promise<boolean> {
    const items = this.#items;
    const controller = new AbortController();
    switch (form) {
      case 0:
        return this.#note(() => items.getNowait());
      case 1:
        return this.#note(() => items.get());
      case 2:
        return this.#note(() => items.getSync());
      case 3:
        return this.#note(() => items.get({ timeout }));
      case 4:
        return this.#note(() => items.getSync({ timeout }));
      case 5: {
        const getting = items.get({ signal: controller.signal });
        abortSoon(controller, timeout);
        return this.#note(() => getting, controller.signal);
      }
      case 6:
        return this.#noteMany(() => items.getMany(most));
      case 7:
        if (timeout > 0) return this.#noteMany(() => items.getManySync(most, { timeout }));
        return this.#iterate(most);
      case 9:
      case 10:
        return this.#select(form === 9, timeout);
      default: {
        // Several gets that wait together are served in the order of their calls.
        const gets = Array.from({ length: Math.min(most, 6) }, () => items.get({ timeout: 1 + timeout }));
        for (const get of gets) get.catch(() => {});
        let going = true;
        for (const get of gets) going = (await this.#note(() => get)) && going;
        return going;
      }
    }
  }

  /** Takes an item, unless an event is set or the time is up. */
  async #select(blocking: boolean, timeout: number): Promise<boolean> {
    const cases = { item: onGet(this.#items), set: onSet(this.#event) };
    const limits = { timeout, default: true } as const;
    try {
      const chosen = blocking ? selectSync(cases, limits) : await select(cases, limits);
      if (chosen.name === "item") this.#accept(chosen.value);
      else await turn();
      return true;
    } catch (error) {
      return this.#excuse(error);
    }
  }

  /** Takes up to `most` items by asynchronous iteration, which takes them one by one and ends at shutdown. */
  async #iterate(most: number): Promise<boolean> {
    this.#ledger.hold(this.#consumer, 1);
    let left = most;
    try {
      for await (const item of this.#items) {
        this.#accept(item);
        if (--left === 0) return true;
      }
      return false;
    } catch (error) {
      return this.#excuse(error);
    }
  }

  async #note(take: () => unknown, signal?: AbortSignal): Promise<boolean> {
    return this.#noteMany(async () => [await take()], signal);
  }

  async #noteMany(take: () => unknown[] | Promise<unknown[]>, signal?: AbortSignal): Promise<boolean> {
    try {
      for (const item of await take()) this.#accept(item);
      return true;
    } catch (error) {
      if (signal === undefined || error !== signal.reason) return this.#excuse(error);
      await turn();
      return true;
    }
  }

  /** Accepts the errors that a get may throw. Resolves to whether the queue is still open. */
  async #excuse(error: unknown): Promise<boolean> {
    if (error instanceof QueueShutDown) return false;
    if (error instanceof ItemInterpreterDestroyed) this.#ledger.destroyed(this.#consumer);
    else if (error instanceof QueueEmpty) await turn();
    else throw error;
    return true;
  }

  #accept(item: unknown): void {
    if (item === UNBOUND) {
      this.#ledger.replaced(this.#consumer);
      return;
    }
    const [producer, number] = item as Item;
    const what = `item ${number} of producer ${producer}`;
    if (this.#ledger.deliver(this.#consumer, producer, number) > 0) this.#fail(`${what} came twice`);
    const last = this.#last.get(producer) ?? -1;
    if (number <= last) this.#fail(`${what} came after ${last}`);
    this.#last.set(producer, number);
    const flaw = flawOf(this.#seed, item as Item);
    if (flaw !== undefined) this.#fail(`${what} ${flaw}`);
  }

  #fail(message: string): never {
    this.#ledger.complain();
    throw new Error(message);
  }
}
