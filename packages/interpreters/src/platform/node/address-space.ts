import { readFileSync } from "node:fs";

const PAGE_BYTES = 4096;

/** How many bytes of address space this process may still reserve; Infinity if there is no limit (`ulimit -v`), or none can be found out. */
export function freeAddressSpace(): number {
  // No other system that Node runs on enforces such a limit.
  if (process.platform !== "linux") return Infinity;
  try {
    const [, limit] = /^Max address space +(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    if (limit === undefined) return Infinity;
    // The first number is the size of the address space in pages. They may be larger than this on some machines, which only leaves less.
    return Number(limit) - Number.parseInt(readFileSync("/proc/self/statm", "latin1"), 10) * PAGE_BYTES;
  } catch {
    return Infinity;
  }
}
