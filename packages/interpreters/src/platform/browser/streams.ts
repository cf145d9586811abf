import type * as Tty from "node:tty";

export type {
  NodeReadableStream,
  NodeTransformStream,
  NodeWritableStream,
  Tty,
  Writable,
} from "../node/streams.js";

/** A character that is split between two writes of bytes stays whole. */
export class StringDecoder {
  readonly #decoder = new TextDecoder();

  write(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true });
  }
}

export function tty(): typeof Tty {
  throw new Error("pages have no terminal");
}

export const streamClasses = (): readonly Function[] => [ReadableStream, WritableStream, TransformStream];

export function writeNow(fd: number, bytes: Uint8Array, offset: number): number {
  console[fd === 1 ? "log" : "error"](new TextDecoder().decode(bytes.slice(offset)));
  return bytes.length - offset;
}
