/** The part of the WebAssembly JavaScript API that this package uses; @types/node declares none of it. */

/** A `WebAssembly.Module`. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** A `WebAssembly.Instance`. */
export interface WasmInstance {
  readonly exports: object;
}

export type WasmImports = Record<string, Record<string, unknown>>;

interface WasmNamespace {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule, imports: WasmImports): Promise<WasmInstance>;
  /** There if the engine can switch stacks. */
  readonly Suspending?: unknown;
}

/** Undefined if the engine runs without a compiler (`--jitless`). */
export const wasm = (globalThis as unknown as { WebAssembly?: WasmNamespace }).WebAssembly;
