/**
 * What the thread that starts the supervisor gives it for the interpreters: the two bundles that this thread runs, and V8's code cache of the
 * interpreter bundle, so that no other thread compiles that.
 */
import type { OwnBundle } from "../platform/node/own-bundle.cjs";

export interface BundleForInterpreters {
  readonly text: Uint8Array<SharedArrayBuffer>;
  readonly apiText: Uint8Array<SharedArrayBuffer> | undefined;
  /** The code cache behind a word with its length, which is 0 until the cache is there. */
  readonly firstCache: SharedArrayBuffer;
}

let own: OwnBundle | undefined;
let ownApi: OwnBundle | undefined;
/** Where the code cache is still to be written. */
let room: SharedArrayBuffer | undefined;

export function setOwnBundle(given: OwnBundle): void {
  own = given;
}

/** The API bundle. */
export function setOwnApi(given: OwnBundle | undefined): void {
  ownApi = given;
}

/** Returns undefined if Node's loader compiled the bundle: the supervisor reads the files then, and the first interpreter compiles the interpreter bundle. */
export function bundleForInterpreters(): BundleForInterpreters | undefined {
  if (own === undefined) return undefined;
  // More than V8 needs. Only what is written takes memory.
  room = new SharedArrayBuffer(4 + 2 * own.text.length);
  return { text: shared(own), apiText: ownApi && shared(ownApi), firstCache: room };
}

function shared({ text }: OwnBundle): Uint8Array<SharedArrayBuffer> {
  const bytes = new Uint8Array(new SharedArrayBuffer(text.length));
  Buffer.from(bytes.buffer).write(text, "latin1");
  return bytes;
}

/**
 * Makes the code cache, if the supervisor was given room for one, with all functions that this thread has compiled until now. First it calls `warmUp`,
 * which has V8 compile those that interpreters call. The two take 5 to 10 ms, while two threads boot one after the other: less time than these take.
 */
export function makeFirstCache(warmUp: () => void): void {
  if (own === undefined || room === undefined) return;
  warmUp();
  const made = own.script.createCachedData();
  if (made.length <= room.byteLength - 4) {
    new Uint8Array(room, 4).set(made);
    Atomics.store(new Int32Array(room, 0, 1), 0, made.length);
  }
  room = undefined;
}
