/** Memory limits, where the runtime has them. */
import type { CreateOptions } from "interpreters";

/** Bun does not limit the memory of threads: where one runs out of it, the process ends. On Deno that happens now and then, despite limits. */
export const limitsMemory = !("bun" in process.versions || "Deno" in globalThis);

/** For tests of running out of memory: false, or why they cannot run. */
export const withoutMemoryLimits: string | false =
  !limitsMemory && "this runtime does not limit the memory of threads, or not reliably";

/** For interpreters that only a few of a test's cases let run out of memory. */
export const memoryLimits = (
  resourceLimits: NonNullable<CreateOptions["resourceLimits"]>,
): Pick<CreateOptions, "resourceLimits"> => (limitsMemory ? { resourceLimits } : {});
