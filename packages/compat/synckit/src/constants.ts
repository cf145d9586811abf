/** What Node and the environment offer. */
import { compareNodeVersion, hasFlag } from "./common";
import type { TsRunner } from "./runners";
import type { GlobalShim } from "./types";

/** Of the versions of Node that this package supports, none loads TypeScript modules in part only. */
export const TS_ESM_PARTIAL_SUPPORTED: boolean = false;
export const MTS_SUPPORTED: boolean = true;
export const MODULE_REGISTER_SUPPORTED: boolean = true;
export const IMPORT_FLAG_SUPPORTED: boolean = true;

/** The first versions of Node that strip types with a flag, transform them, report that as a feature, and strip them by default. */
export const STRIP_TYPES_NODE_VERSION = "22.6";
export const TRANSFORM_TYPES_NODE_VERSION = "22.7";
export const FEATURE_TYPESCRIPT_NODE_VERSION = "22.10";
export const DEFAULT_TYPES_NODE_VERSION = "23.6";

export const STRIP_TYPES_FLAG = "--experimental-strip-types";
export const TRANSFORM_TYPES_FLAG = "--experimental-transform-types";
export const NO_STRIP_TYPES_FLAG = "--no-experimental-strip-types";

export const IMPORT_FLAG = "--import";
export const REQUIRE_FLAG = "--require";
export const REQUIRE_ABBR_FLAG = "-r";
export const REQUIRE_FLAGS: Set<string> = new Set([REQUIRE_FLAG, REQUIRE_ABBR_FLAG]);
export const LOADER_FLAG = "--loader";
export const EXPERIMENTAL_LOADER_FLAG = "--experimental-loader";
export const LOADER_FLAGS: Set<string> = new Set([LOADER_FLAG, EXPERIMENTAL_LOADER_FLAG]);

const { env } = process;

/** Whether Node must not strip types. */
export const NO_STRIP_TYPES: boolean =
  hasFlag(NO_STRIP_TYPES_FLAG) &&
  (compareNodeVersion(FEATURE_TYPESCRIPT_NODE_VERSION) >= 0
    ? (process.features as { typescript?: unknown }).typescript === false
    : !hasFlag(STRIP_TYPES_FLAG) && !hasFlag(TRANSFORM_TYPES_FLAG));

/** Milliseconds. */
export const DEFAULT_TIMEOUT: number | undefined = env.SYNCKIT_TIMEOUT
  ? Number(env.SYNCKIT_TIMEOUT)
  : undefined;
export const DEFAULT_EXEC_ARGV: string[] = (env.SYNCKIT_EXEC_ARGV ?? "")
  .split(",")
  .filter((flag) => flag !== "");
export const DEFAULT_TS_RUNNER = env.SYNCKIT_TS_RUNNER as TsRunner | undefined;
export const DEFAULT_GLOBAL_SHIMS: boolean = ["1", "true"].includes(env.SYNCKIT_GLOBAL_SHIMS ?? "");
export const DEFAULT_GLOBAL_SHIMS_PRESET: GlobalShim[] = [
  { moduleName: "node-fetch", globalName: "fetch" },
  { moduleName: "node:perf_hooks", globalName: "performance", named: "performance" },
];

export const INT32_BYTES = 4;
