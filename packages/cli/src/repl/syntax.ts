/**
 * Whether the lines typed at a prompt are complete, and whether they are an expression.
 *
 * Nothing here refuses code: lines that are merely wrong count as complete, and the interpreter that runs them says why
 * they are wrong. Of TypeScript, only the tokens are known, which are those of JavaScript.
 */

import vm from "node:vm";
import type { Options, TokenType } from "acorn";

const OPTIONS: Options = {
  ecmaVersion: "latest",
  sourceType: "script",
  allowAwaitOutsideFunction: true,
  allowImportExportEverywhere: true,
};

/**
 * Whether more lines must follow: a bracket or a template is open, or a parser meets the end where it needs another token.
 * The parser is loaded by the first call.
 */
export async function isIncomplete(code: string): Promise<boolean> {
  const { parse, tokenizer, tokTypes } = await import("acorn");
  // The tokens of one line can depend on whether another follows: `a?.` at the very end is not read as such.
  const text = `${code}\n`;
  const closers = new Map<TokenType, readonly TokenType[]>([
    [tokTypes.braceR, [tokTypes.braceL, tokTypes.dollarBraceL]],
    [tokTypes.parenR, [tokTypes.parenL]],
    [tokTypes.bracketR, [tokTypes.bracketL]],
  ]);
  const openers = new Set([...closers.values()].flat());
  const open: TokenType[] = [];
  let last: LastToken | undefined;
  try {
    for (const { type, start, end } of tokenizer(text, OPTIONS)) {
      last = { type, text: text.slice(start, end) };
      if (openers.has(type)) open.push(type);
      else if (closers.has(type)) {
        const opener = open.pop();
        if (opener === undefined || closers.get(type)?.includes(opener) !== true) return false;
      } else if (type === tokTypes.backQuote) {
        if (open.at(-1) === type) open.pop();
        else open.push(type);
      }
    }
  } catch {
    // Inside a template every character is allowed, so the only error there is its missing end.
    return open.at(-1) === tokTypes.backQuote;
  }
  if (open.length > 0) return true;
  try {
    parse(text, OPTIONS);
    return false;
  } catch (error) {
    // Earlier than at the end, it may have met TypeScript, of which the last token says most.
    return positionOf(error) === text.length || (!compiles(code) && endsOpen(last));
  }
}

/** Tokens that nothing needs to follow although the parser expects an expression: `x!`, `f<T>`, `() => void`. */
const CAN_END: ReadonlySet<string> = new Set([
  ";",
  "!",
  "<",
  ">",
  ">>",
  ">>>",
  "void",
  "return",
  "default",
  "++",
  "--",
]);

interface LastToken {
  readonly type: TokenType;
  readonly text: string;
}

/** Whether the token is an operator, a comma, or a keyword that needs something behind it. */
function endsOpen(last: LastToken | undefined): boolean {
  if (last === undefined || CAN_END.has(last.text)) return false;
  // The parser's types leave the property out.
  const { beforeExpr } = last.type as TokenType & { readonly beforeExpr?: boolean };
  return beforeExpr === true || NEEDS_MORE.has(last.text);
}

const NEEDS_MORE: ReadonlySet<string> = new Set([
  ".",
  "?.",
  "as",
  "satisfies",
  "keyof",
  "implements",
  "new",
  "class",
  "interface",
]);

/** Where the parser found a syntax error. */
function positionOf(error: unknown): number {
  if (error instanceof SyntaxError && "pos" in error && typeof error.pos === "number") return error.pos;
  throw error;
}

/**
 * Tells how to run the code: as an `expression`, whose value is shown, or as a `statement`. A declaration that could also be read as an
 * expression is a `statement`. Returns `unknown` for code that no engine parses as JavaScript (`x as number`).
 */
export function kindOf(code: string): "expression" | "statement" | "unknown" {
  if (/^\s*(?:(?:async\s+)?function\b|class\b|$)/.test(code)) return "statement";
  if (compiles(`async () => (\n${code.replace(/[\s;]+$/, "")}\n)`)) return "expression";
  return /^\s*(?:import\b(?!\s*[.(])|export\b)/.test(code) || compiles(`async () => {\n${code}\n}`)
    ? "statement"
    : "unknown";
}

/** Where the expression is that ends the statements; undefined if they end with another statement, or are not JavaScript. */
export async function lastExpression(code: string): Promise<{ start: number; end: number } | undefined> {
  const { parse } = await import("acorn");
  try {
    const last = parse(code, OPTIONS).body.at(-1);
    return last?.type === "ExpressionStatement" && last.directive === undefined ? last : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether the code may have type arguments, as in `new Promise<void>(f)`, which is also JavaScript: two comparisons. Then it must
 * run as TypeScript, which it does if anything in it is only TypeScript.
 */
export function hasTypeArguments(code: string): boolean {
  return /[\w$]\s*<(?:[\w$\s,."'[\]{}:;<>]|&(?!&)|\|(?!\|))+>\s*\(/.test(code);
}

function compiles(code: string): boolean {
  try {
    void new vm.Script(code);
    return true;
  } catch {
    return false;
  }
}
