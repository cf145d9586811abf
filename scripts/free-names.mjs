/** The names that a script or CommonJS module uses and does not bind. */
import { parse } from "acorn";
import { analyze } from "eslint-scope";

/** Those that a bundle need not bind: parameters of a CommonJS module, and constants that no program can replace. */
export const UNBOUND_NAMES = [
  "__dirname",
  "__filename",
  "exports",
  "Infinity",
  "module",
  "NaN",
  "require",
  "undefined",
];

/**
 * Returns how often each is used, in the order of the alphabet.
 *
 * @param {string} text
 * @param {"script" | "module"} sourceType
 * @returns {Map<string, number>}
 */
export function freeNames(text, sourceType = "script") {
  const options = { ecmaVersion: 2025, sourceType };
  const { globalScope } = analyze(parse(text, { ...options, ranges: true }), options);
  const counts = new Map();
  for (const { identifier } of globalScope.through)
    counts.set(identifier.name, (counts.get(identifier.name) ?? 0) + 1);
  return new Map([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
