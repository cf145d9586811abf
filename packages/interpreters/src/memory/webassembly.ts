/** The part of the WebAssembly JavaScript API that is used here; @types/node declares none of it. */
export interface WasmMemory {
  /** A new object over the same bytes after every growth. */
  readonly buffer: SharedArrayBuffer;
  /** Missing where the memory has a fixed size. Grows by `delta` pages of 64 KiB, for every thread; throws a RangeError where it cannot. */
  grow?(delta: number): number;
}

interface MemoryConstructor {
  new (descriptor: { initial: number; maximum: number; shared: true }): WasmMemory;
}

/** Undefined where the engine runs without a compiler (`--jitless`). */
export const Memory = (globalThis as unknown as { WebAssembly?: { Memory: MemoryConstructor } }).WebAssembly
  ?.Memory;
