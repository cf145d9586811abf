/**
 * The core without its classes, for guest languages (`interpreters/core`; guests/README.md): integers in, a status out. A guest holds queues
 * and interpreters by their ids, and its values stay encoded.
 *
 * All functions act for the interpreter that the calling thread is.
 */
import { CODEC_NEUTRAL, decode, encode } from "./codec/codec.js";
import { EncodedValue } from "./codec/language-value.js";
import { decodePortable, encodePortable } from "./codec/portable.js";
import { letGoOfReferences } from "./codec/references.js";
import { Scratch } from "./codec/scratch.js";
import { type Carrier, type RemoteTask, RemoteTasks } from "./futures/remote.js";
import type { RemoteOutcome } from "./futures/remote-outcome.js";
import { createPlace } from "./interpreter/create.js";
import { EndOperation, Ending } from "./interpreter/ending.js";
import { type GuestOperation, sendToGuest, STATUS_DEADLOCK } from "./interpreter/guest-operation.js";
import {
  adoptCreated,
  forgetInterpreter,
  holdCreated,
  holdInterpreter,
  releaseInterpreter,
} from "./interpreter/held-interpreters.js";
import { hasInterpreterObject } from "./interpreter/interpreter.js";
import type { CreateOptions } from "./interpreter/options.js";
import { type Target, tagOf, whenceOf } from "./interpreter/target.js";
import { isExecuting } from "./kernel/executions.js";
import { makeOutgoing, type OutgoingRecord } from "./kernel/outgoing.js";
import { makeReceived, type Received } from "./kernel/receive.js";
import { idOf, isAlive, slotOf, stateOf } from "./kernel/registry.js";
import { get, load } from "./memory/atomics.js";
import type { InterpreterId, Slot } from "./memory/brands.js";
import {
  H_SLOTS_USED,
  INLINE_BYTES,
  OK,
  RECORD_CODEC_SHIFT,
  RECORD_ERROR,
  RECORD_LIVE,
  RECORD_UNBOUND,
  RECORD_UNBOUND_SHIFT,
  REF_QUEUE,
  REF_WORDS,
  S_GUEST,
  S_INTERRUPT,
  S_DOORBELL,
  S_WHENCE,
  slotPointer,
  STATE_READY,
  STATUS_BUSY,
  STATUS_EMPTY,
  STATUS_FULL,
  STATUS_NO_MEMORY,
  STATUS_NOT_FOUND,
  STATUS_SHUT,
  UNBOUND_ITEM,
  UNBOUND_ITEM_ERROR,
  UNBOUND_ITEM_KEEP,
  UNBOUND_ITEM_REMOVE,
} from "./memory/layout.js";
import { type Space, spaceOf } from "./memory/space.js";
import type { HeldQueue } from "./queue/held-queues.js";
import * as queues from "./queue/guest-queues.js";
import { runtime } from "./thread/current.js";
import { takeTrace } from "./thread/trace.js";
import { checkReadable } from "./wire/message.js";
import { Refusal } from "./worker/replies.js";

export type {
  Carrier,
  CreateOptions,
  EncodedValue,
  EndOperation,
  GuestOperation,
  HeldQueue,
  OutgoingRecord,
  Received,
  RemoteOutcome,
  RemoteTask,
  RemoteTasks,
  Space,
};

/** One interpreter, as `interpreters.list` returns it. */
export interface ListedInterpreter {
  readonly id: number;
  /** A WHENCE_… number of memory/layout.ts: 1 the main one, 2 made by `create`, 3 a thread that has joined. */
  readonly whence: number;
  readonly ready: boolean;
}

function targetOf(id: number): Target | undefined {
  const rt = runtime();
  const slot = slotOf(rt.m, id as InterpreterId);
  if (slot === -1) return undefined;
  return { rt, slot, id: id as InterpreterId, whence: whenceOf(rt, slot), tag: tagOf(rt, slot) };
}

const interpreters = {
  /** The id of the calling thread's interpreter. */
  current: (): number => runtime().id,

  /** All interpreters, ordered by id. */
  list(): ListedInterpreter[] {
    const { m } = runtime();
    const found: ListedInterpreter[] = [];
    const end = load(m, H_SLOTS_USED);
    for (let slot = 0 as Slot; slot < end; slot++) {
      const id = idOf(m, slot);
      const whence = load(m, slotPointer(slot) + S_WHENCE);
      if (id >= 0 && isAlive(m, slot)) found.push({ id, whence, ready: stateOf(m, slot) === STATE_READY });
    }
    return found.sort((a, b) => a.id - b.id);
  },

  /** The `whence` of interpreter `id`, as in `list`, or STATUS_NOT_FOUND. */
  whence(id: number): number {
    const { m } = runtime();
    const slot = slotOf(m, id as InterpreterId);
    return slot === -1 ? STATUS_NOT_FOUND : load(m, slotPointer(slot) + S_WHENCE);
  },

  /** The codec tag of its language, or STATUS_NOT_FOUND. */
  language: (id: number): number => targetOf(id)?.tag ?? STATUS_NOT_FOUND,

  /** 1 if interpreter `id` executes work, 0 if not, or STATUS_NOT_FOUND. */
  isRunning(id: number): number {
    const { m } = runtime();
    const slot = slotOf(m, id as InterpreterId);
    return slot === -1 ? STATUS_NOT_FOUND : Number(isExecuting(m, slot));
  },

  /**
   * Makes an interpreter, which the guest holds once. `guestWord` is what the function of that name returns of it. A `lazy` one costs nothing until work
   * is sent to it: only then it boots.
   *
   * @throws as `create`
   */
  create(options: CreateOptions, more?: { readonly guestWord?: number; readonly lazy?: boolean }): number {
    const { id, slot } = createPlace(options, more);
    holdCreated(id, slot);
    return id;
  },

  /** The word of interpreter `id` that its language gave to `create`, which no other code writes; 0 if there is none. */
  guestWord(id: number): number {
    const { m } = runtime();
    const slot = slotOf(m, id as InterpreterId);
    return slot === -1 ? 0 : get(m, slotPointer(slot) + S_GUEST);
  },

  /** Holds interpreter `id` once more. Returns false if none has that id. */
  hold: holdInterpreter,

  /** The handle that `create` gave becomes the first one that `hold` takes. */
  adopt: adoptCreated,

  /**
   * Gives back one handle. If that was the last one in the process, the supervisor ends the interpreter. If it is idle, this blocks until its death is
   * reported, the items that it has put have met their fate, or the work of this thread must be interrupted, and for 30 seconds at most: the exit
   * functions of its language may wait for this thread. Returns whether it was the last.
   */
  release(id: number): boolean {
    const target = targetOf(id);
    // Both before the handle is given back: closing it is work, too, and the supervisor notifies only those that await something.
    const idle = target !== undefined && !isExecuting(target.rt.m, target.slot);
    const end = idle ? new EndOperation(target.rt, target.id, `close interpreter ${id}`) : undefined;
    const last = releaseInterpreter(id, hasInterpreterObject(id));
    if (end === undefined) return last;
    if (last) threads.blockUntil(() => end.settled, RELEASE_LIMIT);
    if (!end.settled) end.abandon();
    return last;
  },

  /**
   * Closes interpreter `id` and blocks until it is gone. Returns OK, or STATUS_BUSY if it executes work and nothing was done.
   *
   * @throws InterpreterError as `Interpreter.closeSync`
   */
  close(id: number): number {
    const closing = interpreters.beginClose(id);
    if (typeof closing === "number") return closing;
    closing.block();
    return OK;
  },

  /**
   * Begins to close interpreter `id`. Returns the operation, which is settled when the interpreter is gone, or STATUS_NOT_FOUND, or STATUS_BUSY if it
   * executes work and nothing was done.
   *
   * @throws InterpreterError as `Interpreter.close`
   */
  beginClose(id: number): EndOperation | number {
    const target = targetOf(id);
    if (target === undefined) return STATUS_NOT_FOUND;
    try {
      const closing = new Ending(target).close({}, true);
      forgetInterpreter(id);
      return closing;
    } catch (error) {
      if ((error as { code?: unknown }).code === "ERR_INTERPRETER_RUNNING") return STATUS_BUSY;
      throw error;
    }
  },

  /** Sends work to the executing side of interpreter `id` (`ExecutingSide.execute`). Returns the operation, or a negative status. */
  send: (
    id: number,
    value: EncodedValue,
    options?: { readonly onlyIfIdle?: boolean; readonly blocking?: boolean },
  ): GuestOperation | number => sendToGuest(id as InterpreterId, value, options),
};

/** How long `release` waits, in milliseconds. */
const RELEASE_LIMIT = 30_000;

const threads = {
  /**
   * Blocks this thread until `done` returns true, which is called after each ring of the doorbell, or the time limit (milliseconds), or the work of
   * this thread must be interrupted. Replies and changes of a queue ring. The event loop stands still meanwhile.
   */
  blockUntil: (done: () => boolean, timeout?: number): boolean =>
    runtime().blockUntil(() => done() || queues.isInterrupted(), timeout),

  /** The byte that gets a signal number when the work of this thread must be interrupted, in shared memory. The guest polls it, and clears it. */
  interrupts(): Uint8Array {
    const { m } = runtime();
    return new Uint8Array(m.u8.buffer, m.u8.byteOffset + (m.me + S_INTERRUPT) * 4, 1);
  },

  /** From now on a signal number in this byte, too, ends the waits of this thread. For the main interpreter, whose caller is the terminal. */
  watchInterrupts: queues.watchInterrupts,

  /** The word that wakes this thread, in shared memory: add 2 and notify. For a thread that has no runtime. */
  doorbell(): { readonly words: Int32Array; readonly index: number } {
    const { m } = runtime();
    return { words: m.i32, index: m.me + S_DOORBELL };
  },

  /** Whether the signal was meant for the work that this thread executes: a late one may be for work that has ended. */
  isInterrupted: queues.isInterrupted,

  /** Calls `changed` after each ring of the doorbell, from the event loop, until the returned function is called. */
  watch(changed: () => void): () => void {
    const rt = runtime();
    rt.addPoller(changed);
    rt.ref();
    return () => {
      rt.removePoller(changed);
      rt.unref();
    };
  },

  /** Takes what has arrived, without blocking. */
  poll: (): boolean => runtime().poll(),
};

const values = {
  /** Encodes a value that is neutral. @throws NotShareableError it cannot travel, or only JavaScript can read it; `root` names it */
  encode(value: unknown, root: string): EncodedValue {
    const scratch = new Scratch();
    const codec = encode(scratch, value, root);
    checkReadable(codec, { name: "guest", tag: CODEC_NEUTRAL }, root);
    return new EncodedValue(codec, scratch.bytes.subarray(0, scratch.end), scratch.refs);
  },

  /** Decodes a neutral value. References become this thread's objects. @throws InterpreterError (`ERR_MALFORMED_VALUE`) */
  decode: ({ codec, bytes, references }: EncodedValue): unknown =>
    decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, references, codec),
};

/**
 * Gives back what this thread got by taking a record that carries these references, triples of words: queues at once, unless the guest holds them or an
 * object of this thread does; interpreters and buffers when JavaScript's garbage collector runs.
 */
function releaseReferences(references: readonly number[]): void {
  for (let i = 0; i < references.length; i += REF_WORDS) {
    const [kind, pointer, id] = references.slice(i, i + REF_WORDS);
    if (kind === REF_QUEUE) queues.releaseCarried(pointer, id);
    else letGoOfReferences([kind, pointer, id]);
  }
}

/**
 * For executors whose tasks run in other processes.
 *
 * @example
 * import { core } from "interpreters/core";
 * const bytes = core.remote.encode(new Map([["a", 1n]]), "value");
 * console.log(core.remote.decode(bytes)); // Map(1) { 'a' => 1n }
 */
const remote = {
  /** A value as bytes that another process can read. @throws NotShareableError it cannot travel, or only within this process */
  encode: encodePortable,
  /** The value that `encode` encoded. @throws InterpreterError (`ERR_MALFORMED_VALUE`) the bytes are damaged */
  decode: decodePortable,
  /** The caller's side of an executor: its futures, `map`, statistics and end, over a carrier. */
  createTasks: (carrier: Carrier): RemoteTasks => new RemoteTasks(carrier),
  /** Where the calling function was called, for the stacks of a task's errors. */
  takeTrace,
};

/** The functions and constants of the core, grouped by what they are about. guests/README.md says how a language uses them. */
export const core = {
  remote,
  releaseReferences,
  values,
  interpreters,
  queues,
  threads,
  makeOutgoing,
  makeReceived,
  spaceOf,
  EncodedValue,
  Refusal,
  CODEC_NEUTRAL,
  INLINE_BYTES,
  OK,
  STATUS_EMPTY,
  STATUS_FULL,
  STATUS_NOT_FOUND,
  STATUS_SHUT,
  STATUS_NO_MEMORY,
  STATUS_BUSY,
  STATUS_DEADLOCK,
  UNBOUND_ITEM,
  UNBOUND_ITEM_ERROR,
  UNBOUND_ITEM_REMOVE,
  UNBOUND_ITEM_KEEP,
  RECORD_LIVE,
  RECORD_UNBOUND,
  RECORD_ERROR,
  RECORD_CODEC_SHIFT,
  RECORD_UNBOUND_SHIFT,
  REF_QUEUE,
} as const;

/** The type of `core`. */
export type Core = typeof core;
