/** The differences of Deno: threads are stopped all the same, and what it has beyond Node is covered. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { runtime } from "./runtime.js";

const deno = await runtime("deno");

const program = `
import { create } from "interpreters";

const refused = (error) => [error.code, error.cause?.code].filter((code) => code !== undefined).join(" ");
const steps = new Int32Array(new SharedArrayBuffer(4));
const forEver = (steps) => {
  for (;;) Atomics.add(steps, 0, 1);
};
/** Resolves when the loop no longer runs. */
const stops = async () => {
  for (let before = -1; before !== Atomics.load(steps, 0); ) {
    before = Atomics.load(steps, 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return "stops";
};

const late = create();
const error = await late.with({ timeout: 100 }).call(forEver, steps).catch((error) => error);
console.log(error.name, (await late.ended).reason, await stops());

const stopped = create();
await stopped.call(() => {});
const call = stopped.call(forEver, steps).catch((error) => error.reason);
while (!stopped.isRunning()) await new Promise((resolve) => setTimeout(resolve, 1));
await stopped.terminate();
console.log(await call, await stops());

const strict = create({ config: { allowSpawn: false, allowThreads: false } });
for (const code of ["new Deno.Command('true').spawn()", "new Worker('data:text/javascript,')"]) {
  console.log(await strict.exec(code).then(() => "done", refused));
}
await strict.close();

const open = create();
await open.call(() => void setInterval(() => {}, 1000));
await open.close();
console.log((await open.ended).exitCode);
`;

test("on Deno", { skip: deno.skip, timeout: 120_000 }, async () => {
  const { stdout, stderr } = await deno.run({ "main.mjs": program });
  const notAllowed = "ERR_EXECUTION_FAILED ERR_INTERPRETER_NOT_ALLOWED\n".repeat(2);
  assert.equal(stdout, `TimeoutError timeout stops\nterminated stops\n${notAllowed}0\n`, stderr);
});
