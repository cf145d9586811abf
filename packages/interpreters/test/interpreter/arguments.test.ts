/** Every form of every operation refuses bad arguments at once, with an error that says what was found, and does no harm. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { create, type CallOptions, type CreateOptions, InterpreterError, listAll } from "interpreters";
import { withoutMemoryLimits } from "../support/memory.js";
import { limits, rejection, thrown } from "../support/ways.js";

const interp = create();
after(() => interp.terminate());

async function refused(
  cls: typeof TypeError | typeof RangeError,
  message: RegExp,
  attempts: (() => unknown)[],
): Promise<void> {
  for (const attempt of attempts) {
    const error = await rejection((async () => await attempt())());
    assert.ok(error instanceof cls, `${attempt.toString()}: ${String(error)}`);
    assert.ok(!(error instanceof InterpreterError));
    assert.match(error.message, message);
    // The error is this package's, not one from destructuring or from reading a property of undefined.
    assert.doesNotMatch(error.message, /destructure|Cannot read properties/);
  }
}

test("code that is not a string", limits, async () => {
  for (const code of [undefined, null, 5, {}, [], () => 1, Buffer.from("1")] as unknown as string[]) {
    await refused(TypeError, /code must be a string/, [
      () => interp.exec(code),
      () => interp.execSync(code),
      () => interp.with({}).exec(code),
      () => interp.with({}).execSync(code),
    ]);
  }
  await refused(TypeError, /filename must be a string/, [
    () => interp.exec("1", { filename: 5 as unknown as string }),
    () => interp.execSync("1", { filename: new URL("file:///x") as unknown as string }),
  ]);
});

test("a namespace that is not an object", limits, async () => {
  for (const namespace of [undefined, null, 5, "text", true, Symbol("s")] as unknown as Record<
    string,
    unknown
  >[]) {
    await refused(TypeError, /namespace must be an object/, [
      () => interp.prepareMain(namespace),
      () => interp.prepareMainSync(namespace),
    ]);
  }
});

test("options that are not an object", limits, async () => {
  for (const options of [null, 5, "text"] as unknown as CallOptions[]) {
    await refused(TypeError, /options/, [
      () => interp.with(options),
      () => interp.exec("1", options),
      () => interp.execSync("1", options),
      () => interp.close(options as { wait?: boolean }),
      () => interp.closeSync(options as { wait?: boolean }),
    ]);
  }
});

test("invalid time limits", limits, async () => {
  for (const timeout of ["5", null, NaN, {}, 5n] as unknown as number[]) {
    await refused(TypeError, /timeout must be a number/, [
      () => interp.with({ timeout }),
      () => interp.exec("1", { timeout }),
      () => interp.execSync("1", { timeout }),
    ]);
  }
  for (const timeout of [-1, -0.5, -Infinity]) {
    await refused(RangeError, /timeout must not be negative/, [
      () => interp.with({ timeout }),
      () => interp.exec("1", { timeout }),
      () => interp.execSync("1", { timeout }),
    ]);
  }
});

test("signals that are not AbortSignals", limits, async () => {
  for (const signal of [null, 5, {}, new AbortController(), new EventTarget()] as unknown as AbortSignal[]) {
    await refused(TypeError, /signal must be an AbortSignal/, [
      () => interp.with({ signal }),
      () => interp.exec("1", { signal }),
      () => interp.execSync("1", { signal }),
    ]);
  }
});

test("invalid transfer lists", limits, async () => {
  for (const transfer of [
    null,
    5,
    {},
    new ArrayBuffer(1),
    [new Uint8Array(1)],
    [5],
    [new SharedArrayBuffer(1)],
  ] as unknown as ArrayBuffer[][]) {
    await refused(TypeError, /transfer must be an array of ArrayBuffers/, [() => interp.with({ transfer })]);
  }
});

test("invalid options of create", limits, async () => {
  const before = listAll().length;
  const cases: [unknown, RegExp][] = [
    [null, /options must be an object/],
    [5, /options must be an object/],
    [{ nmae: "typo" }, /no option nmae.*name/],
    [{ name: 5 }, /name must be a string/],
    [{ name: "x".repeat(81) }, /80/],
    [{ env: null }, /env must be an object/],
    [{ env: { A: 5 } }, /env\.A must be a string/],
    [{ argv: "x" }, /argv must be an array/],
    [{ argv: [5] }, /argv must be an array of strings/],
    [{ execArgv: "--x" }, /execArgv must be an array/],
    [{ execArgv: [null] }, /execArgv must be an array of strings/],
    [{ resourceLimits: null }, /resourceLimits must be an object/],
    [
      { resourceLimits: { maxOldGenerationSizeMb: "64" } },
      /maxOldGenerationSizeMb must be a number of at least 4/,
    ],
    [{ resourceLimits: { maxOldGenerationSizeMb: -1 } }, /at least 4/],
    [{ resourceLimits: { maxOldGenerationSizeMb: NaN } }, /at least 4/],
    [{ resourceLimits: { heap: 5 } }, /resourceLimits: there is no option heap/],
  ];
  for (const [options, message] of cases) {
    const error = thrown(() => create(options as CreateOptions));
    assert.ok(error instanceof TypeError, `${String(message)}: ${String(error)}`);
    assert.match(error.message, message);
    assert.match(error.message, /^create: /);
  }
  assert.equal(listAll().length, before, "nothing was created");
});

test(
  "env, argv, execArgv and resourceLimits apply to that interpreter only",
  { ...limits, skip: withoutMemoryLimits },
  async () => {
    const made = create({
      env: { ONLY: "this" },
      argv: ["one", "two"],
      execArgv: ["--stack-trace-limit=3"].slice(1),
      resourceLimits: { maxOldGenerationSizeMb: 64, stackSizeMb: 2 },
    });
    const seen = await made.call(() => {
      const threads = process.getBuiltinModule("node:worker_threads");
      return {
        env: { ...process.env },
        argv: process.argv.slice(2),
        execArgv: process.execArgv,
        limits: threads.resourceLimits,
      };
    });
    assert.deepEqual(seen.env, { ONLY: "this" });
    assert.deepEqual(seen.argv, ["one", "two"]);
    assert.deepEqual(seen.execArgv, []);
    assert.equal(seen.limits.maxOldGenerationSizeMb, 64);
    assert.equal(seen.limits.stackSizeMb, 2);
    await made.close();
  },
);

test("an interpreter has a copy of its creator's environment", limits, async () => {
  process.env["T1_MARK"] = "from here";
  const made = create();
  delete process.env["T1_MARK"];
  assert.equal(await made.call(() => process.env["T1_MARK"]), "from here");
  await made.exec("process.env.T1_MARK = 'from there'");
  assert.equal(process.env["T1_MARK"], undefined);
  await made.close();
});

test("the bad arguments above have left the interpreter idle and working", limits, async () => {
  assert.equal(interp.isRunning(), false);
  assert.equal(await interp.call((a: number) => a, 1), 1);
});
