/**
 * Compiles the programs of test/types against the package as npm would publish it, with several versions of TypeScript, as ES
 * module and CommonJS projects, and prints a table at the end:
 *
 *     npm run test:types [-- VERSION…]      for example  npm run test:types -- 5.4 7.0.2
 *
 * `skipLibCheck` is off, so the compilers check the package's declarations as well. The compilers and Node's types come from npm and
 * stay in node_modules/.cache.
 *
 *     node scripts/types-matrix.mjs --installed [--package FOLDER]
 *
 * takes the compiler and the types of this workspace, which needs no network, and the package that is unpacked in FOLDER.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** The version of `@types/node` to use with each, which must support the compiler. */
const NODE_TYPES = new Map([
  ["5.4", "20"],
  ["5.9", "22"],
  ["6", "24"],
  ["7", "26"],
]);
const OLDEST_NODE_TYPES = "20.17.10";

const STRICT = {
  target: "es2022",
  lib: ["es2022"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  skipLibCheck: false,
  noEmit: true,
};
const BROWSER = ["es2023", "esnext.disposable", "dom", "dom.iterable"];
const ESM = { verbatimModuleSyntax: true };
/** In which kind of project the programs are compiled. `until`: the first version without the mode. */
const PROJECTS = [
  { name: "esm node16", type: "module", options: { module: "node16", ...ESM } },
  { name: "esm nodenext", type: "module", options: { module: "nodenext", ...ESM, lib: BROWSER } },
  {
    name: "esm bundler",
    type: "module",
    options: { module: "esnext", moduleResolution: "bundler", ...ESM },
  },
  { name: "cjs node16", type: "commonjs", options: { module: "node16" } },
  { name: "cjs nodenext", type: "commonjs", options: { module: "nodenext", lib: BROWSER } },
  {
    name: "cjs node10",
    type: "commonjs",
    options: { module: "commonjs", moduleResolution: "node10" },
    until: 6,
  },
];

const root = fileURLToPath(new URL("..", import.meta.url));
const cache = path.join(root, "node_modules/.cache/types");
const programs = path.join(root, "packages/interpreters/test/types/public");

const { values, positionals } = parseArgs({
  options: { installed: { type: "boolean" }, package: { type: "string" } },
  allowPositionals: true,
});
const versions = positionals.length > 0 ? positionals : [...NODE_TYPES.keys()];
for (const version of versions) {
  if (!/^\d+(\.\d+){0,2}$/.test(version)) {
    process.stderr.write(
      `Cannot test with "${version}": it is not a version of TypeScript such as 5.9 or 7.0.2. ` +
        "Usage: npm run test:types [-- VERSION…]\n",
    );
    process.exit(2);
  }
}

function run(file, args, cwd) {
  const shell = file === "npm" && process.platform === "win32";
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd, encoding: "utf8", shell });
  return { ok: status === 0, text: `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}` };
}

function must(what, { ok, text }) {
  if (!ok) throw new Error(`Cannot ${what}: ${text}`);
}

/** Packs the package and unpacks it into `to`, as npm would. */
function unpack(to) {
  const folder = path.join(root, "packages/interpreters");
  mkdirSync(to, { recursive: true });
  const packed = path.join(to, "tarball");
  mkdirSync(packed);
  must("pack", run("npm", ["pack", "--pack-destination", packed], folder));
  const [name] = readdirSync(packed);
  must("unpack", run("tar", ["-xzf", path.join("tarball", name), "--strip-components=1"], to));
  rmSync(packed, { recursive: true });
}

/** Returns a folder whose node_modules has the compiler and Node's types; downloads them the first time. */
function folderOf(version) {
  const folder = path.join(cache, version);
  if (existsSync(folder)) return folder;
  const types = NODE_TYPES.get(version) ?? (Number.parseFloat(version) < 5.3 ? OLDEST_NODE_TYPES : "20");
  // Renamed when the download is complete: an interrupted one leaves no folder that looks usable.
  const partial = mkdtempSync(path.join(cache, "partial-"));
  try {
    // Makes the folder a project, or npm would install into the one around it.
    writeFileSync(path.join(partial, "package.json"), "{}\n");
    const options = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"];
    const packages = [`typescript@${version}`, `@types/node@${types}`];
    must(`install ${packages.join(" and ")}`, run("npm", ["install", ...options, ...packages], partial));
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return folder;
}

/** Returns a folder whose node_modules has links to the workspace's. */
function folderOfInstalled() {
  const folder = mkdtempSync(path.join(cache, "installed-"));
  mkdirSync(path.join(folder, "node_modules"));
  for (const name of ["typescript", "@types"])
    symlinkSync(path.join(root, "node_modules", name), path.join(folder, "node_modules", name), "junction");
  return folder;
}

/** Compiles the programs in one kind of project. Returns the compiler's messages, none if all is right. */
function compile(folder, compiler, { name, type, options }) {
  const project = path.join(folder, name.replaceAll(" ", "-"));
  rmSync(project, { recursive: true, force: true });
  cpSync(programs, path.join(project, "programs"), { recursive: true });
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ type }));
  const compilerOptions = { ...STRICT, ...options };
  // From TypeScript 6 on it is always on.
  if (type === "commonjs" && compiler < 6) compilerOptions.esModuleInterop = false;
  writeFileSync(
    path.join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["programs"] }),
  );
  const tsc = path.join(folder, "node_modules/typescript/bin/tsc");
  const { ok, text } = run(process.execPath, [tsc, "-p", project], project);
  return ok ? "" : text.trim() || "the compiler failed without a message";
}

/** Compiles all projects with the compiler of a folder. */
function compileAll(folder, packed) {
  const { version: compiler } = manifestOf(folder, "typescript");
  const types = manifestOf(folder, "@types/node").version;
  const link = path.join(folder, "node_modules/interpreters");
  rmSync(link, { recursive: true, force: true });
  cpSync(packed, link, { recursive: true });
  const major = Number.parseInt(compiler, 10);
  const results = PROJECTS.filter(({ until }) => until === undefined || major < until).map((project) => ({
    project: project.name,
    problems: compile(folder, major, project),
  }));
  return { title: `TypeScript ${compiler}, @types/node ${types}`, results };
}

function manifestOf(folder, name) {
  return JSON.parse(readFileSync(path.join(folder, "node_modules", name, "package.json"), "utf8"));
}

mkdirSync(cache, { recursive: true });
const packed = mkdtempSync(path.join(cache, "packed-"));
let failed = false;
try {
  if (values.package === undefined) unpack(packed);
  else cpSync(values.package, packed, { recursive: true });
  const folders =
    values.installed === true ? [folderOfInstalled] : versions.map((each) => () => folderOf(each));
  for (const prepare of folders) {
    const folder = prepare();
    const { title, results } = compileAll(folder, packed);
    console.log(title);
    for (const { project, problems } of results) {
      if (problems !== "") failed = true;
      console.log(`  ${project.padEnd(13)} ${problems === "" ? "ok" : `\n${problems}`}`);
    }
    if (values.installed === true) rmSync(folder, { recursive: true });
  }
} finally {
  rmSync(packed, { recursive: true, force: true });
}
if (failed) process.exitCode = 1;
