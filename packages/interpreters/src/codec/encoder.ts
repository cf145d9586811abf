/** The state of one encoding, and the two writes that change it. */

import { getterThrew, notShareable, type Step } from "./describe.js";
import { ObjectNumbers, Seen } from "./identity.js";
import { markOf } from "./marks.js";
import type { Scratch } from "./scratch.js";
import { nextEpoch, shapeBeforeFirst, type WrittenShape } from "./shapes.js";
import { CODEC_JAVASCRIPT, CODEC_NEUTRAL, TAG_BACK } from "./tags.js";
import { writeByte, writeTagAndVarint } from "./write.js";

/** The name of the value in error messages; a function if making a name for every value would cost too much. */
export type Root = string | (() => string);

export function nameOf(root: Root): string {
  return typeof root === "string" ? root : root();
}

/** Objects that travel by reference in one value only. */
export interface Moved {
  /** A registered kind (references.ts), which reads the reference. */
  readonly kind: number;
  /** Called for every object that is neither an array nor plain. Must not run user code. */
  has(object: object): boolean;
  /** Called once for each of them in the value, and once more if the value must be encoded again. */
  toReference(object: object): readonly [a: number, b: number];
  /** `move` has marked `object`, which is in the value: from now on `movables` travel by reference, if they can. */
  adopt(object: object, movables: readonly object[]): void;
}

export class Encoder {
  out!: Scratch;
  /** Every writer of a tag that is not neutral sets it to `CODEC_JAVASCRIPT`. */
  codec: number = CODEC_NEUTRAL;
  lenient = false;
  root: Root = "";
  /**
   * An array known to have no properties but its elements: the search for others takes longer than writing a short
   * array.
   */
  list: unknown;
  moved: Moved | undefined;
  /** The steps from the root to the value being written. Steps at its depth and beyond are stale. */
  readonly path: Step[] = [];
  /** Whether the path may hold user values, which must not be kept alive. */
  pathHoldsValues = false;
  /** How deep the walk was when it last entered an object. */
  depth = 0;

  readonly seen = new Seen();
  /** Numbers of registered instances whose parts are being written: their copies do not exist when their parts are read. */
  readonly unfinished: number[] = [];
  /** For each object that travels by reference, the index of its triple. */
  readonly references = new ObjectNumbers();
  /** The length of `out.refs` at the start: indices of triples count from there. */
  firstRef = 0;

  /**
   * Buffers whose bytes are in the payload: 2 × the number of the buffer, or 2 × the number of a view of all of it,
   * plus 1.
   */
  readonly buffers = new ObjectNumbers();
  /** Buffers of which only one view's part was written. */
  readonly partly = new Set<object>();
  /** Buffers that the walk met again after it had written only a part. */
  sharedBuffers = new Set<object>();
  /** Buffers to write whole: the previous attempt found that they are shared. */
  wholeBuffers: ReadonlySet<object> | undefined = undefined;
  /** The walk has written bytes of a buffer before it met the mark by which that buffer travels by reference. */
  metLate = false;

  epoch = 0;
  shapes = 0;
  previous: WrittenShape = shapeBeforeFirst();

  begin(out: Scratch, root: Root, lenient: boolean): void {
    this.out = out;
    this.root = root;
    this.lenient = lenient;
    this.firstRef = out.refs.length;
    this.codec = CODEC_NEUTRAL;
    this.depth = 0;
    this.epoch = nextEpoch();
    this.shapes = 0;
    this.previous = shapeBeforeFirst();
  }

  /** Whether the value must be written again, with what this attempt has found. */
  get again(): boolean {
    return this.sharedBuffers.size > 0 || this.metLate;
  }

  /** Starts again, with the shared buffers and the marks known. */
  beginAgain(): void {
    const { sharedBuffers, moved } = this;
    this.sharedBuffers = new Set();
    this.finish();
    this.wholeBuffers = sharedBuffers;
    this.moved = moved;
    this.begin(this.out, this.root, this.lenient);
  }

  forgetBuffers(): void {
    this.buffers.clear();
    if (this.partly.size > 0) this.partly.clear();
    if (this.sharedBuffers.size > 0) this.sharedBuffers = new Set();
  }

  /** Drops everything that the encoded value consists of. */
  finish(): void {
    this.list = undefined;
    if (this.unfinished.length > 0) this.unfinished.length = 0;
    this.moved = undefined;
    this.seen.clear();
    this.references.clear();
    this.forgetBuffers();
    this.wholeBuffers = undefined;
    this.metLate = false;
    if (this.pathHoldsValues || this.path.length > 64) this.path.length = 0;
    this.pathHoldsValues = false;
  }

  /** The error for a value that cannot travel, met at `depth`. */
  failure(depth: number, found: string, hint?: string): Error {
    return notShareable(nameOf(this.root), this.path.slice(0, depth), found, hint);
  }

  /** Heeds the mark of an object of which `move` may have marked some. @throws NotShareableError nothing moves with this value */
  heedMark(object: object, depth: number): void {
    const movables = this.lenient ? undefined : markOf(object);
    if (movables === undefined) return;
    const { moved } = this;
    if (moved === undefined) {
      const hint = "nothing can move with this value: leave move() out, and it is copied";
      throw this.failure(depth, "marked by move()", hint);
    }
    moved.adopt(object, movables);
    const isWritten = (each: object): boolean => this.buffers.find(each) >= 0 || this.partly.has(each);
    if (movables.some((each) => moved.has(each) && isWritten(each))) this.metLate = true;
  }

  /** Reads a property off the hot path. In a lenient copy a text replaces the value of a getter that throws. */
  read(object: object, key: string): unknown {
    if (!this.lenient) return (object as Record<string, unknown>)[key];
    try {
      return (object as Record<string, unknown>)[key];
    } catch (error) {
      return getterThrew(error);
    }
  }
}

export function writeJavaScriptTag(e: Encoder, tag: number): void {
  e.codec = CODEC_JAVASCRIPT;
  writeByte(e.out, tag);
}

/** Gives `object` the next number and returns false; if it has a number already, writes that and returns true. */
export function writtenBefore(e: Encoder, object: object): boolean {
  const number = e.seen.track(object);
  if (number < 0) return false;
  if (e.unfinished.includes(number)) {
    throw e.failure(
      e.depth,
      "the instance of a registered type that contains it",
      "its encode must not lead back to the instance",
    );
  }
  e.codec = CODEC_JAVASCRIPT;
  writeTagAndVarint(e.out, TAG_BACK, number);
  return true;
}
