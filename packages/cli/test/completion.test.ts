/** What Tab completes at the prompt. The names here are those of this thread. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { complete } from "../src/repl/completion.js";

let trapped = 0;
const trap = (): never => {
  trapped += 1;
  throw new Error("a getter ran");
};
const sample = {
  alpha: { beta: 1, betray: 2, "not a name": 3 },
  list: [{ gamma: 1 }],
  get trap() {
    return trap();
  },
  proxy: new Proxy({}, { get: trap, getPrototypeOf: trap, ownKeys: trap, getOwnPropertyDescriptor: trap }),
  call: trap,
};
Object.assign(globalThis, { sampleObject: sample });
Object.defineProperty(globalThis, "sampleUnready", { get: trap, configurable: true });
after(() => {
  Reflect.deleteProperty(globalThis, "sampleObject");
  Reflect.deleteProperty(globalThis, "sampleUnready");
});

test("globals and keywords", () => {
  assert.deepEqual(complete("sampleO"), [["sampleObject"], "sampleO"]);
  assert.deepEqual(complete("f(sampleO"), [["sampleObject"], "sampleO"]);
  assert.deepEqual(complete("x = typ"), [["typeof"], "typ"]);
  assert.ok(complete("").at(0)?.includes("sampleObject"));
  assert.ok(complete("await f() + ").at(0)?.includes("sampleObject"));
});

test("properties, of the object and of its prototypes, along a path", () => {
  assert.deepEqual(complete("sampleObject.alpha.bet"), [
    ["sampleObject.alpha.beta", "sampleObject.alpha.betray"],
    "sampleObject.alpha.bet",
  ]);
  assert.deepEqual(complete("1 + sampleObject?.alpha?.beta"), [
    ["sampleObject?.alpha?.beta"],
    "sampleObject?.alpha?.beta",
  ]);
  assert.deepEqual(complete("sampleObject['list'][0].ga"), [
    ["sampleObject['list'][0].gamma"],
    "sampleObject['list'][0].ga",
  ]);
  assert.deepEqual(complete("this.sampleO"), [["this.sampleObject"], "this.sampleO"]);
  assert.deepEqual(complete('"text".toUpp'), [['"text".toUpperCase'], '"text".toUpp']);
  // An empty string separates the prototypes.
  const [names] = complete("sampleObject.alpha.");
  assert.deepEqual(names.slice(0, 3), ["sampleObject.alpha.beta", "sampleObject.alpha.betray", ""]);
  assert.ok(names.includes("sampleObject.alpha.hasOwnProperty"));
  assert.ok(complete("process.stdout.wri")[0].includes("process.stdout.write"));
});

test("no getter, no proxy, and no function is asked", () => {
  for (const line of ["trap.a", "proxy.a", "call().a", "missing.a", "list[9].a", "alpha.beta.nope"]) {
    assert.deepEqual(complete(`sampleObject.${line}`)[0], [], line);
  }
  assert.equal(trapped, 0);
  // A global that throws, as `let` does before its value is there.
  assert.deepEqual(complete("sampleUnready.a")[0], []);
  assert.deepEqual(complete("nowhere.a")[0], []);
});

test("modules: builtin ones, packages, and files", () => {
  assert.ok(complete("import fs from 'node:f").at(0)?.includes("node:fs/promises"));
  assert.deepEqual(complete('require("worker_t'), [["worker_threads"], "worker_t"]);
  assert.deepEqual(complete("await import('./package.js"), [["./package.json"], "./package.js"]);
  assert.ok(complete("import ts from 'typescr").at(0)?.includes("typescript"));
});
