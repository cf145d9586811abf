/** `interpreters python` as a user runs it: a process with arguments, files, pipes, signals and exit codes. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parseCommandLine } from "../src/command-line.js";
import { CACHE, newFolder } from "./folders.js";

const MAIN = fileURLToPath(new URL("../../../cli/dist/src/main.js", import.meta.url));
const folder = newFolder();

function write(name: string, content: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), content);
}

interface Result {
  /** Of a process that a signal ended, 128 and the number of the signal, as in shells. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command. `whenReady` is called when it has written its first line. */
async function run(
  args: readonly string[],
  {
    input = "",
    cwd = folder,
    whenReady,
  }: { input?: string; cwd?: string; whenReady?: (pid: number) => void } = {},
): Promise<Result> {
  const env = { ...process.env, XDG_CACHE_HOME: CACHE, NO_COLOR: "1" };
  const child = spawn(process.execPath, [MAIN, "python", ...args], { cwd, env });
  // A test that fails must not leave it behind.
  after(() => child.kill("SIGKILL"));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  if (whenReady !== undefined) child.stdout.once("data", () => whenReady(child.pid!));
  const closed = new Promise<number | null>((resolve) =>
    child.on("close", (code, signal) => resolve(signal === null ? code : 128 + constants.signals[signal])),
  );
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await closed, stdout, stderr };
}

test("the arguments of python", () => {
  const parse = (...args: string[]) => {
    const parsed = parseCommandLine(args, () => "3");
    return "exitCode" in parsed ? parsed.exitCode : [parsed.kind, parsed.value, parsed.argv];
  };
  assert.deepEqual(parse("a.py", "-c", "x"), ["file", "a.py", ["a.py", "-c", "x"]]);
  assert.deepEqual(parse("-c", "pass", "-m", "x"), ["command", "pass", ["-c", "-m", "x"]]);
  assert.deepEqual(parse("-cpass", "x"), ["command", "pass", ["-c", "x"]]);
  assert.deepEqual(parse("-m", "json.tool", "--help"), ["module", "json.tool", ["-m", "--help"]]);
  assert.deepEqual(parse("-u", "-B", "-", "x"), ["stdin", "", ["-", "x"]]);
  assert.deepEqual(parse(), ["stdin", "", [""]]);
  assert.equal(parse("-c"), 2);
  assert.equal(parse("--mount"), 2);
  assert.equal(parse("--package"), 2);
  assert.equal(parse("-Z"), 2);
  assert.equal(parse("--help"), 0);
  assert.deepEqual(
    parseCommandLine(["-V"], () => "3.99"),
    { exitCode: 0, text: "Python 3.99\n" },
  );
});

test("a script has its arguments, its folder, and files beside it", async () => {
  write(
    "tools/script.py",
    `import helper, os, sys
print(sys.argv[1:], __name__, os.path.basename(__file__), helper.NAME)
print(open("data.txt").read(), os.getcwd() == ${JSON.stringify(folder)})
open("out.txt", "w").write("done")
`,
  );
  write("tools/helper.py", "NAME = 'helper'\n");
  write("data.txt", "some data");
  const { code, stdout, stderr } = await run(["tools/script.py", "-x", "y"]);
  assert.equal(stderr, "");
  assert.equal(stdout, "['-x', 'y'] __main__ script.py helper\nsome data True\n");
  assert.equal(code, 0);
});

test("a script outside of the working folder is found, and its functions run in other interpreters", async () => {
  write(
    "pool/main.py",
    `from concurrent.futures import InterpreterPoolExecutor
import work
def square(x): return x * x
if __name__ == "__main__":
    with InterpreterPoolExecutor(2) as executor:
        print(list(executor.map(work.double, range(4))), list(executor.map(square, range(4))))
`,
  );
  write("pool/work.py", "def double(x): return 2 * x\n");
  const elsewhere = newFolder();
  const { code, stdout, stderr } = await run([path.join(folder, "pool/main.py")], { cwd: elsewhere });
  assert.equal(stderr, "");
  assert.equal(stdout, "[0, 2, 4, 6] [0, 1, 4, 9]\n");
  assert.equal(code, 0);
});

test("a traceback looks as Python prints it, and the exit code is 1", async () => {
  write("fails.py", "def divide():\n    return 1 / 0\n\nprint('before')\ndivide()\n");
  const { code, stdout, stderr } = await run(["fails.py"]);
  assert.equal(stdout, "before\n");
  assert.equal(
    stderr,
    `Traceback (most recent call last):
  File "${folder}/fails.py", line 5, in <module>
    divide()
    ~~~~~~^^
  File "${folder}/fails.py", line 2, in divide
    return 1 / 0
           ~~^~~
ZeroDivisionError: division by zero
`,
  );
  assert.equal(code, 1);
});

test("a traceback ends where Python's does", async () => {
  write("waits.py", "import threading\nthreading.Lock().release()\n");
  const { stderr } = await run(["waits.py"]);
  assert.equal(
    stderr,
    `Traceback (most recent call last):
  File "${folder}/waits.py", line 2, in <module>
    threading.Lock().release()
    ~~~~~~~~~~~~~~~~~~~~~~~~^^
RuntimeError: release unlocked lock
`,
  );
  const missing = await run(["-m", "no_such_module"]);
  assert.deepEqual(
    [missing.code, missing.stderr],
    [1, "interpreters python: No module named no_such_module\n"],
  );
});

test("--package installs a wheel", async () => {
  write(
    "make.py",
    `import zipfile
with zipfile.ZipFile("hello-1.0-py3-none-any.whl", "w") as wheel:
    wheel.writestr("hello.py", "text = 'from a wheel'")
    info = "hello-1.0.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: hello\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`,
  );
  assert.equal((await run(["make.py"])).code, 0);
  const args = ["--package", "hello-1.0-py3-none-any.whl", "-c", "import hello; print(hello.text)"];
  const { stdout, stderr } = await run(args);
  assert.deepEqual([stdout, stderr], ["from a wheel\n", ""]);
});

test("sys.exit gives the exit code", async () => {
  assert.equal((await run(["-c", "import sys; sys.exit(7)"])).code, 7);
  const { code, stderr } = await run(["-c", "import sys; sys.exit('bye')"]);
  assert.deepEqual([code, stderr], [1, "bye\n"]);
  assert.equal((await run(["-c", "import os; os._exit(3)"])).code, 3);
});

test("-c, -m and stdin run programs", async () => {
  write("package/__main__.py", "import sys; print('package', sys.argv[1:])");
  assert.equal((await run(["-c", "import sys; print(sys.argv)", "a"])).stdout, "['-c', 'a']\n");
  assert.equal((await run(["-m", "package", "a"])).stdout, "package ['a']\n");
  assert.equal((await run(["package", "b"])).stdout, "package ['b']\n");
  assert.equal((await run([], { input: "print(2 + 3)" })).stdout, "5\n");
  assert.equal((await run(["-c", "print(input())"], { input: "line\n" })).stdout, "line\n");
});

test("a script that is not there is refused with 2", async () => {
  const { code, stderr } = await run(["missing.py"]);
  assert.equal(code, 2);
  assert.match(stderr, /can't open file '.*missing\.py': \[Errno 2\] No such file or directory/);
});

test("an interpreter's output appears while main is blocked", async () => {
  const script = `
from concurrent import interpreters
interp = interpreters.create()
interp.exec("print('from another'); import sys; print('error', file=sys.stderr)")
print("main")
`;
  const { stdout, stderr } = await run(["-c", script]);
  assert.deepEqual([stdout, stderr], ["from another\nmain\n", "error\n"]);
});

test("atexit and threads end before the process", async () => {
  const script = "import atexit; atexit.register(print, 'at exit'); print('end')";
  assert.equal((await run(["-c", script])).stdout, "end\nat exit\n");
});

const waits = {
  "that computes": "while True: pass",
  "that sleeps": "import time; time.sleep(1000)",
  "that waits for a queue": "from concurrent import interpreters; interpreters.create_queue().get()",
  "that waits for another interpreter":
    "from concurrent import interpreters; interpreters.create().exec('import time; time.sleep(1000)')",
};
const interrupt = (pid: number): void => void process.kill(pid, "SIGINT");
for (const [what, code] of Object.entries(waits)) {
  test(
    `Ctrl-C ends a program ${what}`,
    { skip: process.platform === "win32", timeout: 120_000 },
    async () => {
      const script = `print("ready")\n${code}\n`;
      const { code: exit, stderr } = await run(["-c", script], { whenReady: interrupt });
      assert.match(stderr, /^Traceback .*\n(.*\n)*KeyboardInterrupt\n$/);
      assert.equal(exit, 130);
    },
  );
}

test("a program can catch Ctrl-C", { skip: process.platform === "win32", timeout: 120_000 }, async () => {
  const script = `
try:
    # Within the block: the signal may come before this has returned.
    print("ready")
    while True: pass
except KeyboardInterrupt:
    print("caught")
`;
  const { code, stdout } = await run(["-c", script], { whenReady: interrupt });
  assert.deepEqual([code, stdout], [0, "ready\ncaught\n"]);
});
