/**
 * An ESLint rule that says where a file is not formatted as prettier would format it. Rules are synchronous and prettier is
 * not: the rule blocks until the interpreter has the result.
 */

import { create, ExecutionFailed, fromModule } from "interpreters";

const { format } = fromModule(new URL("./format.js", import.meta.url));

// It starts with the first file, stays for all of them, and does not keep ESLint's process alive.
const interp = create({ name: "prettier" });

function formatted(text, file) {
  try {
    return { text: interp.with({ timeout: 30_000 }).callSync(format, text, file) };
  } catch (error) {
    // What prettier does not understand is worth a message, and no crash. The message's other lines show the code.
    if (error instanceof ExecutionFailed) return { failure: error.excinfo.message.split("\n", 1)[0] };
    throw error;
  }
}

/** The part in which two texts differ, as offsets in the first one and as text of the second one. */
function differenceOf(from, to) {
  let start = 0;
  while (start < from.length && from[start] === to[start]) start++;
  let [end, last] = [from.length, to.length];
  while (end > start && last > start && from[end - 1] === to[last - 1]) {
    end--;
    last--;
  }
  return { range: [start, end], text: to.slice(start, last) };
}

export const rule = {
  meta: { type: "layout", fixable: "code", schema: [] },
  create(context) {
    return {
      Program() {
        const source = context.sourceCode.text;
        const result = formatted(source, context.filename);
        if (result.failure !== undefined) {
          context.report({ loc: { line: 1, column: 0 }, message: `prettier: ${result.failure}` });
        } else if (result.text !== source) {
          const { range, text } = differenceOf(source, result.text);
          context.report({
            loc: context.sourceCode.getLocFromIndex(range[0]),
            message: "Not as prettier formats it",
            fix: (fixer) => fixer.replaceTextRange(range, text),
          });
        }
      },
    };
  },
};
