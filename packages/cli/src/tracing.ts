/** `--trace` and `--report` of `interpreters map`. */
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Engine } from "./engine.js";
import { systemMessage, UsageError } from "./errors.js";
import type { Io } from "./io.js";
import { writeReport } from "./report/report.js";

/**
 * Begins to trace, if the options ask for it. The report is drawn from a trace, for which a temporary file is enough.
 *
 * @throws UsageError the file cannot be written
 */
export function startTracing(
  { trace, report }: { readonly trace?: string; readonly report?: string },
  { cwd }: Io,
  engine: Engine,
): { end(): Promise<void> } {
  if (trace === undefined && report === undefined) return { end: async () => undefined };
  if (report !== undefined) checkWritable(resolve(cwd, report));
  const folder = trace === undefined ? mkdtempSync(join(tmpdir(), "interpreters-trace-")) : undefined;
  // Also if the command ends before it has begun, by an option that is wrong.
  const remove = (): void => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", remove);
  const file = folder === undefined ? resolve(cwd, trace as string) : join(folder, "trace.json");
  let tracing: { end(): void };
  try {
    tracing = engine.trace(file);
  } catch (error) {
    // Node's message names the call and the path once more.
    throw new UsageError((error as Error).message.replace(/^Cannot/, "cannot").replace(/, \w+ '.*'$/, ""));
  }
  return {
    async end() {
      tracing.end();
      try {
        if (report !== undefined) await writeReport(file, report, cwd);
      } finally {
        remove();
        process.off("exit", remove);
      }
    },
  };
}

/** Before the run, not when its work is done. */
function checkWritable(file: string): void {
  try {
    closeSync(openSync(file, "w"));
  } catch (error) {
    throw new UsageError(`cannot write ${file}: ${systemMessage(error)}`);
  }
}
