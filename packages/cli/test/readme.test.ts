/** Every command of README.md does what it shows there, in the files that it shows. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { MAIN, useFolder } from "./command.js";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const { folder, write } = useFolder({});
const options = { timeout: 120_000, skip: process.platform === "win32" };

/** The fenced blocks of one language, in order. */
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"))].map(([, body]) => body);

write("notes/empty.md", "");
write("notes/today.md", "Call Ada.\n\n.");
write("bin/interpreters", `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
chmodSync(join(folder, "bin/interpreters"), 0o755);
for (const body of blocks("ts")) {
  const [, name] = /^\/\/ (\S+)\n/.exec(body) ?? [];
  assert.ok(name !== undefined, `this example has no name:\n${body}`);
  write(name, body);
}
const env = { ...process.env, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"] ?? ""}` };

async function shell(command: string, input = ""): Promise<string> {
  const child = spawn("sh", ["-c", `{ ${command}\n} 2>stderr; cat stderr >&2`], { cwd: folder, env });
  // A command that does not read it may have ended before.
  child.stdin.on("error", () => undefined).end(input);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return stdout + stderr;
}

for (const body of blocks("console")) {
  const steps = body.split(/^\$ /m).slice(1);
  for (const step of steps) {
    const [command, ...shown] = step.split("\n");
    const expected = shown.join("\n");
    const needsJq = command.startsWith("jq ") && spawnSync("jq", ["--version"]).status !== 0;
    test(command, { ...options, ...(needsJq && { skip: "there is no jq" }) }, async () => {
      if (command !== "interpreters repl") {
        assert.equal(await shell(command), expected);
        return;
      }
      // Typed lines begin with a prompt. From a pipe, prompts are not shown.
      const lines = expected.split("\n").slice(1);
      const isTyped = (line: string): boolean => /^(?:-|\d+|\.\.)[>.] /.test(line);
      const typed = lines.filter(isTyped).map((line) => line.replace(/^\S+ /, ""));
      const results = lines.filter((line) => !isTyped(line)).join("\n");
      assert.equal(await shell(command, `${typed.join("\n")}\n`), results);
    });
  }
}
