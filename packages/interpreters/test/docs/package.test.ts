/**
 * The tarballs that npm would publish: their files, size and metadata, and that a project with nothing else works. Dependencies
 * come from this workspace, so that the test needs no network.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as interpreters from "interpreters";
import { start, WATCHDOG } from "../support/processes.js";
import { deadLinks } from "./links.js";

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
const project = realpathSync(mkdtempSync(path.join(tmpdir(), "interpreters-package-")));
const modules = path.join(project, "node_modules");
after(() => rmSync(project, { recursive: true, force: true }));

/** The fields of package.json that are checked here. */
interface Manifest {
  readonly [field: string]: unknown;
  readonly bin: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly exports?: unknown;
  readonly repository: { readonly url: string; readonly directory?: string };
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;

/** The files below a folder, relative to it. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => name.split(path.sep).join("/"))
    .filter((name) => statSync(path.join(folder, name)).isFile());
}

const sizeOf = (folder: string): number =>
  filesIn(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);

async function run(file: string, args: readonly string[], cwd = project): Promise<string> {
  const { code, stdout, stderr } = await start(file, args, { cwd }).ended;
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

const packed = {
  interpreters: path.join(modules, "interpreters"),
  cli: path.join(modules, "interpreters-cli"),
};

/** Packs a package and unpacks it into a folder, as npm would. */
async function install(from: string, to: string): Promise<void> {
  const args = ["pack", "--json", "--pack-destination", project];
  await run("npm", args, path.join(root, "packages", from));
  const name = `${path.basename(to)}-${String(manifestOf(path.join(root, "packages", from))["version"])}.tgz`;
  mkdirSync(to, { recursive: true });
  await run("tar", ["-xzf", path.join(project, name), "-C", to, "--strip-components=1"]);
}

/** The folders of the packages that a package needs, and that these need. */
function dependenciesOf(folder: string, found = new Map<string, string>()): Map<string, string> {
  const { dependencies = {} } = manifestOf(folder);
  for (const name of Object.keys(dependencies)) {
    if (found.has(name) || name === "interpreters") continue;
    const from = [path.join(folder, "node_modules", name), path.join(root, "node_modules", name)];
    const own = from.find((place) => existsSync(place));
    assert.ok(own !== undefined, `${name} is not installed`);
    found.set(name, own);
    dependenciesOf(own, found);
  }
  return found;
}

before(async () => {
  await install("interpreters", packed.interpreters);
  writeFileSync(path.join(project, "package.json"), '{ "type": "module" }');
  for (const [name, folder] of dependenciesOf(packed.interpreters)) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    symlinkSync(folder, path.join(modules, name), "junction");
  }
});

const limits = { timeout: 2 * WATCHDOG };

test("the library's tarball has what runs, types and documentation, and nothing twice", () => {
  const files = filesIn(packed.interpreters);
  for (const name of ["LICENSE", "CHANGELOG.md", "README.md", "docs/errors.md", "bin/interpreters.js"]) {
    assert.ok(files.includes(name), name);
  }
  // Sources and maps would be of no use: nothing that runs is compiled one to one from them, and declarations have the comments.
  const odd = files.filter((name) =>
    /\.map$|(?<!\.d)\.[cm]?ts$|(?:^|\/)(?:src|test)\/(?!browser-\w+\.js$).*\.js$|tsbuildinfo/.test(name),
  );
  assert.deepEqual(odd, []);
  assert.ok(sizeOf(packed.interpreters) < 3 * 1024 * 1024, `${sizeOf(packed.interpreters)} bytes`);
});

/** Files that only bundlers or pages take, that only observed processes load, and that only modules in TypeScript need. */
const RARE = [
  "browser.mjs",
  "browser-api.js",
  "browser-first.js",
  "browser-interpreter.js",
  "browser-parsers.js",
  "browser-supervisor.js",
  "browser-texts.mjs",
  "portable.mjs",
  "observe.cjs",
  "observer.cjs",
  "opentelemetry.mjs",
  "typescript-hooks.cjs",
];

test("everything that is installed takes less than 2 MiB, but for what is loaded only when it is needed", () => {
  const sizes = [...dependenciesOf(packed.interpreters)]
    .filter(([name]) => name !== "@swc/wasm-typescript")
    .map(([name, folder]) => [name, sizeOf(folder)] as const);
  const rare = RARE.map((name) => statSync(path.join(packed.interpreters, "dist/src", name)).size);
  const own = rare.reduce((all, size) => all - size, sizeOf(packed.interpreters));
  const sum = sizes.reduce((all, [, size]) => all + size, own);
  assert.ok(sum < 2 * 1024 * 1024, `${sum} bytes: ${JSON.stringify(sizes)}`);
});

test("declarations import only declarations that are in the tarball", () => {
  const missing = filesIn(packed.interpreters)
    .filter((name) => /\.d\.[cm]?ts$/.test(name))
    .flatMap((name) => {
      const file = path.join(packed.interpreters, name);
      const text = readFileSync(file, "utf8").replace(/\/\*[^]*?\*\//g, "");
      return [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)]
        .map((match) => path.resolve(path.dirname(file), match[1].replace(/\.([cm]?)js$/, ".d.$1ts")))
        .filter((target) => !existsSync(target))
        .map((target) => `${name}: ${target}`);
    });
  assert.deepEqual(missing, []);
});

test("its links lead to files of the tarball", () => {
  const pages = filesIn(packed.interpreters).filter(
    (name) => name.endsWith(".md") && name !== "CHANGELOG.md",
  );
  assert.ok(pages.length > 5);
  const inside = (file: string): boolean =>
    file.startsWith(packed.interpreters + path.sep) && existsSync(file);
  assert.deepEqual(
    pages.flatMap((name) => deadLinks(path.join(packed.interpreters, name), inside)),
    [],
  );
});

test("package.json names files that exist, and says where the package comes from", async () => {
  await install("cli", packed.cli);
  const { repository } = manifestOf(root);
  for (const [folder, directory] of [
    [packed.interpreters, "packages/interpreters"],
    [packed.cli, "packages/cli"],
  ]) {
    const manifest = manifestOf(folder);
    for (const field of ["description", "keywords", "homepage", "bugs", "license", "engines"]) {
      assert.ok(field in manifest, `${directory}: ${field}`);
    }
    assert.deepEqual([manifest.repository.url, manifest.repository.directory], [repository.url, directory]);
    const site = repository.url.replace(/^git\+|\.git$/g, "");
    assert.equal(manifest["homepage"], `${site}/tree/main/${directory}#readme`);
    assert.deepEqual(manifest["bugs"], { url: `${site}/issues` });
    const named = JSON.stringify([manifest.exports, manifest.bin, manifest["types"]]).matchAll(
      /"((?:\.\/|bin\/)[^"]+\.\w+)"/g,
    );
    for (const [, name] of named) assert.ok(existsSync(path.join(folder, name)), `${directory}: ${name}`);
    assert.ok(existsSync(path.join(folder, "LICENSE")) && existsSync(path.join(folder, "CHANGELOG.md")));
  }
  const odd = filesIn(packed.cli).filter((name) => /\.map$|\.ts$|test/.test(name));
  assert.deepEqual(odd, []);
  rmSync(packed.cli, { recursive: true });
});

test("a project with only the library runs its own module, by import and by require", limits, async () => {
  writeFileSync(path.join(project, "work.js"), "export const double = (n) => n * 2;");
  const program = (load: string, url: string): string => `${load}
(async () => {
  const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
  const { double } = fromModule(${url});
  console.log(await pool.submit(double, 21), await pool.submit((n) => n + 1, 1));
  await pool.shutdown();
})();`;
  const names = "{ fromModule, InterpreterPoolExecutor }";
  const esm = program(`import ${names} from "interpreters";`, 'new URL("./work.js", import.meta.url)');
  writeFileSync(path.join(project, "main.js"), esm);
  const cjs = program(`const ${names} = require("interpreters");`, '__dirname + "/work.js"');
  writeFileSync(path.join(project, "main.cjs"), cjs);
  assert.equal(await run(process.execPath, ["main.js"]), "42 2\n");
  assert.equal(await run(process.execPath, ["main.cjs"]), "42 2\n");
});

test("its types compile in projects of every kind, without skipLibCheck", limits, async () => {
  const script = path.join(root, "scripts/types-matrix.mjs");
  await run(process.execPath, [script, "--installed", "--package", packed.interpreters], root);
});

test("values of import and of require have the same types", limits, async () => {
  const files = {
    "imports.mts": `import { createQueue, QueueError, type Queue } from "interpreters";
import { firstOf, make, Mine } from "./requires.cjs";
export const n: number | undefined = firstOf(createQueue<number>());
export const queue: Queue<string> = make();
export const error: QueueError = new Mine("m");
// @ts-expect-error the items are strings
firstOf(make());
`,
    "requires.cts": `import { createQueue, type Queue, QueueError, UNBOUND } from "interpreters";
export function firstOf(queue: Queue<number>): number | undefined {
  const item = queue.getNowait();
  return item === UNBOUND ? undefined : item;
}
export const make = (): Queue<string> => createQueue<string>();
export class Mine extends QueueError {}
`,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(project, name), text);
  const compilerOptions = {
    module: "node16",
    target: "es2022",
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ["node"],
    typeRoots: [path.join(root, "node_modules/@types")],
  };
  writeFileSync(
    path.join(project, "tsconfig.json"),
    JSON.stringify({ compilerOptions, files: Object.keys(files) }),
  );
  const tsc = path.join(root, "node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", project]);
});

test("require has the names that import has", () => {
  const textOf = (name: string): string =>
    readFileSync(path.join(packed.interpreters, name), "utf8").replace(/\/\*[^]*?\*\//g, "");
  /** The names between the braces of `export { … }`, with `type` before types. */
  const listed = (text: string): string[] =>
    [...text.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(([, type = "", names]) =>
      names
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "")
        .map((name) => `${type}${name}`),
    );
  const declared = (text: string): string[] =>
    [...text.matchAll(/export (?:declare )?(const|class|type|interface) (\w+)/g)].map(([, kind, name]) =>
      kind === "const" || kind === "class" ? name : `type ${name}`,
    );
  // A class is both, a value and a type.
  const names = (text: string): Set<string> =>
    new Set([...listed(text), ...declared(text)].map((name) => name.replace(/^type /, "")));
  const imported = names(textOf("dist/src/index.d.ts") + textOf("dist/src/base/errors.d.ts"));
  assert.deepEqual([...names(textOf("require.d.cts"))].sort(), [...imported].sort());
  const values = Object.keys(interpreters);
  const required = textOf("require.d.cts");
  assert.deepEqual(
    values.filter((name) => !required.includes(`export declare const ${name}: typeof api.${name};`)),
    [],
  );
});

test("declarations have only what TypeScript 5.4 can read", () => {
  const seen = new Set<string>();
  const odd: string[] = [];
  const read = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8").replace(/\/\*[^]*?\*\//g, "");
    // Buffers became generic with 5.7, and iterators got more parameters with 5.6.
    const newer =
      /\b(?:\w*Array|Buffer|DataView)<\w*ArrayBuffer|\bAsyncIterableIterator<[^<>]*(?:<[^<>]*>)?[^<>]*,/;
    if (newer.test(text)) odd.push(`${file}: ${newer.exec(text)![0]}`);
    if (/^import \w+ from/m.test(text)) odd.push(`${file}: a default import needs esModuleInterop`);
    for (const [, name] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g))
      read(path.resolve(path.dirname(file), name.replace(/\.([cm]?)js$/, ".d.$1ts")));
  };
  read(path.join(packed.interpreters, "dist/src/index.d.ts"));
  assert.ok(seen.size > 20);
  assert.deepEqual(odd, []);
});

test("the command leads to interpreters-cli, and runs it where that is installed", limits, async () => {
  const command = path.join(packed.interpreters, "bin/interpreters.js");
  const alone = await start(process.execPath, [command, "map", "./work.js"], { cwd: project }).ended;
  assert.deepEqual([alone.code, alone.stdout], [2, ""]);
  assert.match(alone.stderr, /npx interpreters-cli map \.\/work\.js .*\n.*npm install interpreters-cli/);

  await install("cli", packed.cli);
  for (const [name, folder] of dependenciesOf(packed.cli)) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
    if (!existsSync(path.join(modules, name))) symlinkSync(folder, path.join(modules, name), "junction");
  }
  writeFileSync(path.join(project, "inputs.jsonl"), "1\n2\n");
  const args = [command, "map", "./work.js", "--input", "inputs.jsonl"];
  assert.equal(await run(process.execPath, args), "2\n4\n");
});
