/**
 * Counts which branches of the compiled codec an input takes; these counts guide the fuzzer.
 *
 * Each function body, branch and loop body, and each operand that may be skipped, increments its own counter: the edges of
 * the control flow graph, as libFuzzer and AFL count them. The modules of the codec's folder are rewritten into a temporary
 * directory with the same layout; their imports from other folders resolve to the original modules, so that the tests and
 * the rewritten codec share one `InterpreterError`. V8's own precise coverage would need no rewriting, but reading it takes
 * longer than decoding.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type AnyNode, parse } from "acorn";
import { MagicString } from "magic-string";

/** A counter for each edge of the instrumented modules. A counter wraps around at 256. */
export interface Counters {
  readonly hits: Uint8Array;
  /** How many counters are in use. */
  used: number;
}

const MOST_EDGES = 1 << 14;
const GLOBAL = "__fuzzCounters";

export const counters: Counters = { hits: new Uint8Array(MOST_EDGES), used: 0 };
Object.assign(globalThis, { [GLOBAL]: counters.hits });

const target = mkdtempSync(path.join(tmpdir(), "interpreters-fuzz-"));
process.on("exit", () => rmSync(target, { recursive: true, force: true }));
/** The files that are already rewritten. */
const done = new Set<string>();

/** Loads `module`, instrumented together with the modules that it imports from its folder or below. */
export async function instrumented<T>(module: URL): Promise<T> {
  const folder = fileURLToPath(new URL(".", module));
  const write = (file: string): void => {
    if (done.has(file)) return;
    done.add(file);
    const { code, imports } = instrument(readFileSync(file, "utf8"), (specifier) => {
      if (!specifier.startsWith(".")) return undefined;
      const imported = path.resolve(path.dirname(file), specifier);
      return imported.startsWith(folder) ? undefined : pathToFileURL(imported).href;
    });
    const out = path.join(target, path.relative(folder, file));
    mkdirSync(path.dirname(out), { recursive: true });
    writeFileSync(out, code);
    for (const specifier of imports) write(path.resolve(path.dirname(file), specifier));
  };
  const entry = fileURLToPath(module);
  write(entry);
  return (await import(pathToFileURL(path.join(target, path.relative(folder, entry))).href)) as T;
}

/** Rewrites a module's text. `elsewhere` returns the replacement of an import's specifier, or undefined to keep it. */
export function instrument(
  text: string,
  elsewhere: (specifier: string) => string | undefined = () => undefined,
): { code: string; imports: string[] } {
  const code = new MagicString(text);
  const imports: string[] = [];
  const counter = (): string => {
    if (counters.used === MOST_EDGES) throw new Error(`more than ${MOST_EDGES} edges: raise MOST_EDGES`);
    return `${GLOBAL}[${counters.used++}]++`;
  };
  /** Counts a statement, a block or an expression. */
  const count = (node: AnyNode | null | undefined, kind: "statement" | "expression"): void => {
    if (node === null || node === undefined) return;
    if (kind === "expression") {
      code.appendLeft(node.start, `(${counter()}, `);
      code.prependRight(node.end, ")");
    } else if (node.type === "BlockStatement") {
      code.appendLeft(node.start + 1, `${counter()};`);
    } else {
      code.appendLeft(node.start, `{${counter()};`);
      code.prependRight(node.end, "}");
    }
  };
  const visit = (node: AnyNode): void => {
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportNamedDeclaration":
      case "ExportAllDeclaration":
        if (node.source?.value !== undefined) {
          const specifier = String(node.source.value);
          const replacement = elsewhere(specifier);
          if (replacement !== undefined) {
            code.overwrite(node.source.start, node.source.end, JSON.stringify(replacement));
          } else if (specifier.startsWith(".")) imports.push(specifier);
        }
        break;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        count(node.body, node.body.type === "BlockStatement" ? "statement" : "expression");
        break;
      case "IfStatement":
        count(node.consequent, "statement");
        // `else if` counts its own branches.
        if (node.alternate?.type !== "IfStatement") count(node.alternate, "statement");
        break;
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "WhileStatement":
      case "DoWhileStatement":
        count(node.body, "statement");
        break;
      case "CatchClause":
        count(node.body, "statement");
        break;
      case "SwitchCase":
        if (node.consequent.length > 0) code.appendLeft(node.consequent[0].start, `${counter()};`);
        break;
      case "ConditionalExpression":
        count(node.consequent, "expression");
        count(node.alternate, "expression");
        break;
      case "LogicalExpression":
        count(node.right, "expression");
        break;
      default:
    }
    for (const child of children(node)) visit(child);
  };
  visit(parse(text, { ecmaVersion: "latest", sourceType: "module" }));
  return { code: code.toString(), imports };
}

function* children(node: AnyNode): Generator<AnyNode> {
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === "object" && child !== null && "type" in child) yield child as AnyNode;
    }
  }
}
