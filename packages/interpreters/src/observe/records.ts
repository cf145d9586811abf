/** The records of finished tasks, as they lie in the rings (ring.ts) and in the spill (spill.ts). */
import type { SliceText } from "./slice-text.js";

/** The words of a record, and where each field is. Times are in microseconds of the trace. */
export const RECORD_WORDS = 8;
export const RECORD_BYTES = RECORD_WORDS * 4;
export const SEQUENCE = 0;
export const LABEL = 1;
export const THREAD = 2;
export const SECOND = 3;
export const MICROS = 4;
export const WAITED = 5;
export const RAN = 6;

/** Who holds the lock of a ring or of the spill, if it is not the interpreter that writes the ring, by its id + 1. Main has the id 0. */
export const SUPERVISOR = -1;
export const MAIN = 1;

/** Adds the text of the record at `i` of `words`. `label` is JSON. */
export function addText(
  text: SliceText,
  caller: number,
  words: Int32Array,
  i: number,
  label: (at: number) => Buffer,
): void {
  text.slice(
    caller,
    words[i + SEQUENCE],
    label(words[i + LABEL]),
    words[i + THREAD],
    words[i + SECOND] * 1e6 + words[i + MICROS],
    words[i + WAITED],
    words[i + RAN],
  );
}

/** Labels by their place among the bytes of labels: [length, UTF-8 …]. `read` copies bytes out of these. */
export function labelsFrom(
  read: (at: number, to: Buffer) => void,
  length: (at: number) => number,
): (at: number) => Buffer {
  const known = new Map<number, Buffer>();
  let last = -1;
  let lastLabel: Buffer;
  return (at) => {
    if (at === last) return lastLabel;
    let label = known.get(at);
    if (label === undefined) {
      label = Buffer.alloc(length(at));
      read(at + 4, label);
      known.set(at, label);
    }
    last = at;
    return (lastLabel = label);
  };
}
