/** The behaviour that programs of synckit rely on, and the one that they get here in its place: an outcome, however the worker ends. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import * as index from "../src/index";
import { createSyncFn, runAsWorker, setupTsRunner, type Syncify } from "../src/index";

const worker = (name: string): string => path.join(__dirname, "../../test/workers", name);
const thrownBy = (fn: () => unknown): unknown => {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return assert.fail("it did not throw");
};

for (const name of ["add.cjs", "add.mjs"]) {
  test(`a worker in ${name} is called, and its result awaited`, () => {
    const add = createSyncFn<(a: number, b: number) => Promise<number>>(worker(name));
    const result: number = add(20, 22);
    assert.equal(result, 42);
    assert.deepEqual([add(1, 2), add(3, 4)], [3, 7]);
  });
}

test("a worker in TypeScript needs no runner", () => {
  const twice = createSyncFn<(text: string) => Promise<string>>(worker("typed.mts"));
  assert.equal(twice("ab"), "abab");
});

test("what a program requires, and what it imports, are the exports of the package", () => {
  const required = require("@interpreters/synckit") as typeof index;
  assert.deepEqual(Object.keys(required).sort(), Object.keys(index).sort());
  const script = `import("@interpreters/synckit").then((all) => console.log(Object.keys(all).join()))`;
  const { stdout } = spawnSync(process.execPath, ["-e", script], { cwd: __dirname, encoding: "utf8" });
  for (const name of Object.keys(index)) assert.ok(stdout.trim().split(",").includes(name), name);
});

test("a path, its URL and the text of its URL are one worker, and one function", () => {
  const file = worker("add.cjs");
  assert.equal(createSyncFn(file), createSyncFn(pathToFileURL(file)));
  assert.equal(createSyncFn(file), createSyncFn(pathToFileURL(file).href));
  assert.notEqual(createSyncFn(file), createSyncFn(worker("add.mjs")));
});

test("a path that is not absolute, or a URL of another scheme, is refused at once", () => {
  assert.throws(() => createSyncFn("./worker"), /`workerPath` must be absolute/);
  assert.throws(() => createSyncFn(new URL("https://example.com")), { code: "ERR_INVALID_URL_SCHEME" });
});

test("an error arrives as itself: its class, its properties, its cause", () => {
  const ends = createSyncFn(worker("ends.cjs"));
  const range = thrownBy(() => ends("range error")) as RangeError & { limit: number; at: Date };
  assert.ok(range instanceof RangeError);
  assert.equal(range.message, "too far");
  assert.deepEqual([range.limit, range.at], [3, new Date(0)]);
  assert.match(range.stack ?? "", /ends\.cjs/);
  const own = thrownBy(() => ends("own class")) as Error & { code: string };
  assert.deepEqual([own.name, own.message, own.code], ["NotFound", "not here", "E_NOT_FOUND"]);
  assert.ok(own.cause instanceof TypeError);
});

test("whatever is thrown is thrown, even undefined", () => {
  const ends = createSyncFn(worker("ends.cjs"));
  assert.equal(
    thrownBy(() => ends("a string")),
    "just text",
  );
  assert.equal(
    thrownBy(() => ends("nothing")),
    undefined,
  );
});

for (const [how, reason] of [
  ["exit", "exit"],
  ["uncaught", "uncaught-exception"],
] as const) {
  test(`a worker that ends in a call (${how}) fails that call; the next one gets a new worker`, () => {
    const ends = createSyncFn<(how: string) => Promise<number>>(worker("ends.cjs"));
    const before = ends("count");
    assert.ok(before > 0);
    const died = thrownBy(() => ends(how)) as { code: string; reason: string };
    assert.deepEqual([died.code, died.reason], ["ERR_INTERPRETER_DIED", reason]);
    assert.equal(ends("count"), 1);
  });
}

test("a worker that died while it was idle is replaced, and the call knows nothing of it", async () => {
  const ends = createSyncFn<(how: string) => Promise<number>>(worker("ends.cjs"));
  const { listAll } = await import("interpreters");
  ends("later");
  const died = (): boolean => listAll().every(({ name }) => name !== "ends.cjs");
  while (!died()) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ends("count"), 1);
});

test("a result that cannot travel fails the call, and the worker lives on", () => {
  const ends = createSyncFn<(how: string) => Promise<number>>(worker("ends.cjs"));
  const before = ends("count");
  assert.equal((thrownBy(() => ends("a function")) as { code: string }).code, "ERR_NOT_SHAREABLE");
  assert.equal(ends("count"), before + 2);
  const sent = thrownBy(() => (ends as (arg: unknown) => unknown)(() => {})) as { code: string };
  assert.equal(sent.code, "ERR_NOT_SHAREABLE");
  assert.equal(ends("count"), before + 3);
});

test("a worker that cannot be loaded, or registers nothing, says so at each call", () => {
  const broken = createSyncFn(worker("broken.cjs"));
  for (let i = 0; i < 2; i++)
    assert.throws(() => broken(), { name: "SyntaxError", message: "broken at load" });
  assert.throws(() => createSyncFn(worker("forgets.cjs"))(), /did not call runAsWorker/);
  assert.throws(() => createSyncFn(worker("absent.cjs"))(), { code: "MODULE_NOT_FOUND" });
});

test("runAsWorker does nothing in a thread that is no worker", () => {
  assert.equal(
    runAsWorker(() => 1),
    undefined,
  );
});

for (const name of ["shimmed.mjs", "shimmed.cjs"]) {
  test(`global shims are there before ${name} is loaded; one that is not installed is left out`, () => {
    const types = createSyncFn<() => [string, string]>(worker(name), {
      globalShims: [
        { moduleName: "node:path", globalName: "joinPaths", named: "join" },
        { moduleName: "no-such-package-at-all", globalName: "nameOfPath" },
      ],
    });
    assert.deepEqual(types(), ["function", "undefined"]);
  });
}

test("a time limit ends the call and not the worker", () => {
  // In a process of its own: the same path has its options from the first call.
  const program = `
    const { createSyncFn } = require("@interpreters/synckit");
    const ends = createSyncFn(${JSON.stringify(worker("ends.cjs"))}, { timeout: 60_000 });
    const first = ends("count");
    const short = createSyncFn(${JSON.stringify(pathToFileURL(worker("ends.cjs")).href)});
    if (ends !== short) throw new Error("another function");
    console.log(first, ends("count"));
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    cwd: __dirname,
  });
  assert.equal(stdout, "1 2\n", stderr);
  const limited = `
    const { createSyncFn } = require("@interpreters/synckit");
    const ends = createSyncFn(${JSON.stringify(worker("ends.cjs"))}, 1);
    let message;
    try { ends("slow") } catch (error) { message = error.message }
    console.log(message);
    for (;;) {
      // Each call that the worker cannot answer within a millisecond fails, until it has done what it has begun.
      try { console.log(typeof ends("count")); break } catch {}
    }
  `;
  const slow = spawnSync(process.execPath, ["-e", limited], { encoding: "utf8", cwd: __dirname });
  assert.equal(slow.stdout, "Internal error: Atomics.wait() failed: timed-out\nnumber\n", slow.stderr);
  assert.equal(slow.status, 0);
});

test("an idle worker does not keep the process alive, and what it printed is there before the result", () => {
  const program = `
    const { createSyncFn } = require("@interpreters/synckit");
    console.log(createSyncFn(${JSON.stringify(worker("add.mjs"))})("a", "b"));
  `;
  const { stdout, status } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    cwd: __dirname,
  });
  assert.deepEqual([stdout, status], ["ab\n", 0]);
});

test("a source in TypeScript beside a path to JavaScript is preferred", () => {
  const { workerPath, ext, tsUseEsm } = setupTsRunner(worker("typed.mjs"), { tsRunner: "tsx" });
  assert.deepEqual([workerPath, ext, tsUseEsm], [worker("typed.mts"), ".mts", true]);
  assert.throws(
    () => setupTsRunner(worker("typed.mts"), { tsRunner: "unknown" as "tsx" }),
    /Unknown ts runner: unknown/,
  );
});

test("types: the synchronous function has the awaited result", () => {
  const check: Syncify<(n: number) => Promise<string>> = (n: number) => String(n);
  assert.equal(check(1), "1");
});
