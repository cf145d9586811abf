/**
 * Reads the source text of a function: makes it an expression that can be evaluated on its own, and finds
 * the names it takes from around it.
 *
 * The parser is loaded at the first function, so that a program which sends none does not pay for it.
 */

import { types } from "../../platform/brand-checks.js";
import type * as Acorn from "acorn";
import type * as EslintScope from "eslint-scope";
import { requireDependency } from "../../platform/modules.js";
import { stubFor } from "./injected.js";

/** Why a function cannot travel, and what to do; the caller knows which function it is. */
export class Unportable extends Error {}

export interface Analysis {
  /** An expression of strict code whose value is the function. */
  readonly expression: string;
  /** Names that must be found in the global scope of wherever it runs, each once. */
  readonly free: readonly string[];
}

interface FunctionNode extends Acorn.Node {
  readonly type: "ArrowFunctionExpression" | "FunctionExpression";
  readonly id?: { readonly name: string } | null;
  readonly generator: boolean;
}

interface Found {
  readonly fn: FunctionNode;
  /** Undefined unless the source is a method, getter or setter of an object or a class. */
  readonly member: Acorn.Property | undefined;
  readonly program: Acorn.Program;
}

const remedy = "pass what it needs as arguments, or move it into a module and use fromModule()";

/** `source` as from `Function.prototype.toString`, `name` as in the function's `name`. */
export function analyse(source: string, name: string): Analysis {
  const { fn, member, program } = find(source);
  if (fn.generator) {
    throw new Unportable(
      "it is a generator function, and the iterator it returns cannot be sent back; return an array, or put items into a queue",
    );
  }
  const typeofOnly = new Set<unknown>();
  inspectTree(fn, typeofOnly);

  const free = new Set<string>();
  for (const { identifier } of freeReferences(program, fn)) {
    if (!typeofOnly.has(identifier)) free.add(identifier.name);
  }
  if (free.has("arguments"))
    throw new Unportable(`it uses \`arguments\` of the function around it; ${remedy}`);

  const bindings: string[] = [];
  for (const each of free) {
    const stub = each in globalThis ? undefined : stubFor(each);
    if (stub === undefined) continue;
    bindings.push(`const ${each} = ${stub};`);
    free.delete(each);
  }
  let expression = member === undefined ? source : extractMember(source, member, name);
  // `const fib = (n) => … fib(n - 1)`: that variable is the function itself. A method has no such variable, and
  // where a global of that name exists (`{ fetch: (url) => fetch(url) }`) it is the global that is meant.
  if (member === undefined && free.has(name) && !(name in globalThis)) {
    bindings.push(`const ${name} = ${expression};`);
    expression = name;
    free.delete(name);
  }
  if (bindings.length > 0) expression = `(() => { ${bindings.join(" ")} return ${expression}; })()`;
  return { expression, free: [...free] };
}

// A function around it makes `new.target` and `return`-less parsing of arrows legal; nothing looks beyond `fn`.
const expressionPrefix = "(function () { return (";
const memberPrefix = "(function () { return ({";

function find(source: string): Found {
  let asExpression: unknown;
  try {
    const program = parse(`${expressionPrefix}${source}\n); })`);
    const value = returned(program);
    if (value.type === "ClassExpression") {
      throw new Unportable("it is a class; send a function that makes the instance and returns plain data");
    }
    if (value.type === "ArrowFunctionExpression" || value.type === "FunctionExpression") {
      return { fn: value as FunctionNode, member: undefined, program };
    }
  } catch (error) {
    if (error instanceof Unportable) throw error;
    asExpression = error;
  }
  // `f() {}`, `async f() {}`, `get f() {}`, `[expr]() {}`, `"a b"() {}`: only legal inside of an object.
  try {
    const program = parse(`${memberPrefix}${source}\n}); })`);
    const value = returned(program);
    const member =
      value.type === "ObjectExpression" ? (value as Acorn.ObjectExpression).properties[0] : undefined;
    if (member?.type === "Property" && member.value.type === "FunctionExpression") {
      return { fn: member.value, member, program };
    }
  } catch (error) {
    // Of the two complaints the one that got further into the source is about what it is meant to be.
    if (position(error) - memberPrefix.length > position(asExpression) - expressionPrefix.length)
      asExpression = error;
  }
  const found = types.isNativeError(asExpression)
    ? asExpression.message.replace(/ \(\d+:\d+\)$/, "")
    : "it has an unknown form";
  throw new Unportable(`its source does not stand on its own as strict code (${found}); ${remedy}`, {
    cause: asExpression,
  });
}

function position(error: unknown): number {
  return typeof error === "object" && error !== null && "pos" in error ? Number(error.pos) : -1;
}

/** What the function around the source returns. */
function returned(program: Acorn.Program): Acorn.Node {
  const [statement] = program.body;
  if (program.body.length === 1 && statement?.type === "ExpressionStatement") {
    const { expression } = statement;
    if (expression.type === "FunctionExpression") {
      const inner = expression.body.body[0];
      if (inner?.type === "ReturnStatement" && inner.argument) return inner.argument;
    }
  }
  return program;
}

/**
 * Turns a member into an expression. Its key is written anew from the function's name: a computed one
 * (`[key]() {}`) may need names from around it.
 */
function extractMember(source: string, member: Acorn.Property, name: string): string {
  const key = JSON.stringify(member.kind === "init" ? name : name.replace(/^[gs]et /, ""));
  const fn = member.value as Acorn.FunctionExpression;
  const rest = source.slice(fn.start - memberPrefix.length); // from the parameters on
  if (member.kind !== "init")
    return `Object.getOwnPropertyDescriptor({ ${member.kind} ${key}${rest} }, ${key}).${member.kind}`;
  return `({ ${fn.async ? "async " : ""}${key}${rest} })[${key}]`;
}

/**
 * Refuses what means something only where the function was written, and collects the identifiers under a
 * `typeof`: those are allowed to be missing.
 */
function inspectTree(fn: FunctionNode, typeofOnly: Set<unknown>): void {
  const isArrow = fn.type === "ArrowFunctionExpression";

  /** `inside`: `this`, `super` and the like still mean those of `fn`, not those of a function within it. */
  const visit = (node: unknown, inside: boolean): void => {
    if (Array.isArray(node)) {
      for (const each of node) visit(each, inside);
      return;
    }
    if (!isNode(node)) return;
    switch (node.type) {
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "StaticBlock":
        visitChildren(node, inside && (node as unknown) === fn);
        return;
      case "PropertyDefinition":
        if (node["computed"] === true) visit(node["key"], inside);
        visit(node["value"], false);
        return;
      case "ThisExpression":
        if (inside && isArrow)
          throw new Unportable(`it is an arrow function and uses \`this\` of what is around it; ${remedy}`);
        return;
      case "Super":
        if (inside)
          throw new Unportable(`it uses \`super\`, which belongs to the object it was defined in; ${remedy}`);
        return;
      case "MetaProperty":
        if ((node["meta"] as { name?: unknown }).name === "import") {
          throw new Unportable(
            "it uses `import.meta`, which belongs to its module; pass the URL as an argument, or use fromModule()",
          );
        }
        if (inside && isArrow)
          throw new Unportable(`it uses \`new.target\` of the function around it; ${remedy}`);
        return;
      case "UnaryExpression":
        if (node["operator"] === "typeof") typeofOnly.add(node["argument"]);
        break;
      default:
    }
    visitChildren(node, inside);
  };
  const visitChildren = (node: TreeNode, inside: boolean): void => {
    for (const key in node) visit(node[key], inside);
  };
  visit(fn, true);
}

interface TreeNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is TreeNode {
  return (
    typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"
  );
}

let tools: { acorn: typeof Acorn; scopes: typeof EslintScope } | undefined;

function load(): { acorn: typeof Acorn; scopes: typeof EslintScope } {
  if (tools === undefined) {
    tools = {
      acorn: requireDependency("acorn") as typeof Acorn,
      scopes: requireDependency("eslint-scope") as typeof EslintScope,
    };
  }
  return tools;
}

function parse(text: string): Acorn.Program {
  // As a module: strict, and with `import.meta`, which gets a better message of its own above.
  return load().acorn.parse(text, {
    ecmaVersion: "latest",
    sourceType: "module",
    allowSuperOutsideMethod: true,
    ranges: true,
  });
}

function freeReferences(program: Acorn.Program, fn: FunctionNode): readonly EslintScope.Reference[] {
  const manager = load().scopes.analyze(program as Parameters<typeof EslintScope.analyze>[0], {
    ecmaVersion: 2022,
    sourceType: "module",
    // A direct `eval` may refer to anything, which is then found out when it does.
    optimistic: true,
  });
  const scope = manager.acquire(fn as unknown as Parameters<typeof manager.acquire>[0]);
  if (scope === null) throw new Error("the parser and the scope analysis do not agree on a function");
  return scope.through;
}
