/**
 * Keeps the frames of suspended threads of Python readable.
 *
 * Whenever C calls Python, CPython's evaluation loop puts an *entry frame* on the C stack and links it into the thread's chain of frames. Pyodide
 * moves a suspended thread's C stack away as soon as another thread needs the place, and leaves the chain as it is. The garbage collector,
 * `sys._current_frames`, `sys.monitoring` and `frame.f_back` follow the chains of all threads. They would take whatever the other thread has
 * written there for a frame, and write to it.
 *
 * So the entry frames must be out of the chain while their thread is suspended. They hold nothing: Python never shows them, and the
 * collector passes over them. greenlet, which moves stacks as well, does the same.
 *
 * ```
 *   running     thread → frame → frame → entry frame (C stack) → frame → entry frame (C stack)
 *   suspended   thread → frame → frame ────────────────────────→ frame → 0
 * ```
 */
import type { WasmImports, WasmInstance } from "./webassembly.js";

/** What Pyodide keeps of a suspended thread; one of its own values if there was an error. */
interface SuspendedState {
  readonly threadState?: unknown;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly _PyRuntime: { readonly value: number };
  emscripten_stack_get_base(): number;
  emscripten_stack_get_end(): number;
}

/** The offsets that this module needs in structures of CPython, in bytes. */
interface Offsets {
  /** `PyThreadState.current_frame`. */
  readonly currentFrame: number;
  /** `_PyInterpreterFrame.previous`. */
  readonly previous: number;
}

/** The imports by which Pyodide saves and restores a thread. */
interface Switching {
  saveState(): SuspendedState;
  restoreState(state: SuspendedState): void;
}

/** The links that left out entry frames. */
type Links = { readonly address: number; readonly frame: number }[];

/** Changes these imports so that suspended threads have no entry frames. */
export class SuspendedFrames {
  #exports: Exports | undefined;
  #offsets: Offsets | undefined;
  #view = new DataView(new ArrayBuffer(0));

  /** Returns the imports to instantiate the module with. */
  wrap(imports: WasmImports): WasmImports {
    const { saveState, restoreState } = imports.env as unknown as Switching;
    const links = new WeakMap<SuspendedState, Links>();
    const env: Record<string, unknown> & Switching = {
      ...imports.env,
      saveState: () => {
        const state = saveState();
        if (typeof state.threadState === "number") links.set(state, this.#unlink(state.threadState));
        return state;
      },
      restoreState: (state) => {
        restoreState(state);
        this.#relink(links.get(state) ?? []);
      },
    };
    return { ...imports, env };
  }

  /** Must be called before Python runs. */
  attach(instance: WasmInstance): void {
    this.#exports = instance.exports as Exports;
  }

  #unlink(threadState: number): Links {
    const view = this.#memory();
    const { currentFrame, previous } = (this.#offsets ??= offsetsOf(view, this.#exports!._PyRuntime.value));
    const end = this.#exports!.emscripten_stack_get_end();
    const base = this.#exports!.emscripten_stack_get_base();
    const links: Links = [];
    let link = threadState + currentFrame;
    for (let frame = view.getUint32(link, true); frame !== 0; frame = view.getUint32(link, true)) {
      if (frame >= end && frame < base) {
        links.push({ address: link, frame });
        view.setUint32(link, view.getUint32(frame + previous, true), true);
      } else {
        link = frame + previous;
      }
    }
    return links;
  }

  #relink(links: Links): void {
    const view = this.#memory();
    // The last first: two entry frames that follow each other were left out of the same link.
    for (const { address, frame } of links.reverse()) view.setUint32(address, frame, true);
  }

  #memory(): DataView {
    const { buffer } = this.#exports!.memory;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }
}

/** `"xdebugpy"`, with which CPython's table for debuggers (`_Py_DebugOffsets`, of 64-bit numbers) begins. */
const COOKIE = [0x62656478, 0x79706775] as const;
/** Where the table has the version of CPython, whose high half says which form the table has, and what this module needs. */
const VERSION = 8 * 1;
const CURRENT_FRAME = 8 * 26;
const PREVIOUS = 8 * 32;
const KNOWN = 0x030e;

/** Reads the table, which CPython has at the beginning of `_PyRuntime` for tools that read the memory of a process. */
export function offsetsOf(view: DataView, runtime: number): Offsets {
  const entry = (at: number): number => view.getUint32(runtime + at, true);
  if (entry(0) !== COOKIE[0] || entry(4) !== COOKIE[1] || entry(VERSION) >>> 16 !== KNOWN) {
    throw new Error(
      "Cannot switch threads of Python: this build of Pyodide has no CPython 3.14. Install the version that interpreters-python asks for.",
    );
  }
  return { currentFrame: entry(CURRENT_FRAME), previous: entry(PREVIOUS) };
}
