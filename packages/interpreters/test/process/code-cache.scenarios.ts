/**
 * Prints what later threads start with, or the first one: `node code-cache.scenarios.js <what the first thread does>`. See
 * code-cache.test.ts.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { create, createQueue, type Queue } from "interpreters";

/** Node's options that keep what a thread is started with for `tell`: this package hides it from user code. */
const execArgv = [
  "--import",
  'data:text/javascript,import { workerData } from "node:worker_threads"; globalThis.given = workerData;',
];

/** In an interpreter: reports whether V8 accepts the code cache that its thread was given, and never returns. */
function tell(queue: Queue<string>): Promise<never> {
  type Given = { text: Uint8Array; codeCache?: Uint8Array };
  const { Script } = process.getBuiltinModule("node:vm");
  const { text, codeCache } = (globalThis as unknown as { given: Given }).given;
  if (codeCache === undefined) queue.putNowait("none");
  else {
    const script = new Script(Buffer.from(text.buffer).toString("latin1"), { cachedData: codeCache });
    queue.putNowait(script.cachedDataRejected === false ? "accepted" : "rejected");
  }
  return new Promise(() => {});
}

if (process.argv[2] === "is the first") {
  const what = await create({ execArgv }).call((): string => {
    type Given = { codeCache?: unknown; firstCache?: SharedArrayBuffer };
    const { codeCache, firstCache } = (globalThis as unknown as { given: Given }).given;
    if (codeCache !== undefined || firstCache === undefined) return "none of main's";
    const [length] = new Int32Array(firstCache, 0, 1);
    if (length <= 0) return "not made";
    // A text of a function that only interpreters call (worker/dispatcher.ts). V8 leaves it out with the function.
    const called = Buffer.from(firstCache)
      .subarray(4, 4 + length)
      .includes("the interpreter that sent it is gone");
    return called ? "made" : "made without what interpreters call";
  });
  console.log(what);
  process.exit();
}

if (process.argv[2] === "in a context") {
  // As Jest does: its own loader, and globals of its own, in which the package finds classes by `instanceof`.
  const { createContext, Script } = process.getBuiltinModule("node:vm");
  const { readFileSync } = process.getBuiltinModule("node:fs");
  const { createRequire } = process.getBuiltinModule("node:module");
  const globals = {};
  const known = new Script("globalThis").runInNewContext() as object;
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
    if (!(name in known)) Object.defineProperty(globals, name, property);
  }
  const context = createContext(globals);
  const load = (file: URL): unknown => {
    const real = createRequire(file);
    const text = `(function (exports, require, module, __filename, __dirname) { ${readFileSync(file, "utf8")}\n})`;
    const made = { exports: {} as unknown, filename: fileURLToPath(file) };
    const require = (name: string): unknown =>
      name.startsWith(".") ? load(new URL(name, file)) : real(name);
    const path = fileURLToPath(file);
    new Script(text, { filename: path }).runInContext(context)(
      made.exports,
      require,
      made,
      path,
      dirname(path),
    );
    return made.exports;
  };
  const { TypeError } = new Script("globalThis").runInContext(context);
  const theirs = load(new URL("../../src/entry.cjs", import.meta.url)) as typeof import("interpreters");
  let error: unknown;
  try {
    theirs.create({ name: 1 as never });
  } catch (thrown) {
    error = thrown;
  }
  console.log(await theirs.create().call(() => 1), error instanceof TypeError);
  process.exit();
}

const first = create();
if (process.argv[2] === "does not answer") void first.call(() => new Promise(() => {})).catch(() => {});
else await first.call(() => 1);
if (process.argv[2] === "is closed") await first.close({ wait: true });

const told = createQueue<string>();
// The code cache takes a while to arrive, except from an interpreter that has ended.
for (;;) {
  const later = create({ execArgv });
  later.call(tell, told).catch(() => {});
  const what = await told.get();
  await later.terminate();
  if (what === "none" && process.argv[2] !== "is closed") continue;
  console.log(what);
  break;
}
process.exit();
