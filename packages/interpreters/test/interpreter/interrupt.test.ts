/** `exec` with `breakOnSigint`: a script ends, and its interpreter goes on with all its variables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, ExecutionFailed } from "interpreters";
import { startScenario } from "../support/processes.js";
import { limits, rejection } from "../support/ways.js";

const codeOf = async (work: Promise<unknown>): Promise<unknown> => {
  const error = await rejection<ExecutionFailed>(work);
  assert.ok(error instanceof ExecutionFailed);
  return (error.cause as { code?: string }).code;
};

test(
  "synchronous code ends when the process gets SIGINT",
  { ...limits, skip: process.platform === "win32" },
  async () => {
    const program = startScenario(new URL("./interrupt.scenarios.js", import.meta.url), "spins");
    await program.printed("spins\n");
    program.kill("SIGINT");
    await program.printed("spins again\n");
    program.kill("SIGINT");
    const { code, stdout } = await program.ended;
    const interrupted = "ERR_SCRIPT_EXECUTION_INTERRUPTED\n";
    assert.deepEqual(
      { code, stdout },
      { code: 0, stdout: `spins\n${interrupted}spins again\n${interrupted}kept 2\n` },
    );
  },
);

test(
  "a script that waits ends when the interpreter's process emits SIGINT, and what it awaits goes on",
  limits,
  async () => {
    await using interp = create();
    const options = { breakOnSigint: true };
    const waits = [
      "setTimeout(() => process.emit('SIGINT'), 0); var kept = 1; await new Promise(() => {});",
      // The value of the last expression is awaited, too.
      "setTimeout(() => process.emit('SIGINT'), 0); kept++; new Promise(() => {})",
    ];
    for (const code of waits) {
      assert.equal(await codeOf(interp.exec(code, options)), "ERR_SCRIPT_EXECUTION_INTERRUPTED");
    }
    await interp.exec(
      "if (kept !== 2 || process.listenerCount('SIGINT') > 0) throw new Error('not kept')",
      options,
    );
    // A script that ends by itself is none of this.
    await interp.exec("let later = await Promise.resolve(3)", options);
    assert.equal(await interp.call(() => (globalThis as unknown as { later: number }).later), 3);
  },
);

test("breakOnSigint must be a boolean", limits, async () => {
  await using interp = create();
  const wrong = { breakOnSigint: 1 } as unknown as { breakOnSigint: boolean };
  const error = await rejection(interp.exec("0", wrong));
  assert.match(String(error), /^TypeError: exec: breakOnSigint must be a boolean, found 1$/);
});

test("output that vm stops in the middle keeps nothing back that comes later", limits, async () => {
  const written: string[] = [];
  await using interp = create({ stdout: { write: (text: string) => void written.push(text) } });
  await interp.exec(`
    const script = new (require("node:vm").Script)("for (;;) process.stdout.write('x')");
    let stopped = 0;
    for (let i = 0; i < 50; i++) {
      try {
        script.runInThisContext({ timeout: 1 });
      } catch {
        stopped++;
      }
    }
    console.log("\\nstopped", stopped);
  `);
  await interp.close();
  assert.match(written.join(""), /^x+\nstopped 50\n$/);
});
