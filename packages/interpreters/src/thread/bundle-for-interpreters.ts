/**
 * What the thread that starts the supervisor gives it for the interpreters: the bundle that this thread runs, and V8's code cache of it, so that
 * no other thread compiles the bundle.
 */
import type { OwnBundle } from "../platform/node/own-bundle.cjs";

export interface BundleForInterpreters {
  readonly text: Uint8Array<SharedArrayBuffer>;
  /** The code cache behind a word with its length, which is 0 until the cache is there. */
  readonly firstCache: SharedArrayBuffer;
}

let own: OwnBundle | undefined;
/** Where the code cache is still to be written. */
let room: SharedArrayBuffer | undefined;

export function setOwnBundle(given: OwnBundle): void {
  own = given;
}

/** Returns undefined if Node's loader compiled the bundle: the supervisor reads the file then, and the first interpreter compiles it. */
export function bundleForInterpreters(): BundleForInterpreters | undefined {
  if (own === undefined) return undefined;
  const { length } = own.text;
  const text = new Uint8Array(new SharedArrayBuffer(length));
  Buffer.from(text.buffer).write(own.text, "latin1");
  // More than V8 needs. Only what is written takes memory.
  room = new SharedArrayBuffer(4 + 2 * length);
  return { text, firstCache: room };
}

/**
 * Makes the code cache, if the supervisor was given room for one, with all functions that this thread has compiled until now. This takes one or two
 * milliseconds; the supervisor's thread takes ten times as long to start the interpreter that needs it.
 */
export function makeFirstCache(): void {
  if (own === undefined || room === undefined) return;
  const made = own.script.createCachedData();
  if (made.length <= room.byteLength - 4) {
    new Uint8Array(room, 4).set(made);
    Atomics.store(new Int32Array(room, 0, 1), 0, made.length);
  }
  room = undefined;
}
