/** Memory limits, where the runtime has them. */
import type { CreateOptions } from "interpreters";

/** Whether this runs in a page (scripts/pages.mjs). */
export const inPage = (process.platform as string) === "browser";

/** Bun and browsers do not limit the memory of threads: where one runs out of it, the process ends. On Deno that happens now and then, despite limits. */
export const limitsMemory = !("bun" in process.versions || "Deno" in globalThis || inPage);

/** For tests of running out of memory: false, or why they cannot run. */
export const withoutMemoryLimits: string | false =
  !limitsMemory && "this runtime does not limit the memory of threads, or not reliably";

/** For interpreters that only a few of a test's cases let run out of memory. */
export const memoryLimits = (
  resourceLimits: NonNullable<CreateOptions["resourceLimits"]>,
): Pick<CreateOptions, "resourceLimits"> => (limitsMemory ? { resourceLimits } : {});
