/** The tarball that npm would publish, in a project of its own: it has all that runs. Dependencies come from this workspace. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { newFolder } from "./folders.js";

const source = fileURLToPath(new URL("../../", import.meta.url));
const root = path.resolve(source, "../..");

const PROGRAM = `
import { createPython } from "interpreters-python";
const python = await createPython({ cache: "cache" });
const interp = python.create();
console.log(await interp.call("math:hypot", 3, 4), python.call("sum", [1, 2]));
await interp.close();
`;

test("a project with the tarball runs Python", { skip: process.platform === "win32" }, () => {
  const project = newFolder();
  const modules = path.join(project, "node_modules");
  const own = path.join(modules, "interpreters-python");
  mkdirSync(own, { recursive: true });
  const options = { encoding: "utf8" as const, stdio: "pipe" as const };
  execFileSync("npm", ["pack", "--pack-destination", project], { ...options, cwd: source });
  const [tarball] = readdirSync(project).filter((name) => name.endsWith(".tgz"));
  execFileSync("tar", ["-xzf", path.join(project, tarball), "-C", own, "--strip-components=1"], options);
  for (const name of ["interpreters", "pyodide", "ws"]) {
    symlinkSync(path.join(root, "node_modules", name), path.join(modules, name), "junction");
  }
  writeFileSync(path.join(project, "package.json"), '{ "type": "module" }');
  writeFileSync(path.join(project, "main.js"), PROGRAM);
  const output = execFileSync(process.execPath, ["main.js"], { ...options, cwd: project });
  assert.equal(output, "5 3\n");
  assert.equal(readdirSync(path.join(project, "cache")).length, 1);

  const files = readdirSync(own, { recursive: true, encoding: "utf8" });
  for (const name of ["LICENSE", "CHANGELOG.md", "README.md", "dist/src/index.d.ts"]) {
    assert.ok(existsSync(path.join(own, name)), name);
  }
  assert.deepEqual(
    files.filter((name) => /test|\.map$|\.pyc$/.test(name)),
    [],
  );
  const manifest = JSON.parse(readFileSync(path.join(own, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  // The image is tied to one build, so the version is exact.
  assert.match(manifest.dependencies["pyodide"], /^\d+\.\d+\.\d+$/);
});
