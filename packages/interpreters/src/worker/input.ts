/**
 * The executing side of `create({ stdin })`: `process.stdin`. A worker's own is a stream that has ended, which a program takes for an empty input. Here it is what
 * `create({ stdin })` says; without that, reading is an error.
 */
import { show } from "../base/check.js";
import { InterpreterError } from "../base/errors.js";
import { decodePortable } from "../codec/portable.js";
import type { MessagePort } from "../platform/ports.js";
import { makeReadable, openStdin, type Readable, replaceStdin } from "../platform/stdin.js";
import type { BootInput } from "../wire/boot.js";

/** The input of an interpreter: all of it, or the port of the creator's stream (interpreter/input.ts). */
export type GivenInput = string | Uint8Array | MessagePort;

/** The reply to a request for a chunk: the chunk, null at the end, or the error of the stream, encoded. */
export type InputReply = { readonly chunk: string | Uint8Array | null } | { readonly error: Uint8Array };

/** Makes this thread's `process.stdin` the input that it was booted with. */
export function installStdin(input: BootInput): void {
  // A given input arrives before any work does.
  if (input !== "given") replaceStdin(input === "inherit" ? openStdin : refusing);
}

function refusing(): Readable {
  return makeReadable((stream) =>
    stream.destroy(
      new InterpreterError(
        'Cannot read process.stdin: this interpreter has no standard input. Give it one with create({ stdin }): "inherit" for that of the process, a text, bytes or a stream.',
        { code: "ERR_INTERPRETER_STDIN" },
      ),
    ),
  );
}

/** Makes this thread's `process.stdin` read what it was given. */
export function giveStdin(input: GivenInput): void {
  replaceStdin(() =>
    typeof input === "string" || input instanceof Uint8Array ? whole(input) : requesting(input),
  );
}

function whole(input: string | Uint8Array): Readable {
  return makeReadable((stream) => {
    if (input.length > 0) stream.push(input);
    stream.push(null);
  });
}

/** Asks for each chunk, so that the creator reads no further than this thread does. */
function requesting(port: MessagePort): Readable {
  const stream = makeReadable(
    () => port.postMessage(true),
    () => port.close(),
  );
  port.on("message", (reply: InputReply) => {
    if ("error" in reply) stream.destroy(errorOf(decodePortable(reply.error)));
    else stream.push(reply.chunk);
  });
  port.on("close", () => {
    if (!stream.readableEnded && !stream.destroyed) stream.destroy(gone());
  });
  // An interpreter has its own reason to stay.
  port.unref();
  return stream;
}

/** The error that a stream threw. Node takes undefined, null and the like for no error at all. */
function errorOf(thrown: unknown): Error {
  if (thrown) return thrown as Error;
  return new InterpreterError(`The stream of create({ stdin }) threw ${show(thrown)}`, {
    code: "ERR_INTERPRETER_STDIN",
    cause: thrown,
  });
}

function gone(): Error {
  return new InterpreterError(
    "Cannot read process.stdin any further: the interpreter that had the stream of create({ stdin }) has ended",
    { code: "ERR_INTERPRETER_STDIN" },
  );
}
