/** Tasks of a module that report their progress. */
import type { Report } from "interpreters";

export async function steps(name: string, count: number, report: Report<string>): Promise<string> {
  for (let i = 0; i < count; i++) {
    report(`${name} ${i}`);
    await Promise.resolve();
  }
  return `${name} done`;
}
