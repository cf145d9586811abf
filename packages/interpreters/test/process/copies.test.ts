/** Two copies of the package in one process: they share one runtime if they can, and are refused clearly if they cannot. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import * as interpreters from "interpreters";
import * as surface from "../../src/index.js";
import { start } from "../support/processes.js";

type Package = typeof interpreters;

const source = fileURLToPath(new URL("../../src/", import.meta.url));
const require = createRequire(import.meta.url);
// Inside the package, so that its dependencies are found.
const folder = mkdtempSync(path.join(path.dirname(source), "copies-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Makes another installation, with another protocol if one is given. Returns the URL to import. */
function install(name: string, protocol?: number): URL {
  const target = path.join(folder, name);
  cpSync(source, target, { recursive: true });
  if (protocol !== undefined) {
    for (const file of ["base/copies.cjs", "interpreters.cjs", "supervisor.cjs"]) {
      const compiled = path.join(target, file);
      const text = readFileSync(compiled, "utf8");
      const changed = text
        .replace(/\bPROTOCOL\d* ?[=:] ?\d+/, (all) => all.replace(/\d+$/, `${protocol}`))
        .replace(/interpreters\.api\.\d+/, `interpreters.api.${protocol}`);
      assert.notEqual(changed, text, file);
      writeFileSync(compiled, changed);
    }
  }
  return pathToFileURL(path.join(target, "entry.mjs"));
}

const ways: Record<string, () => Promise<Package>> = {
  "by require": () => Promise.resolve(require("interpreters") as Package),
  "loaded again, with a query string": () =>
    import(`${import.meta.resolve("interpreters")}?again`) as Promise<Package>,
  "of another installation": () => import(install("same").href) as Promise<Package>,
  "of another installation, by require": () =>
    Promise.resolve(require(fileURLToPath(new URL("./entry.cjs", install("required")))) as Package),
};

test("what is imported has all that index.ts has", () => {
  assert.deepEqual(Object.keys(interpreters).sort(), Object.keys(surface).sort());
  for (const [name, value] of Object.entries(interpreters)) assert.notEqual(value, undefined, name);
});

for (const [way, load] of Object.entries(ways)) {
  test(`a copy ${way} is the same`, async () => {
    const copy = await load();
    for (const [name, value] of Object.entries(interpreters)) {
      assert.equal(copy[name as keyof Package], value, name);
    }
  });
}

test("another installation is the same in an interpreter, too", async () => {
  await using interp = interpreters.create();
  const queue = interpreters.createQueue<number>();
  const other = install("inside").href;
  await interp.prepareMain({ queue, other });
  await interp.exec(`
    const mine = await import(${JSON.stringify(import.meta.resolve("interpreters"))});
    const theirs = await import(other);
    if (mine.Queue !== theirs.Queue || !(queue instanceof theirs.Queue)) throw new Error("two classes");
    new theirs.Queue(queue.id).putSync(theirs.getCurrent().id);
  `);
  assert.equal(await queue.get(), interp.id);
});

test("a foreign worker thread shares the runtime through another installation", async () => {
  const queue = interpreters.createQueue<number>();
  const other = install("thread").href;
  const worker = new Worker(
    `import(${JSON.stringify(other)}).then(({ Queue, getCurrent }) => new Queue(${queue.id}).put(getCurrent().id))`,
    { eval: true },
  );
  const exit = new Promise((resolve) => worker.once("exit", resolve));
  const id = await queue.get({ timeout: 60_000 });
  assert.ok(id !== interpreters.UNBOUND && id > 0, String(id));
  assert.equal(await exit, 0);
});

test("a copy with another protocol is refused, and says why", async () => {
  // This copy starts the runtime.
  assert.equal(interpreters.getMain().id, 0);
  const other = (await import(install("stranger", 1_000_000).href)) as Package;
  assert.notEqual(other.Queue, interpreters.Queue);
  for (const use of [() => other.createQueue(), () => other.create(), () => other.listAll()]) {
    assert.throws(use, (error: Error & { code?: string }) => {
      assert.ok(error instanceof interpreters.InterpreterError);
      assert.equal(error.code, "ERR_INTERPRETER_PROTOCOL");
      assert.match(error.message, /speaks 1000000\. Make all parts of the program use one version/);
      return true;
    });
  }
});

test("such a copy is refused in interpreters, which go on", async () => {
  await using interp = interpreters.create();
  const refused = interp.exec(
    `const other = await import(${JSON.stringify(install("guest", 1_000_000).href)}); other.createQueue()`,
  );
  await assert.rejects(refused, /speaks 1000000/);
  assert.equal(await interp.call(Math.max, 1, 2), 2);
});

test("a copy without some of the package's files says so", async () => {
  const entry = install("bundled");
  rmSync(new URL("supervisor.cjs", entry));
  // In a new process: a copy in this one would use this runtime.
  const program = `import { create } from ${JSON.stringify(entry.href)};
try { create() } catch (error) { console.log(error.code, error.message) }`;
  const { code, stdout, stderr } = await start(process.execPath, ["--input-type=module", "-e", program])
    .ended;
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(
    stdout,
    /^ERR_INTERPRETER_FILES Cannot start interpreters: .*supervisor\.cjs does not exist\. A tool /,
  );
});

test("so is a dependency that is missed earlier, by the first function that is sent", async () => {
  // Where no dependency is found.
  const lonely = mkdtempSync(path.join(tmpdir(), "lonely-"));
  try {
    cpSync(source, lonely, { recursive: true });
    rmSync(path.join(lonely, "supervisor.cjs"));
    const program = `import { InterpreterPoolExecutor } from ${JSON.stringify(pathToFileURL(path.join(lonely, "entry.mjs")).href)};
const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
try { await pool.submit((n) => n, 1) } catch (error) { console.log(error.code, error.message) }`;
    const { code, stdout, stderr } = await start(process.execPath, ["--input-type=module", "-e", program])
      .ended;
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^ERR_INTERPRETER_FILES .* \(Next\.js: `serverExternalPackages`/);
  } finally {
    rmSync(lonely, { recursive: true, force: true });
  }
});

test("a bundler that knows none of the package's conditions takes the portable build, too", async () => {
  const entry = path.join(folder, "bundled.mjs");
  const program = `import { create, fromModule } from "interpreters";
const interp = create();
console.log(await interp.call((n) => n + 1, 1));
await interp.exec("import { getCurrent } from 'interpreters'; const { id } = getCurrent()");
console.log(await interp.call(() => [globalThis.id > 0, typeof module, typeof __filename]));
const { f } = fromModule(new URL("./nowhere.js", import.meta.url));
await interp.call(f).catch((error) => console.log(error.message));
`;
  writeFileSync(entry, program);
  for (const conditions of [[], ["module"]]) {
    const outfile = path.join(folder, "bundled/out.mjs");
    await build({ entryPoints: [entry], bundle: true, platform: "node", format: "esm", outfile, conditions });
    // None of the package's own files is beside it: the text that threads start with is inside.
    const { stdout, stderr } = await start(process.execPath, [outfile]).ended;
    assert.match(
      stdout,
      /^2\n\[ true, 'undefined', 'undefined' \]\n.*cannot find module .*nowhere\.js; a bundler makes no file/s,
    );
    assert.equal(stderr, "");
  }
});

test("in an edge runtime that has Node's modules, whose functions throw, the portable build says so", async () => {
  const portable = pathToFileURL(path.join(source, "portable.mjs")).href;
  const program = `
const { getBuiltinModule } = process;
class Script { runInThisContext() { throw new Error("not implemented"); } }
process.getBuiltinModule = (id) => (id === "node:vm" ? { Script } : getBuiltinModule(id));
await import(${JSON.stringify(portable)}).catch(({ code, message, cause }) => console.log(code, cause.message, message));
`;
  const file = path.join(folder, "edge.mjs");
  writeFileSync(file, program);
  const { stdout, stderr } = await start(process.execPath, [file]).ended;
  assert.match(
    stdout,
    /^ERR_INTERPRETER_FILES not implemented Cannot load interpreters: .* Edge runtimes cannot start threads/,
    stderr,
  );
});

test("without the portable build, too, a bundle of webpack says so", () => {
  // Its bundles give this module a `require` that finds other modules of the bundle only, and these one that finds nothing.
  const entry = readFileSync(path.join(source, "entry.cjs"), "utf8");
  const missing = Object.assign(new Error("Cannot find module './portable.mjs'"), {
    code: "MODULE_NOT_FOUND",
  });
  const requireInBundle = (id: string): unknown => {
    if (id === "./base/copies.cjs") return { API: "none" };
    throw missing;
  };
  const run = new Function("require", "module", "exports", "__filename", "__dirname", entry);
  assert.throws(
    () => run(requireInBundle, {}, {}, "/index.js", "/"),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, "ERR_INTERPRETER_FILES");
      assert.match(error.message, /leave it out of what it bundles \(`external`, `externals`\)/);
      assert.equal(error.cause, missing);
      return true;
    },
  );
});

test("the package run as an ES module, as Vite's development server runs what it transforms, says so", () => {
  const entry = readFileSync(path.join(source, "entry.cjs"), "utf8");
  const run = new Function("require", "module", "exports", entry);
  assert.throws(
    () => run(undefined, undefined, undefined),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, "ERR_INTERPRETER_FILES");
      assert.match(error.message, /leave it out of what it bundles \(`external`, `externals`\)/);
      return true;
    },
  );
});
