/** The shared memory, which only a page that is isolated from other origins can make. */
import { createMemory as create } from "../../memory/memory.js";
import type { WasmMemory } from "../../memory/webassembly.js";
import { InterpreterError } from "../../base/errors.js";

export * from "../../memory/memory.js";

/** @throws InterpreterError (`ERR_INTERPRETER_ISOLATION`) the page is not isolated */
export function createMemory(...args: Parameters<typeof create>): WasmMemory {
  if ((globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true) return create(...args);
  if ("process" in globalThis && typeof globalThis.process.versions?.node === "string") {
    throw new InterpreterError(
      "Cannot start interpreters: a bundler has taken the build for pages into this program. Bundle it for Node: without the export condition `browser` " +
        '(Vite: `build.ssr`, or `resolve: { conditions: ["module"] }`).',
      { code: "ERR_INTERPRETER_FILES" },
    );
  }
  throw new InterpreterError(
    "Cannot start interpreters: this page is not cross-origin isolated, and so has no shared memory. Serve the page and its scripts with the " +
      "headers `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp`, over https or from localhost.",
    { code: "ERR_INTERPRETER_ISOLATION" },
  );
}
