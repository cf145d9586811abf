/**
 * Large ArrayBuffers that are moved (`transfer`, `move`): not copied, but handed over. Small ones are copied, which is faster.
 *
 * A call's go to the supervisor, and from there to whoever decodes the record that names them, as line.ts describes. They are
 * handed over after the record was put: should it be refused, nothing has happened to them. Whoever is faster with the record than
 * the buffer is with the supervisor waits there until it arrives, or its sender has died (Q_SENDER).
 *
 * A result's are posted before its record is put: nobody can take them back any more, and its caller need not wait for them. They
 * go straight to the caller on a channel that a buffer of the call came on; both ends stay open until the call is settled, so they
 * are gone with it, whatever becomes of the record. Where the call brought none, they too go by the supervisor.
 */
import { MessagePort } from "../platform/ports.js";
import { registerReader } from "../codec/codec.js";
import type { Moved } from "../codec/encoder.js";
import { InterpreterError } from "../base/errors.js";
import type { SharedMemory } from "../memory/atomics.js";
import { set } from "../memory/atomics.js";
import { MAIN_SLOT, Q_SENDER, REF_MOVED, REF_RETURNED } from "../memory/layout.js";
import type { Received } from "../kernel/receive.js";
import { releaseHandle, startSupervisor } from "../thread/supervisor-client.js";
import { runtime } from "../thread/current.js";
import {
  fetchBuffer,
  type Placeholder,
  handToSupervisor,
  postBuffer,
  receiveBuffer,
  makePlaceholder,
} from "./supervisor-port.js";
import { readBody } from "../wire/message.js";
import type { Runtime } from "../thread/runtime.js";

/** Bytes from which on handing over is faster than copying. */
const LARGE = 3 << 20;
/** Bytes that V8 lets come from outside of its heap before it begins to mark (`kExternalAllocationSoftLimit`, src/heap/heap.h). */
const MARKED_FOR = 64 << 20;

function large(buffers: readonly ArrayBuffer[] | undefined): readonly ArrayBuffer[] {
  return buffers?.filter((buffer) => buffer.byteLength >= LARGE) ?? [];
}

/** The large ones among the buffers that are to be moved with one message. */
export abstract class Handover<How = unknown> implements Moved {
  abstract readonly kind: number;
  readonly #buffers: ReadonlySet<object>;
  /** Those that turned out to be in the value. */
  protected readonly used = new Map<ArrayBuffer, How>();

  constructor(buffers: readonly ArrayBuffer[]) {
    this.#buffers = new Set(buffers);
  }

  has(object: object): boolean {
    return this.#buffers.has(object);
  }

  abstract toReference(object: object): readonly [a: number, b: number];

  /** Whether it is in the value, and not only to be detached. */
  carries(buffer: ArrayBuffer): boolean {
    return this.used.has(buffer);
  }

  /** Hands them over. They are detached here from now on. */
  abstract handOver(): void;
  /** The record has been put, or never will be. */
  abstract done(): void;
}

/** By way of the supervisor. */
export class SupervisorHandover extends Handover<Placeholder> {
  /** Undefined where there are none, or this thread has no line that could move them. */
  static of(rt: Runtime, transfer: readonly ArrayBuffer[] | undefined): SupervisorHandover | undefined {
    const buffers = large(transfer);
    if (buffers.length === 0) return undefined;
    // The main interpreter's first task of a pool is what starts the supervisor, whom its line leads to.
    if (rt.m.slot === MAIN_SLOT) startSupervisor(rt);
    return rt.supervisorPort && new SupervisorHandover(rt, rt.supervisorPort, buffers);
  }

  readonly kind = REF_MOVED;
  readonly #rt: Runtime;
  readonly #port: MessagePort;
  /** The other ends of the channels that they went by. */
  #ends: MessagePort[] = [];

  private constructor(rt: Runtime, port: MessagePort, buffers: readonly ArrayBuffer[]) {
    super(buffers);
    this.#rt = rt;
    this.#port = port;
  }

  toReference(object: object): readonly [pointer: number, id: number] {
    const known = this.used.get(object as ArrayBuffer);
    if (known !== undefined) return [known.pointer, known.id];
    const handle = makePlaceholder(this.#rt, "move an ArrayBuffer");
    set(this.#rt.m, handle.pointer + Q_SENDER, this.#rt.id + 1);
    this.used.set(object as ArrayBuffer, handle);
    return [handle.pointer, handle.id];
  }

  handOver(): void {
    for (const [buffer, handle] of this.used) {
      // A getter may have detached it after it was met. Its taker waits for something.
      this.#ends.push(
        handToSupervisor(this.#port, handle, buffer.byteLength === 0 ? new ArrayBuffer(0) : buffer),
      );
    }
  }

  /** Where the result's buffers will come, if any were handed over; whoever takes it closes it. */
  takeChannel(): ResultChannel | undefined {
    if (this.#ends.length === 0) return undefined;
    const channel = new ResultChannel(this.#ends);
    this.#ends = [];
    return channel;
  }

  /** What stands for them is the record's alone. */
  done(): void {
    for (const end of this.#ends) end.close();
    for (const { pointer } of this.used.values()) releaseHandle(this.#rt, pointer, true);
    this.used.clear();
  }
}

/** Straight to the caller. */
class DirectHandover extends Handover<number> {
  readonly kind = REF_RETURNED;
  readonly #port: MessagePort;

  constructor(port: MessagePort, buffers: readonly ArrayBuffer[]) {
    super(buffers);
    this.#port = port;
  }

  toReference(object: object): readonly [index: number, _: number] {
    const index = this.used.get(object as ArrayBuffer) ?? this.used.size;
    this.used.set(object as ArrayBuffer, index);
    return [index, 0];
  }

  handOver(): void {
    for (const buffer of this.used.keys())
      postBuffer(this.#port, buffer.byteLength === 0 ? new ArrayBuffer(0) : buffer);
  }

  done(): void {
    this.used.clear();
  }
}

/** The large buffers of a result; `channel`: the one that its call brought. */
export function resultHandover(
  rt: Runtime,
  transfer: readonly ArrayBuffer[] | undefined,
  channel: MessagePort | undefined,
): SupervisorHandover | DirectHandover | undefined {
  if (channel === undefined) return SupervisorHandover.of(rt, transfer);
  const buffers = large(transfer);
  return buffers.length === 0 ? undefined : new DirectHandover(channel, buffers);
}

/** The caller's end of a channel for a result's buffers: one of several, as the callee takes the first that it comes to. */
export class ResultChannel {
  readonly #ports: readonly MessagePort[];
  readonly #come: ArrayBuffer[] = [];

  constructor(ports: readonly MessagePort[]) {
    this.#ports = ports;
  }

  /** The `index`-th, which was posted before the result that names it was put. */
  take(index: number): ArrayBuffer | undefined {
    for (const port of this.#ports) {
      while (this.#come.length <= index) {
        const next = receiveBuffer(port);
        if (next === undefined) break;
        this.#come.push(next);
      }
    }
    return this.#come[index];
  }

  /** The call is settled. What came and was not taken is nobody's. */
  close(): void {
    for (const port of this.#ports) port.close();
  }
}

/** What is to keep the channel that a call brings. */
interface Callee {
  channel: MessagePort | undefined;
}

/** Whose record is being decoded: a call's, or a result's. Decoding may come to code of the user's, and so to other records. */
let reading: Callee | ResultChannel | undefined;

function readAs(by: typeof reading, m: SharedMemory, received: Received): unknown {
  const before = reading;
  reading = by;
  try {
    return readBody(m, received);
  } finally {
    reading = before;
  }
}

/** A result; `channel`: of the call's, for its buffers. */
export function readResult(m: SharedMemory, received: Received, channel: ResultChannel | undefined): unknown {
  return readAs(channel, m, received);
}

/** The arguments of a call; `callee` gets its end of the channel for a result's buffers, if the call brought one, and closes it. */
export function readCall(m: SharedMemory, received: Received, callee: Callee): unknown {
  return readAs(callee, m, received);
}

registerReader(REF_MOVED, (pointer, id) => {
  const rt = runtime();
  const answer = fetchBuffer(rt, { pointer, id });
  releaseHandle(rt, pointer, false);
  if (answer instanceof MessagePort) {
    const buffer = receiveBuffer(answer);
    if (reading === undefined || reading instanceof ResultChannel || reading.channel !== undefined)
      answer.close();
    else reading.channel = answer;
    if (buffer !== undefined) {
      if (buffer.byteLength > MARKED_FOR) rt.marking = true;
      return buffer;
    }
  } else if (answer !== undefined) return answer;
  throw lost();
});

registerReader(REF_RETURNED, (index) => {
  const buffer = reading instanceof ResultChannel ? reading.take(index) : undefined;
  if (buffer !== undefined) return buffer;
  throw lost();
});

function lost(): InterpreterError {
  return new InterpreterError(
    "A buffer that was to be moved here did not arrive: the interpreter that sent it ended at that moment",
    { code: "ERR_INTERPRETER_DIED" },
  );
}
