/**
 * The input that an interpreter reads as `process.stdin`: the option, its check, and the creator's side of a stream.
 *
 * A text and bytes travel as they are, with what a parent gives (parent.ts). A stream stays with the creator: the interpreter gets a port, asks for each
 * chunk, and has it in reply, so the stream is read as far as the interpreter reads. The port does not keep the creator's process alive; the call
 * that waits for the input does.
 */
import { show } from "../base/check.js";
import { CODEC_JAVASCRIPT } from "../codec/codec.js";
import { describePortable } from "../codec/portable.js";
import type { GivenInput, InputReply } from "../worker/input.js";
import type { Language } from "../guests/language.js";
import { MessageChannel, type MessagePort } from "../platform/ports.js";
import type { BootInput } from "../wire/boot.js";

/**
 * What an interpreter reads as `process.stdin` (`create({ stdin })`): one of the words `"ignore"` and `"inherit"`, a text, bytes, or a stream of texts and bytes: a Node `Readable`, a `ReadableStream`, or
 * whatever else can be iterated over asynchronously. If a stream throws or gives anything else, so does reading. The interpreter's end ends it.
 */
export type StdinSource = string | Uint8Array | AsyncIterable<string | Uint8Array>;

function isStream(value: unknown): value is AsyncIterable<string | Uint8Array> {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function"
  );
}

/** @throws TypeError a bad `stdin`, or one for another language */
export function checkInput(stdin: unknown, language: Language): BootInput {
  if (stdin === undefined || stdin === "ignore") return "ignore";
  if (typeof stdin !== "string" && !(stdin instanceof Uint8Array) && !isStream(stdin)) {
    throw new TypeError(
      `create: stdin must be "ignore", "inherit", a string, bytes or a stream, found ${show(stdin)}`,
    );
  }
  if (language.tag !== CODEC_JAVASCRIPT) {
    throw new TypeError(`create: stdin is for JavaScript, found language ${language.name}`);
  }
  return stdin === "inherit" ? "inherit" : "given";
}

/** The option of `create` that says what an interpreter reads. */
export interface InputOptions {
  readonly stdin?: StdinSource | undefined;
}

/** Whether the interpreter is sent what it reads. */
export function isGiven(stdin: unknown): stdin is StdinSource {
  return stdin !== undefined && stdin !== "ignore" && stdin !== "inherit";
}

/** The part of the boot data: if it is a port, it must be moved, and `start` begins to serve the stream behind it. */
interface Input {
  readonly sent: GivenInput;
  readonly port?: MessagePort;
  start(): void;
}

export function inputOf(stdin: StdinSource): Input {
  if (!isStream(stdin)) return { sent: stdin, start() {} };
  const { port1, port2 } = new MessageChannel();
  return { sent: port2, port: port2, start: () => serve(stdin, port1) };
}

/** Replies to each request with the next chunk. There is one request at a time. */
function serve(stream: AsyncIterable<unknown>, port: MessagePort): void {
  const iterator = stream[Symbol.asyncIterator]();
  // A file that is missing, for instance. Its iterator throws that as soon as it is read, and nothing else listens until then.
  const { on } = stream as { on?: unknown };
  if (typeof on === "function") Reflect.apply(on, stream, ["error", () => {}]);
  let ended = false;
  port.on("message", () => {
    void next(iterator).then((reply) => {
      ended = "error" in reply || reply.chunk === null;
      port.postMessage(reply);
    });
  });
  port.on("close", () => {
    if (!ended) leave(stream, iterator);
  });
  port.unref();
}

/** Ends a stream that is no longer read. Nothing awaits what it throws then. */
function leave(stream: AsyncIterable<unknown>, iterator: AsyncIterator<unknown>): void {
  // A generator returns only when a chunk that was asked for is there.
  const { destroy } = stream as { destroy?: unknown };
  if (typeof destroy === "function") Reflect.apply(destroy, stream, []);
  else void Promise.resolve(iterator.return?.()).catch(() => {});
}

async function next(iterator: AsyncIterator<unknown>): Promise<InputReply> {
  try {
    const { done, value } = await iterator.next();
    if (done === true) return { chunk: null };
    if (typeof value === "string") return { chunk: value };
    // The port would copy all of a buffer of which this is a part.
    if (value instanceof Uint8Array) return { chunk: new Uint8Array(value) };
    throw new TypeError(`The stream of create({ stdin }) must give strings and bytes, found ${show(value)}`);
  } catch (error) {
    return { error: describePortable(error) };
  }
}
