/**
 * Reads a function's source text: turns it into an expression that evaluates on its own, and finds its free names
 * (those it takes from the surrounding scope).
 *
 * The first function loads the parser, so a program that sends none does not pay for it.
 */

import { types } from "../../platform/brand-checks.js";
import type * as Acorn from "acorn";
import type * as EslintScope from "eslint-scope";
import { loadDependency } from "../../base/own-files.js";
import { stubFor } from "./injected.js";

/** Says why a function cannot travel, and what to do. The caller adds which function it is. */
export class Unportable extends Error {}

export interface Analysis {
  /** A strict-mode expression whose value is the function. */
  readonly expression: string;
  /** The names that the target's global scope must provide, each listed once. */
  readonly free: readonly string[];
}

interface FunctionNode extends Acorn.Node {
  readonly type: "ArrowFunctionExpression" | "FunctionExpression";
  readonly id?: { readonly name: string } | null;
}

interface Found {
  readonly fn: FunctionNode;
  /** Set only if the source is a method, getter or setter of an object or a class. */
  readonly member: Acorn.Property | undefined;
  readonly program: Acorn.Program;
}

const remedy = "pass what it needs as arguments, or move it into a module and use fromModule()";

/** `source` is the text from `Function.prototype.toString`; `name` is the function's `name`. */
export function analyse(source: string, name: string): Analysis {
  const { fn, member, program } = find(source);
  const typeofOnly = new Set<unknown>();
  inspectTree(fn, typeofOnly);

  const free = new Set<string>();
  for (const { identifier } of freeReferences(program, fn)) {
    if (!typeofOnly.has(identifier)) free.add(identifier.name);
  }
  if (free.has("arguments"))
    throw new Unportable(`it uses \`arguments\` of the enclosing function; ${remedy}`);

  const bindings: string[] = [];
  for (const each of free) {
    const stub = each in globalThis ? undefined : stubFor(each);
    if (stub === undefined) continue;
    bindings.push(`const ${each} = ${stub};`);
    free.delete(each);
  }
  let expression = member === undefined ? source : extractMember(source, member, name);
  // `const fib = (n) => … fib(n - 1)`: that variable is the function itself. A method has no such variable, and
  // where a global of that name exists (`{ fetch: (url) => fetch(url) }`) the name means the global.
  if (member === undefined && free.has(name) && !(name in globalThis)) {
    bindings.push(`const ${name} = ${expression};`);
    expression = name;
    free.delete(name);
  }
  if (bindings.length > 0) expression = `(() => { ${bindings.join(" ")} return ${expression}; })()`;
  return { expression, free: [...free] };
}

// The enclosing function makes `new.target` and `return`-less parsing of arrows legal; the analysis stays within `fn`.
const expressionPrefix = "(function () { return (";
const memberPrefix = "(function () { return ({";

function find(source: string): Found {
  // Before what is caught: a parser that is missing says nothing about the source.
  load();
  let asExpression: unknown;
  try {
    const program = parse(`${expressionPrefix}${source}\n); })`);
    const value = returned(program);
    if (value.type === "ClassExpression") {
      throw new Unportable("it is a class; send a function that creates the instance and returns plain data");
    }
    if (value.type === "ArrowFunctionExpression" || value.type === "FunctionExpression") {
      return { fn: value as FunctionNode, member: undefined, program };
    }
  } catch (error) {
    if (error instanceof Unportable) throw error;
    asExpression = error;
  }
  // `f() {}`, `async f() {}`, `get f() {}`, `[expr]() {}`, `"a b"() {}`: legal only inside an object.
  try {
    const program = parse(`${memberPrefix}${source}\n}); })`);
    const value = returned(program);
    const member =
      value.type === "ObjectExpression" ? (value as Acorn.ObjectExpression).properties[0] : undefined;
    if (member?.type === "Property" && member.value.type === "FunctionExpression") {
      return { fn: member.value, member, program };
    }
  } catch (error) {
    // The syntax error that lies further into the source belongs to the form that its author meant.
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

/** Returns the expression that the enclosing function returns; the program itself if the source ended that function early. */
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
 * Turns a member into an expression. Rewrites its key from the function's name, because a computed key
 * (`[key]() {}`) may use free names.
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
 * Refuses syntax whose meaning depends on where the function was written, and collects the identifiers under a
 * `typeof`, which the target need not define.
 */
function inspectTree(fn: FunctionNode, typeofOnly: Set<unknown>): void {
  const isArrow = fn.type === "ArrowFunctionExpression";

  /** `inside` is true while `this`, `super` and the like belong to `fn`, not to a function nested in it. */
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
          throw new Unportable(`it is an arrow function and uses the \`this\` around it; ${remedy}`);
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
          throw new Unportable(`it uses \`new.target\` of the enclosing function; ${remedy}`);
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
      acorn: loadDependency("acorn") as typeof Acorn,
      scopes: loadDependency("eslint-scope") as typeof EslintScope,
    };
  }
  return tools;
}

function parse(text: string): Acorn.Program {
  // Parses as a module: strict, and with `import.meta`, for which the message above is better than the parser's.
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
    // A direct `eval` may refer to any name. A missing one becomes an error when the `eval` runs.
    optimistic: true,
  });
  const scope = manager.acquire(fn as unknown as Parameters<typeof manager.acquire>[0]);
  if (scope === null) throw new Error("the parser and the scope analysis disagree about a function");
  return scope.through;
}
