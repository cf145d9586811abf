/** The failures of `npm run table`, over the adapters: each row in its own process. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { rows } from "../table/rows.js";

const script = fileURLToPath(new URL("../table/row-process.js", import.meta.url));

for (const name of ["@interpreters/piscina", "@interpreters/tinypool"]) {
  for (const { id, title } of rows) {
    test(`${name}: ${title}`, { timeout: 120_000 }, async () => {
      const child = spawn(process.execPath, [script, id, name], { stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text: string) => (output += text));
      }
      const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
      assert.equal(code, 0, output);
    });
  }
}
