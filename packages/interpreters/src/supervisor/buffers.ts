/**
 * The supervisor's side of interpreter/buffers.ts: it keeps every SharedArrayBuffer that somebody may still ask for.
 */
import { BroadcastChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { BufferMessage } from "../interpreter/buffers.js";
import type { SharedMemory } from "../memory/atomics.js";
import { idOf } from "../queue/queues.js";

/** By the id of the queue that stands for it. */
const kept = new Map<number, BufferMessage>();
/** One line for each interpreter that ever shared or got one, by the interpreter's id. */
const lines = new Map<number, BroadcastChannel>();
/** Bytes of buffers that were let go of, and that this thread's heap may still hold on to. */
let dropped = 0;
const DROPPED_ENOUGH = 1 << 20;

/** Sends interpreter `asker` the buffer, over the line that it has opened under this name. */
export function answerForBuffer(asker: number, name: string, pointer: number, id: number): void {
  let line = lines.get(asker);
  if (line === undefined) {
    line = new BroadcastChannel(name);
    const onMessage = ({ data }: { data: BufferMessage }): void => keep(data);
    line.addEventListener("message", onMessage as never);
    line.unref();
    lines.set(asker, line);
  }
  // Whoever put the record had posted the buffer before; the event loop may not have come to it yet.
  if (!kept.has(id)) for (const each of lines.values()) drain(each);
  line.postMessage({ pointer, id, buffer: kept.get(id)?.buffer } satisfies BufferMessage);
}

/** The interpreter is dead. What it had posted may be in records that outlive it. */
export function closeLine(interpreter: number): void {
  const line = lines.get(interpreter);
  if (line === undefined) return;
  drain(line);
  line.close();
  lines.delete(interpreter);
}

/** Lets go of the buffers that nobody holds or carries: the queues that stood for them are gone. */
export function pruneBuffers(m: SharedMemory): void {
  // What comes later would be kept until somebody prunes again.
  for (const line of lines.values()) drain(line);
  for (const [id, { pointer, buffer }] of kept) {
    if (idOf(m, pointer) === id) continue;
    kept.delete(id);
    dropped += buffer?.byteLength ?? 0;
  }
  if (dropped < DROPPED_ENOUGH) return;
  dropped = 0;
  void collectGarbage();
}

function keep(message: BufferMessage): void {
  kept.set(message.id, message);
}

function drain(line: BroadcastChannel): void {
  // Node takes a BroadcastChannel here as it does a port; its types know only of the latter.
  const port = line as unknown as MessagePort;
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
    keep(next.message as BufferMessage);
}

/**
 * The engine does not count the bytes behind a SharedArrayBuffer as this heap's, and this heap is so quiet that it might
 * not be looked through for hours: the memory of the whole process would wait for that.
 */
async function collectGarbage(): Promise<void> {
  try {
    const { Session } = await import("node:inspector");
    const session = new Session();
    session.connect();
    // Disconnecting within the callback hangs the thread; before it, nothing is collected.
    session.post("HeapProfiler.collectGarbage", () => setImmediate(() => session.disconnect()));
  } catch {
    // A Node built without the inspector: it takes longer there.
  }
}
