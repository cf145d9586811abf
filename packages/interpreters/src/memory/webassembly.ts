/** The part of the WebAssembly JavaScript API that this package uses; @types/node declares none of it. */
export interface WasmMemory {
  /** Another object over the same bytes after every growth. */
  readonly buffer: SharedArrayBuffer;
  /** Grows by `delta` pages of 64 KiB, for every thread; throws a RangeError if it cannot. Undefined if the memory has a fixed size. */
  grow?(delta: number): number;
}

interface MemoryConstructor {
  new (descriptor: { initial: number; maximum: number; shared: true }): WasmMemory;
}

/** Undefined if the engine runs without a compiler (`--jitless`). */
export const Memory = (globalThis as unknown as { WebAssembly?: { Memory: MemoryConstructor } }).WebAssembly
  ?.Memory;
