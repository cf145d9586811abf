/** Finds the examples in the documentation and turns each into a program that checks what its comments claim. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { pages } from "./links.js";

export interface Example {
  /** Where it is: file and line. */
  readonly name: string;
  readonly code: string;
  readonly language: "ts" | "js";
  /**
   * The name that its first line, a comment, gives the file: `// work.js`. The named files under one heading of a page belong together.
   * Undefined if the example is a program by itself.
   */
  readonly file?: string;
  /** The page and the number of its section, for examples with a file name. */
  readonly section?: string;
}

/** A file name alone in a comment. */
const fileName = /^\/\/ ([\w.-]+(?:\/[\w.-]+)*\.([cm]?[jt]s))$/;

/** The blocks of a Markdown file in TypeScript or JavaScript. */
export function markdownExamples(file: string, shown: string): Example[] {
  const examples: Example[] = [];
  let block: string[] | undefined;
  let language: Example["language"] = "ts";
  let from = 0;
  let section = 0;
  for (const [i, line] of readFileSync(file, "utf8").split("\n").entries()) {
    const opening = /^```(ts|js|typescript|javascript)\b/.exec(line);
    if (block === undefined && opening !== null) {
      [block, from, language] = [[], i + 1, opening[1].startsWith("t") ? "ts" : "js"];
    } else if (block !== undefined && line.startsWith("```")) {
      const named = fileName.exec(block[0] ?? "")?.[1];
      const place = named === undefined ? {} : { file: named, section: `${shown}#${section}` };
      examples.push({ name: `${shown}:${from}`, code: block.join("\n"), language, ...place });
      block = undefined;
    } else if (block !== undefined) block.push(line);
    else if (line.startsWith("#")) section++;
  }
  return examples;
}

/** The `@example`s of all doc comments under a folder. They have no imports, so the names that they use are imported here. */
export function docExamples(folder: string, exported: readonly string[]): Example[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  return files.sort().flatMap((name) => {
    const text = readFileSync(path.join(folder, name), "utf8");
    return [...text.matchAll(/^[ ]*\/\*\*(?:(?!\*\/)[^])*\*\//gm)].flatMap((comment) =>
      examplesOf(comment[0]).map(({ code, offset }): Example => {
        const line = text.slice(0, comment.index + offset).split("\n").length;
        const used = exported.filter((each) => new RegExp(`\\b${each}\\b`).test(code));
        const imports = code.includes("import ")
          ? ""
          : `import { ${used.join(", ")} } from "interpreters";\n`;
        return { name: `src/${name}:${line}`, code: imports + code, language: "ts" };
      }),
    );
  });
}

/** The READMEs of the repository and the packages, the guides, and the doc comments. */
export function allExamples(root: string, exported: readonly string[]): Example[] {
  return [
    ...pages(root)
      .filter((page) => /^(?:README|packages\/[\w-]+\/(?:README|docs\/.*))\.md$/.test(page))
      .flatMap((page) => markdownExamples(path.join(root, page), page)),
    ...docExamples(path.join(root, "packages/interpreters/src"), exported),
  ];
}

/** The code of each `@example` in a doc comment, and where in the comment it begins. */
export function examplesOf(comment: string): { code: string; offset: number }[] {
  return [...comment.matchAll(/@example\n((?:(?!\*\/|^\s*\* @)[^])*)/gm)].map((match) => ({
    code: match[1].replace(/^[ ]*\* ?/gm, "").trim(),
    offset: match.index + match[0].length - match[1].length,
  }));
}

const literal = /^(?:true|false|null|undefined|-?\d[\d_.]*|"[^"]*"|'[^']*')$/;

/**
 * The example with a check in place of each claim: `console.log(…); // what it prints` and `expression; // its value`.
 * An ellipsis at the end of the claimed output matches any rest.
 */
export function withChecks(example: Example): { code: string; checks: number } {
  let checks = 0;
  const lines = example.code.split("\n").map((line) => {
    const [, indent, statement, claim] = /^(\s*)(.*); \/\/ (.*)$/.exec(line) ?? [];
    if (claim === undefined) return line;
    const printed = /^console\.log\((.*)\)$/.exec(statement)?.[1];
    if (printed !== undefined) {
      checks++;
      return `${indent}assertPrints(${JSON.stringify(claim)}, ${printed});`;
    }
    if (!literal.test(claim) || /^(?:const|let|var|return|throw|if|for|await using|using)\b/.test(statement))
      return line;
    checks++;
    return `${indent}deepStrictEqual(${statement}, ${claim});`;
  });
  return { code: `${headOf(example.language)}${lines.join("\n")}\nexport {};\n`, checks };
}

function headOf(language: Example["language"]): string {
  const types = (text: string): string => (language === "ts" ? text : "");
  return `import { deepStrictEqual, equal } from "node:assert/strict";
import { format } from "node:util";
function assertPrints(claim${types(": string")}, ...values${types(": unknown[]")})${types(": void")} {
  const printed = format(...values);
  equal(claim.endsWith("…") ? printed.slice(0, claim.length - 1) + "…" : printed, claim);
}
void [deepStrictEqual, assertPrints];
`;
}
