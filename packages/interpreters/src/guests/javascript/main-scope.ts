/**
 * Target side: the names of `__main__`, as `exec` and `prepareMain` leave them.
 *
 * All are properties of the global object, as names in `__main__` are keys of a dictionary in Python. A later script
 * may therefore declare any of them again, in any way, and code that refers to the name sees the new variable. REPLs do
 * the same (V8's REPL mode, which the Chrome console uses, and the REPL of Node). A name that hides a Node global replaces
 * it, in this interpreter, once the name is initialized. The language's own globals, and `process` and `Buffer`, cannot
 * be replaced by another value that way: every module there would get it, this package's too. (A `var` or `function`
 * of a plain script can replace them, as in any script.) Accessors keep the promises of a declaration:
 *
 *   - a `let`, `const` or `class` cannot be read before its declaration was evaluated (ReferenceError)
 *   - a constant, or an import, cannot be assigned to (TypeError); an import shows the current value of the module's variable
 *   - names that a failed script had not reached are as before
 *
 * The property of a `function`, or of a `var` of a script that was not rewritten, is not configurable. A constant of that
 * name is then an ordinary variable, and an import is a copy.
 */

import { vm } from "../../platform/scripts.js";
import type { Declared } from "./script-description.js";

// A script may declare `globalThis` itself.
const main = globalThis as Record<string, unknown>;

/** The globals that existed before any script. */
const builtins = Object.getOwnPropertyNames(main);

/** Those that no module can do without. */
const essential =
  " Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean Buffer DataView Date AggregateError Error " +
  "EvalError RangeError ReferenceError SyntaxError TypeError URIError FinalizationRegistry Float32Array Float64Array " +
  "Function Int16Array Int32Array Int8Array JSON Map Math Number Object Promise Proxy Reflect RegExp Set " +
  "SharedArrayBuffer String Symbol Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet " +
  "globalThis process ";
const isEssential = (name: string): boolean => essential.includes(` ${name} `);

function checkHiding(name: string, value: unknown, before: unknown): void {
  if (!isEssential(name) || value === before) return;
  throw new TypeError(
    `Cannot declare ${name} at the top level of a script: it would replace the global ${name} for all modules ` +
      `of this interpreter. Give it another name, or declare it in a block.`,
  );
}

/** The getters of constants: our accessors whose setter throws. */
const constants = new WeakSet<object>();
let mayHaveConstants = false;

/** Returns whether a plain script that declares a `var` could meet a constant of that name. */
export const hasConstants = (): boolean => mayHaveConstants;

/** Declares the names of a script. The function returned takes back those that are still uninitialized. */
export function declare({ constants, variables, undefineds, vars }: Declared): () => void {
  const lexical = [...constants, ...variables, ...undefineds];
  for (const name of lexical) {
    const existing = Object.getOwnPropertyDescriptor(main, name);
    // `undefined`, `NaN`, `Infinity`
    if (existing?.configurable === false && existing.writable === false) {
      throw new SyntaxError(`Identifier '${name}' has already been declared`);
    }
    if (undefineds.includes(name) && builtins.includes(name)) checkHiding(name, undefined, main[name]);
  }
  for (const name of vars) {
    const existing = Object.getOwnPropertyDescriptor(main, name);
    if (existing === undefined) define(name, undefined);
    // A constant becomes a variable and keeps its value.
    else if (isConstant(existing)) define(name, main[name]);
  }
  for (const name of undefineds)
    if (isConfigurable(name)) define(name, undefined);
    else main[name] = undefined;
  const before = new Map<string, PropertyDescriptor | undefined>();
  const reserve = (name: string, initialize: (value: unknown) => void): void => {
    if (!isConfigurable(name) || before.has(name)) return;
    const existing = Object.getOwnPropertyDescriptor(main, name);
    before.set(name, existing);
    // Modules that load before the initialization need the global.
    const hidden = builtins.includes(name) ? existing : undefined;
    const get = (): unknown => {
      if (hidden !== undefined) return hidden.get === undefined ? hidden.value : hidden.get.call(main);
      throw new ReferenceError(`Cannot access '${name}' before initialization`);
    };
    const set = (value: unknown): void => {
      if (hidden !== undefined) checkHiding(name, value, get());
      before.delete(name);
      initialize(value);
    };
    Object.defineProperty(main, name, { get, set, configurable: true, enumerable: true });
  };
  for (const name of variables) reserve(name, (value) => define(name, value));
  for (const name of constants) reserve(name, (value) => defineConstant(name, () => value));
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(main, name);
      else Object.defineProperty(main, name, descriptor);
    }
    before.clear();
  };
}

/** Makes `name` a constant whose value is what `read` returns. */
export function defineConstant(name: string, read: () => unknown): void {
  if (builtins.includes(name)) checkHiding(name, read(), main[name]);
  if (!isConfigurable(name)) {
    main[name] = read();
    return;
  }
  const get = (): unknown => read();
  const set = (): never => {
    throw new TypeError("Assignment to constant variable.");
  };
  constants.add(get);
  mayHaveConstants = true;
  Object.defineProperty(main, name, { get, set, configurable: true, enumerable: true });
}

function define(name: string, value: unknown): void {
  Object.defineProperty(main, name, { value, writable: true, configurable: true, enumerable: true });
}

const isConfigurable = (name: string): boolean =>
  Object.getOwnPropertyDescriptor(main, name)?.configurable !== false;

const isConstant = ({ get }: PropertyDescriptor): boolean => get !== undefined && constants.has(get);

/**
 * Makes each property of `ns` a global: writable, configurable, enumerable.
 *
 * A name that a script declared is declared again, as by a later script. Only user code that bypassed `exec`
 * (`vm.runInThisContext`) can have made a variable beside the global object, which would hide a global. Such a variable
 * is assigned to, and a TypeError if it is a constant. All names are checked first: either all are bound or none.
 */
export function bindGlobals(ns: Record<string, unknown>): void {
  const steps = Object.keys(ns).map((name) => binding(name, ns[name]));
  for (const step of steps) step();
}

function binding(name: string, value: unknown): () => void {
  const variable = scriptVariable(name);
  if (variable !== undefined) return () => variable(value);

  const existing = Object.getOwnPropertyDescriptor(main, name);
  if (existing === undefined || existing.configurable === true) return () => define(name, value);
  // A `var` or `function` of a script cannot be redefined, only written.
  if (existing.writable !== true) throw new TypeError(`cannot bind ${name}: this global is read-only`);
  return () => {
    main[name] = value;
  };
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** Returns a function that assigns to the script variable `name`, or undefined if no such variable exists. */
function scriptVariable(name: string): ((value: unknown) => void) | undefined {
  if (!identifier.test(name) || isReserved(name) || !isScriptVariable(name)) return undefined;
  const parameter = name === "value" ? "it" : "value";
  const assign = run(`(${parameter}) => { ${name} = ${parameter}; }`) as (value: unknown) => void;
  try {
    assign(run(name)); // its own value: changes nothing, and fails if the variable does not accept assignments
  } catch {
    throw new TypeError(
      `cannot bind ${name}: a script of this interpreter declared it with const, or failed while declaring it`,
    );
  }
  return assign;
}

function isScriptVariable(name: string): boolean {
  // A `var` that no `let` can hide.
  if (Object.getOwnPropertyDescriptor(main, name)?.configurable === false) return false;
  try {
    // V8 always refuses it, because of `undefined`; but its error names `name` if a variable of that name exists.
    run(`let ${name}; let undefined;`);
  } catch (error) {
    return error instanceof SyntaxError && error.message.includes(`'${name}'`);
  }
  return false;
}

function isReserved(name: string): boolean {
  try {
    void new vm.Script(`(${name})`);
    return false;
  } catch {
    return true;
  }
}

const run = (source: string): unknown => new vm.Script(source).runInThisContext();
