/** Connects a booted Python to the runtime: gives the shims and the threads their JavaScript side, and runs work in it. */
import { type ExceptionInfo, type Language, NotShareableError } from "interpreters";
import { core, type EncodedValue } from "interpreters/core";
import type { PyodideAPI } from "./boot.js";
import { Bridge } from "./bridge.js";
import { Builtins } from "./builtins.js";
import { Signals } from "./interrupt-byte.js";
import { type AttachedThreads, attachThreads, canSwitchStacks, type ThreadHost } from "./threads.js";

/** An exception that left Python, which JavaScript gets. */
export class PythonError extends Error {
  override readonly name = "PythonError";
  /** The display of the traceback, as Python prints it, and the parts of it. */
  readonly info: ExceptionInfo;

  constructor(info: ExceptionInfo) {
    super(info.formatted);
    this.info = info;
  }
}

/** A Python function that may suspend itself if it is called by `callPromising`. */
interface Suspendable<A extends unknown[]> {
  (...args: A): number;
  callPromising(...args: A): Promise<number>;
}

interface Shims {
  _execute: Suspendable<[token: number]>;
  _from_js: Suspendable<[op: string, text: string, filename: string, token: number]>;
}

/** What JavaScript asks Python for: run a script, call a function by its name, bind globals. */
export type Request = "exec" | "call" | "prepare";

/** A Python that is connected. */
export class Attached {
  readonly pyodide: PyodideAPI;
  readonly bridge: Bridge;
  readonly signals: Signals;
  readonly #shims: Shims;
  readonly #acceptInterrupts: () => void;
  readonly #threads: AttachedThreads;
  /** Raises KeyboardInterrupt in the main thread of an interpreter that is not the main one. */
  #interrupt: (() => void) | undefined;
  /** Whether work can be suspended, so that other threads of this Python run meanwhile. */
  readonly #suspends: boolean;

  constructor(pyodide: PyodideAPI, language: Language, main: boolean) {
    this.pyodide = pyodide;
    this.bridge = new Bridge(pyodide, language);
    this.signals = new Signals(pyodide);
    const own = pyodide.pyimport("_interpbridge") as {
      attach(functions: object): void;
      accept_interrupts(): void;
    };
    own.attach(this.bridge.functions());
    const builtins = new Builtins(pyodide);
    const functions = this.bridge.builtins();
    builtins.bind(functions, "_interpbridge", "js");
    builtins.bind({ _put_int: functions["q_put_int"], _take: functions["q_get"] }, "_interpqueues");
    this.#shims = pyodide.pyimport("_interpreters") as Shims;
    this.#suspends = !main && canSwitchStacks();
    this.#acceptInterrupts = own.accept_interrupts;
    this.#threads = attachThreads(pyodide, hostOf(this.bridge, this.signals), main);
    if (main) this.#threads.configure(true);
  }

  /** This thread is its interpreter from now on. */
  enter(): void {
    this.#threads.configure((this.bridge.ownConfig() & DAEMONS) !== 0);
    this.signals.takeFrom(core.threads.interrupts());
    this.#acceptInterrupts();
    this.#interrupt = this.#threads.interrupt;
  }

  /**
   * Does what first work does, before `enter`: it takes several times as long as the same work later, because V8 and Python compile code, load
   * modules and touch memory for it. It blocks, because work that comes meanwhile would use the buffer.
   */
  warmUp(): void {
    this.ask("exec", "pass", "");
    this.ask("call", "_interpreters:_warm_up", "", []);
  }

  /** Executes work that another Python sent. */
  execute(work: EncodedValue): EncodedValue | Promise<EncodedValue> {
    const token = this.bridge.give(work);
    const reply = (): EncodedValue => {
      const value = this.bridge.takeAnswer().value;
      if (value !== undefined) return value;
      throw new NotShareableError("Cannot send the result of a call: a queue in it is gone");
    };
    if (this.#suspends) return this.#watched(this.#shims._execute.callPromising(token)).then(reply);
    this.#shims._execute(token);
    return reply();
  }

  /**
   * Has Python do what JavaScript asks for, and returns its value. `args` must be neutral.
   *
   * @throws PythonError an exception left Python; NotShareableError an argument or the result cannot travel
   */
  ask(op: Request, text: string, filename: string, args?: readonly unknown[]): unknown {
    this.#shims._from_js(op, text, filename, this.#give(args));
    return this.#result();
  }

  /** As `ask`, but other threads of this Python run while the work waits, where the engine can switch stacks. */
  async askAsync(op: Request, text: string, filename: string, args?: readonly unknown[]): Promise<unknown> {
    if (!canSwitchStacks()) return this.ask(op, text, filename, args);
    await this.#watched(this.#shims._from_js.callPromising(op, text, filename, this.#give(args)));
    return this.#result();
  }

  /** The form that work from JavaScript takes in an interpreter of its own. */
  run(op: Request, text: string, filename: string, args?: readonly unknown[]): unknown {
    return this.#suspends ? this.askAsync(op, text, filename, args) : this.ask(op, text, filename, args);
  }

  /** The interpreter is closed: its threads and exit functions run to their ends. */
  finish(): void | Promise<void> {
    const { _finish: finish } = this.pyodide.pyimport("_interp_boot") as { _finish: Suspendable<[]> };
    if (this.#suspends) return finish.callPromising().then(() => undefined);
    finish();
  }

  /** While all threads of Python wait, it polls no interrupts: JavaScript does. */
  #watched(work: Promise<number>): Promise<number> {
    if (this.#interrupt === undefined) return work;
    const interrupt = this.#interrupt;
    let stop: (() => void) | undefined;
    const later = setImmediate(() => {
      stop = core.threads.watch(() => {
        if (core.threads.isInterrupted()) interrupt();
      });
    });
    return work.finally(() => {
      clearImmediate(later);
      stop?.();
    });
  }

  #give(args: readonly unknown[] | undefined): number {
    return args === undefined ? NOTHING : this.bridge.give(core.values.encode(args, "args"));
  }

  #result(): unknown {
    const { state, value } = this.bridge.takeAnswer();
    const result = value && core.values.decode(value);
    if (state === DONE) return result;
    if (state === FAILED) throw new PythonError(infoOf(result as string[]));
    throw new NotShareableError(
      `Cannot copy the result to JavaScript: ${String(result)}. Return None, a bool, int, float, str or bytes, a queue, or a tuple of ` +
        "these.",
    );
  }
}

/** Connects a Python that has booted: that of an interpreter, or (`main`) the one that `createPython` makes. */
export function attachPython(pyodide: PyodideAPI, language: Language, main = true): Attached {
  return new Attached(pyodide, language, main);
}

/** The token of no arguments. */
const NOTHING = 0;
/** How Python's `_answer` says what became of work that JavaScript sent. */
const DONE = 0;
const FAILED = 1;
/** The bit of an interpreter's configuration that allows daemon threads (_interpreters.py). */
const DAEMONS = 1 << 4;

function infoOf([name, , , message, formatted, errdisplay]: (string | null)[]): ExceptionInfo {
  const shown = formatted ?? "";
  return {
    type: { name: name ?? "" },
    message: message ?? "",
    formatted: shown,
    errdisplay: errdisplay ?? shown,
  };
}

function hostOf(bridge: Bridge, signals: Signals): ThreadHost {
  return {
    slice: (time) => signals.slice(time),
    interrupt: () => bridge.waits.interrupt(),
    blockUntil: (done, timeout) => core.threads.blockUntil(done, timeout),
    waitForQueue: (id, putting, timeout, ended) => bridge.queues.wait(id, putting, timeout, ended),
    isSettled: (token) => bridge.operation(token)?.settled,
    async settled(token) {
      const operation = bridge.operation(token);
      if (operation === undefined || operation.settled) return;
      // The thread that fetches it gets the error.
      await operation.promise().catch(() => undefined);
    },
  };
}
