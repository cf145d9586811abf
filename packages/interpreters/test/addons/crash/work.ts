/** The work of both bare workers and interpreters: they use an addon that main does not have. */
import { createRequire } from "node:module";
import { parse } from "oxc-parser";

const source = "export const answer: number = 42;\n".repeat(500);

export async function work(addon: string): Promise<void> {
  if (addon === "oxc-parser") {
    // Some files are still being parsed when the pool is closed.
    await Promise.race(Array.from({ length: 4 }, () => parse("module.ts", source)));
    return;
  }
  const { ask } = createRequire(import.meta.url)(addon) as { ask(): number };
  ask();
}
