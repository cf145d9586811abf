/**
 * The line to the supervisor, for what only Node's own messages can carry: SharedArrayBuffers (buffers.ts), and ArrayBuffers
 * that are moved (moves.ts). The supervisor keeps them while the records that name them are on their way
 * (supervisor/buffers.ts):
 *
 *     before it is put here   a hidden queue is made to stand for the buffer
 *     in a record             only the queue's pointer and id, like any queue's
 *     when it is got there    the supervisor is asked for it, and this thread blocks until it has answered: decoding a
 *                             value cannot wait on the event loop
 *
 * The queue is held and counted as queues are. It therefore goes when nobody can get at the buffer any more, and then
 * the supervisor lets go of it.
 *
 * Threads that we start are given a MessagePort. Any other opens a BroadcastChannel that only these two know: every thread can
 * do that, but it carries no ArrayBuffer without copying it.
 */
import { BroadcastChannel } from "../platform/broadcast.js";
import { MessageChannel, MessagePort, receiveNow } from "../platform/ports.js";
import { memoryFull } from "../wire/status-error.js";
import { observe, park } from "../memory/doorbell.js";
import { UNBOUND_ITEM_KEEP } from "../memory/layout.js";
import { createQueue } from "../kernel/queue-lifetime.js";
import { queueIdOf } from "../kernel/queue-state.js";
import { request } from "../thread/supervisor-client.js";
import { REQUEST_BUFFER } from "../wire/protocol.js";
import type { Runtime } from "../thread/runtime.js";

/** What goes over the line, both ways. */
export interface BufferMessage {
  readonly pointer: number;
  readonly id: number;
  /**
   * A port stands for the ArrayBuffer that is its one message: whoever receives that only to pass it on would have its garbage
   * collector deal with all of it. Undefined in the answer that the line is open, and for one that is gone.
   */
  readonly buffer: SharedArrayBuffer | MessagePort | ArrayBuffer | undefined;
}

export interface Placeholder {
  readonly pointer: number;
  readonly id: number;
}

/** Makes the queue that stands for a buffer; this thread holds it. `doing`, for the error, is what cannot be done where the memory is full. */
export function makePlaceholder({ m }: Runtime, doing: string): Placeholder {
  const pointer = createQueue(m, 0, UNBOUND_ITEM_KEEP, true);
  if (pointer !== 0) return { pointer, id: queueIdOf(m, pointer) };
  throw memoryFull(doing);
}

/** The BroadcastChannel, where this thread needed one. */
let opened: { readonly name: string; readonly channel: BroadcastChannel } | undefined;

function open({ id }: Runtime): { readonly name: string; readonly channel: BroadcastChannel } {
  // Of this process only, where there may be other runtimes with an interpreter of the same id.
  const name = `interpreters ${id} ${Math.random()}`;
  const channel = new BroadcastChannel(name);
  channel.unref();
  return { name, channel };
}

/** Has the supervisor answer, and blocks this thread until then. */
export function fetchBuffer(rt: Runtime, { pointer, id }: Placeholder): BufferMessage["buffer"] {
  const { m, supervisorPort: port } = rt;
  if (port === undefined) opened ??= open(rt);
  const line = (port ?? opened?.channel) as MessagePort | BroadcastChannel;
  request(rt, REQUEST_BUFFER, pointer, id, 0, opened?.name);
  for (;;) {
    const seen = observe(m);
    const answer = receiveNow(line);
    if (answer !== undefined) return (answer.message as BufferMessage).buffer;
    if (!rt.adaptiveSpin.spin(seen)) park(m, seen, Infinity);
  }
}

/**
 * Gives the supervisor an ArrayBuffer to hand on; it is detached here. To be called where there is a port. Returns the other end
 * of the channel on which it arrives, to be closed.
 */
export function handToSupervisor(port: MessagePort, handle: Placeholder, buffer: ArrayBuffer): MessagePort {
  const { port1, port2 } = new MessageChannel();
  postBuffer(port1, buffer);
  port.postMessage({ ...handle, buffer: port2 } satisfies BufferMessage, [port2]);
  return port1;
}

/** What was posted before the other end was closed still arrives. */
export function postBuffer(port: MessagePort, buffer: ArrayBuffer): void {
  try {
    port.postMessage(buffer, [buffer]);
  } catch {
    // Node does not let go of it (a WebAssembly memory's, one of its own pools): a copy arrives as well.
    port.postMessage(buffer);
  }
}

/** The next buffer that was posted, or undefined. */
export function receiveBuffer(port: MessagePort): ArrayBuffer | undefined {
  return receiveNow(port)?.message as ArrayBuffer | undefined;
}

/** Gives the supervisor a SharedArrayBuffer to keep. */
export function offerBuffer(rt: Runtime, handle: Placeholder, buffer: SharedArrayBuffer): void {
  // What is posted to a BroadcastChannel before somebody listens at its other end is lost.
  if (rt.supervisorPort === undefined && opened === undefined) fetchBuffer(rt, { pointer: 0, id: 0 });
  (rt.supervisorPort ?? opened!.channel).postMessage({ ...handle, buffer } satisfies BufferMessage);
}
