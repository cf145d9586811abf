/** The one reply to each work item: its result, or what went wrong. If that cannot travel, the reply says what cannot. */
import type { MessagePort } from "../platform/ports.js";
import { clock } from "../base/clock.js";
import { type ExceptionInfo, InterpreterError, NotShareableError } from "../base/errors.js";
import { callSafely } from "../base/report.js";
import { EncodedValue } from "../codec/language-value.js";
import { checkShareable } from "../codec/shareable.js";
import type { ExecutingSide } from "../guests/language.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import { OK, S_REPLIES, STATUS_NO_MEMORY } from "../memory/layout.js";
import { RESERVED_PAGES } from "../memory/page-allocator.js";
import { CallBatch, type CallFailure, cutShort } from "../wire/call-batch.js";
import { copyOf, Message, WITHOUT_SENDER } from "../wire/message.js";
import { Moves } from "../transfer/moves.js";
import type { Movable } from "../transfer/transfer-list.js";
import { resultHandover } from "../transfer/handover.js";
import { REASONS, REPLY_FAILURE, REPLY_INTERRUPTED, REPLY_REFUSED, REPLY_VALUE } from "../wire/protocol.js";
import { slotOf } from "../kernel/registry.js";
import { endWork, finishWork, interruption } from "../kernel/executions.js";
import type { Runtime } from "../thread/runtime.js";
import { memoryFull } from "../wire/status-error.js";

/** An execution of this interpreter, and the work item in it. */
export interface WorkItem {
  /** Pointer to the execution, or 0 for a callback: that is no work item of this interpreter, and cannot be condemned. */
  readonly execution: Pointer;
  /** The interpreter that waits for the reply, and its sequence number for the operation. */
  sender: InterpreterId;
  sequence: number;
  /** When it began (`clock`), if the sender wants to know how long it takes, or 0. */
  began: number;
  /** The channel for large buffers of the result, if the call brought one. */
  channel: MessagePort | undefined;
  /** To be ended before the reply is sent. */
  ends?: (() => void)[] | undefined;
  /** Set while it is an iteration that other work may run beside. */
  seat?: { wait(waits: boolean): void } | undefined;
}

export class Replies {
  /** Set when this interpreter takes no more tasks from its pool. */
  last = false;
  readonly #rt: Runtime;
  readonly #guest: ExecutingSide;
  readonly #handOver = (channel: MessagePort | undefined, movables: readonly Movable[]) =>
    resultHandover(this.#rt, movables, channel);
  /**
   * The interpreter that got the last reply, and its slot, which it keeps as long as it lives. Looking the slot up each time would
   * take the cache line in which that interpreter writes down its locks away from its processor.
   */
  #caller = -1 as InterpreterId;
  #callerSlot = -1 as Slot;

  constructor(rt: Runtime, guest: ExecutingSide) {
    this.#rt = rt;
    this.#guest = guest;
  }

  /** Replies with a failure. */
  replyFailure(item: WorkItem, thrown: unknown): void {
    const { status, value } = this.failureOf(thrown);
    this.reply(item, status, value);
  }

  /** The status and value of the reply for a thrown value. */
  failureOf(thrown: unknown): CallFailure {
    const interpreter = this.#rt.id;
    if (Refusal.is(thrown)) return { status: REPLY_REFUSED, value: thrown.error, interpreter };
    return { status: REPLY_FAILURE, value: [this.#guest.describeFailure(thrown), thrown], interpreter };
  }

  /** As `failureOf`, for a value thrown while a result was encoded: by a user's getter, or because the result cannot travel. */
  #unsent(thrown: unknown): CallFailure {
    const refused = thrown instanceof NotShareableError || thrown instanceof InterpreterError;
    return this.failureOf(refused ? new Refusal(thrown) : thrown);
  }

  /** The failure of one call of a batch. It must be able to travel, as the results of the other calls go with it. */
  inBatch(failure: CallFailure): CallFailure {
    return { ...failure, value: copyOf(failure.value, "error", true) };
  }

  #cutShort(batch: CallBatch): boolean {
    return cutShort(
      batch,
      (result) => checkShareable(result, "result"),
      (thrown) => this.inBatch(this.#unsent(thrown)),
    );
  }

  /** Sends the one reply to a work item, unless the item was condemned meanwhile. */
  reply(item: WorkItem, status: number, value: unknown): void {
    const { m } = this.#rt;
    const { execution, sender } = item;
    const why = this.#guest.interruptible === true ? interruption(m, execution) : 0;
    if (why !== 0 && status !== REPLY_INTERRUPTED) {
      const [info] = status === REPLY_FAILURE ? (value as [ExceptionInfo]) : [null];
      this.reply(item, REPLY_INTERRUPTED, [REASONS[why], info]);
      return;
    }
    if (item.ends !== undefined) endAll(item);
    const message = Message.take(m);
    let carries = status === REPLY_VALUE;
    const moves =
      carries && typeof value === "object" ? new Moves(item.channel, undefined, this.#handOver) : undefined;
    try {
      try {
        this.#header(message, item, status);
        if (value instanceof EncodedValue) message.again(value);
        else message.value(value, "result", status !== REPLY_VALUE, moves);
        moves?.check();
      } catch (error) {
        if (value instanceof CallBatch && this.#cutShort(value)) {
          this.reply(item, REPLY_VALUE, value);
          return;
        }
        carries = false;
        const failure = this.#unsent(error);
        this.#header(message.clear(), item, failure.status).value(failure.value, "error", true);
      }
      // If it is condemned, the supervisor is terminating this thread, and its notice is the caller's outcome.
      if (execution !== 0 && !finishWork(m, execution)) return;
      if (carries) moves?.handover?.handOver();
      if (this.#post(message, sender) === STATUS_NO_MEMORY) {
        const size = message.scratch.end;
        const full = memoryFull(`send a result of ${size} bytes`);
        this.#header(message.clear(), item, REPLY_REFUSED).value(full, "error", true);
        // A reply must arrive: this small one may use the pages that are reserved for it.
        m.reserve = 0;
        this.#post(message, sender);
        m.reserve = RESERVED_PAGES;
      } else if (carries) moves?.sent();
      if (execution !== 0) endWork(m, execution);
    } finally {
      moves?.done();
      message.discard();
      item.channel?.close();
      item.channel = undefined;
    }
  }

  #header(message: Message, { sequence, began }: WorkItem, status: number): Message {
    if (began === 0) return message.header(sequence, status, this.last ? 1 : 0);
    const took = Math.min(Math.ceil((clock() - began) * 1000), 0x7fffffff);
    const second = Math.floor(began / 1000);
    const micros = Math.floor((began - second * 1000) * 1000);
    return message.header(sequence, status, this.last ? 1 : 0, took, second, micros);
  }

  #post(message: Message, sender: InterpreterId): number {
    const { m, id } = this.#rt;
    if (sender !== this.#caller) {
      this.#callerSlot = slotOf(m, sender);
      this.#caller = this.#callerSlot === -1 ? (-1 as InterpreterId) : sender;
    }
    // The caller is gone, and its operation with it.
    if (this.#callerSlot === -1) return OK;
    return message.intoMailbox(this.#callerSlot, S_REPLIES, sender, id, WITHOUT_SENDER);
  }
}

function endAll(item: WorkItem): void {
  const { ends } = item;
  item.ends = undefined;
  for (const end of ends ?? []) callSafely(end);
}

/** Wraps an error of this package, to tell it from errors that the guest throws. */
export class Refusal {
  readonly #error: unknown;
  static is(value: unknown): value is Refusal {
    // Testing for a private name never runs user code, whatever was thrown; `instanceof` would run the traps of a proxy.
    return typeof value === "object" && value !== null && #error in value;
  }
  get error(): unknown {
    return this.#error;
  }
  constructor(error: unknown) {
    this.#error = error;
  }
}
