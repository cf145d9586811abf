/** Puts the items of an iteration into its hidden queue. (Users put through the class `Queue`.) */
import { seemsToHaveRoom } from "../kernel/queue-state.js";
import type { Pointer } from "../memory/brands.js";
import { Q_PUTTERS, STATUS_FULL, UNBOUND_ITEM_KEEP } from "../memory/layout.js";
import type { Runtime } from "../thread/runtime.js";
import type { Message } from "../wire/message.js";
import { BriefLook } from "./brief-look.js";
import { discardItem, encodeItem, type ItemMoves, movesOf, putItem } from "./items.js";
import { NO_OPTIONS } from "./options.js";
import { WaitQueue } from "./wait-queue.js";

export class ItemPutter {
  readonly #rt: Runtime;
  readonly #queue: Pointer;
  readonly #putting: WaitQueue;
  readonly #brief = new BriefLook();

  constructor(rt: Runtime, queue: Pointer) {
    this.#rt = rt;
    this.#queue = queue;
    this.#putting = new WaitQueue(rt, queue, Q_PUTTERS);
  }

  /** Puts an item, which outlives this interpreter. Returns a status, or, if there is no room yet, the promise of one. @throws as `encodeItem` */
  put(value: unknown): number | Promise<number> {
    const moves = movesOf(this.#rt, value, NO_OPTIONS);
    const message = encodeItem(this.#rt.m, value, NO_OPTIONS, moves);
    let status = this.#try(message, false, moves);
    if (status === STATUS_FULL && this.#brief.look(this.#rt.m, this.#queue, seemsToHaveRoom))
      status = this.#try(message, false, moves);
    if (status === STATUS_FULL) return this.#wait(message, moves);
    discardItem(message, moves);
    return status;
  }

  async #wait(message: Message, moves: ItemMoves | undefined): Promise<number> {
    try {
      const status = await this.#putting.wait(Infinity, undefined, () => this.#try(message, true, moves));
      this.#brief.waited();
      return status;
    } finally {
      discardItem(message, moves);
    }
  }

  #try(message: Message, wait: boolean, moves: ItemMoves | undefined): number {
    return putItem(this.#rt, this.#queue, message, wait, UNBOUND_ITEM_KEEP, moves);
  }
}
