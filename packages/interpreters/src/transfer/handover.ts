/**
 * Large ArrayBuffers that are moved (`transfer`, `move`) are handed over instead of copied. Small ones are copied, which is faster.
 * MessagePorts, streams, FileHandles and others that the runtime moves go the same way, whatever their size; "buffer" means these, too.
 *
 * The buffers of a call go to the supervisor, and from there to the interpreter that decodes the record that names them
 * (supervisor-port.ts). They are handed over after the record was put, so a refused record leaves them as they were. An interpreter
 * that decodes the record before the buffer has reached the supervisor waits until the buffer arrives or its sender has died
 * (Q_SENDER).
 *
 * The buffers of a result are posted before its record is put: from then on nothing can withdraw them, and the caller need not wait
 * for them. They go straight to the caller, on a channel that a buffer of the call came on. The callee closes its end after the reply,
 * and the caller its own when the call is settled, so the buffers cannot outlive the call, whatever becomes of the record. If the
 * call brought no channel, they go through the supervisor as well.
 */
import { types } from "../platform/brand-checks.js";
import { MessagePort } from "../platform/ports.js";
import { setImmediate } from "../platform/timers.js";
import { registerReader } from "../codec/codec.js";
import { InterpreterError } from "../base/errors.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { Pointer, QueueId } from "../memory/brands.js";
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
import type { Movable } from "./transfer-list.js";
import { readBody } from "../wire/message.js";
import type { Runtime } from "../thread/runtime.js";

/** Bytes from which handing a buffer over is faster than copying it. */
const LARGE = 3 << 20;
/** V8 begins to mark the heap when more bytes than this come from outside of it (`kExternalAllocationSoftLimit`, src/heap/heap.h). */
const MARKED_FOR = 64 << 20;

/** Returns the large buffers, and all that cannot be copied: these are handed over. */
function handedOver(transfer: readonly Movable[] | undefined): readonly Movable[] {
  return transfer?.filter((each) => !types.isArrayBuffer(each) || each.byteLength >= LARGE) ?? [];
}

/** A getter may have detached a buffer after the encoder met it. The receiver waits for a buffer all the same. */
function whole(movable: Movable): Movable {
  return types.isArrayBuffer(movable) && movable.byteLength === 0 ? new ArrayBuffer(0) : movable;
}

/** The large buffers that move with one message, and what else moves. `How` is what a reference to one consists of. */
export abstract class Handover<How = unknown> {
  abstract readonly kind: number;
  readonly #buffers: Set<object>;
  /** Those that the encoder met in the value. */
  protected readonly used = new Map<Movable, How>();

  constructor(buffers: readonly Movable[]) {
    this.#buffers = new Set(buffers);
  }

  /** Takes those of `movables` that are handed over. */
  add(movables: readonly Movable[]): void {
    for (const each of handedOver(movables)) this.#buffers.add(each);
  }

  has(object: object): boolean {
    return this.#buffers.has(object);
  }

  abstract toReference(object: object): readonly [a: number, b: number];

  /** Returns whether the buffer is in the value, rather than only named to be detached. */
  carries(buffer: Movable): boolean {
    return this.used.has(buffer);
  }

  /** Hands the buffers over, which detaches them here. */
  abstract handOver(): void;
  /** Call it when the record has been put, or never will be. */
  abstract done(): void;
}

/** Through the supervisor. */
export class SupervisorHandover extends Handover<Placeholder> {
  /** Returns undefined if no buffer is large, or this thread has no port that could move one: then they are copied. */
  static of(rt: Runtime, transfer: readonly Movable[] | undefined): SupervisorHandover | undefined {
    const buffers = handedOver(transfer);
    if (buffers.length === 0) return undefined;
    // Main's port comes with the supervisor, which the first task of a pool would otherwise start later.
    if (rt.m.slot === MAIN_SLOT) startSupervisor(rt);
    return rt.supervisorPort && new SupervisorHandover(rt, rt.supervisorPort, buffers);
  }

  readonly kind = REF_MOVED;
  readonly #rt: Runtime;
  readonly #port: MessagePort;
  /** This thread's ends of the channels that the buffers were posted on. */
  #ends: MessagePort[] = [];

  private constructor(rt: Runtime, port: MessagePort, buffers: readonly Movable[]) {
    super(buffers);
    this.#rt = rt;
    this.#port = port;
  }

  toReference(object: object): readonly [pointer: number, id: number] {
    const known = this.used.get(object as Movable);
    if (known !== undefined) return [known.pointer, known.id];
    const handle = makePlaceholder(this.#rt, "move an ArrayBuffer");
    set(this.#rt.m, handle.pointer + Q_SENDER, this.#rt.id + 1);
    this.used.set(object as Movable, handle);
    return [handle.pointer, handle.id];
  }

  handOver(): void {
    for (const [buffer, handle] of this.used) {
      this.#ends.push(handToSupervisor(this.#port, handle, whole(buffer)));
    }
  }

  /** Returns the channel on which buffers of the result will arrive, if any buffer was handed over. The caller must close it. */
  takeChannel(): ResultChannel | undefined {
    if (this.#ends.length === 0) return undefined;
    const live = [...this.used.keys()].some((moved) => !types.isArrayBuffer(moved));
    const channel = new ResultChannel(this.#ends, live);
    this.#ends = [];
    return channel;
  }

  /** From now on only the record holds the placeholders. */
  done(): void {
    for (const end of this.#ends) end.close();
    for (const { pointer } of this.used.values()) releaseHandle(this.#rt, pointer, true);
    this.used.clear();
  }
}

/** Straight to the caller of the call. */
class DirectHandover extends Handover<number> {
  readonly kind = REF_RETURNED;
  readonly #port: MessagePort;

  constructor(port: MessagePort, buffers: readonly Movable[]) {
    super(buffers);
    this.#port = port;
  }

  toReference(object: object): readonly [index: number, _: number] {
    const index = this.used.get(object as Movable) ?? this.used.size;
    this.used.set(object as Movable, index);
    return [index, 0];
  }

  handOver(): void {
    for (const buffer of this.used.keys()) postBuffer(this.#port, whole(buffer));
  }

  done(): void {
    this.used.clear();
  }
}

/** The handover of a result's large buffers. `channel` is the one that its call brought, if any. */
export function resultHandover(
  rt: Runtime,
  transfer: readonly Movable[] | undefined,
  channel: MessagePort | undefined,
): SupervisorHandover | DirectHandover | undefined {
  if (channel === undefined) return SupervisorHandover.of(rt, transfer);
  const buffers = handedOver(transfer);
  return buffers.length === 0 ? undefined : new DirectHandover(channel, buffers);
}

/** The caller's ends of the channels for a result's buffers. There are several, because the callee keeps the first that it meets. */
export class ResultChannel {
  readonly #ports: readonly MessagePort[];
  readonly #arrived: (object | null)[] = [];
  readonly #live: boolean;

  /** `live`: a stream or a port was moved with the call, on which the callee may have sent something here. */
  constructor(ports: readonly MessagePort[], live: boolean) {
    this.#ports = ports;
    this.#live = live;
  }

  /** Returns the `index`-th buffer, which was posted before the result that names it was put. Returns undefined if it is lost. */
  take(index: number): object | undefined {
    for (const port of this.#ports) {
      while (this.#arrived.length <= index) {
        const next = receiveBuffer(port);
        if (next === undefined) break;
        this.#arrived.push(next);
      }
    }
    return this.#arrived[index] ?? undefined;
  }

  /** Call it when the call is settled. Drops buffers that arrived and were not taken. */
  close(): void {
    for (const port of this.#ports) port.close();
    // Bytes that the callee wrote to a stream before it replied have been posted here, but Node's port for it keeps no event loop alive: without
    // another turn, the process could end before it is read. The first immediate may belong to this turn.
    if (this.#live) setImmediate(() => setImmediate(() => {}));
  }
}

/** Keeps the channel that a call brings, and what ends with the call. */
interface Callee {
  channel: MessagePort | undefined;
  ends?: (() => void)[] | undefined;
}

/** The call or the result whose record this thread is decoding. Decoding may run user code, which may decode another record. */
let reading: Callee | ResultChannel | undefined;

/** Has `end` called when the work whose arguments this thread is decoding is done, before its reply is sent; at once if these are no arguments. */
export function endsWithWork(end: () => void): void {
  if (reading === undefined || reading instanceof ResultChannel) end();
  else (reading.ends ??= []).push(end);
}

function readAs(by: typeof reading, m: SharedMemory, received: Received): unknown {
  const before = reading;
  reading = by;
  try {
    return readBody(m, received);
  } finally {
    reading = before;
  }
}

/** Decodes a result. `channel` is the call's, on which large buffers arrive. */
export function readResult(m: SharedMemory, received: Received, channel: ResultChannel | undefined): unknown {
  return readAs(channel, m, received);
}

/** Decodes the arguments of a call. `callee` gets the end of the channel for the result's buffers, if the call brought one, and must close it. */
export function readCall(m: SharedMemory, received: Received, callee: Callee): unknown {
  return readAs(callee, m, received);
}

registerReader(REF_MOVED, (pointer, id) => {
  const rt = runtime();
  const fetched = fetchBuffer(rt, { pointer: pointer as Pointer, id: id as QueueId });
  releaseHandle(rt, pointer as Pointer, false);
  if (fetched instanceof MessagePort) {
    const buffer = receiveBuffer(fetched);
    if (reading === undefined || reading instanceof ResultChannel || reading.channel !== undefined)
      fetched.close();
    else reading.channel = fetched;
    if (buffer !== undefined && buffer !== null) {
      if (types.isArrayBuffer(buffer) && buffer.byteLength > MARKED_FOR) rt.marking = true;
      return buffer;
    }
  } else if (fetched !== undefined) return fetched;
  throw lost();
});

registerReader(REF_RETURNED, (index) => {
  const buffer = reading instanceof ResultChannel ? reading.take(index) : undefined;
  if (buffer !== undefined) return buffer;
  throw lost();
});

function lost(): InterpreterError {
  return new InterpreterError(
    "An object that was moved here did not arrive: the interpreter that sent it ended at that moment, or it could not be moved (a " +
      "closed port). Send it again.",
    { code: "ERR_INTERPRETER_DIED" },
  );
}
