/**
 * The byte in which Python finds the number of a signal that another thread wrote there.
 *
 * Pyodide reads byte 0 of its buffer and then stores 0 in it, whatever it has read. A signal that comes between the two would be lost. So
 * this stands for the buffer, and a store only takes back the very number that was read.
 */
class InterruptByte {
  readonly #byte: Uint8Array;
  #read = 0;

  constructor(byte: Uint8Array) {
    this.#byte = byte;
  }

  get 0(): number {
    this.#read = Atomics.load(this.#byte, 0);
    return this.#read;
  }

  set 0(value: number) {
    if (this.#read !== 0) Atomics.compareExchange(this.#byte, 0, this.#read, value);
    this.#read = 0;
  }
}

/** Has Python look for signals in `byte`, which is in shared memory. */
export function takeSignalsFrom(
  byte: Uint8Array,
  pyodide: { setInterruptBuffer(buffer: Uint8Array): void },
): void {
  pyodide.setInterruptBuffer(new InterruptByte(byte) as unknown as Uint8Array);
}
