/** Native addons: main loads them first, whatever it is doing, and keeps them. */
import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { addons, create, createQueue, type Interpreter, InterpreterPoolExecutor } from "interpreters";
import { load } from "../../src/memory/atomics.js";
import { C_PUT, C_TAKEN, S_WORK } from "../../src/memory/layout.js";
import { runtime } from "../../src/thread/current.js";
import { channel, rejection, until } from "../support/ways.js";
import { fresh, skip, written } from "./fixtures.js";
import { type Statics, ways } from "./loads.js";
import { failure, known, limits, loads, make } from "./support.js";

const require = createRequire(import.meta.url);

for (const way of ways) {
  test(`${way}: main loads it first, then the interpreter`, limits, async () => {
    const interp = make();
    const blocked = fresh("statics");
    assert.equal(interp.callSync(loads.initialized, way, blocked), 2);
    const idle = fresh("statics");
    assert.equal(await interp.call(loads.initialized, way, idle), 2);
    for (const file of [blocked, idle]) {
      assert.deepEqual(known(file), { file, kind: "node-api", firstLoadedBy: interp.id, refusals: [] });
    }
  });
}

const FLAG = "--experimental-addon-modules";
const hasFlag = process.allowedNodeEnvironmentFlags.has(FLAG);
const noImport = !hasFlag && "this version of Node cannot import addons";
test(
  "import of a .node file: main loads it first",
  { ...limits, skip: skip === false ? noImport : skip },
  async () => {
    const interp = make({ execArgv: [FLAG] });
    const file = fresh("statics");
    assert.equal(await interp.call(loads.imported, file), 2);
    assert.equal(known(file)?.firstLoadedBy, interp.id);
  },
);

/** Each makes an interpreter load the addon, and returns the result. */
const blockingWaits: Record<string, (interp: Interpreter, file: string) => number> = {
  callSync: (interp, file) => interp.callSync(loads.next, file),
  "execSync that calls": (interp, file) => {
    interp.prepareMainSync({ file });
    interp.execSync("var count = require(file).next()");
    return interp.callSync(() => (globalThis as unknown as { count: number }).count);
  },
  "Queue.getSync": (interp, file) => {
    const queue = createQueue<number>();
    void interp.call(loads.nextInto, queue, file);
    return queue.getSync() as number;
  },
  "Queue.putSync": (interp, file) => {
    const [full, result] = [createQueue<number>(1), createQueue<number>()];
    full.putNowait(0);
    // The queue has room once the addon has been loaded.
    void interp.call(loads.nextInto, result, file);
    void interp.call((queue: typeof full) => void queue.getSync(), full);
    full.putSync(1);
    return result.getSync() as number;
  },
  "Future.resultSync": (_interp, file) => {
    const pool = new InterpreterPoolExecutor({ maxWorkers: 1 });
    try {
      return pool.submit(loads.next, file).resultSync();
    } finally {
      void pool.shutdown();
    }
  },
  "callSync of one that calls another": (interp, file) => interp.callSync(loads.nextIn, make(), file),
  "closeSync with wait": (_interp, file) => {
    const [interp, queue] = [make(), channel<number>()];
    void interp.call(loads.nextInto, queue, file);
    interp.closeSync({ wait: true });
    return queue.getNowait();
  },
};
for (const [name, loadIt] of Object.entries(blockingWaits)) {
  test(`while main is blocked in ${name}`, limits, () => {
    const file = fresh("statics");
    const interp = make();
    assert.equal(loadIt(interp, file), 1);
    assert.equal(known(file)?.kind, "node-api");
  });
}

test("while main's event loop waits for nothing of this package", limits, async () => {
  const file = fresh("statics");
  const interp = make();
  await interp.call(loads.nextLater, file);
  // Only a message from the supervisor can wake it.
  while (known(file) === undefined) await delay(1);
  await until(() => known(file)?.firstLoadedBy === interp.id);
});

/** Blocks main by means outside this package until the interpreter has tried. Returns the result or the error, as text. */
async function whileBusy(interp: Interpreter, file: string): Promise<string> {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  // The first load in the interpreter is of an addon that main already has: it needs no reply, which `addonTimeout` would limit.
  const warm = fresh("statics");
  require(warm);
  await interp.call(loads.initialized, "require", warm);
  const outcome = interp.call(loads.tryWhileWaited, flag, file);
  Atomics.wait(flag, 0, 0);
  return await outcome;
}

test(
  "while main is busy with other things: a clear error when time is over, and later it works",
  limits,
  async () => {
    const file = fresh("statics");
    const interp = make({ config: { addonTimeout: 30 } });
    const outcome = await whileBusy(interp, file);
    assert.match(outcome, /^AddonImportError: .*statics.*main interpreter.*was busy for 30 ms.*addonTimeout/);
    assert.equal(known(file), undefined);
    // On a loaded machine even an idle main may need more than 30 ms, so an interpreter with the default limit asks it.
    assert.equal(await make().call(loads.initialized, "require", file), 2);
    assert.equal(await interp.call(loads.initialized, "require", file), 3);
  },
);

test("while main is busy with other things, and then comes back", limits, async () => {
  const file = fresh("statics");
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const count = make().call(loads.nextAfter, flag, file);
  Atomics.wait(flag, 0, 0);
  assert.equal(known(file), undefined);
  assert.equal(await count, 1);
  assert.equal((require(file) as Statics).initialized(), 2);
});

test("one that is terminated while it waits for main leaves nothing behind", limits, async () => {
  const file = fresh("statics");
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const [interp, other] = [make(), make()];
  const terminated = other.call(loads.terminateWhenSet, flag, interp);
  const stopped = rejection(interp.call(loads.next, file));
  // From its request to its end, main makes no call of this package that could reply.
  const { m } = runtime();
  while (load(m, m.me + S_WORK + C_PUT) === load(m, m.me + S_WORK + C_TAKEN));
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  Atomics.wait(flag, 0, 1);
  await terminated;
  assert.match((await stopped).message, /terminated/);
  assert.equal(await make().call(loads.next, file), 1);
});

test("one that main terminates while it waits for main has its reply, or ends without", limits, async () => {
  const file = fresh("statics");
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const interp = make();
  const ended = interp.call(loads.nextAfter, flag, file).catch((error: Error) => error.message);
  Atomics.wait(flag, 0, 0);
  // Main polls while it blocks here, so the interpreter may count, and may even return the count, before it ends.
  interp.terminateSync();
  const outcome = await ended;
  if (typeof outcome === "string") assert.match(outcome, /terminated/);
  else assert.equal(outcome, 1);
  const count = await make().call(loads.next, file);
  assert.ok(count === 2 || (count === 1 && outcome !== 1), `${outcome}, then ${count}`);
});

test("an addon that main has loaded does not need main any more", limits, async () => {
  const file = fresh("statics");
  assert.equal((require(file) as Statics).next(), 1);
  const interp = make({ config: { addonTimeout: 0 } });
  assert.match(await whileBusy(interp, fresh("statics")), /^AddonImportError: .*was busy for 0 ms/);
  assert.equal(await whileBusy(interp, file), "2");
  assert.equal(known(file)?.firstLoadedBy, 0);
});

test(
  "main's first load gets the module that was loaded for others, and its next load loads again",
  limits,
  async () => {
    const file = fresh("statics");
    await make().call(loads.next, file);
    const first = require(file) as Statics;
    assert.deepEqual([first.next(), first.initialized()], [2, 2]);
    delete require.cache[file];
    assert.equal((require(file) as Statics).initialized(), 3);
    assert.ok((known(file)?.firstLoadedBy ?? 0) > 0);
  },
);

test("many interpreters at once: main loads it once", limits, async () => {
  const file = fresh("statics");
  const several = Array.from({ length: 6 }, () => make());
  const counts = await Promise.all(several.map((interp) => interp.call(loads.next, file)));
  assert.deepEqual(
    counts.sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6],
  );
  assert.equal((require(file) as Statics).initialized(), 7);
  assert.equal(addons().filter((addon) => addon.file === file).length, 1);
});

test("an addon keeps its state when no interpreter has it any more", limits, async () => {
  const file = fresh("statics");
  for (let i = 1; i <= 3; i++) {
    const interp = create();
    assert.equal(await interp.call(loads.next, file), i);
    await interp.close();
  }
});

test("a file is the same under all its names", limits, async () => {
  const file = fresh("statics");
  const link = `${file}-link.node`;
  symlinkSync(file, link);
  const interp = make();
  assert.equal(await interp.call(loads.next, file), 1);
  assert.equal(await make().call(loads.initialized, "process.dlopen", link), 3);
  assert.equal(addons().filter((addon) => addon.file === file || addon.file === link).length, 1);
});

test("an interpreter's interpreter asks main as well", limits, async () => {
  const file = fresh("statics");
  const outer = make();
  await outer.prepareMain({ file, url: new URL("./loads.js", import.meta.url).href });
  await outer.exec(`
    const { create, fromModule } = require(${JSON.stringify(require.resolve("interpreters"))});
    const inner = create();
    var inited = inner.callSync(fromModule(url).initialized, "require", file);
    inner.closeSync();`);
  assert.equal(await outer.call(() => (globalThis as unknown as { inited: number }).inited), 2);
});

test("a failed load in main is the cause of the error, and a later try may succeed", limits, async () => {
  const file = fresh("throws");
  const interp = make();
  process.env["INTERPRETERS_ADDON_THROWS"] = "1";
  try {
    for (let i = 0; i < 2; i++) {
      const error = await failure(interp.call(loads.next, file));
      assert.match(
        error.message,
        /throws.*load in the main interpreter, which comes first, failed: not today/,
      );
      assert.ok(error.cause instanceof RangeError, String(error.cause));
      assert.equal((error.cause as NodeJS.ErrnoException).code, "ERR_FIXTURE");
    }
    assert.equal(known(file), undefined);
  } finally {
    delete process.env["INTERPRETERS_ADDON_THROWS"];
  }
  const loaded = await interp.call((file: string) => typeof process.dlopen({ exports: {} }, file), file);
  assert.equal(loaded, "undefined");
  assert.equal(known(file)?.kind, "node-api");
});

test("the system refuses a file that is not an addon, in main", limits, async () => {
  const interp = make();
  const text = await failure(interp.call(loads.next, written("text.node", "no addon")));
  assert.equal((text.cause as NodeJS.ErrnoException).code, "ERR_DLOPEN_FAILED");
  const missing = path.join(path.dirname(written("text.node", "")), "missing.node");
  const call = interp.call((file: string) => process.dlopen({ exports: {} }, file), missing);
  assert.match((await failure(call)).message, /missing\.node/);
});

test("JavaScript over an addon may be loaded again and again", limits, async () => {
  const file = fresh("statics");
  const wrapper = written("wrapper.cjs", `module.exports = require(${JSON.stringify(file)});`);
  assert.deepEqual(await make().call(loads.reload, wrapper), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(await make().call(loads.reload, wrapper), [7, 8, 9, 10, 11, 12]);
});

test("addons() is the same in every interpreter", limits, async () => {
  const interp = make();
  await interp.call(loads.next, fresh("statics"));
  await interp.exec(`var list = require(${JSON.stringify(require.resolve("interpreters"))}).addons()`);
  assert.deepEqual(await interp.call(() => (globalThis as unknown as { list: unknown }).list), addons());
});

test("an attached thread has main load it first, too", limits, async () => {
  const file = fresh("statics");
  await make().call(Math.abs, 1);
  const worker = new Worker(
    `import("interpreters").then(() => {
       const { parentPort, workerData } = require("node:worker_threads");
       parentPort.postMessage(require(workerData).initialized());
     })`,
    { eval: true, workerData: file },
  );
  const count = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  assert.equal(count, 2);
  assert.equal(known(file)?.kind, "node-api");
});
