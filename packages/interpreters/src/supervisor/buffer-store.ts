/**
 * The supervisor's side of interpreter/line.ts: it keeps every SharedArrayBuffer that somebody may still ask for, and every moved
 * ArrayBuffer until somebody does.
 */
import { BroadcastChannel } from "../platform/broadcast.js";
import { MessagePort, receiveNow } from "../platform/ports.js";
import { type BufferMessage, type Handle, receive } from "../transfer/supervisor-port.js";
import { slotOf } from "../kernel/registry.js";
import { get, reach, type SharedMemory } from "../memory/atomics.js";
import { ring } from "../memory/doorbell.js";
import { PAGE_WORDS, Q_SENDER } from "../memory/layout.js";
import { collectGarbage } from "../platform/garbage.js";
import { idOf } from "../kernel/queues.js";

interface Asker extends Handle {
  /** The interpreter that blocks until it is answered. */
  readonly asker: number;
}

/** By the id of the queue that stands for it. */
const kept = new Map<number, BufferMessage>();
/** One line for each interpreter that was given one or opened one, by the interpreter's id. */
const lines = new Map<number, MessagePort | BroadcastChannel>();
/** Those that were faster than the buffer they want. */
let waiting: Asker[] = [];
/** Bytes of buffers that were let go of, and that this thread's heap may still hold on to. */
let dropped = 0;
const DROPPED_ENOUGH = 1 << 20;

/** From now on `line` is that of `interpreter`. */
export function addLine(m: SharedMemory, interpreter: number, line: MessagePort | BroadcastChannel): void {
  const onMessage = ({ data }: { data: BufferMessage }): void => {
    keep(data);
    answerWaiting(m);
  };
  line.addEventListener("message", onMessage as never);
  // A port begins with its first listener of Node's own kind only.
  if (line instanceof MessagePort) line.start();
  line.unref();
  lines.set(interpreter, line);
}

/** Sends interpreter `asker` the buffer; `name` is that of the line it has opened, if it had to. */
export function answerForBuffer(
  m: SharedMemory,
  asker: number,
  name: string | undefined,
  pointer: number,
  id: number,
): void {
  if (!lines.has(asker) && name !== undefined) addLine(m, asker, new BroadcastChannel(name));
  waiting.push({ asker, pointer, id });
  // As a rule it was posted before the record was put; the event loop may not have come to it yet.
  if (!kept.has(id)) for (const each of lines.values()) drain(each);
  answerWaiting(m);
}

/** The interpreter is dead. What it had posted may be in records that outlive it. */
export function closeLine(m: SharedMemory, interpreter: number): void {
  const line = lines.get(interpreter);
  if (line !== undefined) {
    drain(line);
    line.close();
    lines.delete(interpreter);
  }
  waiting = waiting.filter(({ asker }) => asker !== interpreter);
  answerWaiting(m);
}

/** Lets go of the buffers that nobody holds or carries: the queues that stood for them are gone. */
export function pruneBuffers(m: SharedMemory): void {
  // What comes later would be kept until somebody prunes again. What comes now has somebody waiting for it, perhaps.
  for (const line of lines.values()) drain(line);
  answerWaiting(m);
  for (const [id, { pointer, buffer }] of kept) {
    reach(m, pointer + PAGE_WORDS - 1);
    if (idOf(m, pointer) !== id) drop(id, buffer);
  }
  if (dropped < DROPPED_ENOUGH) return;
  dropped = 0;
  // The engine does not count the bytes behind a SharedArrayBuffer as this heap's, and this heap is so quiet that it might not be
  // collected for hours: the memory of the whole process would wait for that.
  void collectGarbage();
}

/** Answers all but those whose buffer is still to come: its sender lives, and will have posted it in a moment. */
function answerWaiting(m: SharedMemory): void {
  waiting = waiting.filter(({ asker, pointer, id }) => {
    if (id !== 0 && !kept.has(id)) {
      reach(m, pointer + PAGE_WORDS - 1);
      const sender = get(m, pointer + Q_SENDER) - 1;
      if (slotOf(m, sender) !== -1) return true;
    }
    answer(asker, pointer, id);
    const slot = slotOf(m, asker);
    if (slot !== -1) ring(m, slot);
    return false;
  });
}

function answer(asker: number, pointer: number, id: number): void {
  const line = lines.get(asker);
  const buffer = kept.get(id)?.buffer;
  if (!(buffer instanceof MessagePort)) line?.postMessage({ pointer, id, buffer } satisfies BufferMessage);
  else {
    // Nobody else can ask for it.
    kept.delete(id);
    if (line instanceof MessagePort)
      line.postMessage({ pointer, id, buffer } satisfies BufferMessage, [buffer]);
    else {
      line?.postMessage({ pointer, id, buffer: receive(buffer) } satisfies BufferMessage);
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

function drain(line: MessagePort | BroadcastChannel): void {
  for (let next = receiveNow(line); next !== undefined; next = receiveNow(line))
    keep(next.message as BufferMessage);
}
