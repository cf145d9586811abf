/** Reads the code of the package's guides, so that an example need not repeat it. */

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const folder = new URL("../../../packages/interpreters/docs/", import.meta.url);

/** The code blocks of a guide whose first line is a comment with a file name, by that name. */
export async function filesOfGuide(guide: string): Promise<Map<string, string>> {
  const text = await readFile(fileURLToPath(new URL(guide, folder)), "utf8");
  const blocks = text.matchAll(/^```[jt]s\n(\/\/ ([\w.]+)\n[^]*?)^```$/gm);
  return new Map([...blocks].map(([, code, name]) => [name, code]));
}
