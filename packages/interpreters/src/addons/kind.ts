/**
 * What a native addon is made for, as far as its file tells.
 *
 * Node looks up two symbols in it, by which it can be initialized in any number of threads: `napi_register_module_v1` (Node-API)
 * and `node_register_module_v<ABI>` (context-aware). What has neither registers itself by a constructor that runs when the
 * file is mapped, once in a process.
 *
 * The bytes of the file are searched for these names. To read its table of symbols one would need a reader for each of three
 * formats; and what a false find (the name stands in some text) would do is no more than a less helpful message, because it is
 * Node that decides what can be loaded.
 */
import { readFileSync } from "../platform/files.js";

/**
 * - `"node-api"`: made for any number of interpreters, of any Node version.
 * - `"context-aware"`: made for any number of interpreters.
 * - `"legacy"`: works in the main interpreter only.
 * - `"unknown"`: registers itself when it is mapped, and no other interpreter than main has tried to load it yet.
 */
export type AddonKind = "node-api" | "context-aware" | "legacy" | "unknown";

export function kindOf(file: string): AddonKind {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    // It was there when it was loaded.
    return "unknown";
  }
  // The second is what Node-API addons call that register by a constructor (`NAPI_MODULE` of old).
  if (bytes.includes("napi_register_module_v1") || bytes.includes("napi_module_register")) return "node-api";
  return bytes.includes(`node_register_module_v${process.versions.modules}`) ? "context-aware" : "unknown";
}
