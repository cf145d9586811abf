/** Work for an interpreter of a guest language, as bytes that only the language reads (core.ts). */
import { EncodedValue } from "../codec/language-value.js";
import { get } from "../memory/atomics.js";
import type { InterpreterId } from "../memory/brands.js";
import { OK, S_LANGUAGE, S_WORK, slotPointer, STATUS_BUSY, STATUS_NOT_FOUND } from "../memory/layout.js";
import type { Received } from "../kernel/receive.js";
import { slotOf } from "../kernel/registry.js";
import { freePages } from "../memory/page-allocator.js";
import { runtime } from "../thread/current.js";
import type { Runtime } from "../thread/runtime.js";
import { startIfLazy } from "../thread/supervisor-client.js";
import { Message, readEncoded, WITH_SENDER } from "../wire/message.js";
import { REPLY_VALUE, WORK_GUEST } from "../wire/protocol.js";
import { InterpreterError } from "../base/errors.js";
import type { Slot } from "../memory/brands.js";
import { Operation } from "./operation.js";
import { withdraw } from "./sending.js";

/** Returned by `sendToGuest`: blocking until the reply would never end, because the interpreter waits for this one. */
export const STATUS_DEADLOCK = -8;

/** One work item, from its sending to the reply's bytes. */
export class GuestOperation extends Operation<EncodedValue> {
  readonly #runtime: Runtime;
  #promise: Promise<EncodedValue> | undefined;
  /** The outcome, once it is settled. */
  reply: EncodedValue | undefined;
  error: unknown;

  constructor(rt: Runtime, target: InterpreterId, what: string) {
    super(rt, target, what);
    this.#runtime = rt;
  }

  override settle(status: number, received: Received): void {
    if (status !== REPLY_VALUE) {
      super.settle(status, received);
      return;
    }
    const { codec, bytes, references, pages } = readEncoded(this.#runtime.m, received);
    const reply = new EncodedValue(codec, new Uint8Array(bytes), references);
    if (pages !== 0) freePages(this.#runtime.m, pages);
    this.resolve(reply);
  }

  /** May be called more than once. */
  override promise(): Promise<EncodedValue> {
    return (this.#promise ??= super.promise());
  }

  override resolve(value: unknown): void {
    this.reply = value as EncodedValue;
    super.resolve(value);
  }

  override reject(error: unknown): void {
    this.error = error;
    super.reject(error);
  }
}

/** Options of `sendToGuest`. */
export interface GuestSendOptions {
  /** Refuses (STATUS_BUSY) if the interpreter executes work, or has some waiting. */
  readonly onlyIfIdle?: boolean;
  /** This thread will call `block` next. Refuses (STATUS_DEADLOCK) if that would never end. */
  readonly blocking?: boolean;
}

/**
 * Sends work to interpreter `id`, whose executing side gets the value in `execute`. Returns the operation, or a negative status:
 * STATUS_NOT_FOUND, STATUS_SHUT, STATUS_BUSY, STATUS_NO_MEMORY, STATUS_DEADLOCK.
 */
export function sendToGuest(
  id: InterpreterId,
  value: EncodedValue,
  { onlyIfIdle = false, blocking = false }: GuestSendOptions = {},
): GuestOperation | number {
  const rt = runtime();
  const slot = slotOf(rt.m, id);
  if (slot === -1) return STATUS_NOT_FOUND;
  // Its executing side would not understand the bytes.
  if (get(rt.m, slotPointer(slot) + S_LANGUAGE) !== value.codec) return STATUS_NOT_FOUND;
  if (id === rt.id) return onlyIfIdle ? STATUS_BUSY : STATUS_DEADLOCK;
  const operation = new GuestOperation(rt, id, `call a function in interpreter ${id}`);
  const message = Message.take(rt.m);
  try {
    message.header(operation.sequence, WORK_GUEST).again(value);
    if (blocking && !tryAnnounce(rt, slot, operation)) return STATUS_DEADLOCK;
    const status = message.intoMailbox(slot, S_WORK, id, rt.id, WITH_SENDER, onlyIfIdle);
    operation.place = rt.m.lastPut;
    if (status === OK) {
      startIfLazy(rt, slot, id);
      return operation;
    }
    operation.abandon();
    return status;
  } finally {
    message.discard();
  }
}

/** Announces that this thread will block until the operation is settled. Returns false if that would never end: then it is not pending. */
function tryAnnounce(rt: Runtime, slot: Slot, operation: GuestOperation): boolean {
  try {
    operation.announce(slot, () => withdraw({ rt, slot, id: operation.target }, operation));
    return true;
  } catch (error) {
    if (error instanceof InterpreterError && error.code === "ERR_INTERPRETER_DEADLOCK") return false;
    throw error;
  }
}
