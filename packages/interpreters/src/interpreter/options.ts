/**
 * The options of `create`, checked where they are given, so that a mistake is an error there and not a failed boot.
 */
import { checkOptions, checkTimeout, show } from "../check.js";
import { checkSink, type OutputSink } from "./output.js";

/** Limits of an interpreter's JavaScript engine, in MiB (Node's `resourceLimits`). */
export interface ResourceLimits {
  maxOldGenerationSizeMb?: number;
  maxYoungGenerationSizeMb?: number;
  codeRangeSizeMb?: number;
  stackSizeMb?: number;
}

/**
 * What an interpreter may do beyond its own world (CPython: `PyInterpreterConfig`). What is not allowed throws
 * `InterpreterError` (`ERR_INTERPRETER_NOT_ALLOWED`) there. It guards against mistakes, not against malice.
 */
export interface InterpreterConfig {
  /**
   * Start other programs: `node:child_process`, `cluster.fork`, `process.execve` (CPython: `allow_exec`, `allow_fork`).
   * Isolated: false; legacy: true.
   */
  allowExec: boolean;
  /** Start threads of its own with `new Worker` (CPython: `allow_threads`). Interpreters it may always create. True. */
  allowThreads: boolean;
  /** Load native addons (`.node` files). True. */
  allowAddons: boolean;
  /**
   * Refuse native addons that are not made for several interpreters, without trying, once that is known of them (CPython:
   * `check_multi_interp_extensions`). Isolated: true; legacy: false. Node itself refuses what it cannot load, whatever is said here.
   */
  checkMultiInterpAddons: boolean;
  /**
   * Milliseconds that loading a native addon waits for the main interpreter, which must load it first, while that is busy
   * with code of the user's. 30 000.
   */
  addonTimeout: number;
  /** Share `process.env` with the main interpreter, both ways, instead of having a copy. False. */
  shareEnv: boolean;
}

const CONFIGS: Readonly<Record<"isolated" | "legacy", InterpreterConfig>> = {
  // As CPython's `_PyInterpreterConfig_INIT` and `_PyInterpreterConfig_LEGACY_INIT`, as far as there is a counterpart.
  isolated: {
    allowExec: false,
    allowThreads: true,
    allowAddons: true,
    checkMultiInterpAddons: true,
    addonTimeout: 30_000,
    shareEnv: false,
  },
  legacy: {
    allowExec: true,
    allowThreads: true,
    allowAddons: true,
    checkMultiInterpAddons: false,
    addonTimeout: 30_000,
    shareEnv: false,
  },
};

export interface CreateOptions {
  /** Shown by debuggers and in `inspect`; at most 80 characters. */
  name?: string;
  /** Environment variables; a copy of the current ones by default. */
  env?: Readonly<Record<string, string>>;
  /** Appended to `process.argv`. */
  argv?: readonly string[];
  /** Node options for this interpreter; the process's own by default. */
  execArgv?: readonly string[];
  resourceLimits?: ResourceLimits;
  /** What it may do; `"isolated"` by default, which is also what a part of a configuration is completed from. */
  config?: "isolated" | "legacy" | Readonly<Partial<InterpreterConfig>>;
  /**
   * Where its `process.stdout` (and `console.log`) goes: to that of the process at once (`"inherit"`, the default), nowhere
   * (`"ignore"`), or to a sink of the creator's, as text, in order. The sink is called in the thread of the creator, when
   * that comes to it: before what an operation gave is returned, and all of it before `close()` resolves there.
   */
  stdout?: "inherit" | "ignore" | OutputSink;
  /** The same for `process.stderr`. */
  stderr?: "inherit" | "ignore" | OutputSink;
}

/** What the supervisor is told. It starts the thread, but what is inherited comes from the creator. */
export interface BootOptions {
  readonly name: string | undefined;
  readonly env: NodeJS.Dict<string>;
  readonly argv: string[] | undefined;
  readonly execArgv: string[];
  /** Whether they are the creator's own, of which some may not be meant for threads. */
  readonly inheritedExecArgv: boolean;
  readonly resourceLimits: ResourceLimits | undefined;
  readonly config: InterpreterConfig;
  readonly output: BootOutput;
}

/** Where output goes. */
export interface BootOutput {
  readonly stdout: "inherit" | "ignore" | "sink";
  readonly stderr: "inherit" | "ignore" | "sink";
  /** The name of the broadcast channel that leads to sinks. */
  readonly channel: string | undefined;
}

const KNOWN = ["name", "env", "argv", "execArgv", "resourceLimits", "config", "stdout", "stderr"];
/** With less than this the engine does not fail to start a thread, but takes the whole process down. */
const LEAST: Readonly<Record<string, number>> = { maxOldGenerationSizeMb: 4, stackSizeMb: 0.5 };
const LIMITS = ["maxOldGenerationSizeMb", "maxYoungGenerationSizeMb", "codeRangeSizeMb", "stackSizeMb"];

export function checkCreateOptions(options: CreateOptions): BootOptions {
  checkOptions("create", options, KNOWN);
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
      if (typeof value !== "string") fail(`env.${key}`, "a string", value);
    }
  }
  if (resourceLimits !== undefined) {
    if (typeof resourceLimits !== "object" || resourceLimits === null) {
      fail("resourceLimits", "an object", resourceLimits);
    }
    checkOptions("create: resourceLimits", resourceLimits, LIMITS);
    for (const [key, value] of Object.entries(resourceLimits)) {
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
  if (config.shareEnv && env !== undefined) {
    throw new TypeError("create: there can be env or config.shareEnv, not both");
  }
  return {
    name,
    env: config.shareEnv ? {} : { ...(env ?? process.env) },
    argv: argv && [...argv],
    execArgv: execArgv ? [...execArgv] : inheritedExecArgv(),
    inheritedExecArgv: execArgv === undefined,
    resourceLimits: resourceLimits && { ...resourceLimits },
    config,
    output: {
      stdout: checkOutput("stdout", options.stdout),
      stderr: checkOutput("stderr", options.stderr),
      channel: undefined,
    },
  };
}

function checkConfig(config: CreateOptions["config"] = "isolated"): InterpreterConfig {
  if (config === "isolated" || config === "legacy") return CONFIGS[config];
  if (typeof config !== "object" || config === null) {
    fail("config", '"isolated", "legacy" or an object', config);
  }
  checkOptions("create: config", config, Object.keys(CONFIGS.isolated));
  for (const [key, value] of Object.entries(config)) {
    if (key === "addonTimeout") {
      if (value === undefined) fail("config.addonTimeout", "a number of milliseconds", value);
      checkTimeout(value, "create: config.addonTimeout");
    } else if (typeof value !== "boolean") fail(`config.${key}`, "a boolean", value);
  }
  return { ...CONFIGS.isolated, ...config };
}

function checkOutput(option: string, to: CreateOptions["stdout"] = "inherit"): "inherit" | "ignore" | "sink" {
  if (to === "inherit" || to === "ignore") return to;
  if (checkSink(to)) return "sink";
  fail(option, '"inherit", "ignore" or something to write to', to);
}

/** Flags that say what the process runs, and not how: with their value where that is an argument of its own. */
const WHAT_TO_RUN =
  /^(-e|--eval|-p|--print|-pe|-c|--check|-i|--interactive|--input-type|--test|--watch|--run)\b/;
const TAKES_A_VALUE = new Set(["-e", "--eval", "-p", "--print", "-pe", "--run", "--watch-path"]);

function inheritedExecArgv(): string[] {
  const kept: string[] = [];
  for (let i = 0; i < process.execArgv.length; i++) {
    const flag = process.execArgv[i];
    if (!WHAT_TO_RUN.test(flag)) kept.push(flag);
    else if (TAKES_A_VALUE.has(flag)) i++;
  }
  return kept;
}

/**
 * What is left of inherited flags when Node refuses some of them for threads. It says which, in words only:
 * "Initiated Worker with invalid execArgv flags: --title=x, --expose-gc".
 */
export function withoutRefused(execArgv: readonly string[], error: unknown): string[] | undefined {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== "ERR_WORKER_INVALID_EXEC_ARGV")
    return undefined;
  const refused = error.message.slice(error.message.indexOf(": ") + 2).split(", ");
  const kept = execArgv.filter((flag) => !refused.includes(flag));
  return kept.length < execArgv.length ? kept : undefined;
}

function fail(option: string, expected: string, found: unknown): never {
  throw new TypeError(`create: ${option} must be ${expected}, found ${show(found)}`);
}
