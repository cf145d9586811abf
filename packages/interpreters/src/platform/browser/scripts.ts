/** Running text in the global scope of a worker, by indirect `eval`: there is no other way that has the text's value. */

/** As it was when this was loaded: a program may replace it. */
const { eval: evaluate, Function: compileFunction } = globalThis;

interface Place {
  readonly filename?: string;
  readonly lineOffset?: number;
}

/** The content-security policy of the page forbids code from text. */
export class EvalForbidden extends Error {}

function forbidden(cause: unknown): unknown {
  if (!(cause instanceof EvalError)) return cause;
  return new EvalForbidden(
    "the Content-Security-Policy of the page does not allow code from text ('unsafe-eval'): name the function by its module instead, as " +
      'in `const { f } = fromModule(new URL("./tasks.js", import.meta.url))`',
    { cause },
  );
}

class PageScript {
  readonly #text: string;

  /** @throws SyntaxError the text is no script */
  constructor(source: string, { filename = "", lineOffset = 0 }: Place = {}) {
    try {
      void new compileFunction(source);
    } catch (error) {
      throw forbidden(error);
    }
    const lines = lineOffset > 0 ? "\n".repeat(lineOffset) : "";
    // The line above the first cannot be one of its own.
    const text = lineOffset < 0 ? source.replace("\n", " ") : source;
    // A name with a space in it would be passed over.
    const name = filename.replaceAll(/\s/g, "%20");
    this.#text = `${lines}${text}${name === "" ? "" : `\n//# sourceURL=${name}`}`;
  }

  runInThisContext(_options?: object): unknown {
    try {
      // oxlint-disable-next-line no-eval -- indirect: in the global scope
      return evaluate(this.#text) as unknown;
    } catch (error) {
      throw forbidden(error);
    }
  }

  createCachedData(): Uint8Array {
    return new Uint8Array();
  }
}

/** The names of the language's own globals, whichever of them there are. */
const languageGlobals = (): string[] =>
  (
    "AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError " +
    "FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN " +
    "Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String Symbol SyntaxError TypeError " +
    "URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly decodeURI decodeURIComponent " +
    "encodeURI encodeURIComponent escape eval globalThis isFinite isNaN parseFloat parseInt undefined unescape"
  )
    .split(" ")
    .filter((name) => name in globalThis);

export const vm = {
  Script: PageScript,
  constants: { USE_MAIN_CONTEXT_DEFAULT_LOADER: undefined },
  runInNewContext: languageGlobals,
};
// oxlint-disable-next-line typescript/no-namespace -- `vm.Script` is a type in Node, too
export declare namespace vm {
  type Script = PageScript;
}

export const filenameOfBase = (base: string): string => base;

export const imported = <T>(module: Promise<T>): Promise<T> => module;

export const watchImports = undefined;
