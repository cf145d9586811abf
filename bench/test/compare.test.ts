import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { compareRounds, worse } from "../compare/ratios.js";
import { packageIn, stage } from "../compare/stage.js";

const run = promisify(execFile);

suite("ratios", () => {
  test("are of the medians, and range over the rounds", () => {
    const rounds = [
      { next: [100, 110, 120], base: [100, 100, 100] },
      { next: [90], base: [100] },
    ];
    assert.deepEqual(compareRounds("ops/s", rounds), {
      next: 105,
      base: 100,
      ratio: 1.05,
      min: 0.9,
      max: 1.1,
    });
  });

  test("are inverted for times and memory: above 1 the new build is better", () => {
    for (const unit of ["ms", "µs", "MB"] as const) {
      const found = compareRounds(unit, [{ next: [10], base: [20] }]);
      assert.deepEqual(found, { next: 10, base: 20, ratio: 2, min: 2, max: 2 });
    }
  });

  test("leave out rounds in which a build gave no figure, or none above 0", () => {
    const good = { next: [3], base: [2] };
    const rounds = [good, { next: [], base: [2] }, { next: [3], base: [] }, { next: [-1], base: [2] }];
    assert.deepEqual(compareRounds("MB", rounds), compareRounds("MB", [good]));
    assert.equal(compareRounds("MB", rounds.slice(1)), undefined);
  });

  test("below 0.97, and builds that fail, are worse", () => {
    const row = (name: string, ratio: number) => ({
      name,
      comparison: { next: 1, base: 1, ratio, min: ratio, max: ratio },
    });
    const rows = [
      row("slower", 0.969),
      row("same", 0.97),
      { ...row("failed", 1.2), failure: "start: hung" },
      { name: "nothing", comparison: undefined },
    ];
    assert.deepEqual(
      worse(rows).map(({ name }) => name),
      ["slower", "failed"],
    );
  });
});

test("a staged build is what the contenders import; the other one is not touched", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bench-stage-"));
  try {
    const compiled = join(folder, "compiled");
    await mkdir(compiled);
    await writeFile(
      join(compiled, "contender-process.js"),
      'console.log((await import("interpreters")).build);',
    );
    for (const build of ["next", "base"]) {
      const home = join(folder, "builds", build);
      await mkdir(join(home, "node_modules/dependency"), { recursive: true });
      await writeFile(join(home, "node_modules/dependency/package.json"), '{ "exports": "./index.cjs" }');
      await writeFile(join(home, "node_modules/dependency/index.cjs"), `module.exports = "${build}";`);
      await mkdir(join(home, "packages/interpreters"), { recursive: true });
      await writeFile(
        join(home, "packages/interpreters/package.json"),
        '{ "type": "module", "exports": "./index.js" }',
      );
      await writeFile(
        join(home, "packages/interpreters/index.js"),
        'export { default as build } from "dependency";',
      );
      const script = await stage(join(folder, build), join(home, "packages/interpreters"), compiled);
      assert.equal((await run(process.execPath, [script])).stdout.trim(), build);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

suite("the other checkout", () => {
  test("must be one, and built", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bench-checkout-"));
    try {
      assert.throws(() => packageIn(folder), /has no packages\/interpreters/);
      const inside = join(folder, "packages/interpreters");
      await mkdir(join(inside, "dist/src"), { recursive: true });
      await writeFile(join(inside, "package.json"), "{}");
      assert.throws(() => packageIn(folder), /is not built .*npm run build there/);
      await writeFile(join(inside, "dist/src/interpreters.cjs"), "");
      assert.equal(packageIn(folder), inside);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("is asked for on the command line", async () => {
    const script = fileURLToPath(new URL("../compare/main.js", import.meta.url));
    const compare = (...args: string[]) => run(process.execPath, [script, ...args]);
    await assert.rejects(compare(), { code: 2, stderr: /--base is missing/ });
    await assert.rejects(compare("--base", ".", "--rounds", "0"), { code: 2, stderr: /--rounds must be/ });
    await assert.rejects(compare("--base", tmpdir()), { code: 2, stderr: /has no packages\/interpreters/ });
    await assert.rejects(compare("--base", ".", "--filter", "no such case"), {
      code: 2,
      stderr: /No case matches/,
    });
  });
});

test("a new build that is worse fails with --strict, and only then", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bench-strict-"));
  try {
    // A base build that no real one can match: its interpreters start no thread.
    const inside = join(folder, "packages/interpreters");
    await mkdir(join(inside, "dist/src"), { recursive: true });
    await writeFile(join(inside, "package.json"), '{ "exports": "./dist/src/interpreters.cjs" }');
    await writeFile(
      join(inside, "dist/src/interpreters.cjs"),
      `exports.create = () => ({ call: async (_, argument) => argument, close: async () => {} });
       exports.fromModule = () => ({});`,
    );
    const script = fileURLToPath(new URL("../compare/main.js", import.meta.url));
    const args = [script, "--base", folder, "--quick", "--rounds", "1", "--filter", "create-first"];
    const { stdout } = await run(process.execPath, args);
    assert.match(stdout, /^ {2}create .* worse$/m);
    await assert.rejects(run(process.execPath, [...args, "--strict"]), {
      code: 1,
      stdout: /Below 0\.97 or failed \(1 of 1\):\n {2}create-first, create: 0\./,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
