/** The options of `create`. They are checked in the creator's thread, so that a mistake is an error there and not a failed boot. */
import { checkConcurrency, checkOptions, checkTimeout, ownOptions, show } from "../base/check.js";
import { InterpreterError } from "../base/errors.js";
import { checkLanguage, defaultLanguage, type Language, registerLanguage } from "../guests/language.js";
import { inheritedExecArgv } from "../platform/exec-argv.js";
import { refusedLimits } from "../platform/threads.js";
import type { BootOptions, InterpreterConfig, ResourceLimits } from "../wire/boot.js";
import { checkInput, type StdinSource } from "./input.js";
import { checkSink, type OutputSink } from "./output.js";
import { checkParentLanguage, checkParentOptions, type ParentOptions } from "./parent.js";

export type { InterpreterConfig, ResourceLimits } from "../wire/boot.js";

const CONFIGS: Readonly<Record<"isolated" | "legacy", InterpreterConfig>> = {
  // The counterparts of `_PyInterpreterConfig_INIT` and `_PyInterpreterConfig_LEGACY_INIT` in CPython.
  isolated: {
    allowExec: false,
    allowSpawn: true,
    allowThreads: true,
    allowAddons: true,
    checkMultiInterpAddons: true,
    addonTimeout: 30_000,
    shareEnv: false,
  },
  legacy: {
    allowExec: true,
    allowSpawn: true,
    allowThreads: true,
    allowAddons: true,
    checkMultiInterpAddons: false,
    addonTimeout: 30_000,
    shareEnv: false,
  },
};

/**
 * Options of `create`. An unknown option is a TypeError.
 *
 * @example
 * await using interp = create({ env: { LEVEL: "debug" }, argv: ["--all"], execArgv: ["--no-warnings"], stderr: "ignore" });
 * await interp.call(() => `${process.env["LEVEL"]} ${process.argv.at(-1)}`); // "debug --all"
 */
export interface CreateOptions extends ParentOptions {
  /** Shown by debuggers, and as `Interpreter.name`; at most 80 characters. Default: none. */
  name?: string | undefined;
  /**
   * Its environment variables; one that is undefined is not set. Default: a copy of those of the creator. Cannot be combined with
   * `config.shareEnv`.
   */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Arguments, which are appended to its `process.argv`. Default: none. */
  argv?: readonly string[] | undefined;
  /** Node's flags for its thread. Default: those of the process, without flags that Node refuses for threads. */
  execArgv?: readonly string[] | undefined;
  /** Limits of its JavaScript engine. Default: Node's. */
  resourceLimits?: ResourceLimits | undefined;
  /**
   * Its permissions (CPython: `PyInterpreterConfig`). An object is completed from `"isolated"`. Default: `"isolated"`; `"legacy"` also
   * allows it to start other programs, and tries native addons that do not support threads.
   */
  config?:
    | "isolated"
    | "legacy"
    | { readonly [name in keyof InterpreterConfig]?: InterpreterConfig[name] | undefined }
    | undefined;
  /**
   * What its `process.stdin` reads: `"inherit"` reads that of the process, in competition with whatever else does; a text, bytes, or the chunks of a stream
   * of the creator's thread, which is read as far as the interpreter asks. (Give a text that is one of the two words as bytes.) With `"ignore"`, reading is
   * an InterpreterError (`ERR_INTERPRETER_STDIN`), not an empty stream. `fs.readSync(0)` and child processes that inherit have the descriptor of the
   * process in any case. Default: `"ignore"`.
   *
   * @example
   * await using interp = create({ stdin: "one\ntwo\n" });
   * const count = await interp.call(async () => {
   *   const { createInterface } = await import("node:readline");
   *   let lines = 0;
   *   for await (const _ of createInterface(process.stdin)) lines++;
   *   return lines;
   * });
   * console.log(count); // 2
   */
  stdin?: StdinSource | undefined;
  /**
   * Where its `process.stdout` (and `console.log`) goes: `"inherit"` writes to that of the process at once, `"ignore"` drops it, and a
   * sink gets it as text, in order. The sink is called in the creator's thread whenever that polls for messages: before an operation
   * that wrote returns, and with everything before `close()` resolves there. Default: `"inherit"`.
   */
  stdout?: "inherit" | "ignore" | OutputSink | undefined;
  /** As `stdout`, for its `process.stderr`. */
  stderr?: "inherit" | "ignore" | OutputSink | undefined;
  /**
   * How many calls it runs at once, from 1 to 65 536: one that executes, and others that await something (`call`, `iterate`). They begin in their order, and the
   * microtasks and timers of all run in turn. Scripts, methods of constructed objects and others of its operations begin in order, too, and each ends
   * before anything else begins. One call that ends the interpreter, or whose time limit passes, ends all. Default: 1, one after the other.
   */
  concurrency?: number | undefined;
  /** The language that it runs; see guests/README.md. Default: JavaScript. */
  language?: Language | undefined;
}

const KNOWN = [
  "name",
  "env",
  "argv",
  "execArgv",
  "resourceLimits",
  "config",
  "stdin",
  "stdout",
  "stderr",
  "language",
  "concurrency",
  "workerData",
  "parentPort",
  "environmentData",
  "transfer",
];
/** Below these limits the engine does not refuse to start a thread: it crashes the process. */
const LEAST: Readonly<Record<string, number>> = { maxOldGenerationSizeMb: 4, stackSizeMb: 0.5 };
const LIMITS = ["maxOldGenerationSizeMb", "maxYoungGenerationSizeMb", "codeRangeSizeMb", "stackSizeMb"];

/** Checks the options and completes them. @throws TypeError, RangeError a bad option; InterpreterError its language's tag is taken */
export function checkCreateOptions(given: CreateOptions): BootOptions {
  checkOptions("create", given, KNOWN);
  const options = ownOptions(given);
  const { name, env, argv, execArgv, resourceLimits } = options;
  if (name !== undefined && (typeof name !== "string" || name.length > 80)) {
    fail("name", "a string of at most 80 characters", name);
  }
  for (const [key, list] of Object.entries({ argv, execArgv })) {
    if (list !== undefined && !(Array.isArray(list) && list.every((item) => typeof item === "string"))) {
      fail(key, "an array of strings", list);
    }
  }
  if (env !== undefined) {
    if (typeof env !== "object" || env === null) fail("env", "an object of strings", env);
    for (const [key, value] of Object.entries(env)) {
      if (value !== undefined && typeof value !== "string") fail(`env.${key}`, "a string", value);
    }
  }
  if (resourceLimits !== undefined) {
    if (typeof resourceLimits !== "object" || resourceLimits === null) {
      fail("resourceLimits", "an object", resourceLimits);
    }
    checkOptions("create: resourceLimits", resourceLimits, LIMITS);
    const given = Object.entries(withoutUndefined(resourceLimits));
    if (given.length > 0 && refusedLimits !== undefined) {
      throw new InterpreterError(`create: resourceLimits: ${refusedLimits}`, {
        code: "ERR_INTERPRETER_UNSUPPORTED",
      });
    }
    for (const [key, value] of given) {
      const least = LEAST[key] ?? 0;
      if (typeof value !== "number" || !(value > least || (least > 0 && value === least))) {
        fail(
          `resourceLimits.${key}`,
          least > 0 ? `a number of at least ${least} (MiB)` : "a positive number (MiB)",
          value,
        );
      }
    }
  }
  const config = checkConfig(options.config);
  const { language = defaultLanguage(), concurrency = 1 } = options;
  checkConcurrency("create", concurrency);
  checkLanguage("create", language);
  registerLanguage(language);
  checkParentOptions(options);
  checkParentLanguage(options, language);
  if (config.shareEnv && env !== undefined) {
    throw new TypeError("create: set env or config.shareEnv, not both");
  }
  const inherited = inheritedExecArgv();
  return {
    name,
    env: config.shareEnv ? {} : env === undefined ? { ...process.env } : withoutUndefined(env),
    argv: argv && [...argv],
    execArgv: execArgv ? [...execArgv] : inherited,
    inheritedExecArgv: inherited.filter((flag) => execArgv?.includes(flag) !== false),
    resourceLimits: resourceLimits && withoutUndefined(resourceLimits),
    config,
    input: checkInput(options.stdin, language),
    output: {
      stdout: checkOutput("stdout", options.stdout),
      stderr: checkOutput("stderr", options.stderr),
      channel: undefined,
    },
    language: {
      name: language.name,
      tag: language.tag,
      module: language.module,
      data: language.data,
      shared: language.shared?.key,
    },
    concurrency,
  };
}

function checkConfig(config: CreateOptions["config"] = "isolated"): InterpreterConfig {
  if (config === "isolated" || config === "legacy") return CONFIGS[config];
  if (typeof config !== "object" || config === null) {
    fail("config", '"isolated", "legacy" or an object', config);
  }
  checkOptions("create: config", config, Object.keys(CONFIGS.isolated));
  const given = withoutUndefined(config);
  for (const [key, value] of Object.entries(given)) {
    if (key === "addonTimeout") {
      checkTimeout(value, "create: config.addonTimeout");
    } else if (typeof value !== "boolean") fail(`config.${key}`, "a boolean", value);
  }
  return { ...CONFIGS.isolated, ...given };
}

/** A copy that lacks what is undefined, which counts as not given. */
function withoutUndefined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
type Defined<T> = { [name in keyof T]: Exclude<T[name], undefined> };

function checkOutput(option: string, to: CreateOptions["stdout"] = "inherit"): "inherit" | "ignore" | "sink" {
  if (to === "inherit" || to === "ignore") return to;
  if (checkSink(to)) return "sink";
  fail(option, '"inherit", "ignore" or something to write to', to);
}

function fail(option: string, expected: string, found: unknown): never {
  throw new TypeError(`create: ${option} must be ${expected}, found ${show(found)}`);
}
