/** Which file is the worker, and which options of Node make it load. */
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { compareNodeVersion, NODE_OPTIONS } from "./common";
import {
  DEFAULT_EXEC_ARGV,
  DEFAULT_TYPES_NODE_VERSION,
  IMPORT_FLAG,
  LOADER_FLAG,
  LOADER_FLAGS,
  NO_STRIP_TYPES,
  NO_STRIP_TYPES_FLAG,
  REQUIRE_ABBR_FLAG,
  REQUIRE_FLAGS,
  STRIP_TYPES_FLAG,
  STRIP_TYPES_NODE_VERSION,
  TRANSFORM_TYPES_FLAG,
  TRANSFORM_TYPES_NODE_VERSION,
} from "./constants";
import { isEsmPackage, isFile, isInstalled } from "./files";
import { TsRunner } from "./runners";

export const hasRequireFlag = (execArgv: string[]): boolean =>
  execArgv.some((flag) => REQUIRE_FLAGS.has(flag));
export const hasImportFlag = (execArgv: string[]): boolean => execArgv.includes(IMPORT_FLAG);
export const hasLoaderFlag = (execArgv: string[]): boolean => execArgv.some((flag) => LOADER_FLAGS.has(flag));

/** A worker's file, and how to start it. */
export interface WorkerFile {
  /** The extension of the file, with its dot; empty for a path that was given without one. */
  ext: string;
  isTs: boolean;
  jsUseEsm: boolean;
  tsRunner: TsRunner | undefined;
  tsUseEsm: boolean;
  workerPath: string;
  /** The URL of Yarn's loader, in a Plug'n'Play project. */
  pnpLoaderPath: string | undefined;
  execArgv: string[];
}

/** By the extension of a path: those to look for instead, in order. A build puts `.js` where the source has `.ts`. */
const SOURCES: Record<string, readonly string[]> = {
  ".cjs": [".cts", ".cjs"],
  ".mjs": [".mts", ".mjs"],
  ".js": [".ts", ".js"],
  "": [".ts", ".js"],
};

/** The source that stands beside a path, and its extension. Packages in node_modules are run as they are. */
function findSource(given: string): { workerPath: string; ext: string } {
  const ext = path.extname(given);
  const sources = SOURCES[ext];
  if (sources === undefined || /[/\\]node_modules[/\\]/.test(given)) return { workerPath: given, ext };
  const base = given.slice(0, given.length - ext.length);
  const found = sources.map((source) => base + source).find(isFile);
  return found === undefined || found === given
    ? { workerPath: given, ext }
    : { workerPath: found, ext: path.extname(found) };
}

/**
 * Finds the worker's file and the options of Node that it needs.
 *
 * @param given an absolute path. Of `worker.js`, a `worker.ts` beside it is taken.
 * @throws Error an unknown runner, or one that this Node is too old for
 */
export function setupTsRunner(
  given: string,
  { execArgv = DEFAULT_EXEC_ARGV, tsRunner }: { execArgv?: string[]; tsRunner?: TsRunner | undefined } = {},
): WorkerFile {
  const { workerPath, ext } = findSource(given);
  const isTs = /\.[cm]?ts$/.test(workerPath);
  const useEsm = ext === `.m${isTs ? "ts" : "js"}` || (!ext.startsWith(".c") && isEsmPackage(workerPath));
  const runner = isTs ? (tsRunner ?? runnerFor(execArgv)) : tsRunner;
  if (isTs) execArgv = [...flagsOf(runner, useEsm, execArgv), ...execArgv];
  const pnp = pnpOf(execArgv);
  return {
    ext,
    isTs,
    jsUseEsm: !isTs && useEsm,
    tsRunner: runner,
    tsUseEsm: isTs && useEsm,
    workerPath,
    pnpLoaderPath: pnp.loader,
    execArgv: [...pnp.flags, ...execArgv],
  };
}

/** The runner of a worker that names none. Without one, the interpreter erases the types itself. */
function runnerFor(execArgv: string[]): TsRunner | undefined {
  if (process.versions.bun !== undefined) return TsRunner.Bun;
  if (!stripsNoTypes(execArgv) && compareNodeVersion(STRIP_TYPES_NODE_VERSION) >= 0) return TsRunner.Node;
  return isInstalled(TsRunner.TsNode) ? TsRunner.TsNode : undefined;
}

/** Whether Node must not strip types: by the worker's options, of which the last one counts, or else by the process's. */
function stripsNoTypes(execArgv: string[]): boolean {
  const strip = Math.max(execArgv.lastIndexOf(STRIP_TYPES_FLAG), execArgv.lastIndexOf(TRANSFORM_TYPES_FLAG));
  const not = execArgv.lastIndexOf(NO_STRIP_TYPES_FLAG);
  return strip === -1 && not === -1 ? NO_STRIP_TYPES : not > strip;
}

/** The options that the runner needs besides `execArgv`. */
function flagsOf(runner: TsRunner | undefined, esm: boolean, execArgv: string[]): string[] {
  const requiring = (name: string): string[] => (hasRequireFlag(execArgv) ? [] : [REQUIRE_ABBR_FLAG, name]);
  const loading = (name: string): string[] => (hasLoaderFlag(execArgv) ? [] : [LOADER_FLAG, name]);
  const importing = (name: string): string[] => (hasImportFlag(execArgv) ? [] : [IMPORT_FLAG, name]);
  switch (runner) {
    case undefined:
    case TsRunner.Bun:
      return [];
    case TsRunner.Node:
      return nodeFlags(execArgv);
    case TsRunner.TsNode:
      return esm ? loading("ts-node/esm") : requiring("ts-node/register");
    case TsRunner.EsbuildRegister:
      return esm ? loading("esbuild-register/loader") : requiring("esbuild-register");
    case TsRunner.EsbuildRunner:
      return requiring("esbuild-runner/register");
    case TsRunner.OXC:
      return importing("@oxc-node/core/register");
    case TsRunner.SWC:
      return esm ? importing("@swc-node/register/esm-register") : requiring("@swc-node/register");
    case TsRunner.TSX:
      return importing("tsx");
    default:
      throw new Error(`Unknown ts runner: ${String(runner)}`);
  }
}

function nodeFlags(execArgv: string[]): string[] {
  if (compareNodeVersion(STRIP_TYPES_NODE_VERSION) < 0) {
    throw new Error("type stripping is not supported in this node version");
  }
  if (stripsNoTypes(execArgv)) throw new Error("type stripping is disabled explicitly");
  if (compareNodeVersion(DEFAULT_TYPES_NODE_VERSION) >= 0) return [];
  const flag =
    compareNodeVersion(TRANSFORM_TYPES_NODE_VERSION) >= 0 ? TRANSFORM_TYPES_FLAG : STRIP_TYPES_FLAG;
  return execArgv.includes(flag) ? [] : [flag];
}

/** The options of a worker in a Plug'n'Play project of Yarn, unless it has it already. */
function pnpOf(execArgv: string[]): { flags: string[]; loader: string | undefined } {
  const none = { flags: [], loader: undefined };
  if (process.versions.pnp === undefined) return none;
  const { resolve } = createRequire(path.join(process.cwd(), "index.js"));
  let api: string;
  try {
    api = resolve("pnpapi");
  } catch {
    return none;
  }
  const preloaded = NODE_OPTIONS.some(
    (option, i) =>
      REQUIRE_FLAGS.has(option) && NODE_OPTIONS[i + 1] !== undefined && resolve(NODE_OPTIONS[i + 1]) === api,
  );
  if (preloaded || execArgv.includes(api)) return none;
  const file = path.join(path.dirname(api), ".pnp.loader.mjs");
  const loader = isFile(file) ? pathToFileURL(file).href : undefined;
  return { flags: [...(loader === undefined ? [] : [LOADER_FLAG, loader]), REQUIRE_ABBR_FLAG, api], loader };
}
