/** The executing side of Python, in an interpreter's own thread. */
import type { ExecutingSide } from "interpreters";
import type { EncodedValue } from "interpreters/core";
import { type Attached, attachPython, PythonError } from "./attach.js";
import type { PythonAssets } from "./boot.js";
import { type LanguageData, type NamedFunction, pythonLanguage, type Script } from "./language.js";
import { startPython } from "./start.js";

let python: Attached;

const guest: ExecutingSide = {
  async start(data, shared) {
    const { settings, key } = data as LanguageData;
    const assets = shared as PythonAssets;
    const pyodide = await startPython(assets, settings);
    python = attachPython(pyodide, pythonLanguage(settings, assets, key), false);
  },

  exec(script) {
    const { text, filename } = script as Script;
    return python.run("exec", text, filename ?? "");
  },

  prepare(namespace) {
    python.ask("prepare", "", "", Object.entries(namespace).flat());
  },

  load(description) {
    const { name } = description as NamedFunction;
    return (...args) => python.run("call", name, "", args);
  },

  execute: (work: EncodedValue) => python.execute(work),

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
