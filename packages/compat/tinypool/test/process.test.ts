/** A real program over this package: Vitest, whose pool is tinypool. The same tests pass and fail, and no process stays behind. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../../../../", import.meta.url));
const shell = process.platform === "win32";
const npm = (
  args: readonly string[],
  cwd: string,
): { status: number | null; stdout: string; stderr: string } =>
  spawnSync("npm", args, { cwd, shell, encoding: "utf8", timeout: 240_000 });
const found = npm(["view", "vitest@3", "version", "--fetch-retries=0", "--fetch-timeout=10000"], root);
const skip = found.status === 0 ? false : "the registry that has Vitest cannot be reached";

function install(folder: string, overrides: Record<string, string>): void {
  const dependencies = { vitest: "^3.2.4" };
  writeFileSync(
    path.join(folder, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies, overrides }),
  );
  for (const name of ["package-lock.json", "node_modules/.package-lock.json", "node_modules/tinypool"]) {
    rmSync(path.join(folder, name), { recursive: true, force: true });
  }
  const { status, stderr } = npm(["install", "--no-audit", "--no-fund"], folder);
  assert.equal(status, 0, stderr);
}

function pack(name: string, folder: string): string {
  const { status, stdout, stderr } = npm(
    ["pack", "--silent", "--pack-destination", folder],
    path.join(root, "packages", name),
  );
  assert.equal(status, 0, stderr);
  return `file:${path.join(folder, stdout.trim().split("\n").at(-1)!)}`;
}

interface Results {
  readonly testResults: {
    readonly name: string;
    readonly assertionResults: {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Without the frames of Vitest and Node: a turn of the event loop that comes in between puts others there. */
function withoutOthers(message: string): string {
  return message.replaceAll(/\n +at .*(?:node_modules\/|\(node:|<anonymous>).*/g, "");
}

/** How the tests ended. The process must end by itself. */
async function outcomes(folder: string, args: readonly string[]): Promise<unknown> {
  const file = path.join(folder, "results.json");
  const command = [path.join(folder, "node_modules/vitest/vitest.mjs"), "run", "--pool=threads", ...args];
  const child = spawn(process.execPath, [...command, "--reporter=json", `--outputFile=${file}`], {
    cwd: folder,
    stdio: "ignore",
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const { testResults } = JSON.parse(readFileSync(file, "utf8")) as Results;
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages }) =>
      [path.basename(name), fullName, status, ...failureMessages.map(withoutOthers)].join("\n"),
    ),
  );
  return { code, tests: tests.sort() };
}

/** The processes that have a file of the folder in their command line. */
function processesOf(folder: string): readonly string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        return [readFileSync(`/proc/${id}/cmdline`, "utf8")];
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(folder));
}

test("Vitest, with threads", { skip, timeout: 280_000 }, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "vitest-program-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, "test"));
  for (let i = 0; i < 6; i++) {
    writeFileSync(
      path.join(folder, `test/t${i}.test.js`),
      `import { expect, test } from "vitest";
       import { isMainThread } from "node:worker_threads";
       test("passes", async () => {
         await new Promise((resolve) => setTimeout(resolve, 5));
         console.log("printed by ${i}");
         expect([isMainThread, process.env.VITEST_POOL_ID > 0]).toEqual([false, true]);
       });
       test("fails", () => { expect({ a: [${i}] }).toEqual({ a: [-1] }); });
       test("throws", () => { throw new TypeError("boom", { cause: new RangeError("why") }); });`,
    );
  }
  const modes = [[], ["--no-isolate"]];
  install(folder, {});
  const genuine = [];
  for (const mode of modes) genuine.push(await outcomes(folder, mode));
  install(folder, { tinypool: pack("compat/tinypool", folder), interpreters: pack("interpreters", folder) });
  const manifest = readFileSync(path.join(folder, "node_modules/tinypool/package.json"), "utf8");
  assert.equal((JSON.parse(manifest) as { name: string }).name, "@interpreters/tinypool");
  for (const [i, mode] of modes.entries()) assert.deepEqual(await outcomes(folder, mode), genuine[i]);
  assert.deepEqual(processesOf(folder), []);
});
