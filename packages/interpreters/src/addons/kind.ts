/**
 * The kind of a native addon, as far as its file tells.
 *
 * Node looks up two symbols through which it can initialize an addon in any number of threads: `napi_register_module_v1`
 * (Node-API) and `node_register_module_v<ABI>` (context-aware). An addon with neither registers itself by a constructor that
 * runs when the file is mapped, once in a process.
 *
 * This module searches the bytes of the file for these names. Reading the symbol table would take a reader for each of three
 * formats; and a false match (the name is part of some text) only makes a message less helpful, because Node decides what
 * can be loaded.
 */
import { readFileSync } from "../platform/files.js";

/**
 * - `"node-api"`: made for any number of interpreters, of any Node version.
 * - `"context-aware"`: made for any number of interpreters.
 * - `"legacy"`: works in the main interpreter only.
 * - `"unknown"`: registers itself when it is mapped, and no interpreter other than main has tried to load it yet.
 */
export type AddonKind = "node-api" | "context-aware" | "legacy" | "unknown";

export function kindOf(file: string): AddonKind {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    // It existed when it was loaded, but no longer does.
    return "unknown";
  }
  // Node-API addons that register by a constructor (the old `NAPI_MODULE`) call the second.
  if (bytes.includes("napi_register_module_v1") || bytes.includes("napi_module_register")) return "node-api";
  return bytes.includes(`node_register_module_v${process.versions.modules}`) ? "context-aware" : "unknown";
}
