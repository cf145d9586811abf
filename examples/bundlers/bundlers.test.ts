/**
 * A program built by each bundler, with the package inside, runs in a folder that has nothing else, when the project that it was built
 * in has gone.
 */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, rename, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Ended, run, runNode } from "../support/process.js";
import { cleanEnvironment, installTools, packagesOf } from "../support/tools.js";

const source = fileURLToPath(new URL("../../bundlers/project", import.meta.url));
const library = fileURLToPath(new URL("../../../packages/interpreters", import.meta.url));

const EXPECTED = `call 3
queue item
exec 42
coordination selected true
pool 1 4 9
module 42
failure ExecutionFailed RangeError out there
`;

const platform = process.platform === "win32" ? "win" : process.platform;
const node = `${platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node"}-${platform}-${process.arch}`;

const bundlers = await installTools(await packagesOf(source));
/** Their packages have the binaries inside. */
const runtimes = {
  bun: await installTools({ bun: "1.4.5" }),
  deno: await installTools({ deno: "2.9.6" }),
  node: await installTools({ [node]: "26.12.1" }),
};

/** The path of a runtime's binary, if it is installed. */
async function binaryOf(runtime: keyof typeof runtimes): Promise<string | undefined> {
  const { modules } = runtimes[runtime];
  if (modules === undefined) return undefined;
  const suffix = process.platform === "win32" ? ".exe" : "";
  if (runtime === "node")
    return join(modules, node, process.platform === "win32" ? "" : "bin", `node${suffix}`);
  const scope = join(modules, runtime === "bun" ? "@oven" : "@deno");
  const [folder] = await readdir(scope);
  const names = [join(scope, folder, "bin", `bun${suffix}`), join(scope, folder, `deno${suffix}`)];
  return names.find((file) => existsSync(file));
}

interface Way {
  readonly bundler: string;
  /** Builds it, or runs it. */
  readonly runtime?: keyof typeof runtimes;
  /** What runs the output: this Node, another runtime, or the system. */
  readonly runs?: "node" | "bun" | "deno" | "itself";
}

const ways: readonly Way[] = [
  { bundler: "esbuild (ESM)" },
  { bundler: "esbuild (minified)" },
  { bundler: "esbuild (CJS)" },
  { bundler: "rollup" },
  { bundler: "rolldown" },
  { bundler: "Vite (SSR)" },
  { bundler: "Vite (library)" },
  { bundler: "webpack" },
  { bundler: "webpack (copied)" },
  { bundler: "rspack" },
  { bundler: "rspack (copied)" },
  { bundler: "ncc" },
  { bundler: "bun build", runtime: "bun", runs: "bun" },
  { bundler: "bun build (Node)", runtime: "bun" },
  { bundler: "bun build (executable)", runtime: "bun", runs: "itself" },
  { bundler: "deno bundle", runtime: "deno", runs: "deno" },
  { bundler: "Node (executable)", runtime: "node", runs: "itself" },
];

describe("the bundlers example", { skip: bundlers.skip, timeout: 600_000, concurrency: 2 }, () => {
  let folder: string;
  const built = new Map<string, Ended>();
  const binaries: { [runtime: string]: string | undefined } = {};
  const outputOf = (bundler: string): string => join(folder, "outputs", bundler);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "interpreters-bundlers-"));
    const project = join(folder, "project");
    // The project has a package of its own, and finds the tools further up.
    await symlink(bundlers.modules!, join(folder, "node_modules"), "junction");
    await cp(source, project, { recursive: true });
    for (const part of ["package.json", "dist/src"]) {
      await cp(join(library, part), join(project, "node_modules/interpreters", part), { recursive: true });
    }
    await mkdir(join(folder, "outputs"));
    for (const name of ["bun", "deno", "node"] as const) binaries[name] = await binaryOf(name);
    const env = {
      ...cleanEnvironment,
      BUN: binaries["bun"],
      DENO: binaries["deno"],
      NODE: binaries["node"],
      DENO_DIR: join(runtimes.deno.modules ?? folder, ".deno"),
    };
    const waiting = ways.filter(({ runtime }) => runtime === undefined || binaries[runtime] !== undefined);
    const build = async (): Promise<void> => {
      for (let way = waiting.shift(); way !== undefined; way = waiting.shift()) {
        const { bundler } = way;
        built.set(bundler, await runNode(["build.js", bundler, bundler], { cwd: project, env }));
        await rename(join(project, bundler), outputOf(bundler));
      }
    };
    await Promise.all([build(), build()]);
    await rm(project, { recursive: true });
    await rm(join(folder, "node_modules"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const { bundler, runtime, runs = "node" } of ways) {
    test(bundler, { skip: runtime !== undefined && runtimes[runtime].skip }, async (t) => {
      const { code, stderr } = built.get(bundler)!;
      // Deno fetches a bundler at its first use.
      if (code !== 0 && bundler === "deno bundle" && /registry|lookup/.test(stderr)) return t.skip(stderr);
      assert.equal(code, 0, stderr);
      const cwd = outputOf(bundler);
      const names = await readdir(cwd);
      const file = ["main", "main.js", "index.js"].find((name) => names.includes(name))!;
      const options = { cwd, env: { ...cleanEnvironment, DENO_NO_UPDATE_CHECK: "1" } };
      let ended: Ended;
      if (runs === "itself") ended = await run(join(cwd, file), [], options);
      else if (runs === "node") ended = await runNode([file], options);
      else if (runs === "bun") ended = await run(binaries["bun"]!, [file], options);
      else ended = await run(binaries["deno"]!, ["run", "-A", file], options);
      assert.deepEqual([ended.stdout, ended.stderr], [EXPECTED, ""]);
      return undefined;
    });
  }
});
