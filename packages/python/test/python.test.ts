/** `createPython()` and what it gives: the main Python, others, pools, and values between the languages. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { createQueue, ExecutionFailed, InterpreterError, listAll, NotShareableError } from "interpreters";
import { createPython, type Python, PythonPoolExecutor } from "../src/index.js";
import { CACHE } from "./folders.js";

let python: Python;
const written: string[] = [];
before(async () => {
  python = await createPython({
    cache: CACHE,
    argv: ["program", "--flag"],
    stdout: { write: (text: string) => written.push(text) },
  });
});

test("a thread has one Python", async () => {
  await assert.rejects(
    createPython(),
    (error) => error instanceof InterpreterError && error.code === "ERR_INTERPRETER_EXISTS",
  );
});

test("bad options are refused", async () => {
  for (const options of [
    { cahce: true },
    { cache: 5 },
    { mounts: { relative: "/" } },
    { mounts: { "/": "/" } },
    { mounts: { "/lib/": "/" } },
    { mounts: { "/x": 5 } },
    { packages: "numpy" },
    { argv: [1] },
    { cwd: "relative" },
    { stdin: "pipe" },
    { stdout: 1 },
  ]) {
    await assert.rejects(createPython(options as object), TypeError, JSON.stringify(options));
  }
});

test("run executes in __main__, and writes at once", () => {
  written.length = 0;
  python.run("import sys\nprint('hello', sys.argv, __name__)\nkept = 41");
  assert.equal(written.join(""), "hello ['program', '--flag'] __main__\n");
  python.run("kept += 1");
  assert.equal(python.globals.get("kept"), 42);
});

test("an exception is an ExecutionFailed with Python's traceback", () => {
  const code = "def divide():\n    return 1 / 0\ndivide()";
  assert.throws(
    () => python.run(code, { filename: "rules.py" }),
    (error) => {
      assert.ok(error instanceof ExecutionFailed);
      assert.equal(error.excinfo.type.name, "ZeroDivisionError");
      assert.equal(error.message, "ZeroDivisionError: division by zero");
      assert.match(
        error.excinfo.errdisplay ?? "",
        /^Traceback .*\n {2}File "rules\.py", line 3, in <module>\n/,
      );
      return true;
    },
  );
  assert.throws(() => python.run("1 +"), /SyntaxError/);
});

test("values that both languages read pass in both directions", () => {
  for (const value of [
    null,
    true,
    false,
    0,
    -1,
    1.5,
    Number.MAX_SAFE_INTEGER,
    2n ** 62n,
    "",
    "Ünïcode \u{1F40D}",
    ["a", [1, [null]]],
  ]) {
    python.globals.set("value", value);
    assert.deepEqual(python.globals.get("value"), value);
  }
  python.globals.set("value", new Uint8Array([0, 255]));
  assert.equal(python.call("repr", [1, "a", null]), "(1, 'a', None)");
  python.run("kind = type(value).__name__, bytes(value)");
  const [kind, bytes] = python.globals.get("kind") as [string, Uint8Array];
  assert.equal(kind, "bytes");
  assert.deepEqual([...bytes], [0, 255]);
});

test("globals can be looked up and deleted", () => {
  python.globals.set("here", 1);
  assert.ok(python.globals.has("here"));
  assert.ok(python.globals.delete("here"));
  assert.ok(!python.globals.delete("here"));
  assert.ok(!python.globals.has("here"));
});

test("what only one language understands is refused by the other", () => {
  python.run("thing = object()");
  assert.throws(() => python.globals.get("thing"), NotShareableError);
  assert.throws(() => python.globals.set("x", {}), NotShareableError);
  assert.throws(() => python.globals.set("x", undefined), NotShareableError);
  assert.throws(() => python.call("len", new Map()), NotShareableError);
});

test("call names a function", () => {
  assert.equal(python.call("math:hypot", 3, 4), 5);
  assert.equal(python.call("os.path:join", "a", "b"), "a/b");
  python.run("def double(x): return 2 * x");
  assert.equal(python.call("double", 4), 8);
  assert.throws(() => python.call("math:nothing"), /AttributeError/);
  assert.throws(() => python.call("nothing:at_all"), /ModuleNotFoundError/);
});

test("runAsync awaits, and rejects with the traceback of the script only", async () => {
  await python.runAsync("import asyncio\nawait asyncio.sleep(0.01)\nslept = True");
  assert.equal(python.globals.get("slept"), true);
  await assert.rejects(python.runAsync("await asyncio.sleep(0)\nraise KeyError('x')"), (error) => {
    assert.ok(error instanceof ExecutionFailed);
    assert.equal(error.excinfo.type.name, "KeyError");
    assert.match(error.excinfo.errdisplay ?? "", /^Traceback .*\n {2}File "<string>", line 2/);
    return true;
  });
});

test("create makes an interpreter of the core that runs Python", async () => {
  const interp = python.create({ name: "other" });
  await interp.exec("import math\nnumber = 5");
  assert.equal(await interp.call("math:hypot", 3, 4), 5);
  await interp.prepareMain({ given: [1, "a"] });
  await interp.exec("assert given == (1, 'a')");
  await assert.rejects(interp.exec("1/0"), /ZeroDivisionError/);
  assert.ok(listAll().includes(interp));
  python.run("from concurrent import interpreters\nids = tuple(each.id for each in interpreters.list_all())");
  assert.ok((python.globals.get("ids") as number[]).includes(interp.id));
  await interp.close();
  assert.ok(!listAll().some(({ id }) => id === interp.id));
});

test(
  "a standby interpreter has done work of each kind before it is needed",
  { timeout: 120_000 },
  async () => {
    python.prewarm(1);
    // An interpreter that boots on demand has not.
    for (let warm = false; !warm;) {
      const interp = python.create();
      warm = (await interp.call("builtins:eval", "len(__import__('_interpbridge')._codes) > 0")) as boolean;
      assert.deepEqual(await interp.call("builtins:eval", "tuple(n for n in dir() if n[0] != '_')"), []);
      await interp.close();
    }
    python.prewarm(0);
  },
);

test("queues carry values between the languages", () => {
  const queue = createQueue<unknown>();
  python.globals.set("id", queue.id);
  python.run(
    "from concurrent import interpreters\nqueue = interpreters.Queue(id)\nqueue.put((1, 'two', None))",
  );
  assert.deepEqual(queue.getSync(), [1, "two", null]);
  queue.putSync(["back", 2n ** 60n]);
  python.run("assert queue.get() == ('back', 2**60)");
  python.run("queue.put({'a': 1})");
  assert.throws(() => queue.getSync(), NotShareableError);
});

test("PythonPoolExecutor runs named functions", async () => {
  const executor = new PythonPoolExecutor({ maxWorkers: 2 });
  const roots: unknown[] = [];
  for await (const root of executor.map<number>("math:sqrt", [1, 4, 9])) roots.push(root);
  assert.deepEqual(roots, [1, 2, 3]);
  assert.equal(await executor.submit<string>("os.path:join", "a", "b"), "a/b");
  await assert.rejects(executor.submit("math:sqrt", -1), /ValueError/);
  await executor.shutdown();
});

test("concurrent.interpreters and InterpreterPoolExecutor of the standard library work in main", async () => {
  await python.runAsync(`
from concurrent import interpreters
from concurrent.futures import InterpreterPoolExecutor
import math
interp = interpreters.create()
interp.exec("x = 1")
hypotenuse = interp.call(math.hypot, 3, 4)
interp.close()
with InterpreterPoolExecutor(2) as executor:
    roots = tuple(executor.map(math.sqrt, [1, 4, 9]))
`);
  assert.equal(python.globals.get("hypotenuse"), 5);
  assert.deepEqual(python.globals.get("roots"), [1, 2, 3]);
});

test("main sleeps while it waits for a pool", () => {
  python.run(`
import _interp_threads as threads
from concurrent.futures import InterpreterPoolExecutor

class Counting:
    "Counts how often this thread goes to sleep."
    def __init__(self, port):
        self.port, self.count = port, 0
    def __getattr__(self, name):
        function = getattr(self.port, name)
        if not name.startswith("block"): return function
        def block(*args):
            self.count += 1
            return function(*args)
        return block

def work():
    import time
    end = time.perf_counter() + 0.05
    while time.perf_counter() < end: pass

with InterpreterPoolExecutor(1) as executor:
    executor.submit(work).result()
    counting = threads._port = Counting(threads._port)
    for _ in range(4): executor.submit(work).result()
    threads._port = counting.port
sleeps = counting.count
`);
  const sleeps = python.globals.get("sleeps") as number;
  // Each task has its reply, and perhaps rings that were for something else.
  assert.ok(sleeps <= 40, `${sleeps}`);
});
