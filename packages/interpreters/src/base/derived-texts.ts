/**
 * Texts that one interpreter derives from files for all interpreters of the process: TypeScript without its types. Erasing them takes longer
 * than loading JavaScript, and a thread first needs about 25 ms to load an eraser.
 *
 * They lie in a SharedArrayBuffer of their own, which only grows. An entry holds the file's bytes, which are its key (its time and size
 * may stay when it changes), and room for the text:
 *
 *     used | size state source text | bytes of the file | bytes of the text | size state …
 *
 * A thread claims an entry before it derives the text, and others with the same file wait for it. No lock is held. A thread that dies on
 * the way leaves its entry PENDING, and the first waiter that runs out of patience marks it FAILED. At worst it leaves an entry without a
 * size, where every reader stops. A thread that finds no entry derives the text for itself.
 */

/** The first word: where the next entry begins, in bytes. */
const USED = 0;
const FIRST = 16;

/** The words of an entry's header. `size` is that of the whole entry in bytes, stored last. */
const SIZE = 0;
const STATE = 1;
const SOURCE = 2;
const TEXT = 3;
const HEADER = 16;

const PENDING = 0;
const DONE = 1;
const FAILED = 2;

/** Room for a text that is longer than the file. */
const SLACK = 64;
/** Bytes at the start and at most. Only what is used takes memory. */
const INITIAL = 64 << 10;
const MOST = 32 << 20;
/** How long to wait for another thread that derives the text of the same file, in milliseconds. */
const PATIENCE = 2_000;

/** Makes the memory; undefined if the system grants none. */
export function createDerivedTexts(): SharedArrayBuffer | undefined {
  try {
    const memory = new SharedArrayBuffer(INITIAL, { maxByteLength: MOST });
    new Int32Array(memory)[USED] = FIRST;
    return memory;
  } catch {
    return undefined;
  }
}

let own: SharedArrayBuffer | undefined;

/** The memory of this process, in the thread that starts the supervisor, which gives it to the interpreters. */
export function derivedTextsOfMain(): SharedArrayBuffer | undefined {
  return (own ??= createDerivedTexts());
}

/** One thread's view of them. */
export class DerivedTexts {
  readonly #memory: SharedArrayBuffer;
  readonly #words: Int32Array<SharedArrayBuffer>;
  /** The entries up to `#seen`, by the length of their files. */
  readonly #entries = new Map<number, number[]>();
  #seen = FIRST;

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    // Follows the length of the memory.
    this.#words = new Int32Array(memory);
  }

  /** Returns the text of a file if there is one; waits if another thread is about to have it. */
  text(source: Buffer): string | undefined {
    const at = this.#find(source);
    if (at === undefined) return undefined;
    const state = (at >> 2) + STATE;
    if (Atomics.wait(this.#words, state, PENDING, PATIENCE) === "timed-out") {
      Atomics.compareExchange(this.#words, state, PENDING, FAILED);
    }
    if (Atomics.load(this.#words, state) !== DONE) return undefined;
    const length = this.#words[(at >> 2) + TEXT];
    return Buffer.from(this.#memory, at + HEADER + source.length, length).toString();
  }

  /** Whether a thread has derived the text, or is about to. */
  has(source: Buffer): boolean {
    return this.#find(source) !== undefined;
  }

  /** Makes other threads wait for the text of a file. The caller must call the returned function with the text, or without one if it cannot derive it. */
  claim(source: Buffer): (text?: string) => void {
    const size = (HEADER + 2 * source.length + SLACK + 3) & ~3;
    const at = this.#reserve(size);
    if (at === undefined) return () => {};
    const entry = at >> 2;
    Buffer.from(this.#memory, at + HEADER, source.length).set(source);
    this.#words[entry + SOURCE] = source.length;
    Atomics.store(this.#words, entry + SIZE, size);
    return (text) => {
      const room = Buffer.from(this.#memory, at + HEADER + source.length, size - HEADER - source.length);
      const fits = text !== undefined && Buffer.byteLength(text) <= room.length;
      if (fits) this.#words[entry + TEXT] = room.write(text);
      Atomics.compareExchange(this.#words, entry + STATE, PENDING, fits ? DONE : FAILED);
      Atomics.notify(this.#words, entry + STATE);
    };
  }

  #reserve(size: number): number | undefined {
    const words = this.#words;
    const at = Atomics.add(words, USED, size);
    if (at + size > this.#memory.maxByteLength) {
      // Threads that reserved later are beyond the end, too.
      Atomics.sub(words, USED, size);
      return undefined;
    }
    const { byteLength } = this.#memory;
    if (byteLength >= at + size) return at;
    try {
      this.#memory.grow(Math.min(this.#memory.maxByteLength, Math.max(at + size, 2 * byteLength)));
    } catch {
      // Another thread has made it larger than that; or the system grants no more.
      if (this.#memory.byteLength < at + size) return undefined;
    }
    return at;
  }

  #find(source: Buffer): number | undefined {
    this.#look();
    const words = this.#words;
    for (const at of this.#entries.get(source.length) ?? []) {
      if (Atomics.load(words, (at >> 2) + STATE) === FAILED) continue;
      if (source.equals(Buffer.from(this.#memory, at + HEADER, source.length))) return at;
    }
    return undefined;
  }

  /** Notes the entries that are new. */
  #look(): void {
    const words = this.#words;
    for (;;) {
      const entry = this.#seen >> 2;
      const size = this.#seen + HEADER <= this.#memory.byteLength ? Atomics.load(words, entry + SIZE) : 0;
      if (size === 0) return;
      const length = words[entry + SOURCE];
      const known = this.#entries.get(length);
      if (known === undefined) this.#entries.set(length, [this.#seen]);
      else known.push(this.#seen);
      this.#seen += size;
    }
  }
}
