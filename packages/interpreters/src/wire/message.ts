/**
 * Building records and reading them: headers, values, references, large payloads.
 */
import { CODEC_JAVASCRIPT, CODEC_NEUTRAL, decode, encode, encodeList } from "../codec/codec.js";
import type { Moved } from "../codec/encoder.js";
import { Scratch } from "../codec/scratch.js";
import { writeRaw } from "../codec/write.js";
import { InterpreterError, NotShareableError } from "../base/errors.js";
import { get, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import {
  MAX_REFERENCES,
  OK,
  R_FLAGS,
  R_LENGTH,
  RECORD_CODEC_SHIFT,
  RECORD_HEADER,
  RECORD_UNBOUND_SHIFT,
  REF_WORDS,
  type S_REPLIES,
  type S_WORK,
  STATUS_NO_MEMORY,
  UNBOUND_ITEM_KEEP,
  UNBOUND_ITEM_REMOVE,
} from "../memory/layout.js";
import type { Space } from "../memory/space.js";
import { freePages } from "../memory/page-allocator.js";
import { makeBlob, needsBlob } from "../kernel/records.js";
import { makeOutgoing, payloadBytes } from "../kernel/outgoing.js";
import { put } from "../kernel/queues.js";
import type { Received } from "../kernel/receive.js";
import { send, sendLast } from "../kernel/mailbox.js";
import { MessageBuffer } from "./message-buffer.js";
import { referencesOnTheWay } from "./on-the-way.js";
import { HEADER_WORDS } from "./protocol.js";

const HEADER_BYTES = HEADER_WORDS * 4;

/** An encoded value, kept to be sent again, or sent as it is. */
export interface Encoded {
  readonly codec: number;
  readonly bytes: Uint8Array;
  readonly references: readonly number[];
}

/** The value of a record that was taken, still encoded. */
export interface EncodedRecord extends Encoded {
  /** The pages that hold the bytes, which the reader must free; 0 if they lie elsewhere. */
  readonly pages: Pointer;
}

/** A record on its way out: `take` one, build it, send it (again if there was no room), `discard` it. */
export class Message {
  static readonly #free: Message[] = [];

  /** Returns an empty message. Several exist because a getter that runs while a value is encoded may itself send a message. */
  static take(m: SharedMemory): Message {
    const message = Message.#free.pop() ?? new Message();
    message.scratch.m = m;
    return message;
  }

  readonly scratch = new MessageBuffer();
  #codec = 0;
  /** The struct that goes to the kernel, reused. Its `blob` is set from the first attempt to send a large payload until it was sent. */
  readonly #record = makeOutgoing(this.scratch);

  /** Writes the header of a mailbox record (protocol.ts); a queue's records have none. */
  header(sequence: number, kind: number, a = 0, b = 0, c = 0, d = 0): this {
    const { scratch } = this;
    scratch.reserve(HEADER_BYTES);
    const { view, end } = scratch;
    view.setInt32(end, sequence, true);
    view.setInt32(end + 4, kind, true);
    view.setInt32(end + 8, a, true);
    view.setInt32(end + 12, b, true);
    view.setInt32(end + 16, c, true);
    view.setInt32(end + 20, d, true);
    scratch.end = end + HEADER_BYTES;
    return this;
  }

  /** The codec tag of the value. */
  get codec(): number {
    return this.#codec;
  }

  /** Encodes a value. Throws NotShareableError naming the path from `root`; with `lenient` it never throws. */
  value(value: unknown, root: string, lenient = false, moved?: Moved): this {
    this.#codec = encode(this.scratch, value, root, lenient, moved);
    referencesOnTheWay(this.scratch.refs, 1);
    checkReferences(this.scratch.refs, root);
    return this;
  }

  /** As `value`, for an array that only this package has a reference to. */
  list(list: readonly unknown[], root: string, moved?: Moved): this {
    this.#codec = encodeList(this.scratch, list, root, moved);
    referencesOnTheWay(this.scratch.refs, 1);
    checkReferences(this.scratch.refs, root);
    return this;
  }

  /** Returns a copy of the encoded value, which follows the header, so that it can be sent again later. */
  encoded(): Encoded {
    const { bytes, end, refs } = this.scratch;
    return {
      codec: this.#codec,
      bytes: Buffer.from(bytes.subarray(HEADER_BYTES, end)),
      references: [...refs],
    };
  }

  /** As `value`, for a value that was encoded before. Its referents must have been kept alive. */
  again({ codec, bytes, references }: Encoded): this {
    const { scratch } = this;
    writeRaw(scratch, bytes);
    scratch.refs.push(...references);
    referencesOnTheWay(references, 1);
    this.#codec = codec;
    return this;
  }

  /** Empties the message, and frees the pages of a payload that was never sent. */
  clear(): this {
    if (this.#record.blob !== 0) freePages(this.scratch.m, this.#record.blob);
    this.#record.blob = 0;
    this.#codec = CODEC_NEUTRAL;
    referencesOnTheWay(this.scratch.refs, -1);
    this.scratch.shrink();
    this.scratch.reset();
    // Otherwise the record would keep a large buffer alive that the scratch has given up.
    this.#record.bytes = this.scratch.bytes;
    this.#record.words = this.scratch.words;
    this.#record.references = this.scratch.refs;
    return this;
  }

  /** Puts it into a queue; see `put`. */
  intoQueue(q: Pointer, wait: boolean, sender: InterpreterId, unbound: number, each = true): number {
    if (!this.#load(sender, unbound)) return STATUS_NO_MEMORY;
    return this.#sent(put(this.scratch.m, q, wait, this.#record, each));
  }

  /** Puts it into a mailbox; see `send`. */
  intoMailbox(
    slot: Slot,
    box: typeof S_WORK | typeof S_REPLIES,
    id: InterpreterId,
    sender: InterpreterId,
    unbound: number,
    onlyIfIdle = false,
  ): number {
    if (!this.#load(sender, unbound)) return STATUS_NO_MEMORY;
    return this.#sent(send(this.scratch.m, slot, box, id, this.#record, onlyIfIdle));
  }

  /** Puts it into a mailbox as the last record ever; see `sendLast`. It has a header and no value. */
  intoMailboxAsLast(slot: Slot, id: InterpreterId, wait: boolean, sender: InterpreterId): number {
    // It is kept if the sender dies: the mailbox takes nothing more, so without this record the interpreter would never end.
    this.#describe(sender, WITHOUT_SENDER);
    return sendLast(this.scratch.m, slot, id, wait, this.#record);
  }

  /** Empties the message and gives it back for reuse. */
  discard(): void {
    this.clear();
    if (Message.#free.length < KEPT_MESSAGES) Message.#free.push(this);
  }

  /** Fills the record. */
  #describe(sender: InterpreterId, unbound: number): void {
    const { refs, bytes, words, end } = this.scratch;
    const record = this.#record;
    record.flags = (this.#codec << RECORD_CODEC_SHIFT) | (unbound << RECORD_UNBOUND_SHIFT);
    record.sender = sender;
    record.references = refs;
    record.bytes = bytes;
    record.words = words;
    record.length = end;
  }

  /** Fills the record, and moves a large payload into pages of its own, outside any lock. Returns false if memory is exhausted. */
  #load(sender: InterpreterId, unbound: number): boolean {
    this.#describe(sender, unbound);
    const record = this.#record;
    if (record.blob !== 0 || !needsBlob(payloadBytes(record))) return true;
    // A payload begins with its references, so pages that begin with the value already cannot be handed over.
    if (record.references.length === 0) record.blob = this.scratch.handOver();
    if (record.blob === 0) record.blob = makeBlob(this.scratch.m, record);
    return record.blob !== 0;
  }

  #sent(status: number): number {
    // The pages of the payload went with the record.
    if (status === OK) this.#record.blob = 0;
    return status;
  }
}

/** A time limit as a header states it: whole milliseconds, or 0 for none. */
export function runningTime(timeout: number | undefined): number {
  if (timeout === undefined || timeout === Infinity) return 0;
  return Math.max(1, Math.min(Math.ceil(timeout), 0x7fffffff));
}

/** A language as it is named to a user, and the tag of its values. */
export interface ReadingLanguage {
  readonly name: string;
  readonly tag: number;
}

/** Throws NotShareableError if an interpreter of `language` cannot read a value that was encoded with the tag `codec`. */
export function checkReadable(codec: number, language: ReadingLanguage, root: string): void {
  if (codec !== CODEC_JAVASCRIPT || language.tag === CODEC_JAVASCRIPT) return;
  throw new NotShareableError(
    `Cannot copy ${root} to a ${language.name} interpreter: a value in it is one that only JavaScript understands. ` +
      "Send null, booleans, numbers, strings, bytes, and arrays of these.",
  );
}

/** Encodes and decodes `value`: a copy as the other side would get it. `root` and `lenient` as for `Message.value`. */
export function copyOf<T>(value: T, root: string, lenient = false): T {
  const scratch = new Scratch();
  encode(scratch, value, root, lenient);
  return decode(scratch.bytes, 0, scratch.end, scratch.refs) as T;
}

/** As `copyOf`, of a value that an interpreter of `language` must be able to read. */
export function copyFor<T>(language: ReadingLanguage, value: T, root: string): T {
  const scratch = new Scratch();
  checkReadable(encode(scratch, value, root), language, root);
  return decode(scratch.bytes, 0, scratch.end, scratch.refs) as T;
}

const KEPT_MESSAGES = 8;

export function checkReferences(references: ArrayLike<number>, root: string): void {
  if (references.length <= MAX_REFERENCES * REF_WORDS) return;
  throw new InterpreterError(
    `Cannot send ${root}: it refers to more than ${MAX_REFERENCES} queues and interpreters. Send it in parts.`,
  );
}

/** Work is dropped if its sender dies: no caller waits for it. A reply is kept: it was earned before the death. */
export const WITH_SENDER = UNBOUND_ITEM_REMOVE;
export const WITHOUT_SENDER = UNBOUND_ITEM_KEEP;

/** The word at index `i` after the references. */
export function headerWord(m: SharedMemory, received: Received, i: number): number {
  const word = received.references * REF_WORDS + i;
  return received.blob !== 0
    ? get(m, received.blob + word)
    : received.view.getInt32(received.start + word * 4, true);
}

const NO_REFERENCES: number[] = [];

/**
 * Decodes the value after `skip` bytes of header and frees the pages of a large payload. Call it once for every record that
 * was taken and may carry a value: decoding turns the record's references into handles of this thread.
 */
export function readValue(m: SharedMemory, received: Received, skip: number, free = freePages): unknown {
  const { blob } = received;
  const bytes = blob !== 0 ? m.u8 : received.bytes;
  const start = blob !== 0 ? blob * 4 : received.start;
  const words = received.references * REF_WORDS;
  const references: number[] = words === 0 ? NO_REFERENCES : [];
  for (let i = 0; i < words; i++) references.push(bytes.readInt32LE(start + i * 4));
  received.blob = 0;
  try {
    // A header alone carries no value.
    if (words * 4 + skip === received.length) return undefined;
    return decode(bytes, start + words * 4 + skip, start + received.length, references, received.codec);
  } finally {
    if (blob !== 0) free(m, blob);
  }
}

/** As `readBody`, for a value that stays encoded. Its bytes are valid until the next record is taken, and until its pages are freed. */
export function readEncoded(m: SharedMemory, received: Received, skip = HEADER_BYTES): EncodedRecord {
  const { blob, codec, length } = received;
  const bytes = blob !== 0 ? m.u8 : received.bytes;
  const start = blob !== 0 ? blob * 4 : received.start;
  const words = received.references * REF_WORDS;
  const references: number[] = [];
  for (let i = 0; i < words; i++) references.push(bytes.readInt32LE(start + i * 4));
  received.blob = 0;
  return { codec, bytes: bytes.subarray(start + words * 4 + skip, start + length), references, pages: blob };
}

/** Decodes the value of a plain record that was taken in a batch, and lies in `space` from the word `at` on. */
export function readPlain({ bytes, words }: Space, at: number): unknown {
  const start = (at + RECORD_HEADER) * 4;
  const codec = (words[at + R_FLAGS] >>> RECORD_CODEC_SHIFT) & 0xff;
  return decode(bytes, start, start + words[at + R_LENGTH], NO_REFERENCES, codec);
}

/** Decodes the value after a mailbox record's header. */
export function readBody(m: SharedMemory, received: Received, free = freePages): unknown {
  return readValue(m, received, HEADER_BYTES, free);
}
