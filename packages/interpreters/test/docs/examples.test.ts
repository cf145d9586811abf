/** Every example in the documentation compiles, runs, and does what its comments say. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as interpreters from "interpreters";
import { start, WATCHDOG } from "../support/processes.js";
import { allExamples, type Example, withChecks } from "./extract.js";

const here = path.dirname(fileURLToPath(import.meta.url));
const packages = path.resolve(here, "../../../..");
const root = path.dirname(packages);
/** Inside the package, so that imports resolve as in a user project. */
const folder = path.join(here, "programs");

interface Program extends Example {
  /** The file to run: JavaScript, or what the compiler makes of it. */
  readonly run: string;
  readonly args: readonly string[];
}

/** Writes each example into a folder, where those with file names lie beside the others of their section. Returns what to run. */
function write(examples: readonly Example[]): {
  programs: Program[];
  shown: Map<string, string>;
  checks: number;
} {
  const folders = new Map<string, string>();
  const shown = new Map<string, string>();
  let checks = 0;
  const programs = examples.flatMap((example, i): Program[] => {
    const key = example.section ?? example.name;
    let own = folders.get(key);
    if (own === undefined) folders.set(key, (own = path.join(folder, `${i}`)));
    const file = path.join(own, example.file ?? `main.${example.language}`);
    mkdirSync(path.dirname(file), { recursive: true });
    const program = withChecks(example);
    checks += program.checks;
    writeFileSync(file, isRun(example) ? program.code : example.code);
    shown.set(path.relative(folder, file), example.name);
    const run = file.replace(/ts$/, "js");
    return isRun(example) ? [{ ...example, run, args: /\.test\./.test(file) ? ["--test"] : [] }] : [];
  });
  return { programs, shown, checks };
}

/** A file of a section runs if it is a program or a test; the others are what these import, or configure a tool. */
function isRun({ file }: Example): boolean {
  return file === undefined || /^main\.|\.test\.|\.config\./.test(path.basename(file));
}

test("the examples in Markdown and doc comments", { timeout: 4 * WATCHDOG, concurrency: 2 }, async (t) => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const examples = allExamples(root, Object.keys(interpreters));
  const { programs, shown, checks } = write(examples);

  await t.test("are there, and claim something", () => {
    for (const part of [
      "README.md",
      "packages/interpreters/README.md",
      "packages/interpreters/docs/",
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
      include: ["**/*.ts"],
    };
    writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = path.join(
      path.dirname(fileURLToPath(import.meta.resolve("typescript/package.json"))),
      "bin/tsc",
    );
    const { code, stdout, stderr } = await start(process.execPath, [tsc, "-p", folder]).ended;
    const named = stdout.replace(
      /[^\s(]*?(\d+\/[\w./-]+\.ts)/g,
      (all, file: string) => shown.get(file) ?? all,
    );
    assert.deepEqual([code, stderr], [0, ""], named);
  });

  await Promise.all(
    programs.map(({ name, file, run, args, code: source }) =>
      t.test(file === undefined ? name : `${name} ${file}`, async () => {
        const { code, stdout, stderr } = await start(process.execPath, [...args, run], {
          cwd: path.dirname(run),
        }).ended;
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, `${stdout}\n${source}`);
      }),
    ),
  );
});
