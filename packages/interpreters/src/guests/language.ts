/**
 * The two sides of a guest language (README.md is the guide). The core knows no language: it carries bytes, has the caller's side
 * describe the functions and scripts that users give it, and has the executing side run them.
 *
 *     caller's thread                                     interpreter's thread
 *     Language.describeFunction(fn) ──description──▶ ExecutingSide.load(description) ──▶ a function to call
 *     Language.describeScript(code) ──description──▶ ExecutingSide.exec(description)
 */
import { InterpreterError, type ExceptionInfo } from "../base/errors.js";
import { CODEC_JAVASCRIPT } from "../codec/codec.js";
import type { EncodedValue } from "../codec/language-value.js";

/**
 * The caller's side: in every thread that creates or calls interpreters of the language. `create({ language })` and
 * `new InterpreterPoolExecutor({ language })` take one.
 */
export interface Language {
  /** How messages name it. */
  readonly name: string;
  /**
   * The codec tag of values that only this language understands, from 2 to 255, unique in the process (1 is JavaScript). Records carry
   * it, and a reader of another language is refused.
   */
  readonly tag: number;
  /** The URL of the module whose default export is the `ExecutingSide`. JavaScript's is part of the bundle: undefined. */
  readonly module: string | undefined;
  /** Handed to `ExecutingSide.start`. A value that JSON can carry: standby threads are matched by it. */
  readonly data: unknown;
  /**
   * Shared by all threads of the language, where JSON cannot carry it: a compiled module, a SharedArrayBuffer. The supervisor gets it once from
   * each thread that creates interpreters, and gives it to `start`. Default: nothing.
   */
  readonly shared?: LanguageShared | undefined;
  /**
   * Describes a function that `call`, `submit` or `map` was given, as an object that JSON can carry. The same function must give the
   * same object, so that its code is sent once. Throws NotShareableError or TypeError for a function that cannot travel.
   */
  describeFunction(fn: unknown): object;
  /** Describes a script for `exec`, from its options. Throws TypeError for a bad file name or base. */
  describeScript(
    code: string,
    filename: string | undefined,
    base: string | URL | undefined,
    breakOnSigint: boolean | undefined,
  ): unknown;
  /** The executing side, if it can also run in the caller's thread: `prewarm` then warms up that thread, too. */
  readonly executing?: ExecutingSide;
}

/** The data that the threads of a language share (`Language.shared`). */
export interface LanguageShared {
  /** Names the value in the process. Values with one key are interchangeable. */
  readonly key: string;
  /** A value that `postMessage` takes. */
  readonly value: unknown;
}

/** The executing side: in the interpreter's own thread. */
export interface ExecutingSide {
  /**
   * Called once, before any work, with `Language.data` and the value of `Language.shared`. The interpreter is booting until its promise
   * resolves. If it throws or rejects, the boot fails.
   */
  start?(data: unknown, shared: unknown): void | Promise<void>;
  /**
   * Called once, after `start` and before any work, when the thread is its interpreter: a standby thread becomes one only when it is needed, and
   * before that the core's functions do not know which. Must not throw.
   */
  enter?(): void;
  /** Runs a script that `describeScript` described, in `__main__`. Its result is awaited and dropped. */
  exec(script: unknown): unknown;
  /** Binds values as globals of `__main__`. */
  prepare(namespace: Record<string, unknown>): void;
  /**
   * Makes a function of a description. Called once for each function; again if it threw or rejected, or if the function is called
   * again while the promise is pending. A NotShareableError that it throws fails the call as it is; any other exception, and any
   * rejection, does as an ExecutionFailed.
   */
  load(description: unknown): GuestFunction | Promise<GuestFunction>;
  /**
   * Executes work that another interpreter of the language sent as bytes of its own (core.ts, `sendToGuest`), and returns the reply. The
   * bytes of `work` are valid until this returns, or until its promise is made: copy them. Its exception, or rejection, becomes an
   * ExecutionFailed.
   */
  execute?(work: EncodedValue): EncodedValue | Promise<EncodedValue>;
  /** Describes an exception that left the guest. Must not throw, whatever was thrown. */
  describeFailure(thrown: unknown): ExceptionInfo;
  /**
   * Called once when the interpreter is closed, after its last work item and before its thread ends. Not when it is terminated. After
   * `finalizeLimit` the thread is terminated. If it throws, that is an uncaught exception: it is printed, and the thread ends.
   */
  finalize?(): void | Promise<void>;
  /**
   * Whether the guest polls for interrupts (core.ts, `threads.interrupts`). A time limit or a signal then raises an exception in the work that it
   * is about, and the interpreter lives on; it is stopped if the work has not ended a second later. Default: false.
   */
  readonly interruptible?: boolean;
  /** Milliseconds that `finalize` may take. Default: 2000. */
  readonly finalizeLimit?: number;
  /**
   * The description of a function that takes a number. A standby thread calls it once, so that the code for calls is compiled
   * before the first call. `start` has been called by then.
   */
  readonly warmUp?: object;
}

/** A function of the guest language, as the executing side's `load` makes it. If it returns a promise, that is awaited. */
export type GuestFunction = (...args: unknown[]) => unknown;

const languages = new Map<number, Language>();

/** Makes the language known in this thread. Several copies of one language are one: the first stays. */
export function registerLanguage(language: Language): void {
  const known = languages.get(language.tag);
  if (known === undefined) languages.set(language.tag, language);
  else if (known.name !== language.name) {
    throw new InterpreterError(
      `Cannot use the language ${language.name}: its codec tag ${language.tag} is that of ${known.name} in this thread. ` +
        "Give one of them another tag.",
    );
  }
}

/** The language of interpreters that were created with this tag. */
export function languageOf(tag: number): Language {
  const language = languages.get(tag);
  if (language !== undefined) return language;
  throw new InterpreterError(
    `Cannot use an interpreter of a language that this thread does not know (codec tag ${tag}): ` +
      "create an interpreter of that language in this thread first.",
    { code: "ERR_INTERPRETER_LANGUAGE" },
  );
}

/** The language of `create()` without options. */
export function defaultLanguage(): Language {
  return languageOf(CODEC_JAVASCRIPT);
}

/** Throws TypeError unless `language` has what a language needs. `what` is the function that was given it. */
export function checkLanguage(what: string, language: unknown): asserts language is Language {
  const { name, tag, module, describeFunction, describeScript } = Object(language) as Partial<Language>;
  const complete =
    typeof name === "string" &&
    (typeof module === "string" || tag === CODEC_JAVASCRIPT) &&
    typeof describeFunction === "function" &&
    typeof describeScript === "function";
  if (!complete) throw new TypeError(`${what}: language must be a Language`);
  if (!Number.isInteger(tag) || tag! < CODEC_JAVASCRIPT || tag! > 255) {
    throw new RangeError(`${what}: the language's codec tag must be an integer from 2 to 255, found ${tag}`);
  }
}
