/**
 * Whether the lines typed at a prompt are complete, and whether they are an expression.
 *
 * Nothing here refuses code: lines that are merely wrong count as complete, and the interpreter that runs them says why
 * they are wrong. Of TypeScript, only the tokens matter for that, and they are those of JavaScript.
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
  try {
    for (const { type } of tokenizer(text, OPTIONS)) {
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
    return positionOf(error) === text.length;
  }
}

/** Where the parser found a syntax error. */
function positionOf(error: unknown): number {
  if (error instanceof SyntaxError && "pos" in error && typeof error.pos === "number") return error.pos;
  throw error;
}

/** Whether the code has a value to show. A declaration that could also be read as an expression has none. */
export function isExpression(code: string): boolean {
  if (/^\s*(?:(?:async\s+)?function\b|class\b|$)/.test(code)) return false;
  try {
    void new vm.Script(`async () => (\n${code.replace(/[\s;]+$/, "")}\n)`);
    return true;
  } catch {
    return false;
  }
}
