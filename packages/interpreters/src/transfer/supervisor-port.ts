/**
 * A thread's supervisor port, for what only Node's own messages can carry: SharedArrayBuffers (shared-buffers.ts), and ArrayBuffers
 * that are moved (handover.ts). The supervisor keeps the buffers while the records that name them are on their way
 * (supervisor/buffer-store.ts):
 *
 *     before the record is put   make a hidden queue, the buffer's *placeholder*
 *     in the record              the placeholder's pointer and id, like those of any queue
 *     when it is decoded         request the buffer from the supervisor, and block this thread until it replies: decoding
 *                                a value cannot wait on the event loop
 *
 * Interpreters and records hold the placeholder as they hold any queue. It is freed when none of them can reach the buffer any
 * more, and then the supervisor drops the buffer.
 *
 * The supervisor gives each thread that it starts a MessagePort. Any other thread opens a BroadcastChannel whose name only the two
 * know: every thread can do that, but such a channel copies ArrayBuffers.
 */
import { types } from "../platform/brand-checks.js";
import { BroadcastChannel } from "../platform/broadcast.js";
import { MessageChannel, MessagePort, receiveNow, refusedBuffers } from "../platform/ports.js";
import { InterpreterError } from "../base/errors.js";
import { memoryFull } from "../wire/status-error.js";
import type { Pointer, QueueId } from "../memory/brands.js";
import { observe, park } from "../memory/doorbell.js";
import { load } from "../memory/atomics.js";
import { H_SUPERVISOR, UNBOUND_ITEM_KEEP } from "../memory/layout.js";
import { createQueue } from "../kernel/queue-lifetime.js";
import { queueIdOf } from "../kernel/queue-state.js";
import { request, supervisorListeners } from "../thread/supervisor-client.js";
import { REQUEST_BUFFER } from "../wire/protocol.js";
import type { Movable } from "./transfer-list.js";
import type { Runtime } from "../thread/runtime.js";

/** A message on a supervisor port, in either direction. */
export interface BufferMessage {
  readonly pointer: Pointer;
  readonly id: QueueId;
  /**
   * A SharedArrayBuffer, a clone, an ArrayBuffer that was moved over a BroadcastChannel, or a MessagePort. A MessagePort takes the place of an ArrayBuffer, which is its one message: if the supervisor received the buffer itself only
   * to pass it on, its garbage collector would deal with all of it. Undefined in the reply that only confirms an open port, and for a
   * buffer that is lost.
   */
  readonly buffer: object | undefined;
  /**
   * The buffer comes with the next message on this port. If the supervisor cannot deserialize that one, it knows from this which
   * buffer is lost.
   */
  readonly follows?: true;
}

/** The data that the threads of a guest language share, on its way to the supervisor, which gives it to those that it starts. */
export interface LentMessage {
  readonly lent: string;
  readonly value: unknown;
}

/** The hidden queue that a record names in place of a buffer. */
export interface Placeholder {
  readonly pointer: Pointer;
  readonly id: QueueId;
}

/** Makes a placeholder, which this thread holds. `doing` is a verb phrase for the error if the memory is full. */
export function makePlaceholder({ m }: Runtime, doing: string): Placeholder {
  const pointer = createQueue(m, 0, UNBOUND_ITEM_KEEP, true);
  if (pointer !== 0) return { pointer, id: queueIdOf(m, pointer) };
  throw memoryFull(doing);
}

/** The BroadcastChannel, if this thread has no MessagePort and needed one. */
let opened: { readonly name: string; readonly channel: BroadcastChannel } | undefined;

function open({ id }: Runtime): { readonly name: string; readonly channel: BroadcastChannel } {
  if (refusedBuffers !== undefined) {
    throw new InterpreterError(`Cannot share or move a buffer: ${refusedBuffers}.`, {
      code: "ERR_INTERPRETER_UNSUPPORTED",
    });
  }
  // Random, because another runtime of this process may have an interpreter of the same id.
  const name = `interpreters ${id} ${Math.random()}`;
  const channel = new BroadcastChannel(name);
  channel.unref();
  return { name, channel };
}

/** Requests a buffer from the supervisor, and blocks this thread until it replies. Returns undefined if the buffer is lost. */
export function fetchBuffer(rt: Runtime, { pointer, id }: Placeholder): BufferMessage["buffer"] {
  const { m, supervisorPort } = rt;
  if (supervisorPort === undefined) opened ??= open(rt);
  const port = (supervisorPort ?? opened?.channel) as MessagePort | BroadcastChannel;
  request(rt, REQUEST_BUFFER, pointer, id, 0, opened?.name);
  // This thread may be reading the reply for which it said that it waits.
  rt.sleeper.say(m, 0);
  for (;;) {
    const seen = observe(m);
    try {
      const reply = receiveNow(port);
      if (reply !== undefined) return (reply.message as BufferMessage).buffer;
    } catch {
      // This thread cannot deserialize what the supervisor could.
      return undefined;
    }
    // It could not start, and nothing else has the buffer.
    if (load(m, H_SUPERVISOR) === 0) return undefined;
    if (!rt.adaptiveSpin.spin(seen)) park(m, seen, Infinity);
  }
}

/**
 * Gives the supervisor an ArrayBuffer to pass on, which detaches it here. Returns this thread's end of the channel on which it
 * arrives, which the caller must close.
 */
export function handToSupervisor(port: MessagePort, handle: Placeholder, buffer: Movable): MessagePort {
  const { port1, port2 } = new MessageChannel();
  postBuffer(port1, buffer);
  port.postMessage({ ...handle, buffer: port2 } satisfies BufferMessage, [port2]);
  return port1;
}

/** Moves an object to the other end of a channel. It still arrives there if this end is closed afterwards. */
export function postBuffer(port: MessagePort, buffer: Movable): void {
  try {
    port.postMessage(buffer, [buffer as ArrayBuffer]);
  } catch {
    // Node does not transfer this one. The buffer of a WebAssembly memory, or of a pool in Node, is copied; others are lost.
    port.postMessage(types.isArrayBuffer(buffer) ? buffer : null);
  }
}

/**
 * Takes the next object that has arrived. Returns undefined if none has, or this runtime cannot deserialize it, and null in place of
 * one that could not be moved.
 */
export function receiveBuffer(port: MessagePort): object | null | undefined {
  try {
    return receiveNow(port)?.message as object | null | undefined;
  } catch {
    return undefined;
  }
}

/** By key: what this thread has lent. */
const lent = new Map<string, unknown>();

// One that could not start takes with it what it had been given.
supervisorListeners.push(({ supervisorPort }) => {
  for (const [key, value] of lent) supervisorPort?.postMessage({ lent: key, value } satisfies LentMessage);
});

/** Gives the supervisor what the threads of a guest language share. Does so once for each key. */
export function lend(rt: Runtime, { key, value }: { readonly key: string; readonly value: unknown }): void {
  if (lent.has(key)) return;
  portTo(rt).postMessage({ lent: key, value } satisfies LentMessage);
  lent.set(key, value);
}

function portTo(rt: Runtime): MessagePort | BroadcastChannel {
  // A message on a BroadcastChannel is lost if the supervisor does not listen yet; its reply shows that it does.
  if (rt.supervisorPort === undefined && opened === undefined)
    fetchBuffer(rt, { pointer: 0, id: 0 as QueueId });
  return rt.supervisorPort ?? opened!.channel;
}

/** Gives the supervisor an object to keep: a SharedArrayBuffer, or one that it can only clone. */
export function offer(rt: Runtime, handle: Placeholder, buffer: object): void {
  const port = portTo(rt);
  port.postMessage({ ...handle, buffer: undefined, follows: true } satisfies BufferMessage);
  port.postMessage({ ...handle, buffer } satisfies BufferMessage);
}
