/** Functions that travel as text know where they were written: stacks, and breakpoints, point into their author's file. */
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { create, fromModule } from "interpreters";
import { limits } from "../support/ways.js";

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "interpreters-location-")));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A module whose functions send functions, and the stacks that these must have: `at` marks a place of an error. */
const sender = `import { create } from ${JSON.stringify(new URL("../../src/entry.mjs", import.meta.url).href)};
const stackOf = async (fn) => {
  return create().call(fn, 5).then(() => "no error", ({ cause }) => cause.stack);
};
export const simple = () => stackOf((n) => { throw new Error("simple"); });
export const second = () => stackOf(function named(n) {
  const inner = () => {
    throw new Error("second");
  };
  inner();
});
// (n) => { throw new Error("twice"); }
export const nearest = () => create().call((n) => { throw new Error("twice"); }, 5).then(() => "no error", ({ cause }) => cause.stack);
export const typed = () => stackOf((n /*: number */) => { throw new Error("typed"); });
export const made = () => stackOf(new Function("n", "throw new Error('made')"));
export const imports = () => stackOf(async () => { await import("./nowhere.js"); });
const self = (n) => { if (n > 0) return self(n - 1); throw new Error("self"); };
export const recursive = () => stackOf(self);
`;

const write = (name: string, text: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return pathToFileURL(file).href;
};
write("package.json", '{ "type": "module" }');

/** Where a text stands in the file, as a stack says it. */
const placeIn = (text: string, what: string, offset: number): string => {
  const before = text.slice(0, text.indexOf(what) + offset).split("\n");
  return `${before.length}:${before.at(-1)!.length + 1}`;
};

for (const [name, text] of [
  ["plain.js", sender],
  ["types.ts", sender.replaceAll("/*: number */", ": number")],
]) {
  test(`the stack of a function of ${name} names the file, the line and the column`, limits, async () => {
    const url = write(name, text);
    const module = fromModule<Record<string, () => Promise<string>>>(url);
    await using interp = create();
    const stack = (exported: string): Promise<string> => interp.call(module[exported]);
    const thrown = (message: string): string => `${url}:${placeIn(text, `new Error("${message}")`, 0)}`;

    assert.ok((await stack("simple")).includes(`at ${thrown("simple")}`), await stack("simple"));
    const second = await stack("second");
    assert.ok(second.includes(`at inner (${thrown("second")})`), second);
    assert.ok(second.includes(`at named (${url}:${placeIn(text, "  inner();", 2)})`), second);
    assert.ok((await stack("typed")).includes(`at ${thrown("typed")}`), await stack("typed"));
    assert.ok((await stack("recursive")).includes(`at self (${url}:`), await stack("recursive"));
    // Of two that are alike, the one that is nearer to the call.
    const line = text.slice(0, text.indexOf("export const nearest")).split("\n").length;
    assert.ok((await stack("nearest")).includes(`${url}:${line}:`), await stack("nearest"));

    assert.match(await stack("made"), /<interpreters:call\(anonymous\)>/);
    // Specifiers still resolve against the working directory.
    assert.match(await stack("imports"), new RegExp(`Cannot find module.*${path.basename(process.cwd())}`));
  });
}
