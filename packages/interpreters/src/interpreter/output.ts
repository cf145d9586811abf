/**
 * Output of interpreters on its way to sinks of their creator's.
 *
 * It goes over a broadcast channel (which, unlike a port, needs nobody to hand it on). A message is in the creator's queue
 * when `write` returns, whatever becomes of the writer then, and the creator takes what there is whenever it looks at its
 * doorbell: so text comes before the answer of the call that wrote it, and all of it before the news of the
 * interpreter's end. In between it is taken as events arrive, which do not keep the process alive; what is left when it
 * ends by itself is taken then.
 */
import { BroadcastChannel } from "../platform/broadcast.js";
import { receiveNow } from "../platform/ports.js";
import { threadId } from "../platform/threads.js";
import { isThenable } from "../base/thenable.js";
import type { Runtime } from "../thread/runtime.js";
import type { OutputMessage } from "../wire/boot.js";

/**
 * What output can be written to: a Node `Writable`, a `WritableStream`, or any object with a `write` of its own. A promise
 * that `write` returns is waited for before it is called again.
 */
export type OutputSink =
  | { write(text: string): unknown }
  | { getWriter(): { write(text: string): Promise<void>; releaseLock(): void } };

export function checkSink(sink: unknown): sink is OutputSink {
  if ((typeof sink !== "object" && typeof sink !== "function") || sink === null) return false;
  const { write, getWriter } = sink as { write?: unknown; getWriter?: unknown };
  return typeof write === "function" || typeof getWriter === "function";
}

/** Where an interpreter writes. */
export interface OutputOptions {
  readonly stdout?: "inherit" | "ignore" | OutputSink;
  readonly stderr?: "inherit" | "ignore" | OutputSink;
}

type Write = (text: string) => unknown;

/** One sink, which several interpreters may have; a stream can have but one writer. */
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
  /** What was not written yet, and the promise of its end. */
  #waiting: string[] = [];
  #written: Promise<void> | undefined;

  private constructor(sink: OutputSink) {
    this.#sink = sink;
  }

  /** @throws TypeError a stream that somebody else has locked */
  open(): void {
    if (this.#users++ > 0) return;
    const sink = this.#sink;
    if ("getWriter" in sink && typeof sink.getWriter === "function") {
      const writer = sink.getWriter();
      this.#write = (text) => writer.write(text);
      this.#release = () => writer.releaseLock();
    } else if ("on" in sink && typeof sink.on === "function") {
      // A Writable buffers by itself, and says when it is done.
      const stream = sink as unknown as NodeJS.WritableStream;
      this.#write = (text) => {
        const done = new Promise<void>((resolve) => stream.write(text, () => resolve()));
        this.#written = Promise.all([this.#written, done]).then(() => {});
      };
    } else this.#write = (text) => (sink as { write: Write }).write(text);
  }

  write(text: string): void {
    if (this.#failed) return;
    if (this.#waiting.length > 0) {
      this.#waiting.push(text);
      return;
    }
    try {
      const result = this.#write?.(text);
      if (!isThenable(result)) return;
      this.#waiting.push("");
      this.#written = this.#writeOn(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** All that was written before has been taken. */
  async flushed(): Promise<void> {
    await this.#written;
  }

  async close(): Promise<void> {
    await this.flushed();
    if (--this.#users > 0) return;
    this.#release?.();
    this.#write = undefined;
  }

  /** `#waiting` begins with what is under way. */
  async #writeOn(first: PromiseLike<unknown>): Promise<void> {
    try {
      await first;
      for (this.#waiting.shift(); this.#waiting.length > 0; this.#waiting.shift()) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await this.#write?.(this.#waiting[0]);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Like an error of a stream's that nobody listens for: nobody waits for this writing, so it is an uncaught exception. */
  #fail(error: unknown): void {
    this.#failed = true;
    this.#waiting = [];
    queueMicrotask(() => {
      throw error;
    });
  }
}

type Sinks = { readonly [stream in OutputMessage[0]]?: Sink };

const outputs = new Map<number, Output>();
let channels = 0;

/** The sinks of one interpreter. */
export class Output {
  /** Made before the interpreter, so that nothing is missed; undefined where there are no sinks. */
  static open({ stdout, stderr }: OutputOptions): Output | undefined {
    const sinks: Sinks = {
      ...(typeof stdout === "object" && { stdout: Sink.get(stdout) }),
      ...(typeof stderr === "object" && { stderr: Sink.get(stderr) }),
    };
    if (sinks.stdout === undefined && sinks.stderr === undefined) return undefined;
    sinks.stdout?.open();
    try {
      sinks.stderr?.open();
    } catch (error) {
      void sinks.stdout?.close();
      throw error;
    }
    return new Output(sinks);
  }

  readonly name = `interpreters.output.${threadId}.${channels++}`;
  readonly #sinks: Sinks;
  readonly #channel: BroadcastChannel;
  #closed: Promise<void> | undefined;

  private constructor(sinks: Sinks) {
    this.#sinks = sinks;
    this.#channel = new BroadcastChannel(this.name);
    this.#channel.addEventListener("message", (event) =>
      this.#take((event as unknown as { data: OutputMessage }).data),
    );
    this.#channel.unref();
  }

  /** Until interpreter `id` ends. */
  attach(rt: Runtime, id: number): void {
    if (outputs.size === 0) {
      process.on("beforeExit", takeAll);
      process.on("exit", takeAll);
    }
    outputs.set(id, this);
    const take = (): void => this.take();
    rt.addPoller(take);
    const forget = rt.onDeath((death) => {
      if (death.id !== id) return;
      forget();
      rt.removePoller(take);
      void this.close();
    });
  }

  /** Writes what has arrived. */
  take(): void {
    if (this.#closed !== undefined) return;
    for (;;) {
      const next = receiveNow(this.#channel);
      if (next === undefined) return;
      this.#take(next.message as OutputMessage);
    }
  }

  /** Writes what is left; resolves when the sinks have taken it. */
  close(): Promise<void> {
    this.take();
    this.#channel.close();
    this.#closed ??= Promise.all([this.#sinks.stdout?.close(), this.#sinks.stderr?.close()]).then(() => {
      for (const [id, output] of outputs) if (output === this) outputs.delete(id);
      if (outputs.size > 0) return;
      process.off("beforeExit", takeAll);
      process.off("exit", takeAll);
    });
    return this.#closed;
  }

  #take([stream, text]: OutputMessage): void {
    this.#sinks[stream]?.write(text);
  }
}

function takeAll(): void {
  for (const output of outputs.values()) output.take();
}

/** Resolves when the sinks of an interpreter that has ended have taken all its output. */
export async function outputOf(id: number): Promise<void> {
  await outputs.get(id)?.close();
}
