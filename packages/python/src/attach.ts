/** Connects a booted Python to the runtime: gives the shims their JavaScript side. */
import type { Language } from "interpreters";
import { type PyodideAPI } from "./boot.js";
import { Bridge } from "./bridge.js";

/** A Python that is connected. */
export interface Attached {
  readonly pyodide: PyodideAPI;
  readonly bridge: Bridge;
  /** Executes the request in the buffer; see `_interpreters._execute`. */
  execute(length: number, references: number): number;
  /** Does what JavaScript asked for; see `_interpreters._from_js`. */
  fromJs(op: string, text: string, filename: string): number;
  /** Makes room in the buffer. */
  grow(length: number): void;
}

/** Connects Python. Its shims must be there; a snapshot has them. */
export function attachPython(pyodide: PyodideAPI, language: Language): Attached {
  const bridge = new Bridge(pyodide, language);
  const own = pyodide.pyimport("_interpbridge") as {
    attach(functions: object): void;
    grow(length: number): void;
  };
  own.attach(bridge.functions());
  const shims = pyodide.pyimport("_interpreters") as {
    _execute(length: number, references: number): number;
    _from_js(op: string, text: string, filename: string): number;
  };
  const { _execute: execute, _from_js: fromJs } = shims;
  return { pyodide, bridge, execute, fromJs, grow: own.grow };
}
