/**
 * The supervisor's side of interpreter/line.ts: it keeps every SharedArrayBuffer that somebody may still ask for, and every moved
 * ArrayBuffer until somebody does.
 */
import { BroadcastChannel } from "../platform/broadcast.js";
import { MessagePort, receiveNow } from "../platform/ports.js";
import { type BufferMessage, type Placeholder, receiveBuffer } from "../transfer/supervisor-port.js";
import { slotOf } from "../kernel/registry.js";
import { get, ensureMapped, type SharedMemory } from "../memory/atomics.js";
import { ring } from "../memory/doorbell.js";
import { PAGE_WORDS, Q_SENDER } from "../memory/layout.js";
import { collectGarbage } from "../platform/garbage.js";
import { queueIdOf } from "../kernel/queue-state.js";

interface Asker extends Placeholder {
  /** The interpreter that blocks until it is answered. */
  readonly asker: number;
}

/** By the id of the queue that stands for it. */
const kept = new Map<number, BufferMessage>();
/** One line for each interpreter that was given one or opened one, by the interpreter's id. */
const ports = new Map<number, MessagePort | BroadcastChannel>();
/** Those that were faster than the buffer they want. */
let waiting: Asker[] = [];
/** Bytes of buffers that were let go of, and that this thread's heap may still hold on to. */
let dropped = 0;
const DROPPED_ENOUGH = 1 << 20;

/** From now on `line` is that of `interpreter`. */
export function addPort(m: SharedMemory, interpreter: number, port: MessagePort | BroadcastChannel): void {
  const onMessage = ({ data }: { data: BufferMessage }): void => {
    keep(data);
    replyToWaiting(m);
  };
  port.addEventListener("message", onMessage as never);
  // A port begins with its first listener of Node's own kind only.
  if (port instanceof MessagePort) port.start();
  port.unref();
  ports.set(interpreter, port);
}

/** Sends interpreter `asker` the buffer; `name` is that of the line it has opened, if it had to. */
export function replyWithBuffer(
  m: SharedMemory,
  asker: number,
  name: string | undefined,
  pointer: number,
  id: number,
): void {
  if (!ports.has(asker) && name !== undefined) addPort(m, asker, new BroadcastChannel(name));
  waiting.push({ asker, pointer, id });
  // As a rule it was posted before the record was put; the event loop may not have come to it yet.
  if (!kept.has(id)) for (const each of ports.values()) drain(each);
  replyToWaiting(m);
}

/** The interpreter is dead. What it had posted may be in records that outlive it. */
export function closePort(m: SharedMemory, interpreter: number): void {
  const port = ports.get(interpreter);
  if (port !== undefined) {
    drain(port);
    port.close();
    ports.delete(interpreter);
  }
  waiting = waiting.filter(({ asker }) => asker !== interpreter);
  replyToWaiting(m);
}

/** Lets go of the buffers that nobody holds or carries: the queues that stood for them are gone. */
export function pruneBuffers(m: SharedMemory): void {
  // What comes later would be kept until somebody prunes again. What comes now has somebody waiting for it, perhaps.
  for (const port of ports.values()) drain(port);
  replyToWaiting(m);
  for (const [id, { pointer, buffer }] of kept) {
    ensureMapped(m, pointer + PAGE_WORDS - 1);
    if (queueIdOf(m, pointer) !== id) drop(id, buffer);
  }
  if (dropped < DROPPED_ENOUGH) return;
  dropped = 0;
  // The engine does not count the bytes behind a SharedArrayBuffer as this heap's, and this heap is so quiet that it might not be
  // collected for hours: the memory of the whole process would wait for that.
  void collectGarbage();
}

/** Answers all but those whose buffer is still to come: its sender lives, and will have posted it in a moment. */
function replyToWaiting(m: SharedMemory): void {
  waiting = waiting.filter(({ asker, pointer, id }) => {
    if (id !== 0 && !kept.has(id)) {
      ensureMapped(m, pointer + PAGE_WORDS - 1);
      const sender = get(m, pointer + Q_SENDER) - 1;
      if (slotOf(m, sender) !== -1) return true;
    }
    reply(asker, pointer, id);
    const slot = slotOf(m, asker);
    if (slot !== -1) ring(m, slot);
    return false;
  });
}

function reply(asker: number, pointer: number, id: number): void {
  const port = ports.get(asker);
  const buffer = kept.get(id)?.buffer;
  if (!(buffer instanceof MessagePort)) port?.postMessage({ pointer, id, buffer } satisfies BufferMessage);
  else {
    // Nobody else can ask for it.
    kept.delete(id);
    if (port instanceof MessagePort)
      port.postMessage({ pointer, id, buffer } satisfies BufferMessage, [buffer]);
    else {
      port?.postMessage({ pointer, id, buffer: receiveBuffer(buffer) } satisfies BufferMessage);
      buffer.close();
    }
  }
}

function keep(message: BufferMessage): void {
  kept.set(message.id, message);
}

function drop(id: number, buffer: BufferMessage["buffer"]): void {
  kept.delete(id);
  if (buffer instanceof MessagePort) buffer.close();
  else dropped += buffer?.byteLength ?? 0;
}

function drain(port: MessagePort | BroadcastChannel): void {
  for (let next = receiveNow(port); next !== undefined; next = receiveNow(port))
    keep(next.message as BufferMessage);
}
