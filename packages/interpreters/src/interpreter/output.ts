/**
 * Output of interpreters on its way to the sinks of their creator.
 *
 * It goes over a broadcast channel, which both ends open by its name, whereas some thread must pass a port on; or in records
 * (thread/output-channel.ts). Either way it is in the creator's queue when `write` returns, whatever happens to the writer afterwards, and the creator
 * takes it whenever it polls its doorbell. So text arrives before the reply of the call that wrote it, and all of it before the notice of the
 * interpreter's death. Otherwise the creator takes text when the channel's event or a ring comes, which does not keep the process alive, and takes the
 * rest when the process ends by itself.
 */
import type { InterpreterId } from "../memory/brands.js";
import { AsyncLocalStorage } from "../platform/async-context.js";
import { BroadcastChannel, takesBroadcastsAtOnce } from "../platform/broadcast.js";
import { receiveNow } from "../platform/ports.js";
import { threadId } from "../platform/threads.js";
import { reportError } from "../base/report.js";
import { startTimer, stopTimer } from "../base/timer.js";
import { promiseOf } from "../base/thenable.js";
import type { Runtime } from "../thread/runtime.js";
import type { OutputChannel, OutputMessage } from "../wire/boot.js";
import { headerWord, readBody } from "../wire/message.js";
import { OUTPUT_TEXT } from "../wire/protocol.js";

/**
 * A destination for the output of an interpreter (`create({ stdout, stderr })`): a Node `Writable`, a `WritableStream` (which is locked
 * as long as an interpreter writes to it), or any object with a `write` method. Several interpreters, and both streams of one, may
 * share a sink.
 *
 * `write` gets text, in the order in which it was written, in the asynchronous context of `create` (`AsyncLocalStorage`). If it returns a promise, that is awaited before the next call. If it throws
 * or rejects, the sink gets no more text from interpreters that write to it at the time, and the error is an uncaught exception in the
 * creator's thread.
 *
 * @example
 * const lines: string[] = [];
 * await using interp = create({ stdout: { write: (text: string) => lines.push(text) } });
 * await interp.exec("console.log('hello')");
 * console.log(lines.join("").trim()); // hello
 */
export type OutputSink =
  | { write(text: string): unknown }
  | { getWriter(): { write(text: string): Promise<void>; releaseLock(): void } };

/** Returns whether the value has the shape of a sink. */
export function checkSink(sink: unknown): sink is OutputSink {
  if ((typeof sink !== "object" && typeof sink !== "function") || sink === null) return false;
  const { write, getWriter } = sink as { write?: unknown; getWriter?: unknown };
  return typeof write === "function" || typeof getWriter === "function";
}

/** The options of `create` that say where an interpreter writes. */
export interface OutputOptions {
  readonly stdout?: "inherit" | "ignore" | OutputSink | undefined;
  readonly stderr?: "inherit" | "ignore" | OutputSink | undefined;
}

type Write = (text: string) => unknown;

/**
 * How long a sink may take nothing, in milliseconds, before an end stops waiting for it. Its text is not lost: the sink gets it when it
 * goes on. A stream that is read only after the interpreter's end would otherwise keep that end from ever being reported.
 */
const PATIENCE = 500;

/** One sink. Several interpreters may share it, whereas a `WritableStream` has only one writer. */
class Sink {
  static readonly #of = new WeakMap<object, Sink>();

  static get(sink: OutputSink): Sink {
    let found = Sink.#of.get(sink);
    if (found === undefined) Sink.#of.set(sink, (found = new Sink(sink)));
    return found;
  }

  readonly #sink: OutputSink;
  #write: Write | undefined;
  #release: (() => void) | undefined;
  #users = 0;
  #failed = false;
  /** The text that is not written yet, and a promise for the time when it is. */
  #waiting: string[] = [];
  #written: Promise<void> | undefined;
  /** How many writes are done. */
  #done = 0;

  private constructor(sink: OutputSink) {
    this.#sink = sink;
  }

  /** @throws TypeError the stream is locked to another writer */
  open(): void {
    if (this.#users++ > 0) return;
    this.#failed = false;
    this.#write = AsyncLocalStorage.bind(this.#writer());
  }

  /** Returns what gives the sink a text. */
  #writer(): Write {
    const sink = this.#sink;
    if ("getWriter" in sink && typeof sink.getWriter === "function") {
      const writer = sink.getWriter();
      this.#release = () => writer.releaseLock();
      return (text) => writer.write(text);
    }
    if ("on" in sink && typeof sink.on === "function") {
      // A Writable has its own buffer, and calls back when the text is written.
      const stream = sink as unknown as NodeJS.WritableStream;
      return (text) => {
        let settle = (): void => {};
        const done = new Promise<void>((resolve) => (settle = resolve));
        // An emitter of user code may throw: no callback comes then.
        stream.write(text, (error) => {
          this.#wrote(error);
          settle();
        });
        this.#written = Promise.all([this.#written, done]).then(() => {});
      };
    }
    return (text) => (sink as { write: Write }).write(text);
  }

  write(text: string): void {
    if (this.#failed) return;
    if (this.#waiting.length > 0) {
      this.#waiting.push(text);
      return;
    }
    try {
      const promise = promiseOf(this.#write?.(text));
      if (promise === undefined) return;
      this.#waiting.push("");
      this.#written = this.#writeOn(promise);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A stream has called back. A destroyed one says so in this way only, and drops the text. */
  #wrote(error: NodeJS.ErrnoException | null | undefined): void {
    this.#done++;
    if (error?.code === "ERR_STREAM_DESTROYED" && !this.#failed) this.#fail(error);
  }

  /** Resolves when the sink has taken everything that was written before, or has taken nothing for PATIENCE milliseconds. */
  async flushed(): Promise<void> {
    let before: number;
    do before = this.#done;
    while ((await this.#isBehind()) && this.#done !== before);
  }

  /** Waits for the sink. Returns whether it is still behind. */
  async #isBehind(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = startTimer(PATIENCE, () => resolve(true))));
    const behind = await Promise.race([Promise.resolve(this.#written).then(() => false), late]);
    stopTimer(timer);
    return behind;
  }

  async close(): Promise<void> {
    await this.flushed();
    this.#users--;
    // A sink that is behind goes on by itself.
    void Promise.resolve(this.#written).then(() => {
      if (this.#users > 0) return;
      this.#release?.();
      this.#write = undefined;
    });
  }

  /** Writes on. The first element of `#waiting` takes the place of the text that `first` is writing. */
  async #writeOn(first: PromiseLike<unknown>): Promise<void> {
    try {
      await first;
      this.#done++;
      for (this.#waiting.shift(); this.#waiting.length > 0; this.#waiting.shift()) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await this.#write?.(this.#waiting[0]);
        this.#done++;
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** No caller waits for the write, so its error is an uncaught exception, like the error of a stream without a listener. */
  #fail(error: unknown): void {
    this.#failed = true;
    this.#waiting = [];
    reportError(error);
  }
}

type Sinks = { readonly [stream in OutputMessage[0]]: Sink | undefined };

/** By the id of the interpreter, and by the number of the channel. */
const outputs = new Map<number, Output>();
const opened = new Map<number, Output>();
let channels = 0;

/** The sinks of one interpreter. */
export class Output {
  /** Opens the sinks, before the interpreter is made, so that they miss nothing. Returns undefined if the options name none. */
  static open(rt: Runtime, { stdout, stderr }: OutputOptions): Output | undefined {
    const sinks: Sinks = {
      stdout: typeof stdout === "object" ? Sink.get(stdout) : undefined,
      stderr: typeof stderr === "object" ? Sink.get(stderr) : undefined,
    };
    if (sinks.stdout === undefined && sinks.stderr === undefined) return undefined;
    sinks.stdout?.open();
    try {
      sinks.stderr?.open();
    } catch (error) {
      void sinks.stdout?.close();
      throw error;
    }
    return new Output(rt, sinks);
  }

  readonly channel: OutputChannel;
  readonly #rt: Runtime;
  readonly #sinks: Sinks;
  /** Undefined where text comes in records. */
  readonly #broadcast: BroadcastChannel | undefined;
  readonly #poll = (): void => this.take();
  #closed: Promise<void> | undefined;

  private constructor(rt: Runtime, sinks: Sinks) {
    this.#rt = rt;
    this.#sinks = sinks;
    const number = channels++;
    const name = `interpreters.output.${threadId}.${number}`;
    this.channel = { name, slot: rt.m.slot, id: rt.id, number };
    if (takesBroadcastsAtOnce) {
      this.#broadcast = new BroadcastChannel(name);
      this.#broadcast.addEventListener("message", (event) =>
        this.write((event as unknown as { data: OutputMessage }).data),
      );
      this.#broadcast.unref();
      rt.addPoller(this.#poll);
    } else {
      opened.set(number, this);
      acceptRecords(rt);
      rt.listen();
    }
  }

  /** Takes the output of interpreter `id` until it ends. */
  attach(id: InterpreterId): void {
    if (outputs.size === 0) {
      process.on("beforeExit", takeAll);
      process.on("exit", takeAll);
    }
    outputs.set(id, this);
    const forget = this.#rt.onDeath((death) => {
      if (death.id !== id) return;
      forget();
      void this.close();
    });
  }

  /** Writes the text that has arrived. */
  take(): void {
    if (this.#closed !== undefined) return;
    // Records come with the replies.
    if (this.#broadcast === undefined) this.#rt.poll();
    else this.#takeBroadcasts(this.#broadcast);
  }

  #takeBroadcasts(channel: BroadcastChannel): void {
    for (let next = receiveNow(channel); next !== undefined; next = receiveNow(channel))
      this.write(next.message as OutputMessage);
  }

  /** Writes the rest, and resolves when the sinks have taken it. */
  close(): Promise<void> {
    return (this.#closed ??= this.#end());
  }

  async #end(): Promise<void> {
    if (this.#broadcast === undefined) {
      // A record comes before the notice of its sender's death.
      opened.delete(this.channel.number);
      this.#rt.stopListening();
    } else {
      this.#takeBroadcasts(this.#broadcast);
      this.#rt.removePoller(this.#poll);
      this.#broadcast.close();
    }
    await Promise.all([this.#sinks.stdout?.close(), this.#sinks.stderr?.close()]);
    for (const [id, output] of outputs) if (output === this) outputs.delete(id);
    if (outputs.size > 0) return;
    process.off("beforeExit", takeAll);
    process.off("exit", takeAll);
  }

  write([stream, text]: OutputMessage): void {
    this.#sinks[stream]?.write(text);
  }
}

function acceptRecords(rt: Runtime): void {
  rt.handle(OUTPUT_TEXT, (received) => {
    const output = opened.get(headerWord(rt.m, received, 2));
    const message = readBody(rt.m, received) as OutputMessage;
    output?.write(message);
  });
}

function takeAll(): void {
  for (const output of outputs.values()) output.take();
}

/** Resolves when the sinks of an interpreter that has ended have taken all its output. */
export async function outputOf(id: number): Promise<void> {
  const output = outputs.get(id);
  // Its death may not have been noticed here yet.
  output?.take();
  await output?.close();
}
