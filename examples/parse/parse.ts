/** The code that runs in the interpreters: parses one file with acorn, and counts what is in it. */

import { readFile } from "node:fs/promises";
import { type Node, parse } from "acorn";

export type Parsed =
  | { readonly file: string; readonly bytes: number; readonly nodes: number; readonly functions: number }
  /** `invalid` is the message of the parser: packages contain fixtures that are no JavaScript, and templates. */
  | { readonly file: string; readonly invalid: string };

const OPTIONS = { ecmaVersion: "latest", allowHashBang: true } as const;

export async function parseFile(file: string): Promise<Parsed> {
  const source = await readFile(file, "utf8");
  try {
    const tree = parseEither(source);
    return { file, bytes: Buffer.byteLength(source), ...count(tree) };
  } catch (error) {
    if (error instanceof SyntaxError) return { file, invalid: error.message };
    throw error;
  }
}

/** A `.js` file may be a module or a script. */
function parseEither(source: string): Node {
  try {
    return parse(source, { ...OPTIONS, sourceType: "module" });
  } catch {
    return parse(source, { ...OPTIONS, sourceType: "script", allowReturnOutsideFunction: true });
  }
}

function count(tree: Node): { nodes: number; functions: number } {
  let [nodes, functions] = [0, 0];
  const pending: unknown[] = [tree];
  while (pending.length > 0) {
    const value = pending.pop();
    if (Array.isArray(value)) pending.push(...(value as unknown[]));
    else if (isNode(value)) {
      nodes++;
      if (/Function/.test(value.type)) functions++;
      pending.push(...Object.values(value));
    }
  }
  return { nodes, functions };
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
