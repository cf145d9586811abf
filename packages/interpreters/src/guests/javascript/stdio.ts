/**
 * Target side: output of a worker thread that shows at once.
 *
 * A worker's own `process.stdout` hands what is written to the thread that started it, which prints it when its event
 * loop turns: not while it is blocked, and never if the worker is terminated first. Here `write` has written when it
 * returns. The stream object stays Node's own, since Node sends it messages that only such an object understands; what
 * is replaced is how it writes. `console` writes to that object and so needs nothing.
 */

import { StringDecoder, type Tty, tty, type Writable, writeNow } from "../../platform/streams.js";
import { BroadcastChannel } from "../../platform/broadcast.js";
import type { BootOutput, OutputMessage } from "../../wire/boot.js";

type Done = (error?: Error | null) => void;

/** Makes `process.stdout` and `process.stderr` of this thread write to the descriptors of the process themselves, or elsewhere. */
export function installStdio(output?: BootOutput): void {
  const channel = output?.channel === undefined ? undefined : new BroadcastChannel(output.channel);
  // It is only ever written to.
  channel?.unref();
  for (const name of ["stdout", "stderr"] as const) {
    const to = output?.[name] ?? "inherit";
    if (to === "inherit") install(process[name], name === "stdout" ? 1 : 2);
    else if (to === "sink" && channel !== undefined) redirect(process[name], textTo(channel, name));
    else redirect(process[name], () => {});
  }
}

/** Characters that are split between two writes of bytes stay whole. */
function textTo(channel: BroadcastChannel, name: OutputMessage[0]): (chunk: string | Uint8Array) => void {
  const decoder = new StringDecoder("utf8");
  return (chunk) => {
    const text = typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk));
    if (text !== "") channel.postMessage([name, text] satisfies OutputMessage);
  };
}

function redirect(stream: Writable, take: (chunk: string | Uint8Array) => void): void {
  const write = (chunk: string | Uint8Array, encoding: BufferEncoding, done: Done): void => {
    // Strings may stand for bytes: "hex", "base64".
    const isBytes = typeof chunk === "string" && !/^utf-?8$/i.test(encoding);
    take(isBytes ? Buffer.from(chunk, encoding) : chunk);
    done();
  };
  const whole = { configurable: true, enumerable: false, writable: true };
  Object.defineProperties(stream, {
    _write: { ...whole, value: write },
    _writev: { ...whole, value: null },
  });
  if (stream.writableLength > 0) finishPending(stream);
}

function install(stream: Writable, fd: number): void {
  const write = (chunk: string | Uint8Array, encoding: BufferEncoding, done: Done): void => {
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
  if (stream.writableLength > 0) finishPending(stream);
}

/**
 * Something was written before: it is on its way to the other thread, and until that has confirmed it nothing else would
 * be written. What Node calls on confirmation is called now; it does no harm to call it again when that comes.
 */
function finishPending(stream: Writable): void {
  const prototype = Object.getPrototypeOf(stream) as Record<symbol, unknown>;
  const confirm = Object.getOwnPropertySymbols(prototype).find(
    (s) => s.description === "kStdioWantsMoreDataCallback",
  );
  const method = confirm === undefined ? undefined : prototype[confirm];
  if (typeof method === "function") Reflect.apply(method, stream, []);
}

/** One word that nobody ever changes, to wait on. */
let never: Int32Array | undefined;

function writeAll(fd: number, chunk: Uint8Array): void {
  let written = 0;
  while (written < chunk.length) {
    try {
      written += writeNow(fd, chunk, written);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Nobody reads any more. Whoever owns the process finds out for itself; there is nothing to be done here.
      if (code === "EPIPE") return;
      // A pipe or terminal that somebody made non-blocking is full. Only its reader can change that, and tells nobody.
      if (code !== "EAGAIN") throw error;
      never ??= new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(never, 0, 0, 1);
    }
  }
}

/** What can be known of the terminal behind a descriptor, found out when somebody asks. */
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

  /** What of a real terminal's methods can be used without one. */
  get methods(): Record<string, unknown> | undefined {
    if (!this.is) return undefined;
    return tty().WriteStream.prototype as unknown as Record<string, unknown>;
  }

  get size(): [number, number] | undefined {
    if (!this.is) return undefined;
    if (this.#stream === undefined) {
      // Only ever asked for its size. It must not keep the thread running.
      this.#stream = new (tty().WriteStream)(this.#fd);
      this.#stream.unref();
    }
    return this.#stream.getWindowSize();
  }
}
