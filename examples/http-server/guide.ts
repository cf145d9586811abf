/** The server's source stands in the guide, packages/interpreters/docs/http-server.md, and nowhere else. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const guide = fileURLToPath(new URL("../../../packages/interpreters/docs/http-server.md", import.meta.url));

/** Starts the server, and prints its port. */
const SERVE = `import { start } from "./server.js";
console.log(await start());
`;

/** Writes the guide's files into a folder, and `serve.ts`. */
export async function writeServer(folder: string): Promise<void> {
  const text = await readFile(guide, "utf8");
  for (const [, name, code] of text.matchAll(/^```ts\n\/\/ ([\w.]+)\n([^]*?)^```$/gm)) {
    await writeFile(join(folder, name), code);
  }
  await writeFile(join(folder, "serve.ts"), SERVE);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
}
