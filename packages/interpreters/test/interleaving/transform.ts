/**
 * Turns the compiled modules of the integer layers into generators, so that a scheduler can stop them at every access
 * to shared memory.
 *
 * A function that reaches such an access, directly or through others, becomes a generator, and a call of it becomes
 * `(yield* f(…))`; all else stays as it was compiled. The twin beside this file replaces `memory/atomics.js`;
 * modules without access to the memory are used as they are. The transformed modules are written to a temporary directory with the
 * same layout and imported from there.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type AnyNode, type Function as AnyFunction, parse } from "acorn";
import { MagicString } from "magic-string";
import type { SharedMemory } from "../../src/memory/atomics.js";
import type { InterpreterId, Owner, Pointer, QueueId, Slot } from "../../src/memory/brands.js";
import * as standIn from "./atomics.js";
import type { Steps } from "./atomics.js";
import type { ModelMemory } from "./world.js";

/** A scenario gives slots, ids, and pointers that it read from the model as plain numbers. */
type Plain<T> = T extends Slot | InterpreterId | QueueId | Pointer | Owner
  ? number
  : T extends readonly Pointer[]
    ? readonly number[]
    : T;

/** The type of a transformed module: functions over the shared memory return generators. */
export type Transformed<T> = {
  [K in keyof T]: T[K] extends (m: SharedMemory, ...rest: infer A) => infer R
    ? (m: ModelMemory, ...rest: { [I in keyof A]: Plain<A[I]> }) => Steps<R>
    : T[K];
};

const ATOMICS = "memory/atomics.js";
/** Modules that are used as they are: constants, arithmetic, error classes. */
const AS_THEY_ARE = new Set(["memory/layout.js", "memory/webassembly.js", "base/errors.js"]);

const source = fileURLToPath(new URL("../../src/", import.meta.url));
const target = mkdtempSync(join(tmpdir(), "interleaving-"));
process.on("exit", () => {
  rmSync(target, { recursive: true, force: true });
});

const isGenerator = (value: unknown): boolean =>
  typeof value === "function" && value.constructor.name === "GeneratorFunction";

/** By module, the names of its exports that are generators; filled as modules are written. */
const generators = new Map<string, ReadonlySet<string>>([
  [
    ATOMICS,
    new Set(
      Object.entries(standIn)
        .filter(([, value]) => isGenerator(value))
        .map(([name]) => name),
    ),
  ],
]);
write(ATOMICS, `export * from ${JSON.stringify(new URL("./atomics.js", import.meta.url).href)};\n`);

/** Transforms `path`, relative to the sources, and what it imports; resolves to its exports. */
export async function transformed<T>(path: string): Promise<Transformed<T>> {
  transformFile(path);
  return (await import(pathToFileURL(join(target, path)).href)) as Transformed<T>;
}

function transformFile(path: string): ReadonlySet<string> {
  const known = generators.get(path);
  if (known !== undefined) return known;
  if (AS_THEY_ARE.has(path)) {
    write(path, `export * from ${JSON.stringify(pathToFileURL(join(source, path)).href)};\n`);
    generators.set(path, new Set());
    return new Set();
  }
  const text = readFileSync(join(source, path), "utf8");
  const { code, stepping } = transform(text, path);
  write(path, code);
  generators.set(path, stepping);
  return stepping;
}

function write(path: string, text: string): void {
  const file = join(target, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

interface NamedFunction {
  readonly name: string | undefined;
  readonly node: AnyFunction;
  readonly calls: Set<string>;
}

function transform(text: string, path: string): { code: string; stepping: ReadonlySet<string> } {
  const program = parse(text, { ecmaVersion: "latest", sourceType: "module" });
  const functions: NamedFunction[] = [];
  /** Names of generators in this module: at first the imported ones. */
  const stepping = new Set<string>();

  const collect = (node: AnyNode, within: NamedFunction | undefined, name?: string): void => {
    let inside = within;
    if (node.type === "ImportDeclaration") {
      const imported = String(node.source.value);
      if (!imported.startsWith(".")) return;
      const exports = transformFile(posix.join(posix.dirname(path), imported));
      for (const specifier of node.specifiers) {
        if (specifier.type !== "ImportSpecifier" || specifier.imported.type !== "Identifier") continue;
        if (exports.has(specifier.imported.name)) stepping.add(specifier.local.name);
      }
      return;
    }
    if (isFunction(node)) {
      inside = { name: node.type === "FunctionDeclaration" ? node.id?.name : name, node, calls: new Set() };
      functions.push(inside);
    } else if (node.type === "CallExpression" && node.callee.type === "Identifier") {
      within?.calls.add(node.callee.name);
    }
    for (const child of children(node)) {
      const named =
        node.type === "VariableDeclarator" && node.id.type === "Identifier" ? node.id.name : undefined;
      collect(child, inside, named);
    }
  };
  collect(program, undefined);

  // A function that calls a generator becomes one, until nothing changes.
  const toTurn = new Set<NamedFunction>();
  for (let changed = true; changed;) {
    changed = false;
    for (const f of functions) {
      if (toTurn.has(f) || ![...f.calls].some((callee) => stepping.has(callee))) continue;
      if (f.name === undefined)
        throw new Error(`${path}: a function without a name touches the shared memory`);
      toTurn.add(f);
      stepping.add(f.name);
      changed = true;
    }
  }

  const code = new MagicString(text);
  const rewrite = (node: AnyNode): void => {
    for (const child of children(node)) rewrite(child);
    // Innermost first, so that additions at the same place nest.
    if (
      node.type === "CallExpression" &&
      node.callee.type === "Identifier" &&
      stepping.has(node.callee.name)
    ) {
      code.prependRight(node.start, "(yield* ");
      code.appendLeft(node.end, ")");
    } else if (isFunction(node) && functions.some((f) => f.node === node && toTurn.has(f))) {
      makeGenerator(code, text, node);
    }
  };
  rewrite(program);
  return { code: code.toString(), stepping };
}

function makeGenerator(code: MagicString, text: string, node: AnyFunction): void {
  if (node.type !== "ArrowFunctionExpression") {
    code.appendLeft(node.start + text.slice(node.start).indexOf("function") + "function".length, "*");
    return;
  }
  const parameters = node.params.map((p) => text.slice(p.start, p.end)).join(", ");
  const short = node.body.type !== "BlockStatement";
  code.overwrite(node.start, node.body.start, `function* (${parameters}) ${short ? "{ return " : ""}`);
  if (short) code.appendLeft(node.end, "; }");
}

function isFunction(node: AnyNode): node is AnyFunction & AnyNode {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  );
}

function* children(node: AnyNode): Generator<AnyNode> {
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === "object" && child !== null && "type" in child) yield child as AnyNode;
    }
  }
}
