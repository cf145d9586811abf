/**
 * Target side: `exec` and `prepareMain`, on the one global scope of this thread.
 *
 * A script's top-level `var` and `function` become properties of the global object; its `let`, `const` and
 * `class` live beside that object, are found before it, and are seen by later scripts all the same.
 */

import vm from "node:vm";
import { compile } from "./dynamic-import.js";

/**
 * Runs `source` as a script and returns its completion value. Whatever is to be rewritten first (declaring a
 * `let` again, static `import`, top-level `await`, types) has its place between the source and `compile`.
 */
export function runScript(source: string, filename: string): unknown {
  return compile(source, filename).runInThisContext();
}

/**
 * Makes each property of `ns` a global: writable, configurable, enumerable.
 *
 * A name that an earlier script declared with `let` is assigned to instead, since that variable would hide the
 * global. One declared with `const` can be neither, which is a TypeError. All names are checked first: either all
 * are bound or none.
 */
export function bindGlobals(ns: Record<string, unknown>): void {
  const steps = Object.keys(ns).map((name) => binding(name, ns[name]));
  for (const step of steps) step();
}

function binding(name: string, value: unknown): () => void {
  const variable = scriptVariable(name);
  if (variable !== undefined) return () => variable(value);

  const existing = Object.getOwnPropertyDescriptor(globalThis, name);
  if (existing === undefined || existing.configurable === true) {
    return () => {
      Object.defineProperty(globalThis, name, {
        value,
        writable: true,
        configurable: true,
        enumerable: true,
      });
    };
  }
  // A `var` or `function` of a script cannot be redefined, only written.
  if (existing.writable !== true) throw new TypeError(`cannot bind ${name}: this global is read-only`);
  return () => {
    (globalThis as Record<string, unknown>)[name] = value;
  };
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** How to assign to the script variable `name`; undefined if there is none. */
function scriptVariable(name: string): ((value: unknown) => void) | undefined {
  if (!identifier.test(name) || isReserved(name) || !isScriptVariable(name)) return undefined;
  const parameter = name === "value" ? "it" : "value";
  const assign = run(`(${parameter}) => { ${name} = ${parameter}; }`) as (value: unknown) => void;
  try {
    assign(run(name)); // its own value: changes nothing, and tells whether it may be assigned to
  } catch {
    throw new TypeError(
      `cannot bind ${name}: a script of this interpreter declared it with const, or failed while declaring it`,
    );
  }
  return assign;
}

function isScriptVariable(name: string): boolean {
  // A `var` that no `let` can hide.
  if (Object.getOwnPropertyDescriptor(globalThis, name)?.configurable === false) return false;
  try {
    // Always refused as a whole, because of `undefined`; but on account of `name` if there is a variable of that name.
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
