/** Python's main interpreter, in the thread that calls `createPython()`. */
import {
  create,
  type CreateOptions,
  ExecutionFailed,
  getCurrent,
  InterpreterError,
  InterpreterPoolExecutor,
  type Language,
  prewarm,
} from "interpreters";
import { core } from "interpreters/core";
import { loadAssets } from "./assets.js";
import { Attached, PythonError, type Request } from "./attach.js";
import { assetsForThreads, ForeignImageError, type PyodideAPI } from "./boot.js";
import { pythonLanguage } from "./language.js";
import type { PythonFunction, PythonInterpreter, PythonPoolOptions, PythonTasks } from "./names.js";
import { checkPythonOptions, type PythonOptions } from "./options.js";
import { startPython } from "./start.js";
import { canSwitchStacks } from "./threads.js";

/** The global names of `__main__`, for values that both languages read. */
export interface PythonGlobals {
  /** @throws NotShareableError its value is one that only Python understands. Undefined if there is no such name. */
  get(name: string): unknown;
  /** @throws NotShareableError JavaScript's value is one that Python cannot read */
  set(name: string, value: unknown): void;
  has(name: string): boolean;
  /** Returns whether there was such a name. */
  delete(name: string): boolean;
}

let current: Python | undefined;
let booting: Promise<Python> | undefined;

/**
 * Boots Python's main interpreter in this thread. A thread has one: a second call is refused.
 *
 * The first boot on a machine takes about two seconds, later ones a quarter of one (`cache`).
 *
 * @param options see `PythonOptions`
 * @throws TypeError a bad option; InterpreterError (`ERR_INTERPRETER_EXISTS`) this thread has a Python; Error a folder to mount is not
 * there, or a package cannot be installed. All as a rejection.
 * @example
 * const python = await createPython();
 * python.run("from concurrent.futures import InterpreterPoolExecutor");
 */
export async function createPython(options: PythonOptions = {}): Promise<Python> {
  const checked = checkPythonOptions(options);
  if (booting !== undefined) {
    throw new InterpreterError("Cannot create a Python: this thread has one. Use that.", {
      code: "ERR_INTERPRETER_EXISTS",
    });
  }
  booting = boot(checked);
  try {
    current = await booting;
    return current;
  } catch (error) {
    booting = undefined;
    throw error;
  }
}

async function boot({ cache, settings, streams }: ReturnType<typeof checkPythonOptions>): Promise<Python> {
  let loaded = await loadAssets(cache);
  const start = () => startPython(loaded.assets, settings, streams);
  let pyodide;
  try {
    pyodide = await start();
  } catch (error) {
    if (!(error instanceof ForeignImageError)) throw error;
    loaded = await loadAssets(cache, { anew: true });
    pyodide = await start();
  }
  const language = pythonLanguage(settings, assetsForThreads(loaded.assets), loaded.key);
  return new Python(pyodide, new Attached(pyodide, language, true), language);
}

/** Python's main interpreter, and the language of the others. `createPython()` makes it. */
export class Python {
  /** For `create`, `prewarm` and `InterpreterPoolExecutor` of the core: `{ language: python.language }`. */
  readonly language: Language;
  /** The names of `__main__`. */
  readonly globals: PythonGlobals;
  readonly #pyodide: PyodideAPI;
  readonly #attached: Attached;

  /** @internal */
  constructor(pyodide: PyodideAPI, attached: Attached, language: Language) {
    this.#pyodide = pyodide;
    this.#attached = attached;
    this.language = language;
    this.globals = {
      get: (name) => this.#ask("call", "_interp_boot:get_global", [name]),
      set: (name, value) => void this.#ask("prepare", "", [name, value]),
      has: (name) => this.#ask("call", "_interp_boot:has_global", [name]) as boolean,
      delete: (name) => this.#ask("call", "_interp_boot:delete_global", [name]) as boolean,
    };
  }

  /**
   * Runs a script in `__main__`. This thread does nothing else until it has ended.
   *
   * @param code the script's text
   * @param options `filename`, for tracebacks
   * @throws ExecutionFailed an exception left the script; its `excinfo.errdisplay` is the traceback
   * @example
   * python.run("answer = 6 * 7");
   * python.globals.get("answer"); // 42
   */
  run(code: string, options: { readonly filename?: string | undefined } = {}): void {
    this.#ask("exec", code, undefined, options.filename);
  }

  /**
   * Runs a script in `__main__` that may use `await` at its top level. Where the engine can switch stacks (Node 24), its threads run
   * while it waits, and so does JavaScript.
   *
   * @throws as `run`, as a rejection
   * @example
   * await python.runAsync("import asyncio; await asyncio.sleep(0.01)");
   */
  async runAsync(code: string, options: { readonly filename?: string | undefined } = {}): Promise<void> {
    const { run_async: run } = this.#pyodide.pyimport("_interp_boot") as {
      run_async(code: string, filename: string): Promise<string | undefined>;
    };
    const failure = await run(code, options.filename ?? "<string>");
    if (failure === undefined) return;
    const [name, , , message, formatted, errdisplay] = JSON.parse(failure) as string[];
    throw this.#failed(new PythonError({ type: { name }, message, formatted, errdisplay }));
  }

  /**
   * Calls a function in this interpreter.
   *
   * @param fn `"module:function"`, a name of `__main__`, or a builtin
   * @throws as `run`; NotShareableError an argument or the result is not one that both languages read
   * @example
   * python.call("math:hypot", 3, 4); // 5
   */
  call<R = unknown>(fn: PythonFunction, ...args: unknown[]): R {
    return this.#ask("call", fn, args) as R;
  }

  /**
   * Makes another Python interpreter, on a thread of its own: that of `concurrent.interpreters`.
   *
   * @param options those of the core's `create`
   * @throws as `create`
   * @example
   * await using interp = python.create();
   * await interp.call("math:hypot", 3, 4); // 5
   */
  create(options: Omit<CreateOptions, "language"> = {}): PythonInterpreter {
    return create({ ...options, language: this.language }) as PythonInterpreter;
  }

  /**
   * Keeps booted interpreters on standby, as the core's `prewarm`: `create` without options then takes a millisecond.
   *
   * @throws as `prewarm`
   */
  prewarm(count: number): void {
    prewarm(count, { language: this.language });
  }

  /**
   * Where another thread writes the number of a signal, which Python then raises, and where it rings in case this thread sleeps.
   *
   * @internal
   */
  interruptible(): {
    readonly interrupt: Uint8Array;
    readonly doorbell: ReturnType<typeof core.threads.doorbell>;
  } {
    const interrupt = new Uint8Array(new SharedArrayBuffer(1));
    this.#attached.signals.takeFrom(interrupt);
    // A wait that blocks this thread returns when there is a signal.
    core.threads.watchInterrupts(interrupt);
    return { interrupt, doorbell: core.threads.doorbell() };
  }

  /** Runs a program as the command `python` does, and returns its exit code. @internal */
  async runMain(kind: string, value: string): Promise<number> {
    const { run_main: run } = this.#pyodide.pyimport("_interp_boot") as {
      run_main: ((kind: string, value: string) => number) & {
        callPromising(kind: string, value: string): Promise<number>;
      };
    };
    try {
      return await (canSwitchStacks() ? run.callPromising(kind, value) : run(kind, value));
    } catch (error) {
      // `os._exit`: neither exceptions nor `atexit` see it.
      const { name, status } = Object(error) as { name?: unknown; status?: unknown };
      if (name === "Exit" && typeof status === "number") return status & 0xff;
      throw error;
    }
  }

  #ask(op: Request, text: string, args?: readonly unknown[], filename = ""): unknown {
    try {
      return this.#attached.ask(op, text, filename, args);
    } catch (error) {
      throw error instanceof PythonError ? this.#failed(error) : error;
    }
  }

  #failed(failure: PythonError): ExecutionFailed {
    return new ExecutionFailed(getCurrent().id, failure.info, failure);
  }
}

/**
 * A pool of Python interpreters for JavaScript: the core's `InterpreterPoolExecutor`, whose tasks name a function of Python. This thread must
 * have a Python (`createPython`).
 *
 * @example
 * await using executor = new PythonPoolExecutor({ maxWorkers: 2 });
 * for await (const root of executor.map("math:sqrt", [1, 4, 9])) console.log(root);
 */
export type PythonPoolExecutor = PythonTasks & InterpreterPoolExecutor;

class Pool extends InterpreterPoolExecutor {
  constructor(options: PythonPoolOptions = {}) {
    if (current === undefined) {
      throw new InterpreterError("Cannot create a pool of Python interpreters: await createPython() first.", {
        code: "ERR_INTERPRETER_LANGUAGE",
      });
    }
    super({ ...options, language: current.language } as ConstructorParameters<
      typeof InterpreterPoolExecutor
    >[0]);
  }
}
Object.defineProperty(Pool, "name", { value: "PythonPoolExecutor" });

export const PythonPoolExecutor = Pool as unknown as new (options?: PythonPoolOptions) => PythonPoolExecutor;
