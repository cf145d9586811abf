/**
 * What users see of native addons; and `process.dlopen`, in which every way to load one ends, wrapped as soon as the package is
 * loaded: in an interpreter that is before any code of the user's runs.
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
  readonly interpreterId: number;
  /** That of the `AddonImportError` there. */
  readonly message: string;
}

/** A native addon that the main interpreter has loaded, and keeps for as long as the process runs. */
export interface Addon {
  /** The real path of its file. */
  readonly file: string;
  readonly kind: AddonKind;
  /** The id of the interpreter that asked for it first; 0: main itself. */
  readonly firstLoadedBy: number;
  /** The last 16, oldest first. */
  readonly refusals: readonly AddonRefusal[];
}

/**
 * The native addons that the main interpreter has loaded, for itself or for others, in that order. May be asked in any
 * interpreter, and does not wait for main.
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
      // Nobody needed to know so far.
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

/** What this interpreter may do. In other threads than those that we made, nobody says. */
export function configureAddons(config: AddonConfig): void {
  interpreterLoader.config = config;
}

function wrap(original: Dlopen): Dlopen {
  return (...args) => {
    const rt = runtimeIfAny();
    const [module, filename, flags] = args;
    // Wrong arguments are Node's to refuse; and a main that has started nothing could not be woken.
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
