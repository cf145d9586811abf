/** The state of one encoding, and the two writes that change it. */

import { getterThrew, notShareable, type Step } from "./describe.js";
import { ObjectNumbers, Seen } from "./identity.js";
import type { Scratch } from "./scratch.js";
import { nextEpoch, shapeBeforeFirst, type WrittenShape } from "./shapes.js";
import { CODEC_JAVASCRIPT, CODEC_NEUTRAL, TAG_BACK } from "./tags.js";
import { writeByte, writeTagAndVarint } from "./write.js";

/** What messages call the value that is encoded; a function where there are many that need no name. */
export type Root = string | (() => string);

export function nameOf(root: Root): string {
  return typeof root === "string" ? root : root();
}

/** Objects that travel by reference in one value only. */
export interface Moved {
  /** A kind that is registered (references.ts), for reading it. */
  readonly kind: number;
  /** Asked for every object that is neither an array nor plain. Must not run user code. */
  has(object: object): boolean;
  /** Called once for each that is met; twice where the value has to be encoded again. */
  toReference(object: object): readonly [a: number, b: number];
}

export class Encoder {
  out!: Scratch;
  /** Raised to `CODEC_JAVASCRIPT` by whatever writes a tag that is not neutral. */
  codec: number = CODEC_NEUTRAL;
  lenient = false;
  root: Root = "";
  /** An array that is known to have its elements and no other properties: looking for those takes longer than a short one. */
  list: unknown;
  moved: Moved | undefined;
  /** The way from the root to the value being written. Steps at and beyond its depth are left-overs. */
  readonly path: Step[] = [];
  /** Whether the path may hold values of the user's. */
  pathHoldsValues = false;
  /** How deep the walk was when it last entered an object. */
  depth = 0;

  readonly seen = new Seen();
  /** Objects that travel by reference: index of their triple. */
  readonly references = new ObjectNumbers();
  /** Where `out.refs` was: triples are counted from there. */
  firstRef = 0;

  /** Buffers that are in the payload: twice the number of their object, or of a view on them plus one. */
  readonly buffers = new ObjectNumbers();
  /** Buffers of which only a part was written, for one view. */
  readonly partly = new Set<object>();
  /** Buffers that turned out to be used more than once after only a part was written. */
  sharedBuffers = new Set<object>();
  /** Buffers to be written whole: what the attempt before found to be shared. */
  wholeBuffers: ReadonlySet<object> | undefined = undefined;

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

  /** Starts over, now knowing which buffers are shared. */
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

  /** Lets go of everything the values were. */
  finish(): void {
    this.list = undefined;
    this.moved = undefined;
    this.seen.clear();
    this.references.clear();
    this.forgetBuffers();
    this.wholeBuffers = undefined;
    if (this.pathHoldsValues || this.path.length > 64) this.path.length = 0;
    this.pathHoldsValues = false;
  }

  /** The error for a value that cannot travel, met at `depth`. */
  failure(depth: number, found: string, hint?: string): Error {
    return notShareable(nameOf(this.root), this.path.slice(0, depth), found, hint);
  }

  /** Reads a property outside the hot walk. */
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

/** Gives `object` its number, or, if it has one already, writes just that and returns true. */
export function writtenBefore(e: Encoder, object: object): boolean {
  const number = e.seen.track(object);
  if (number < 0) return false;
  e.codec = CODEC_JAVASCRIPT;
  writeTagAndVarint(e.out, TAG_BACK, number);
  return true;
}
