/**
 * Completes the name at the end of a line, in the interpreter that has the names: globals, properties, and modules.
 *
 * It calls no function and no getter of the user, and asks no proxy: where only they know, it completes nothing. Globals are
 * the exception, since Node and `exec` themselves define many of them by getters.
 */

import { readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import { types } from "node:util";

/** The completions, and the end of the line that each of them replaces. An empty string separates groups. */
export type Completions = [completions: string[], replaced: string];

const KEYWORDS =
  "async await break case catch class const continue debugger default delete do else export extends false finally for function " +
  "if import in instanceof let new null of return static super switch this throw true try typeof undefined var void while with yield";

const NAME = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$]*`;
const TEXT = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
/** `a.b?.c[0]["d"].` and the beginning of a name, where no longer expression goes on. */
const MEMBER = new RegExp(
  String.raw`(?:^|[^\p{ID_Continue}$.\])"'\x60])((?:${NAME}|${TEXT})(?:\??\.${NAME}|(?:\?\.)?\[(?:\d+|${TEXT})\])*)(\??\.)((?:${NAME})?)$`,
  "u",
);
const PLAIN = new RegExp(String.raw`(?:^|[^\p{ID_Continue}$.])(${NAME})?$`, "u");
const STEP = new RegExp(String.raw`\??\.(${NAME})|(?:\?\.)?\[(\d+|${TEXT})\]`, "gu");
const WHOLE_NAME = new RegExp(`^${NAME}$`, "u");
/** A specifier that is being typed. */
const SPECIFIER = /(?:\b(?:require|import)\s*\(\s*|\b(?:from|import)\s*)(["'`])([^"'`]*)$/;
/** Names that `exec` makes for itself. */
const HIDDEN = /^(?:im\$[\da-z]{3}|import\$[\da-z]{4})$/;

export function complete(line: string): Completions {
  const specifier = SPECIFIER.exec(line)?.[2];
  if (specifier !== undefined) return [modules(specifier), specifier];
  const member = MEMBER.exec(line);
  if (member !== null) {
    const [, object, dot, start] = member;
    const found = valueOf(object);
    if (found === undefined || found === null) return [[], start];
    const before = object + dot;
    const names = namesOf(found).map((group) => group.map((name) => before + name));
    return [grouped(names, before + start), before + start];
  }
  const plain = PLAIN.exec(line);
  if (plain === null) return [[], ""];
  const start = plain[1] ?? "";
  const names = namesOf(globalThis);
  return [grouped(start === "" ? names : [...names, KEYWORDS.split(" ")], start), start];
}

/** The groups' names that begin with `start`; each name once. */
function grouped(groups: readonly (readonly string[])[], start: string): string[] {
  const seen = new Set<string>();
  const result: string[] = [];
  for (const group of groups) {
    const names = group.filter((name) => name.startsWith(start) && !seen.has(name));
    if (names.length === 0) continue;
    for (const name of names) seen.add(name);
    if (result.length > 0) result.push("");
    result.push(...names.sort());
  }
  return result;
}

/** The value of `a.b[0]`, or undefined if a getter, a proxy, or nothing is on the way. */
function valueOf(expression: string): unknown {
  const head = new RegExp(`^(?:${NAME}|${TEXT})`, "u").exec(expression)?.[0] ?? "";
  let value: unknown;
  if (/^["']/.test(head)) value = "";
  else if (head === "this") value = globalThis;
  else value = readGlobal(head);
  for (const [, name, index] of expression.slice(head.length).matchAll(STEP)) {
    const key = name ?? (/^\d/.test(index) ? index : index.slice(1, -1));
    value = propertyOf(value, key);
  }
  return value;
}

function readGlobal(name: string): unknown {
  try {
    return (globalThis as Record<string, unknown>)[name];
  } catch {
    // Declared, but not assigned yet.
    return undefined;
  }
}

function propertyOf(value: unknown, key: string): unknown {
  if (value === undefined || value === null) return undefined;
  for (const owner of chainOf(value)) {
    const found = Object.getOwnPropertyDescriptor(owner, key);
    if (found === undefined) continue;
    if ("value" in found) return found.value;
    // `process.stdout` and the like.
    return owner === globalThis || owner === process ? Reflect.get(owner, key) : undefined;
  }
  return undefined;
}

/** The object and its prototypes, up to the first proxy. */
function* chainOf(value: unknown): Generator<object> {
  for (let object: object | null = Object(value); object !== null; object = Object.getPrototypeOf(object)) {
    if (types.isProxy(object)) return;
    yield object;
  }
}

/** The names that can follow a dot, a group for each prototype. */
function namesOf(value: unknown): string[][] {
  return [...chainOf(value)].map((owner) =>
    Object.getOwnPropertyNames(owner).filter((name) => WHOLE_NAME.test(name) && !HIDDEN.test(name)),
  );
}

function modules(start: string): string[] {
  if (/^\.{0,2}\/|^\.{1,2}$/.test(start)) return files(start);
  const scheme = start.startsWith("node:") ? "node:" : "";
  const builtin = builtinModules
    .filter((name) => !name.startsWith("_"))
    .map((name) => (name.startsWith("node:") ? name : scheme + name));
  return grouped([builtin, packages()], start);
}

function files(start: string): string[] {
  const folder = start.slice(0, start.lastIndexOf("/") + 1);
  const names = entriesOf(path.resolve(folder)).map(
    ({ name, isFolder }) => folder + name + (isFolder ? "/" : ""),
  );
  return grouped([names], start);
}

function packages(): string[] {
  const names = entriesOf(path.resolve("node_modules")).filter(({ name }) => !name.startsWith("."));
  return names.flatMap(({ name }) =>
    name.startsWith("@")
      ? entriesOf(path.resolve("node_modules", name)).map((inner) => `${name}/${inner.name}`)
      : [name],
  );
}

function entriesOf(folder: string): { name: string; isFolder: boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory(),
    }));
  } catch {
    return [];
  }
}
