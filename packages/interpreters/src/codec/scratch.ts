/**
 * Reusable space to encode into.
 *
 * A stack of scratches and not a single one: a getter that runs while a value is being encoded may itself encode
 * another value.
 */

import { copyBytes } from "../base/bytes.js";
import { isStackOverflow } from "../base/call-stack.js";
import { NotShareableError } from "../base/errors.js";
import { type Space, spaceOf } from "../memory/space.js";

const INITIAL_BYTES = 4096;
/**
 * A record counts the bytes of its payload in 31 bits. The rest of them is for its header and its references
 * (MAX_REFERENCES in memory/layout.ts).
 */
const MOST_BYTES = 2 ** 31 - 2 ** 20;
/** A scratch that grew beyond this gives its buffer back, so that one large message does not occupy memory for ever. */
const KEPT_BYTES = 1 << 20;
const KEPT_REFS = 1024;
const KEPT_SCRATCHES = 8;

export class Scratch implements Space {
  /** Replaced by a larger one when it grows: never keep it across a call that may write. */
  bytes!: Buffer;
  view!: DataView;
  words!: Int32Array;
  /** Where the next byte goes. */
  end = 0;
  /** The references of the values: triples of kind, a, b. */
  refs: number[] = [];

  constructor() {
    this.use(Buffer.allocUnsafeSlow(INITIAL_BYTES));
  }

  /** How many bytes one value may take. */
  get most(): number {
    return MOST_BYTES;
  }

  /** Makes room for `extra` bytes after `end`. */
  reserve(extra: number): void {
    const needed = this.end + extra;
    if (needed <= this.bytes.length) return;
    // A string or a buffer that is too large by itself is not copied first.
    if (extra > this.most) throw this.tooLarge(extra);
    let bigger: Buffer;
    try {
      bigger = this.allocate(Math.max(needed, Math.min(this.bytes.length * 2, MOST_BYTES)));
    } catch (cause) {
      // The stack ran out, and not the memory: `encode` says so.
      if (isStackOverflow(cause)) throw cause;
      throw new NotShareableError(
        `Cannot share a value of more than ${this.end} bytes: there is no memory for its copy. Send it in parts`,
        { cause },
      );
    }
    copyBytes(this.bytes, 0, bigger, 0, this.end);
    this.use(bigger);
  }

  /** The error for a value of `bytes` bytes, or more. */
  tooLarge(bytes: number): Error {
    return new NotShareableError(
      `Cannot share a value of ${bytes} bytes or more: one value takes at most ${this.most}. Send it in parts, or share a ` +
        `SharedArrayBuffer`,
    );
  }

  /** Returns memory of at least `bytes` bytes. */
  protected allocate(bytes: number): Buffer {
    return Buffer.allocUnsafeSlow(bytes);
  }

  /** Makes `bytes` the buffer that is written to. */
  protected use(bytes: Buffer): void {
    const { view, words } = spaceOf(bytes);
    this.bytes = bytes;
    this.view = view;
    this.words = words;
  }

  /** Empties it and keeps the space. */
  reset(): void {
    this.end = 0;
    // Setting a length costs time even if it changes nothing.
    if (this.refs.length > 0) this.refs.length = 0;
  }

  /** Drops space beyond the ordinary, and its content. */
  shrink(): void {
    if (this.bytes.length > KEPT_BYTES) {
      this.use(Buffer.allocUnsafeSlow(INITIAL_BYTES));
      this.end = 0;
    }
    if (this.refs.length > KEPT_REFS) this.refs = [];
  }
}

const free: Scratch[] = [];

export function acquireScratch(): Scratch {
  return free.pop() ?? new Scratch();
}

/** The caller must not touch `scratch` afterwards. */
export function releaseScratch(scratch: Scratch): void {
  scratch.shrink();
  scratch.reset();
  if (free.length < KEPT_SCRATCHES) free.push(scratch);
}
