/**
 * The public view of native addons; and the wrapper of `process.dlopen`, in which every way to load one ends. Loading the
 * package installs the wrapper, which in an interpreter happens before any user code runs.
 */
import { process } from "../platform/process.js";
import { runtime, runtimeIfAny } from "../thread/current.js";
import { load } from "../memory/atomics.js";
import { H_SUPERVISOR, MAIN_SLOT } from "../memory/layout.js";
import { supervisorListeners } from "../thread/supervisor-client.js";
import { type AddonConfig, InterpreterLoader } from "./interpreter-loader.js";
import type { Dlopen } from "./load.js";
import { MainLoader } from "./main-loader.js";
import { type AddonKind, kindOf } from "./kind.js";
import { amend, readList } from "./registry.js";

export type { AddonKind } from "./kind.js";

/** An interpreter that was not allowed to load an addon. */
export interface AddonRefusal {
  /** The id of the interpreter in which its import failed. */
  readonly interpreterId: number;
  /** The message of the `AddonImportError` there. */
  readonly message: string;
}

/** A native addon that the main interpreter has loaded, and keeps for as long as the process runs. */
export interface Addon {
  /** The real path of its file. */
  readonly file: string;
  /** Whether several interpreters may use it, by how it was built. */
  readonly kind: AddonKind;
  /** The id of the interpreter that asked for it first; 0 is main itself. */
  readonly firstLoadedBy: number;
  /** The last 16 refusals, oldest first. */
  readonly refusals: readonly AddonRefusal[];
}

/**
 * Lists the native addons that the main interpreter has loaded, for itself or for others, in the order of loading. Works
 * in every interpreter, and does not wait for main.
 *
 * @example
 * await using interp = create();
 * await interp.exec("await import('sharp')");
 * for (const { file, kind, firstLoadedBy } of addons()) {
 *   if (file.includes("sharp")) console.log(kind, firstLoadedBy); // node-api 1
 * }
 */
export function addons(): Addon[] {
  const rt = runtime();
  if (rt.m.slot === MAIN_SLOT) mainLoader.serve(rt);
  return readList(rt.m).map(({ file, key, kind: known, shared, firstLoadedBy, refusals }) => {
    let kind = known;
    if (kind === "unknown") {
      // No caller has needed the kind so far.
      kind = kindOf(file);
      if (kind === "unknown" && shared) kind = "context-aware";
      if (kind !== "unknown") {
        amend(rt.m, key, (entry) => {
          entry.kind = kind;
        });
      }
    }
    return { file, kind, firstLoadedBy, refusals };
  });
}

const NOT_STARTED = 0;
const mainLoader = new MainLoader(process.dlopen);
const interpreterLoader = new InterpreterLoader(process.dlopen);

/** Sets what this interpreter may do. Called in our own threads only, not in attached threads. */
export function configureAddons(config: AddonConfig): void {
  interpreterLoader.config = config;
}

function wrap(original: Dlopen): Dlopen {
  return (...args) => {
    const rt = runtimeIfAny();
    const [module, filename, flags] = args;
    // Node refuses wrong arguments itself. While no supervisor has started, nothing could wake main.
    if (args.length < 2) original.apply(process, args);
    else if (rt === undefined || rt.m.slot === MAIN_SLOT) {
      mainLoader.load(module as { exports: unknown }, filename, flags);
    } else if (load(rt.m, H_SUPERVISOR) === NOT_STARTED) original.apply(process, args);
    else interpreterLoader.load(rt, module, filename, flags);
  };
}

process.dlopen = wrap(process.dlopen);
supervisorListeners.push((rt, supervisor) => {
  mainLoader.serve(rt);
  supervisor.on("message", () => rt.poll());
});
