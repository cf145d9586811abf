/**
 * Target side: makes the output of a worker thread show at once.
 *
 * A worker's own `process.stdout` passes its output to the thread that started the worker, which prints it when its event
 * loop turns: not while that thread is blocked, and never if the worker is terminated first. Here, `write` has written
 * when it returns. The stream stays Node's own object, because Node sends it messages that only such an object
 * understands; only its write methods are replaced. `console` writes to that object and needs no change, except on Deno.
 */

import {
  connectConsole,
  StringDecoder,
  type Tty,
  tty,
  type Writable,
  writeNow,
} from "../../platform/streams.js";
import { senderTo } from "../../thread/output-channel.js";
import type { BootOutput, OutputMessage } from "../../wire/boot.js";

type Done = (error?: Error | null) => void;

/** Makes this thread's `process.stdout` and `process.stderr` write to the process's descriptors directly, or as `output` says. */
export function installStdio(output?: BootOutput): void {
  const send = output?.channel && senderTo(output.channel);
  let apart = false;
  for (const name of ["stdout", "stderr"] as const) {
    const to = output?.[name] ?? "inherit";
    apart ||= to !== "inherit";
    if (to === "inherit") install(process[name], name === "stdout" ? 1 : 2);
    else if (to === "sink" && send !== undefined) redirect(process[name], textTo(send, name));
    else redirect(process[name], () => {});
  }
  if (apart) connectConsole?.();
}

/** Sends text. A character that is split between two writes of bytes stays whole. */
function textTo(
  send: (message: OutputMessage) => void,
  name: OutputMessage[0],
): (chunk: string | Uint8Array) => void {
  const decoder = new StringDecoder("utf8");
  return (chunk) => {
    const text = typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk));
    if (text !== "") send([name, text]);
  };
}

/** Completes a write to a stream. Node's streams have one such function for all of their writes. */
const completions = new Map<Writable, Done>();

/**
 * Has each write first complete an earlier one that `vm` stopped in the middle, at its time limit or at Ctrl-C: the stream would wait for that,
 * and write nothing more. No write of this package is under way when it returns, and none runs code of the user, so none can begin another.
 */
function surviveInterruptions(stream: Writable): void {
  const { write } = stream;
  const value = (...args: unknown[]): unknown => {
    const { _writableState: state } = stream as { _writableState?: { writing?: boolean; onwrite?: Done } };
    if (state?.writing === true) (completions.get(stream) ?? state.onwrite)?.();
    return Reflect.apply(write, stream, args) as unknown;
  };
  Object.defineProperty(stream, "write", { value, configurable: true, enumerable: false, writable: true });
}

function redirect(stream: Writable, take: (chunk: string | Uint8Array) => void): void {
  const write = (chunk: string | Uint8Array, encoding: BufferEncoding, done: Done): void => {
    completions.set(stream, done);
    // A string may encode bytes: "hex", "base64".
    const isBytes = typeof chunk === "string" && !/^utf-?8$/i.test(encoding);
    take(isBytes ? Buffer.from(chunk, encoding) : chunk);
    done();
  };
  const whole = { configurable: true, enumerable: false, writable: true };
  Object.defineProperties(stream, {
    _write: { ...whole, value: write },
    _writev: { ...whole, value: null },
    // Deno's stream is that of the process, which may be a terminal.
    isTTY: { ...whole, value: undefined },
  });
  surviveInterruptions(stream);
  if (stream.writableLength > 0) finishPending(stream);
}

function install(stream: Writable, fd: number): void {
  const write = (chunk: string | Uint8Array, encoding: BufferEncoding, done: Done): void => {
    completions.set(stream, done);
    try {
      writeAll(fd, typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  };
  const whole = { configurable: true, enumerable: false, writable: true };
  const terminal = new Terminal(fd);
  const own = (get: () => unknown): PropertyDescriptor => ({ get, configurable: true, enumerable: true });
  Object.defineProperties(stream, {
    _write: { ...whole, value: write },
    _writev: { ...whole, value: null },
    fd: { ...whole, value: fd },
    isTTY: own(() => (terminal.is ? true : undefined)),
    columns: own(() => terminal.size?.[0]),
    rows: own(() => terminal.size?.[1]),
    getWindowSize: own(() => (terminal.is ? () => terminal.size : undefined)),
    getColorDepth: own(() => terminal.methods?.["getColorDepth"]),
    hasColors: own(() => terminal.methods?.["hasColors"]),
  });
  surviveInterruptions(stream);
  if (stream.writableLength > 0) finishPending(stream);
}

/**
 * Completes earlier output, which is still on its way to the other thread: the stream would write nothing more until that
 * thread confirms it. This calls what Node calls on confirmation; the second call, when that arrives, does no harm.
 */
function finishPending(stream: Writable): void {
  const prototype = Object.getPrototypeOf(stream) as Record<symbol, unknown>;
  const confirm = Object.getOwnPropertySymbols(prototype).find(
    (s) => s.description === "kStdioWantsMoreDataCallback",
  );
  const method = confirm === undefined ? undefined : prototype[confirm];
  if (typeof method === "function") Reflect.apply(method, stream, []);
}

/** A word that never changes, to wait on. */
let never: Int32Array | undefined;

function writeAll(fd: number, chunk: Uint8Array): void {
  let written = 0;
  while (written < chunk.length) {
    try {
      written += writeNow(fd, chunk, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The reader is gone. The owner of the process finds that out by itself; nothing can be done here.
      if (code === "EPIPE") return;
      // A non-blocking pipe or terminal is full. Only its reader can change that, and the reader sends no signal.
      if (code !== "EAGAIN") throw error;
      never ??= new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(never, 0, 0, 1);
    }
  }
}

/** The terminal behind a descriptor, if it is one. Its properties are looked up on first use. */
class Terminal {
  readonly #fd: number;
  #is: boolean | undefined;
  #stream: Tty.WriteStream | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  get is(): boolean {
    return (this.#is ??= tty().isatty(this.#fd));
  }

  /** The methods of a real terminal stream that work without one. */
  get methods(): Record<string, unknown> | undefined {
    if (!this.is) return undefined;
    return tty().WriteStream.prototype as unknown as Record<string, unknown>;
  }

  get size(): [number, number] | undefined {
    if (!this.is) return undefined;
    if (this.#stream === undefined) {
      // Used for its size only. It must not keep the thread running.
      this.#stream = new (tty().WriteStream)(this.#fd);
      this.#stream.unref();
    }
    return this.#stream.getWindowSize();
  }
}
