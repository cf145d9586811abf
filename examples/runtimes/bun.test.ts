/** What is different on Bun: what it cannot give is refused, and what it has beyond Node is covered. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "../support/process.js";
import { cleanEnvironment, installTools } from "../support/tools.js";

const { modules, skip } = await installTools({ bun: "1.4.5" });

const program = `
import { create } from "interpreters";

const refused = (error) => [error.code, error.cause?.code].filter((code) => code !== undefined).join(" ");
try {
  create({ resourceLimits: { maxOldGenerationSizeMb: 64 } });
} catch (error) {
  console.log(refused(error), error.message);
}
create({ resourceLimits: {} });

const strict = create({ config: { allowSpawn: false, allowThreads: false } });
for (const code of ["Bun.spawn(['true'])", "Bun.spawnSync(['true'])", "Bun.$\`true\`", "new Worker('data:text/javascript,')"]) {
  console.log(await strict.exec(code).then(() => "done", refused));
}

const interp = create();
const error = await interp.call(() => Object.assign(new RangeError("it"), { port: 1 }));
console.log(error instanceof RangeError, Object.keys(error).join(), /at .*interpreters:call/.test(error.stack));

await interp.exec("import { found } from './beside.mjs'; const url = import.meta.resolve('./beside.mjs')", { base: process.cwd() });
console.log(await interp.call(() => [found, url.startsWith("file:"), url.endsWith("/beside.mjs")].join()));
await interp.exec("const again = (await import('./beside.mjs')).found", { base: import.meta.url });
console.log(await interp.call(() => again));
await interp.close();
await strict.close();
`;

test("on Bun", { skip, timeout: 120_000 }, async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "interpreters-bun-")));
  try {
    const scope = join(modules!, "@oven");
    const [name] = await readdir(scope);
    const binary = ["bun", "bun.exe"]
      .map((each) => join(scope, name, "bin", each))
      .find((each) => existsSync(each));
    assert.ok(binary !== undefined);
    await symlink(modules!, join(folder, "node_modules"), "junction");
    await writeFile(join(folder, "main.mjs"), program);
    await writeFile(join(folder, "beside.mjs"), "export const found = 1;");
    const { stdout, stderr } = await run(binary, ["main.mjs"], { cwd: folder, env: cleanEnvironment });
    const unsupported =
      "ERR_INTERPRETER_UNSUPPORTED create: resourceLimits: Bun does not limit the memory of threads.";
    const notAllowed = "ERR_EXECUTION_FAILED ERR_INTERPRETER_NOT_ALLOWED\n".repeat(4);
    assert.ok(stdout.startsWith(unsupported), stdout + stderr);
    assert.equal(stdout.slice(stdout.indexOf("\n") + 1), `${notAllowed}true port true\n1,true,true\n1\n`);
    assert.equal(stderr, "");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
