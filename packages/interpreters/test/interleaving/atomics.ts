/**
 * The twin of src/memory/atomics.ts: every function is one step of the scheduler.
 *
 * A function first yields control and then performs its operation on plain memory, so that a thread always
 * stands *before* an operation, where it can be overtaken or killed. `op` and `at` name that operation.
 */
import { SLEEPING_ON_NOTHING, type ModelMemory } from "./world.js";

/** An operation as a scheduler sees it: it stops at each `yield`, whose value has no meaning. */
export type Steps<R> = Generator<undefined, R, undefined>;

/**
 * Checks that the thread has mapped the word: in real threads a word beyond the views reads as undefined, and a
 * store there vanishes. So a forgotten `ensureMapped` shows here as an error.
 */
function word(m: ModelMemory, p: number): number {
  if (!(p > 0 && p < m.seen))
    throw new RangeError(`${m.op} of word ${p}: this thread's views end at ${m.seen}`);
  return p;
}

function bytes(m: ModelMemory, p: number, offset: number, length: number): number {
  word(m, p);
  const at = p * 4 + offset;
  if (!(at + length <= m.seen * 4))
    throw new RangeError(`${m.op} of byte ${at} + ${length}: beyond this thread's views`);
  return at;
}

export function* load(m: ModelMemory, p: number): Steps<number> {
  m.op = "load";
  m.at = p;
  yield;
  return m.i32[word(m, p)];
}

export function* store(m: ModelMemory, p: number, value: number): Steps<void> {
  m.op = "store";
  m.at = p;
  yield;
  m.i32[word(m, p)] = value;
}

export function* cas(m: ModelMemory, p: number, expected: number, value: number): Steps<number> {
  m.op = "cas";
  m.at = p;
  yield;
  const before = m.i32[word(m, p)];
  if (before === expected) m.i32[p] = value;
  return before;
}

function* readModifyWrite(
  m: ModelMemory,
  op: string,
  p: number,
  f: (before: number) => number,
): Steps<number> {
  m.op = op;
  m.at = p;
  yield;
  const before = m.i32[word(m, p)];
  m.i32[p] = f(before);
  return before;
}

export const exchange = function* (m: ModelMemory, p: number, value: number): Steps<number> {
  return yield* readModifyWrite(m, "exchange", p, () => value);
};

export const add = function* (m: ModelMemory, p: number, value: number): Steps<number> {
  return yield* readModifyWrite(m, "add", p, (before) => before + value);
};

export const or = function* (m: ModelMemory, p: number, bits: number): Steps<number> {
  return yield* readModifyWrite(m, "or", p, (before) => before | bits);
};

export const and = function* (m: ModelMemory, p: number, bits: number): Steps<number> {
  return yield* readModifyWrite(m, "and", p, (before) => before & bits);
};

export function* get(m: ModelMemory, p: number): Steps<number> {
  m.op = "get";
  m.at = p;
  yield;
  return m.i32[word(m, p)];
}

/** As `load`: other threads may be changing the word. */
export function* peek(m: ModelMemory, p: number): Steps<number> {
  m.op = "peek";
  m.at = p;
  yield;
  return m.i32[word(m, p)];
}

export function* publish(m: ModelMemory, p: number, value: number): Steps<void> {
  m.op = "publish";
  m.at = p;
  yield;
  m.i32[word(m, p)] = value;
}

export function* acquire(m: ModelMemory, p: number): Steps<number> {
  m.op = "acquire";
  m.at = p;
  yield;
  return m.i32[word(m, p)];
}

export function* set(m: ModelMemory, p: number, value: number): Steps<void> {
  m.op = "set";
  m.at = p;
  yield;
  m.i32[word(m, p)] = value;
}

export function* writeBytes(
  m: ModelMemory,
  p: number,
  offset: number,
  from: Buffer,
  start: number,
  length: number,
): Steps<void> {
  m.op = "writeBytes";
  m.at = p;
  m.bytes = offset + length;
  yield;
  from.copy(m.u8, bytes(m, p, offset, length), start, start + length);
}

export function* readBytes(
  m: ModelMemory,
  p: number,
  offset: number,
  to: Buffer,
  start: number,
  length: number,
): Steps<void> {
  m.op = "readBytes";
  m.at = p;
  m.bytes = offset + length;
  yield;
  if (start + length > to.length)
    throw new RangeError(`readBytes of ${length} into a buffer of ${to.length}`);
  const at = bytes(m, p, offset, length);
  m.u8.copy(to, start, at, at + length);
}

export function* writeWords(
  m: ModelMemory,
  p: number,
  from: Int32Array,
  start: number,
  count: number,
): Steps<void> {
  m.op = "writeWords";
  m.at = p;
  m.bytes = count * 4;
  yield;
  if (start + count > from.length) throw new RangeError(`writeWords of ${count} of ${from.length} words`);
  bytes(m, p, 0, count * 4);
  m.i32.set(from.subarray(start, start + count), p);
}

export function* readWords(
  m: ModelMemory,
  p: number,
  to: Int32Array,
  start: number,
  count: number,
): Steps<void> {
  m.op = "readWords";
  m.at = p;
  m.bytes = count * 4;
  yield;
  if (start + count > to.length) throw new RangeError(`readWords of ${count} into ${to.length} words`);
  bytes(m, p, 0, count * 4);
  to.set(m.i32.subarray(p, p + count), start);
}

/** Comparing and falling asleep are one step. The thread passes the second `yield` only when it is notified or times out. */
export function* wait(m: ModelMemory, p: number, expected: number, timeout: number): Steps<void> {
  m.op = "wait";
  m.at = p;
  yield;
  if (m.i32[word(m, p)] !== expected) return;
  m.world.fallAsleep(m, p, timeout);
  m.op = "wake up from";
  yield;
  if (m.sleepingOn !== SLEEPING_ON_NOTHING) throw new Error("the scheduler resumed a sleeping thread");
}

export function waitAsync(): never {
  throw new Error(
    "event loops are not part of this model: a wait on one begins and ends like a blocking one",
  );
}

export function* notify(m: ModelMemory, p: number, count: number): Steps<number> {
  m.op = "notify";
  m.at = p;
  yield;
  return m.world.wakeUp(word(m, p), count);
}

export function* pause(m: ModelMemory): Steps<void> {
  m.op = "pause";
  yield;
}

export function* grow(m: ModelMemory, delta: number): Steps<boolean> {
  m.op = "grow";
  m.at = 0;
  yield;
  if (!m.world.grow(delta)) return false;
  refresh(m);
  return true;
}

export function* byteLength(m: ModelMemory): Steps<number> {
  m.op = "byteLength";
  m.at = 0;
  yield;
  return m.world.words * 4;
}

export function ensureMapped(m: ModelMemory, p: number): void {
  if (p >= m.seen) refresh(m);
}

export function refresh(m: ModelMemory): void {
  m.seen = m.world.words;
}
