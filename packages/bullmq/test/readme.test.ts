/** The examples of README.md do what it shows, with a real Redis. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Redis, skip } from "./support/redis.js";

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const main = fileURLToPath(new URL("../../../cli/dist/src/main.js", import.meta.url));
/** Within the package, so that imports resolve as in a project that has it. */
const folder = fileURLToPath(new URL("./readme-project/", import.meta.url));

/** The blocks of one language, in order. */
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"))].map(([, body]) => body);

test("the examples do what they show", { skip, timeout: 60_000 }, async (t) => {
  mkdirSync(folder, { recursive: true });
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
  for (const body of blocks("js")) {
    const [, name] = /^\/\/ (\S+)\n/.exec(body) ?? [];
    assert.ok(name !== undefined, `this example has no name:\n${body}`);
    writeFileSync(path.join(folder, name), body);
  }
  await using redis = await Redis.start();
  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, args, { cwd: folder, env: { ...process.env, REDIS_URL: redis.url } });
  const run = async (...args: string[]): Promise<string> => {
    const child = start(...args);
    const [out, err] = await Promise.all([text(child.stdout as never), text(child.stderr as never)]);
    assert.equal(err, "");
    return out;
  };
  const [program, service] = blocks("text");
  for (const worker of [[main, "worker", "--queue", "texts"], ["worker.js"]]) {
    const child = start(...worker);
    try {
      assert.equal(await run("program.js"), program);
    } finally {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      assert.deepEqual(await ended, [0, null]);
    }
  }
  assert.equal(await run("service.js"), service);
});
