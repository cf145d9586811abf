/**
 * The one answer to each piece of work: a result, or what went wrong, and if that cannot travel, what it was that cannot.
 */
import type { MessagePort } from "../platform/ports.js";
import { clock } from "../base/clock.js";
import { InterpreterError, NotShareableError } from "../base/errors.js";
import type { ExecutingSide } from "../guests/language.js";
import { OK, S_REPLIES, STATUS_NO_MEMORY } from "../memory/layout.js";
import { RESERVED_PAGES } from "../memory/page-allocator.js";
import { CallBatch, type CallFailure, cutShort } from "../wire/call-batch.js";
import { copyOf, Message, WITHOUT_SENDER } from "../wire/message.js";
import { detachMoved, movesOf } from "../transfer/move.js";
import { type Handover, resultHandover } from "../transfer/handover.js";
import { REPLY_FAILURE, REPLY_REFUSED, REPLY_VALUE } from "../wire/protocol.js";
import { slotOf } from "../kernel/registry.js";
import { endWork, finishWork } from "../kernel/executions.js";
import type { Runtime } from "../thread/runtime.js";
import { memoryFull } from "../wire/status-error.js";

/** A run of this interpreter's, and the piece of work that it executes there. */
export interface WorkItem {
  /** Pointer to the run. */
  readonly execution: number;
  /** Who wants the answer, and to what. */
  sender: number;
  sequence: number;
  /** When it began, if its time is asked for, or 0. */
  began: number;
  /** Where large buffers of the result go, if it brought such a channel. */
  channel: MessagePort | undefined;
}

export class Replies {
  /** Nothing more is taken from the pool. */
  last = false;
  readonly #rt: Runtime;
  readonly #guest: ExecutingSide;
  /**
   * Who was answered last, and its slot, which it keeps as long as it lives. Looking it up would take the line from its cache
   * in which it writes down the locks that it takes.
   */
  #caller = -1;
  #callerSlot = -1;

  constructor(rt: Runtime, guest: ExecutingSide) {
    this.#rt = rt;
    this.#guest = guest;
  }

  /** Answers with something that was thrown. */
  replyFailure(item: WorkItem, thrown: unknown): void {
    const { status, value } = this.failureOf(thrown);
    this.reply(item, status, value);
  }

  /** What is said of something that was thrown. */
  failureOf(thrown: unknown): CallFailure {
    const interpreter = this.#rt.id;
    if (Refusal.is(thrown)) return { status: REPLY_REFUSED, value: thrown.error, interpreter };
    return { status: REPLY_FAILURE, value: [this.#guest.describeFailure(thrown), thrown], interpreter };
  }

  /** The same of what was thrown while a result was encoded: a getter of the user's, or what cannot travel. */
  #unsent(thrown: unknown): CallFailure {
    const refused = thrown instanceof NotShareableError || thrown instanceof InterpreterError;
    return this.failureOf(refused ? new Refusal(thrown) : thrown);
  }

  /** The failure of one call, which must not keep the results of the others from travelling. */
  inBatch(failure: CallFailure): CallFailure {
    return { ...failure, value: copyOf(failure.value, "error", true) };
  }

  #cutShort(batch: CallBatch): boolean {
    return cutShort(
      batch,
      (result) => copyOf(result, "result"),
      (thrown) => this.inBatch(this.#unsent(thrown)),
    );
  }

  /** Sends the one answer to a piece of work, unless somebody decided meanwhile that it will not be finished. */
  reply(item: WorkItem, status: number, value: unknown): void {
    const { m } = this.#rt;
    const { execution, sender } = item;
    const message = Message.take(m);
    let carries = status === REPLY_VALUE;
    const moving = carries ? resultHandover(this.#rt, moves(value), item.channel) : undefined;
    try {
      try {
        this.#header(message, item, status).value(value, "result", status !== REPLY_VALUE, moving);
      } catch (error) {
        if (value instanceof CallBatch && this.#cutShort(value)) {
          this.reply(item, REPLY_VALUE, value);
          return;
        }
        carries = false;
        const failure = this.#unsent(error);
        this.#header(message.clear(), item, failure.status).value(failure.value, "error", true);
      }
      // Condemned: the supervisor is terminating this thread, and has told or will tell the caller so.
      if (!finishWork(m, execution)) return;
      if (carries) moving?.handOver();
      if (this.#post(message, sender) === STATUS_NO_MEMORY) {
        const size = message.scratch.end;
        const full = memoryFull(`send a result of ${size} bytes`);
        this.#header(message.clear(), item, REPLY_REFUSED).value(full, "error", true);
        // An answer must arrive: this small one may use what is kept for that.
        m.reserve = 0;
        this.#post(message, sender);
        m.reserve = RESERVED_PAGES;
      } else if (carries) moved(value, moving);
      endWork(m, execution);
    } finally {
      moving?.done();
      message.discard();
      item.channel?.close();
      item.channel = undefined;
    }
  }

  #header(message: Message, { sequence, began }: WorkItem, status: number): Message {
    const took = began === 0 ? 0 : Math.ceil((clock() - began) * 1000);
    return message.header(sequence, status, this.last ? 1 : 0, Math.min(took, 0x7fffffff));
  }

  #post(message: Message, sender: number): number {
    const { m, id } = this.#rt;
    if (sender !== this.#caller) {
      this.#callerSlot = slotOf(m, sender);
      this.#caller = this.#callerSlot === -1 ? -1 : sender;
    }
    // The caller is gone: nobody waits for the answer.
    if (this.#callerSlot === -1) return OK;
    return message.intoMailbox(this.#callerSlot, S_REPLIES, sender, id, WITHOUT_SENDER);
  }
}

/** What is to be moved with a result, or with those of a chunk. */
function moves(result: unknown): readonly ArrayBuffer[] | undefined {
  return result instanceof CallBatch ? result.values.flatMap((each) => movesOf(each) ?? []) : movesOf(result);
}

/** A result was sent, or the results of a chunk: what was to be moved with it is not here any more. */
function moved(result: unknown, moving: Handover | undefined): void {
  if (result instanceof CallBatch) for (const each of result.values) detachMoved(each, moving);
  else detachMoved(result, moving);
}

/** Carries an error of ours past those of the guest's. */
export class Refusal {
  readonly #error: unknown;
  static is(value: unknown): value is Refusal {
    // A look for a private name runs no code of the user's, whatever was thrown; `instanceof` asks a proxy.
    return typeof value === "object" && value !== null && #error in value;
  }
  get error(): unknown {
    return this.#error;
  }
  constructor(error: unknown) {
    this.#error = error;
  }
}
