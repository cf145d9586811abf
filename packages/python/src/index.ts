/**
 * CPython (Pyodide) as a guest of `interpreters`: `createPython()` makes Python's main interpreter in this thread; the others are
 * interpreters of the core whose language is Python, one thread and one WebAssembly instance each.
 */
export { createPython, Python, type PythonGlobals, PythonPoolExecutor } from "./python.js";
export type { PythonOptions } from "./options.js";
export type {
  PythonCalls,
  PythonFunction,
  PythonInterpreter,
  PythonPoolOptions,
  PythonTasks,
} from "./names.js";
