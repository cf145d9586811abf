/**
 * SharedArrayBuffers travel by reference: the same bytes in every interpreter.
 *
 * The memory that all interpreters share cannot hold a JavaScript object, and only Node's own messages can carry a
 * SharedArrayBuffer to another thread. So the supervisor keeps the buffers that are on the way (supervisor/buffers.ts):
 *
 *     first put here       a hidden queue is made to stand for the buffer; the buffer is posted to the supervisor
 *     in a record          only the queue's pointer and id, like any queue's (REF_BUFFER)
 *     first get there      the supervisor is asked for it, and this thread blocks until it has answered: decoding a
 *                          value cannot wait on the event loop. Later gets find the object that is here already.
 *
 * The queue that stands for it is held by every interpreter that has the buffer and counted by every record that carries
 * it, as queues are. It therefore goes when nobody can get at the buffer any more, and then the supervisor lets go of it.
 *
 * The line to the supervisor is a BroadcastChannel that only these two know: every thread can open one, also one that
 * somebody else started, and its messages are there to be taken synchronously.
 */
import { types } from "node:util";
import { BroadcastChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { registerReference } from "../codec/codec.js";
import { InterpreterError } from "../errors.js";
import { bell, sleep } from "../memory/bell.js";
import { REF_BUFFER } from "../memory/layout.js";
import { createQueue, idOf } from "../queue/queues.js";
import { UNBOUND_KEEP, unboundNumber } from "../queue/unbound.js";
import { release, request, startSupervisor } from "../supervisor/start.js";
import { runtime } from "./current.js";
import { REQUEST_BUFFER } from "./protocol.js";
import type { Runtime } from "./runtime.js";

/** What goes over the line, both ways. */
export interface BufferMessage {
  readonly pointer: number;
  readonly id: number;
  /** Undefined in the answer that the line is open, and for one that is gone. */
  readonly buffer: SharedArrayBuffer | undefined;
}

interface Handle {
  readonly pointer: number;
  readonly id: number;
}

/** Handles of this thread, and the one object for each. */
const handles = new WeakMap<SharedArrayBuffer, Handle>();
const known = new Map<number, WeakRef<SharedArrayBuffer>>();
const collected = new FinalizationRegistry<Handle>(({ pointer, id }) => {
  // As for queues: the handle is the thread's, and given back once.
  if (known.get(id)?.deref() !== undefined || !known.delete(id)) return;
  release(runtime(), pointer, true);
});

let line: { readonly name: string; readonly channel: BroadcastChannel } | undefined;

/** Has the supervisor answer; blocks this thread until then. */
function ask(rt: Runtime, pointer: number, id: number): BufferMessage {
  const { m } = rt;
  if (line === undefined) {
    // Of this process only, where there may be other runtimes with an interpreter of the same id.
    const name = `interpreters ${rt.id} ${Math.random()}`;
    line = { name, channel: new BroadcastChannel(name) };
    line.channel.unref();
  }
  const { name, channel } = line;
  request(rt, REQUEST_BUFFER, pointer, id, 0, name);
  for (;;) {
    const seen = bell(m);
    // Node takes a BroadcastChannel here as it does a port; its types know only of the latter.
    const answer = receiveMessageOnPort(channel as unknown as MessagePort);
    if (answer !== undefined) return answer.message as BufferMessage;
    if (!rt.spinner.spin(seen)) sleep(m, seen, Infinity);
  }
}

function remember(buffer: SharedArrayBuffer, handle: Handle): Handle {
  handles.set(buffer, handle);
  known.set(handle.id, new WeakRef(buffer));
  collected.register(buffer, handle);
  return handle;
}

/** Makes the buffer known to the supervisor. */
function offer(buffer: SharedArrayBuffer): Handle {
  const rt = runtime();
  const { m } = rt;
  startSupervisor(rt);
  // What is posted before somebody listens at the other end is lost.
  if (line === undefined) ask(rt, 0, 0);
  const pointer = createQueue(m, 0, unboundNumber(UNBOUND_KEEP), true);
  if (pointer === 0) {
    throw new InterpreterError(
      "Cannot share a SharedArrayBuffer: the shared memory is full. Get items out of queues, or close some.",
      { code: "ERR_INTERPRETER_MEMORY" },
    );
  }
  const handle = remember(buffer, { pointer, id: idOf(m, pointer) });
  line!.channel.postMessage({ ...handle, buffer } satisfies BufferMessage);
  return handle;
}

function fetch(pointer: number, id: number): SharedArrayBuffer {
  const same = known.get(id)?.deref();
  if (same !== undefined) return same;
  const { buffer } = ask(runtime(), pointer, id);
  if (buffer === undefined) {
    throw new InterpreterError("A SharedArrayBuffer is gone; this is a bug in `interpreters`");
  }
  remember(buffer, { pointer, id });
  return buffer;
}

registerReference<SharedArrayBuffer>({
  kind: REF_BUFFER,
  is: (value): value is SharedArrayBuffer => !ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value),
  toReference(buffer) {
    const { pointer, id } = handles.get(buffer) ?? offer(buffer);
    return [pointer, id];
  },
  fromReference: fetch,
});
