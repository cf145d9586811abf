/**
 * Every public symbol is documented, with an example of every value and every method of a class; examples.test.ts runs these
 * examples.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as interpreters from "interpreters";
import { allExamples, examplesOf } from "./extract.js";
import { type PublicSymbol, publicSymbols } from "./symbols.js";

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
const index = fileURLToPath(new URL("../../../src/index.ts", import.meta.url));
/** What guest languages import. */
const core = fileURLToPath(new URL("../../../src/core.ts", import.meta.url));

/** The members by which a class tells how it is printed. */
const PRINTING = ["[Symbol.toStringTag]", "[inspectCustom]"];

/** The methods of every promise: they need no example. */
const OF_PROMISES = ["then", "catch", "finally"];

/**
 * Lists what is missing. Every symbol needs documentation, and so do the members of interfaces and classes. A value needs an
 * example that uses it; a class needs an example of its own; an example of the class or of a member must call each method.
 */
function gapsOf({ name, kind, doc, members }: PublicSymbol): string[] {
  const gaps: string[] = [];
  const own = codeIn(doc);
  const all = [own, ...members.map((member) => codeIn(member.doc))].join("\n");
  if (doc === "") gaps.push(`${name}: documentation`);
  if (kind === "value" && !new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(own))
    gaps.push(`${name}: example`);
  if (kind === "class" && own === "") gaps.push(`${name}: example`);
  for (const member of members) {
    if (PRINTING.includes(member.name)) continue;
    const isNamed = !member.name.startsWith("[");
    const full = isNamed ? `${name}.${member.name}` : `${name}${member.name}`;
    if (member.doc === "") gaps.push(`${full}: documentation`);
    const needsExample = kind === "class" && member.isMethod && isNamed && !OF_PROMISES.includes(member.name);
    if (needsExample && !new RegExp(`\\.${member.name}[(<]`).test(all)) gaps.push(`${full}: example`);
  }
  return gaps;
}

function codeIn(doc: string): string {
  return examplesOf(doc)
    .map(({ code }) => code)
    .join("\n");
}

test("the values that the parser finds are those that the package exports", () => {
  const values = publicSymbols(index).filter(({ kind }) => kind !== "type");
  assert.deepEqual(values.map(({ name }) => name).sort(), Object.keys(interpreters).sort());
});

test("every public symbol has documentation and an example", () => {
  const gaps = publicSymbols(index).flatMap(gapsOf);
  assert.ok(
    gaps.length === 0,
    `missing; write a doc comment, or an @example that uses the symbol:\n${gaps.join("\n")}`,
  );
});

test("every option is in an example that runs", () => {
  const code = allExamples(root, Object.keys(interpreters))
    .map((example) => example.code)
    .join("\n");
  const options = publicSymbols(index).filter(
    ({ kind, name }) => kind === "type" && /(?:Options|Config|Limits)$/.test(name),
  );
  assert.ok(options.length > 20, `${options.length} kinds of options`);
  const unused = options.flatMap(({ name, members }) =>
    members
      .filter((member) => !new RegExp(`(?<![\\w$])${member.name}(?![\\w$])`).test(code))
      .map((member) => `${name}.${member.name}`),
  );
  assert.deepEqual(unused, [], "write an @example that uses it");
});

test("what guest languages import is documented", () => {
  const gaps = publicSymbols(core).filter(({ doc }) => doc === "");
  assert.deepEqual(
    gaps.map(({ name }) => name),
    [],
  );
});

test("every code of an error is explained, where the errors are documented and in the guide", () => {
  const src = path.dirname(index);
  const texts = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.[cm]?ts$/.test(name))
    .map((name) => readFileSync(path.join(src, name), "utf8").replaceAll(/\/\*[^]*?\*\//g, ""));
  const ofNode = [
    "ERR_MODULE_NOT_FOUND",
    "ERR_SCRIPT_EXECUTION_INTERRUPTED",
    "ERR_UNKNOWN_FILE_EXTENSION",
    "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING",
  ];
  const codes = new Set(texts.flatMap((text) => text.match(/(?<=code: ")ERR_[A-Z_]+(?=")/g) ?? []));
  assert.ok(codes.size > 15, [...codes].join());
  const guide = readFileSync(path.join(src, "../docs/errors.md"), "utf8");
  const reference = readFileSync(path.join(src, "base/errors/interpreter.ts"), "utf8");
  const missing = [...codes].filter(
    (code) =>
      !ofNode.includes(code) &&
      (!guide.includes(code) || (code.startsWith("ERR_INTERPRETER") && !reference.includes(code))),
  );
  assert.deepEqual(missing, []);
});

test("gaps are found in whatever way a symbol is exported", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "interpreters-docs-"));
  try {
    const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
    write(
      "index.ts",
      `import { imported } from "./b.js";
export { a as renamed, type Options } from "./a.js";
export * from "./b.js";
export { imported };`,
    );
    write(
      "a.ts",
      `/** Documented.
 * @example
 * other();
 */
export function a(): void;
export function a(n?: number): void {}
export interface Options {
  /** Has documentation. */
  one: number;
  two: number;
}`,
    );
    write(
      "b.ts",
      `/** The header of this file is not the documentation of its first symbol. */

export const imported = 1;
class Base {
  /** Documented in the base class. */
  first(): void {}
}
/**
 * Documented.
 * @example
 * thing.second();
 */
export class Thing extends Base {
  #hidden(): void {}
  private kept = 1;
  override first(): void {}
  /** Documented. */
  second(): void {}
  third(): void {}
  /** @internal */
  fourth(): void {}
  [Symbol.dispose](): void {}
}`,
    );
    assert.deepEqual(publicSymbols(path.join(folder, "index.ts")).flatMap(gapsOf), [
      "Options: documentation",
      "Options.two: documentation",
      "Thing.first: example",
      "Thing.third: documentation",
      "Thing.third: example",
      "Thing[Symbol.dispose]: documentation",
      "imported: documentation",
      "imported: example",
      "renamed: example",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
