import fs from "node:fs";
import type * as Tty from "node:tty";

export type { Writable } from "node:stream";
export type {
  ReadableStream as NodeReadableStream,
  TransformStream as NodeTransformStream,
  WritableStream as NodeWritableStream,
} from "node:stream/web";
export { StringDecoder } from "node:string_decoder";
export type { Tty };

/** `node:tty`, loaded when a thread first asks for its terminal. */
export function tty(): typeof Tty {
  return process.getBuiltinModule("node:tty");
}

/** Has `console` write to `process.stdout` and `process.stderr`, where it does not anyway. */
export const connectConsole: (() => void) | undefined = undefined;

/** The classes of the web's streams: those of the runtime, whatever the globals are. Loaded when a thread first asks for them. */
export function streamClasses(): readonly Function[] {
  const { ReadableStream, WritableStream, TransformStream } = process.getBuiltinModule("node:stream/web");
  return [ReadableStream, WritableStream, TransformStream];
}

/** Writes `bytes` from `start` on to a descriptor and returns how many it took; throws the system's error. */
export function writeNow(fd: number, bytes: Uint8Array, start: number): number {
  return fs.writeSync(fd, bytes, start);
}
