/**
 * The supervisor's side of transfer/supervisor-port.ts: it keeps every SharedArrayBuffer, and every object that only the runtime can
 * clone, which a thread may still ask for, and every moved ArrayBuffer until a thread does.
 *
 * Invariants: a buffer is kept while its placeholder queue exists. A thread that asks blocks until it gets a reply, so each
 * request is answered: with the buffer, or without one as soon as the buffer's sender is dead and its port is drained, or if the
 * runtime could not deserialize the buffer.
 *
 * A message that was posted before a request must be there when the request is handled, and when the port of a dead interpreter is closed. Where a
 * listener may keep it back for a turn, there is none, and the ports are polled while a thread waits.
 */
import { types } from "../platform/brand-checks.js";
import { BroadcastChannel } from "../platform/broadcast.js";
import { MessagePort, receiveNow, receivesBesideListener } from "../platform/ports.js";
import {
  type BufferMessage,
  type LentMessage,
  type Placeholder,
  receiveBuffer,
} from "../transfer/supervisor-port.js";
import { slotOf } from "../kernel/registry.js";
import { get, ensureMapped, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Pointer, QueueId } from "../memory/brands.js";
import { ring } from "../memory/doorbell.js";
import { PAGE_WORDS, Q_SENDER } from "../memory/layout.js";
import { collectGarbage } from "../platform/garbage.js";
import { queueIdOf } from "../kernel/queue-state.js";

interface Asker extends Placeholder {
  /** The interpreter that blocks until it gets the reply. */
  readonly asker: InterpreterId;
}

/** Milliseconds. */
const POLL = 1;

/** Bytes. */
const DROPPED_ENOUGH = 1 << 20;

export class BufferStore {
  readonly #m: SharedMemory;
  /** By the id of the placeholder queue. */
  readonly #kept = new Map<QueueId, BufferMessage>();
  /** By the interpreter's id: the port that each was given, or the channel that it opened. */
  readonly #ports = new Map<InterpreterId, MessagePort | BroadcastChannel>();
  /** By port: the buffer that its next message brings. */
  readonly #announced = new Map<MessagePort | BroadcastChannel, BufferMessage>();
  /** By key: what the threads of guest languages share. */
  readonly #lent = new Map<string, unknown>();
  /** Those whose request came before the buffer. */
  #waiting: Asker[] = [];
  #polling = false;
  /** Bytes of buffers that were dropped and that this thread's heap may still retain. */
  #dropped = 0;

  constructor(m: SharedMemory) {
    this.#m = m;
  }

  /** From now on `port` is that of `interpreter`. */
  addPort(interpreter: InterpreterId, port: MessagePort | BroadcastChannel): void {
    this.#ports.set(interpreter, port);
    if (port instanceof MessagePort && !receivesBesideListener) return;
    const onMessage = ({ data }: { data: BufferMessage | LentMessage }): void => {
      this.#accept(port, data);
      this.#replyToWaiting();
    };
    port.addEventListener("message", onMessage as never);
    port.addEventListener("messageerror", () => {
      this.#lose(port);
      this.#replyToWaiting();
    });
    // Only a listener that is added in Node's own way, with `on`, starts a port.
    if (port instanceof MessagePort) port.start();
    port.unref();
  }

  /** Sends interpreter `asker` the buffer. `name` is that of the channel which the asker has opened, if it has no port. */
  reply(asker: InterpreterId, name: string | undefined, pointer: Pointer, id: QueueId): void {
    if (!this.#ports.has(asker) && name !== undefined) this.addPort(asker, new BroadcastChannel(name));
    this.#waiting.push({ asker, pointer, id });
    // Usually it was posted before the record was put, but the event loop may not have come to the message yet.
    if (!this.#kept.has(id)) this.#drainAll();
    this.#replyToWaiting();
    this.#pollForWaiting();
  }

  /** Polls the ports until no thread waits, if no listener does. */
  #pollForWaiting(): void {
    if (receivesBesideListener || this.#polling || this.#waiting.length === 0) return;
    this.#polling = true;
    setTimeout(() => {
      this.#polling = false;
      this.#drainAll();
      this.#replyToWaiting();
      this.#pollForWaiting();
    }, POLL);
  }

  /** The data that the threads of a guest language share. Its creator posted it before it sent the boot request. */
  lent(key: string | undefined): unknown {
    if (key === undefined) return undefined;
    if (!this.#lent.has(key)) this.#drainAll();
    return this.#lent.get(key);
  }

  /** The interpreter is dead. Records that outlive it may name what it had posted. */
  closePort(interpreter: InterpreterId): void {
    const port = this.#ports.get(interpreter);
    if (port !== undefined) {
      this.#drain(port);
      port.close();
      this.#ports.delete(interpreter);
      this.#announced.delete(port);
    }
    this.#waiting = this.#waiting.filter(({ asker }) => asker !== interpreter);
    this.#replyToWaiting();
  }

  /** Drops the buffers that no thread holds and no record carries: their placeholder queues are gone. */
  prune(): void {
    const m = this.#m;
    // A buffer that came later would be kept until the next pruning. One that comes now may have a waiter.
    this.#drainAll();
    this.#replyToWaiting();
    for (const [id, { pointer, buffer }] of this.#kept) {
      ensureMapped(m, pointer + PAGE_WORDS - 1);
      if (queueIdOf(m, pointer) === id) continue;
      this.#kept.delete(id);
      if (buffer instanceof MessagePort) buffer.close();
      else if (types.isSharedArrayBuffer(buffer)) this.#dropped += buffer.byteLength;
    }
    if (this.#dropped < DROPPED_ENOUGH) return;
    this.#dropped = 0;
    // The engine does not count the bytes behind a SharedArrayBuffer as part of this heap, and this heap is so quiet that it
    // might not be collected for hours. Until then the process would not get the memory back.
    void collectGarbage();
  }

  /** Replies to all but those whose buffer is still to come: its sender lives, and will soon have posted it. */
  #replyToWaiting(): void {
    const m = this.#m;
    this.#waiting = this.#waiting.filter(({ asker, pointer, id }) => {
      if (id !== 0 && !this.#kept.has(id)) {
        ensureMapped(m, pointer + PAGE_WORDS - 1);
        const sender = (get(m, pointer + Q_SENDER) - 1) as InterpreterId;
        if (slotOf(m, sender) !== -1) return true;
      }
      this.#send(asker, pointer, id);
      const slot = slotOf(m, asker);
      if (slot !== -1) ring(m, slot);
      return false;
    });
  }

  #send(asker: InterpreterId, pointer: Pointer, id: QueueId): void {
    const port = this.#ports.get(asker);
    const buffer = this.#kept.get(id)?.buffer;
    if (!(buffer instanceof MessagePort)) {
      try {
        port?.postMessage({ pointer, id, buffer } satisfies BufferMessage);
      } catch {
        // A clone that the runtime does not clone again. The asker waits for a reply.
        port?.postMessage({ pointer, id, buffer: undefined } satisfies BufferMessage);
      }
    } else {
      // Moved: no other thread can ask for it.
      this.#kept.delete(id);
      if (port instanceof MessagePort)
        port.postMessage({ pointer, id, buffer } satisfies BufferMessage, [buffer]);
      else {
        port?.postMessage({
          pointer,
          id,
          buffer: receiveBuffer(buffer) ?? undefined,
        } satisfies BufferMessage);
        buffer.close();
      }
    }
  }

  #drainAll(): void {
    for (const port of this.#ports.values()) this.#drain(port);
  }

  #drain(port: MessagePort | BroadcastChannel): void {
    for (;;) {
      try {
        const next = receiveNow(port);
        if (next === undefined) return;
        this.#accept(port, next.message as BufferMessage | LentMessage);
      } catch {
        // The message has been taken all the same.
        this.#lose(port);
      }
    }
  }

  #accept(port: MessagePort | BroadcastChannel, message: BufferMessage | LentMessage): void {
    if ("lent" in message) this.#lent.set(message.lent, message.value);
    else if (message.follows === true) this.#announced.set(port, message);
    else {
      this.#announced.delete(port);
      this.#kept.set(message.id, message);
    }
  }

  /** A message could not be deserialized. Threads that ask for its buffer get a reply without one. */
  #lose(port: MessagePort | BroadcastChannel): void {
    const lost = this.#announced.get(port);
    if (lost === undefined) return;
    this.#announced.delete(port);
    this.#kept.set(lost.id, lost);
  }
}
