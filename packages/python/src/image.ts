/**
 * A memory image: the WebAssembly memory of a booted Python, without its pages of zeros, which are half of it. An interpreter that starts
 * from an image writes the other half only, so that the system gives it no memory for the pages that stay zero.
 *
 *     magic, length, memory size, config length, spans, code length, 0, checksum │ config (JSON) │ spans [first page, pages] │ pages │ code
 *
 * The config is Pyodide's own record of the JavaScript values that Python held. The code is V8's code cache for Pyodide's script.
 */
import { crc32 } from "node:zlib";

const MAGIC = 0x32_59_50_49; // "IPY2", little-endian
const HEADER_WORDS = 8;
const HEADER = HEADER_WORDS * 4;
const H_LENGTH = 1;
const H_MEMORY = 2;
const H_CONFIG = 3;
const H_SPANS = 4;
const H_CODE = 5;
/** The last word: the checksum is that of all other bytes. */
const H_CHECKSUM = 7;
/** Bytes. Memory is given out in such pages. */
const PAGE = 4096;
const PAGE_WORDS = PAGE / 4;

/** Makes an image of a memory. */
export function makeImage(
  memory: Uint8Array,
  config: unknown,
  code: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const spans = spansOf(new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength / 4));
  const text = new TextEncoder().encode(JSON.stringify(config));
  const spansAt = align(HEADER + text.length);
  let at = align(spansAt + spans.length * 4);
  const pages = spans.reduce((sum, value, i) => sum + (i % 2 === 1 ? value : 0), 0);
  const image = new Uint8Array(at + pages * PAGE + code.length);
  const header = new Uint32Array(image.buffer, 0, HEADER_WORDS);
  header[0] = MAGIC;
  header[H_LENGTH] = image.length;
  header[H_MEMORY] = memory.length;
  header[H_CONFIG] = text.length;
  header[H_SPANS] = spans.length / 2;
  header[H_CODE] = code.length;
  image.set(text, HEADER);
  new Uint32Array(image.buffer, spansAt, spans.length).set(spans);
  for (let i = 0; i < spans.length; i += 2) {
    const start = spans[i] * PAGE;
    const size = spans[i + 1] * PAGE;
    image.set(memory.subarray(start, start + size), at);
    at += size;
  }
  image.set(code, at);
  header[H_CHECKSUM] = checksum(image);
  return image;
}

/** The spans of pages that are not all zeros, as [first page, pages, …]. */
function spansOf(words: Int32Array): number[] {
  const spans: number[] = [];
  for (let page = 0; page * PAGE_WORDS < words.length; page++) {
    const end = (page + 1) * PAGE_WORDS;
    let at = page * PAGE_WORDS;
    while (at < end && words[at] === 0) at++;
    if (at === end) continue;
    const last = spans.length - 2;
    if (last >= 0 && spans[last] + spans[last + 1] === page) spans[last + 1]++;
    else spans.push(page, 1);
  }
  return spans;
}

/** Whether these bytes are an image, whole and undamaged. */
export function isImage(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER) return false;
  const header = headerOf(bytes);
  return header[0] === MAGIC && header[H_LENGTH] === bytes.length && header[H_CHECKSUM] === checksum(bytes);
}

/** Of everything but the checksum itself. */
const checksum = (image: Uint8Array): number =>
  crc32(image.subarray(HEADER), crc32(image.subarray(0, H_CHECKSUM * 4)));

/** Bytes of the memory that an image was made of. */
export const memorySizeOf = (image: Uint8Array): number => headerOf(image)[H_MEMORY];

/** The code that an image was made with. */
export function codeOf(image: Uint8Array): Uint8Array {
  return image.subarray(image.length - headerOf(image)[H_CODE]);
}

/** Writes an image into a memory of zeros, which must be at least as large as `memorySizeOf` says. Returns the config. */
export function restoreImage(image: Uint8Array, memory: Uint8Array): unknown {
  const header = headerOf(image);
  const configEnd = HEADER + header[H_CONFIG];
  // `slice` also copies out of shared memory, from which TextDecoder does not read.
  const config = JSON.parse(new TextDecoder().decode(image.slice(HEADER, configEnd))) as unknown;
  const spansAt = align(configEnd);
  const spans = new Uint32Array(image.buffer, image.byteOffset + spansAt, header[H_SPANS] * 2);
  let at = align(spansAt + spans.length * 4);
  for (let i = 0; i < spans.length; i += 2) {
    const size = spans[i + 1] * PAGE;
    memory.set(image.subarray(at, at + size), spans[i] * PAGE);
    at += size;
  }
  return config;
}

const headerOf = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_WORDS);

const align = (offset: number): number => (offset + 7) & ~7;
