/**
 * The files of the portable build, which are texts within one file (scripts/portable.mjs), because no form of a file beside the program
 * survives all bundlers. Each text is a script whose value is the function that Node's loader would make of a CommonJS module.
 *
 * A thread gets them in its `workerData`, in shared memory. `require` gives them to each other, and gives a module that asks for
 * "interpreters:texts" the texts themselves.
 */

/** By name. In the thread that loads the package they are strings, in the threads that it starts ASCII in shared memory. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

export interface OwnTexts {
  /** Where stacks show the files. There is no such folder. */
  readonly folder: string;
  readonly files: Files;
  /** Whether the bundle was evaluated in a context that a test runner has made, so that no code cache can be made of it. */
  readonly foreign: boolean;
}

export type Require = (id: string) => unknown;

export type Evaluate = (
  exports: object,
  require: Require,
  module: { exports: object },
  filename: string,
  dirname: string,
) => void;

/** The part that the threads of this package get beside their own data. */
export interface DataWithTexts {
  readonly interpretersTexts: OwnTexts;
}

export const asString = (text: string | Uint8Array): string =>
  typeof text === "string" ? text : Buffer.from(text.buffer, text.byteOffset, text.length).toString("latin1");

/** The form in which stacks show them. */
export const fileOf = (name: string, { folder }: OwnTexts): string =>
  process.getBuiltinModule("node:path").join(folder, name);

/** Evaluates one of the files as a CommonJS module. */
export function evaluateFile(evaluate: Evaluate, name: string, texts: OwnTexts, require: Require): object {
  const module = { exports: {} };
  evaluate(module.exports, require, module, fileOf(name, texts), texts.folder);
  return module.exports;
}

/** Makes a `require` that finds these files, the runtime's modules, and this package's API, and nothing else. */
export function makeRequire(texts: OwnTexts, api: () => unknown): Require {
  const { getBuiltinModule } = process;
  const { Script } = getBuiltinModule("node:vm");
  const loaded = new Map<string, object>();
  return function require(id) {
    if (id === "interpreters:texts") return texts;
    if (id === "interpreters") return api();
    if (!id.startsWith("./")) return getBuiltinModule(id);
    const name = id.slice(2);
    let exports = loaded.get(name);
    if (exports === undefined) {
      const script = new Script(asString(texts.files[name]), { filename: fileOf(name, texts) });
      exports = evaluateFile(script.runInThisContext() as Evaluate, name, texts, require);
      loaded.set(name, exports);
    }
    return exports;
  };
}
