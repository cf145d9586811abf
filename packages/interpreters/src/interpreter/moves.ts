/**
 * Large ArrayBuffers that are moved (`transfer`, `move`): not copied, but handed over to the supervisor, and from there to whoever
 * decodes the record that names them, as line.ts describes. Small ones are copied, which is faster.
 *
 * A call's buffers are handed over after its record was put: should it be refused, nothing has happened to them. Whoever is
 * faster with the record than the buffer is with the supervisor waits there until it arrives, or its sender has died (Q_SENDER).
 * A result's are handed over before: nobody can take them back any more, and its caller need not wait for them.
 */
import type { MessagePort } from "node:worker_threads";
import { registerReader } from "../codec/codec.js";
import type { Moved } from "../codec/encoder.js";
import { InterpreterError } from "../errors.js";
import { set } from "../memory/atomics.js";
import { MAIN_SLOT, Q_SENDER, REF_MOVED } from "../memory/layout.js";
import { release, startSupervisor } from "../supervisor/start.js";
import { runtime } from "./current.js";
import { ask, type Handle, move, standIn } from "./line.js";
import type { Runtime } from "./runtime.js";

/** Bytes from which on handing over is faster than copying. */
const LARGE = 3 << 20;

/** The large ones among the buffers that are to be moved with one message. */
export class Moving implements Moved {
  /** Undefined where there are none, or this thread has no line that could move them. */
  static of(rt: Runtime, transfer: readonly ArrayBuffer[] | undefined): Moving | undefined {
    const large = transfer?.filter((buffer) => buffer.byteLength >= LARGE) ?? [];
    if (large.length === 0) return undefined;
    // The main interpreter's first task of a pool is what starts the supervisor, whom its line leads to.
    if (rt.m.slot === MAIN_SLOT) startSupervisor(rt);
    const { port } = rt;
    return port && new Moving(rt, port, large);
  }

  readonly kind = REF_MOVED;
  readonly #rt: Runtime;
  readonly #port: MessagePort;
  readonly #buffers: ReadonlySet<object>;
  /** Those that turned out to be in the value. */
  readonly #used = new Map<ArrayBuffer, Handle>();

  private constructor(rt: Runtime, port: MessagePort, buffers: readonly ArrayBuffer[]) {
    this.#rt = rt;
    this.#port = port;
    this.#buffers = new Set(buffers);
  }

  has(object: object): boolean {
    return this.#buffers.has(object);
  }

  toReference(object: object): readonly [pointer: number, id: number] {
    const known = this.#used.get(object as ArrayBuffer);
    if (known !== undefined) return [known.pointer, known.id];
    const handle = standIn(this.#rt, "move an ArrayBuffer");
    set(this.#rt.m, handle.pointer + Q_SENDER, this.#rt.id + 1);
    this.#used.set(object as ArrayBuffer, handle);
    return [handle.pointer, handle.id];
  }

  /** Whether it is in the value, and not only to be detached. */
  carries(buffer: ArrayBuffer): boolean {
    return this.#used.has(buffer);
  }

  /** Hands them over. They are detached here from now on. */
  handOver(): void {
    for (const [buffer, handle] of this.#used) {
      // A getter may have detached it after it was met. Its taker waits for something.
      move(this.#port, handle, buffer.byteLength === 0 ? new ArrayBuffer(0) : buffer);
    }
  }

  /** The record has been put, or never will be: what stands for them is the record's alone. */
  done(): void {
    for (const { pointer } of this.#used.values()) release(this.#rt, pointer, true);
    this.#used.clear();
  }
}

registerReader(REF_MOVED, (pointer, id) => {
  const rt = runtime();
  const buffer = ask(rt, { pointer, id });
  release(rt, pointer, false);
  if (buffer !== undefined) return buffer;
  throw new InterpreterError(
    "A buffer that was to be moved here did not arrive: the interpreter that sent it ended at that moment",
    { code: "ERR_INTERPRETER_DIED" },
  );
});
