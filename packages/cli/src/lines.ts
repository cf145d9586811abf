/**
 * Splits a stream of bytes into numbered lines. Holds one chunk and one unfinished line in memory.
 *
 * Lines are split as bytes and decoded afterwards, so a character that straddles two chunks stays whole, and the
 * parts of a long line are joined once, not once per chunk. Every line is delivered. A line that cannot be decoded
 * is delivered as an error with its number, so that the caller can report the line and continue with the next.
 */

import { constants, isUtf8 } from "node:buffer";

/** A line without its line break (`\n` or `\r\n`), or the reason why it has no text. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly error: Error };

const LF = 0x0a;
/** White space and control characters are not above it. */
const SPACE = 0x20;

/** `maxBytes` is the length of the longest line that is delivered; default: of the longest possible string. */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number = constants.MAX_STRING_LENGTH,
): AsyncGenerator<Line, void, void> {
  let number = 0;
  let unfinished: Buffer[] = [];
  let unfinishedBytes = 0;

  // Beyond the limit the line is only counted, so that memory stays bounded.
  const hold = (bytes: Buffer): void => {
    unfinishedBytes += bytes.length;
    if (unfinishedBytes > maxBytes) unfinished = [];
    else if (bytes.length > 0) unfinished.push(bytes);
  };
  const finishLine = (): Line => {
    number += 1;
    const line =
      unfinishedBytes > maxBytes
        ? tooLong(number, maxBytes)
        : decode(number, unfinished.length === 1 ? unfinished[0] : Buffer.concat(unfinished));
    unfinished = [];
    unfinishedBytes = 0;
    return line;
  };

  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const first = bytes.indexOf(LF);
    if (first < 0) {
      hold(bytes);
      continue;
    }
    hold(bytes.subarray(0, first));
    yield finishLine();
    const last = bytes.lastIndexOf(LF);
    if (last > first) {
      const whole = bytes.subarray(first + 1, last);
      for (const line of decodeAll(number + 1, whole, maxBytes)) {
        number += 1;
        yield line;
      }
    }
    hold(bytes.subarray(last + 1));
  }
  if (unfinishedBytes > 0) yield finishLine();
}

/** The number of lines that `splitLines` would deliver; with `skipBlank`, without those that hold only white space. */
export async function countLines(chunks: AsyncIterable<Uint8Array>, skipBlank: boolean): Promise<number> {
  let count = 0;
  /** Whether the current line has any bytes, and whether it counts. */
  let begun = false;
  let counts = false;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let start = 0; start < bytes.length;) {
      const found = bytes.indexOf(LF, start);
      const end = found < 0 ? bytes.length : found;
      begun ||= end > start;
      for (let i = start; i < end && !counts; i++) counts = !skipBlank || bytes[i] > SPACE;
      if (found < 0) break;
      if (counts || !skipBlank) count += 1;
      begun = counts = false;
      start = found + 1;
    }
  }
  return begun && (counts || !skipBlank) ? count + 1 : count;
}

/** The lines of a block of whole lines, the first of them numbered `number`. */
function* decodeAll(number: number, block: Buffer, maxBytes: number): Generator<Line, void, void> {
  // Decoding the whole block at once is several times faster than decoding each line.
  if (block.length <= maxBytes && isUtf8(block)) {
    for (const text of block.toString("utf8").split("\n")) yield { number: number++, text: trimEnd(text) };
    return;
  }
  for (let start = 0; start <= block.length;) {
    const found = block.indexOf(LF, start);
    const end = found < 0 ? block.length : found;
    yield end - start > maxBytes ? tooLong(number, maxBytes) : decode(number, block.subarray(start, end));
    number += 1;
    start = end + 1;
  }
}

function decode(number: number, bytes: Buffer): Line {
  if (!isUtf8(bytes)) return { number, error: new TypeError("the line is not valid UTF-8") };
  const text = trimEnd(bytes.toString("utf8"));
  // A byte order mark describes the file; it is not part of the first line.
  return { number, text: number === 1 && text.startsWith("\uFEFF") ? text.slice(1) : text };
}

function tooLong(number: number, maxBytes: number): Line {
  return {
    number,
    error: new RangeError(`the line is longer than ${maxBytes} bytes, the most that can be read`),
  };
}

function trimEnd(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
