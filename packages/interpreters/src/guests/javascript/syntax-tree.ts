/**
 * Parses scripts and queries their syntax trees. The first script that needs the parser loads it.
 */
import type * as Acorn from "acorn";
import { loadDependency } from "../../base/own-files.js";

let acorn: typeof Acorn | undefined;

/** Parses `text` as a script that may await and import at its top level. */
export function parse(text: string): Acorn.Program {
  acorn ??= loadDependency("acorn") as typeof Acorn;
  const options: Acorn.Options = {
    ecmaVersion: "latest",
    sourceType: "script",
    allowImportExportEverywhere: true,
    locations: true,
  };
  const program = acorn.parse(text, { ...options, allowAwaitOutsideFunction: true });
  if (
    !contains(program as unknown as Node, (node) => node.type === "Identifier" && node["name"] === "await")
  ) {
    return program;
  }
  try {
    // Then `await` may be an ordinary name.
    return acorn.parse(text, { ...options, allowAwaitOutsideFunction: false });
  } catch {
    return program;
  }
}

export type Node = Acorn.Node & { readonly [key: string]: unknown };

export const isAwait = (node: Node): boolean =>
  node.type === "AwaitExpression" ||
  (node.type === "ForOfStatement" && node["await"] === true) ||
  (node.type === "VariableDeclaration" && node["kind"] === "await using");

const isFunction = (node: Node): boolean =>
  /^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression|StaticBlock)$/.test(node.type);

/** Visits `node` and every node below it; `outside` is false within functions. */
export function walk(
  node: unknown,
  outside: boolean,
  visit: (node: Node, outside: boolean, parent: Node | undefined) => void,
  parent?: Node,
): void {
  if (Array.isArray(node)) {
    for (const each of node) walk(each, outside, visit, parent);
    return;
  }
  if (typeof node !== "object" || node === null || typeof (node as { type?: unknown }).type !== "string")
    return;
  const found = node as Node;
  visit(found, outside, parent);
  const inner = outside && !isFunction(found);
  for (const key in found) {
    if (key === "loc") continue;
    walk(found[key], inner && !(found.type === "PropertyDefinition" && key === "value"), visit, found);
  }
}

export function contains(node: Node, wanted: (node: Node) => boolean): boolean {
  let found = false;
  walk(node, true, (each, outside) => (found ||= outside && wanted(each)));
  return found;
}

/** Adds the names that a pattern binds to `names`. */
export function collectNames(pattern: Acorn.Pattern, names: string[]): void {
  switch (pattern.type) {
    case "Identifier":
      names.push(pattern.name);
      break;
    case "ObjectPattern":
      for (const each of pattern.properties) {
        collectNames(each.type === "RestElement" ? each.argument : each.value, names);
      }
      break;
    case "ArrayPattern":
      for (const each of pattern.elements) if (each !== null) collectNames(each, names);
      break;
    case "AssignmentPattern":
      collectNames(pattern.left, names);
      break;
    case "RestElement":
      collectNames(pattern.argument, names);
      break;
    default:
  }
}
