/** The executing side of Python, in an interpreter's own thread. */
import { type ExecutingSide, NotShareableError } from "interpreters";
import { core, type EncodedValue } from "interpreters/core";
import { type Attached, attachPython, PythonError } from "./attach.js";
import type { PythonAssets } from "./boot.js";
import { type LanguageData, type NamedFunction, pythonLanguage, type Script } from "./language.js";
import { startPython } from "./start.js";

let python: Attached;

/** No function of Python has this name. */
const WARM_UP = "";

/** Does work in Python, of which an exception may come. Anything else that is thrown is a crash of Python, which ends the interpreter. */
function guarded<T>(step: () => T | Promise<T>): T | Promise<T> {
  try {
    const value = step();
    return value instanceof Promise ? guardedLater(value) : value;
  } catch (error) {
    return survived(error);
  }
}

async function guardedLater<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    return survived(error);
  }
}

/** Throws an error that Python survives. After any other, its memory may be anything: the thread ends, and the promise never resolves. */
function survived(error: unknown): Promise<never> {
  // A result that cannot travel is no failure of the function: the caller gets the error as it is.
  if (error instanceof NotShareableError) throw new core.Refusal(error);
  if (error instanceof PythonError) throw error;
  const { name, status } = Object(error) as { name?: unknown; status?: unknown };
  // Pyodide's own, for an exception that left the shims: an interrupt that came as they were about to return.
  if (name === "PythonError") throw error;
  // `os._exit`.
  if (name === "Exit" || name === "ExitStatus") process.exit(typeof status === "number" ? status : 1);
  setImmediate(() => {
    throw error;
  });
  return new Promise(() => {});
}

const guest: ExecutingSide = {
  async start(data, shared) {
    const { settings, key } = data as LanguageData;
    const assets = shared as PythonAssets;
    const pyodide = await startPython(assets, settings);
    python = attachPython(pyodide, pythonLanguage(settings, assets, key), false);
  },

  enter: () => python.enter(),

  exec(script) {
    const { text, filename } = script as Script;
    return guarded(() => python.run("exec", text, filename ?? ""));
  },

  prepare(namespace) {
    python.ask("prepare", "", "", Object.entries(namespace).flat());
  },

  load(description) {
    const { name } = description as NamedFunction;
    if (name === WARM_UP) return () => python.warmUp();
    return (...args) => guarded(() => python.run("call", name, "", args));
  },

  execute: (work: EncodedValue) => guarded(() => python.execute(work)),

  warmUp: { name: WARM_UP },
  interruptible: true,
  // As in CPython, the end of an interpreter waits for its threads.
  finalizeLimit: 0x7fffffff,
  finalize: () => python.finish(),

  describeFailure(thrown) {
    if (thrown instanceof PythonError) return thrown.info;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const { name, message } = error;
    return {
      type: { name },
      message,
      formatted: `${name}: ${message}`,
      errdisplay: error.stack ?? message,
    };
  },
};
export default guest;
