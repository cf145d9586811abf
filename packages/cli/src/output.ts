/**
 * Writes lines to a stream in large blocks, and reports a reader that falls behind or goes away.
 *
 * All lines of one turn of the event loop go out in one write: bulk output takes few system calls, a trickle no delay.
 */

import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { finished } from "node:stream/promises";
import type { Writable } from "node:stream";
import { UsageError, describeError, systemMessage } from "./errors.js";

const FLUSH_AT = 64 * 1024;

export interface LineWriterOptions {
  /** Called once if the stream fails: the reader of a pipe went away, or the disk is full, for instance. */
  onFailure(error: unknown): void;
  /** Called before each write to the stream. */
  onFlush?: () => void;
  /** Whether `end` also ends the stream. False for stdout. */
  readonly owned: boolean;
}

export class LineWriter {
  readonly #stream: Writable;
  readonly #options: LineWriterOptions;
  #pending = "";
  #scheduled: NodeJS.Immediate | undefined;
  #drained: Promise<void> | undefined;
  #failed = false;

  constructor(stream: Writable, options: LineWriterOptions) {
    this.#stream = stream;
    this.#options = options;
    stream.on("error", (error: unknown) => {
      if (this.#failed) return;
      this.#failed = true;
      options.onFailure(error);
    });
  }

  /** Adds a line. Returns a promise while the reader is behind: await it before writing more. */
  write(line: string): Promise<void> | undefined {
    this.#pending += `${line}\n`;
    if (this.#pending.length >= FLUSH_AT) this.#flush();
    else this.#scheduled ??= setImmediate(() => this.#flush());
    return this.#drained;
  }

  /** Resolves once the operating system has all lines, or the stream has failed and never will pass them on. */
  async end(): Promise<void> {
    this.#flush();
    if (this.#failed) return;
    const done = this.#options.owned
      ? finished(this.#stream.end(), { readable: false })
      : new Promise<void>((resolve) => this.#stream.write("", () => resolve()));
    // onFailure has been called with the error.
    await done.catch(() => undefined);
  }

  #flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const text = this.#pending;
    this.#pending = "";
    if (text === "" || this.#failed) return;
    this.#options.onFlush?.();
    if (this.#stream.write(text) || this.#drained !== undefined) return;
    this.#drained = new Promise((resolve) => {
      const done = (): void => {
        this.#drained = undefined;
        for (const event of ["drain", "error", "close"]) this.#stream.off(event, done);
        resolve();
      };
      for (const event of ["drain", "error", "close"]) this.#stream.on(event, done);
    });
  }
}

/** Opens the file at `path`, which `option` names, for writing: from its start, or from its end. */
export async function openOutput(
  option: string,
  path: string,
  cwd: string,
  mode: "replace" | "append" = "replace",
): Promise<Writable> {
  const absolute = resolve(cwd, path);
  const handle = await open(absolute, mode === "append" ? "a" : "w").catch((error: unknown) => {
    const { code } = describeError(error);
    const why = code === "ENOENT" ? "there is no such folder" : systemMessage(error);
    throw new UsageError(`cannot write ${option} ${path}: ${why}`);
  });
  return createWriteStream(absolute, { fd: handle });
}

/** Whether the error means that the reader of the pipe went away: the command ends quietly, without a failure. */
export function isClosedPipe(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  // The code is EOF on Windows and EPIPE elsewhere.
  return code === "EPIPE" || code === "EOF";
}
