/** The executing side of Python, in an interpreter's own thread. */
import { type ExecutingSide, NotShareableError } from "interpreters";
import { core, type EncodedValue } from "interpreters/core";
import { type Attached, attachPython, PythonError } from "./attach.js";
import type { PythonAssets } from "./boot.js";
import { type LanguageData, type NamedFunction, pythonLanguage, type Script } from "./language.js";
import { startPython } from "./start.js";

let python: Attached;

/** A result that cannot travel is no failure of the function: the caller gets the NotShareableError as it is. */
async function refuseLater(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    throw error instanceof NotShareableError ? new core.Refusal(error) : error;
  }
}

function orRefuse(step: () => unknown): unknown {
  try {
    const value = step();
    return value instanceof Promise ? refuseLater(value) : value;
  } catch (error) {
    throw error instanceof NotShareableError ? new core.Refusal(error) : error;
  }
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
    return python.run("exec", text, filename ?? "");
  },

  prepare(namespace) {
    python.ask("prepare", "", "", Object.entries(namespace).flat());
  },

  load(description) {
    const { name } = description as NamedFunction;
    return (...args) => orRefuse(() => python.run("call", name, "", args));
  },

  execute: (work: EncodedValue) => python.execute(work),

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
