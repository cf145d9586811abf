/**
 * Where Python finds the numbers of signals: what another thread wrote into a byte, and one of its own that comes whenever a time slice of its
 * threads is over (python/_interp_threads.py).
 *
 * Pyodide reads byte 0 of its buffer every few dozen instructions, and then stores 0 in it, whatever it has read. A signal that comes between the two
 * would be lost. So this stands for the buffer, and a store only takes back the very number that was read.
 */
class InterruptByte {
  byte: Uint8Array = new Uint8Array(1);
  /** Milliseconds; Infinity means that there are no slices. */
  slice = Infinity;
  #began = 0;
  #read = 0;

  get 0(): number {
    this.#read = Atomics.load(this.byte, 0);
    if (this.#read !== 0 || this.slice === Infinity) return this.#read;
    const now = performance.now();
    if (now - this.#began < this.slice) return 0;
    this.#began = now;
    return SLICE_OVER;
  }

  set 0(value: number) {
    if (this.#read !== 0) Atomics.compareExchange(this.byte, 0, this.#read, value);
    this.#read = 0;
  }
}

/** A number that no signal has (_interp_threads.py). */
const SLICE_OVER = 60;

interface Interruptible {
  setInterruptBuffer(buffer: Uint8Array): void;
}

/** The signals that one Python gets. Python looks for none before the first call of a method. */
export class Signals {
  readonly #python: Interruptible;
  readonly #byte = new InterruptByte();

  constructor(python: Interruptible) {
    this.#python = python;
  }

  /** Has Python look for signals in `byte`, which is in shared memory, from now on. */
  takeFrom(byte: Uint8Array): void {
    this.#byte.byte = byte;
    this.#look();
  }

  /** From now on Python gets the signal 60 every `slice` milliseconds (Infinity: never), as long as it runs. */
  slice(slice: number): void {
    this.#byte.slice = slice;
    if (slice !== Infinity) this.#look();
  }

  #look(): void {
    this.#python.setInterruptBuffer(this.#byte as unknown as Uint8Array);
  }
}
