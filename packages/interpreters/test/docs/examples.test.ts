/** Every example in the documentation compiles, runs, and does what its comments say. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as interpreters from "interpreters";
import { start, WATCHDOG } from "../support/processes.js";
import { docExamples, type Example, markdownExamples, withChecks } from "./extract.js";

const here = path.dirname(fileURLToPath(import.meta.url));
const packages = path.resolve(here, "../../../..");
const root = path.dirname(packages);
/** Inside the package, so that imports resolve as in a user project. */
const folder = path.join(here, "programs");

function allExamples(): Example[] {
  const readmes = ["README.md", ...readdirSync(packages).map((name) => `packages/${name}/README.md`)];
  return [
    ...readmes
      .filter((name) => existsSync(path.join(root, name)))
      .flatMap((name) => markdownExamples(path.join(root, name), name)),
    ...docExamples(path.join(packages, "interpreters/src"), Object.keys(interpreters)),
  ];
}

test("the examples in READMEs and doc comments", { timeout: 4 * WATCHDOG, concurrency: 2 }, async (t) => {
  const examples = allExamples();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  let checks = 0;
  const programs = examples.map((example, i) => {
    const program = withChecks(example);
    checks += program.checks;
    const file = path.join(folder, `${i}.ts`);
    writeFileSync(file, program.code);
    return { ...example, file };
  });

  await t.test("are there, and claim something", () => {
    for (const part of [
      "README.md",
      "packages/interpreters/README.md",
      "src/interpreter/",
      "src/queue/",
      "src/futures/",
    ]) {
      assert.ok(
        examples.some(({ name }) => name.startsWith(part)),
        part,
      );
    }
    assert.ok(checks >= 8, `${checks} claims`);
  });

  await t.test("compile under strict settings", async () => {
    const config = {
      compilerOptions: {
        target: "es2022",
        lib: ["es2024", "esnext.disposable"],
        module: "nodenext",
        strict: true,
        skipLibCheck: true,
        types: ["node"],
        typeRoots: [path.join(root, "node_modules/@types")],
      },
      include: ["*.ts"],
    };
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = path.join(
      path.dirname(fileURLToPath(import.meta.resolve("typescript/package.json"))),
      "bin/tsc",
    );
    const { code, stdout, stderr } = await start(process.execPath, [tsc, "-p", folder]).ended;
    const named = stdout.replace(/(?:\S*\/)?(\d+)\.ts/g, (_, i: string) => examples[Number(i)].name);
    assert.deepEqual([code, stderr], [0, ""], named);
  });

  await Promise.all(
    programs.map(({ name, code: source, file }) =>
      t.test(name, async () => {
        const { code, stdout, stderr } = await start(process.execPath, [file.replace(/\.ts$/, ".js")], {
          cwd: folder,
        }).ended;
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, `${stdout}\n${source}`);
      }),
    ),
  );
});
