/**
 * Caller side: rewrites a script so that V8 can run it as its author meant it, without moving anything.
 *
 * Top-level declarations become assignments of the same width, since their names are declared beforehand. Code that runs
 * separately (functions beside a top-level `await`) is blanked out. Lines and columns stay as the user wrote them.
 *
 *     let n = 1            0,  n = 1
 *     const { a, b } = o   0,   { a, b } = o
 *     class A {}           A=class {}                  if its body does not use its own name; otherwise
 *     class A {}           A=class A {}                with `A=` at the end of the line before, if it begins its line
 *     import a from "b"    (blank; the target loads it and binds its names first)
 *     import.meta          import·meta                 a name that the target gives a value (import-names.ts)
 *     import(url)          іmport(url)                 likewise, where Node would resolve against anything but `base`
 *
 * `0,` needs no closing parenthesis after a pattern, and cannot continue the statement before it. Only a class that
 * uses its own name and begins in the middle of a line moves the rest of that one line.
 */
import { path } from "../../platform/paths.js";
import { URL } from "../../platform/urls.js";
import type * as Acorn from "acorn";
import { IMPORT_NAME, META_NAME } from "./import-names.js";
import type { ImportedName, Script, ScriptParts, StaticImport } from "./script-description.js";
import { collectNames, contains, isAwait, type Node, parse, walk } from "./syntax-tree.js";

/** Reads one program, once. */
export class Reader {
  readonly #text: string;
  readonly #ownBase: boolean;
  readonly #body: readonly Acorn.Program["body"][number][];
  readonly #edits: Edit[] = [];
  readonly #imports: StaticImport[] = [];
  readonly #constants: string[] = [];
  readonly #variables: string[] = [];
  readonly #undefineds: string[] = [];
  readonly #vars: string[] = [];
  #head = "";
  #isRenamed = false;
  #awaits = false;

  constructor(text: string, { base, filename }: Script) {
    this.#text = text;
    this.#body = parse(text).body;
    // Node resolves `import()` against the file name if that is a path or a URL, otherwise against the working directory.
    this.#ownBase = base !== undefined || path.isAbsolute(filename) || URL.canParse(filename);
  }

  parts(): ScriptParts {
    for (const statement of this.#body) this.#scan(statement);
    const awaits = this.#awaits;
    const last = this.#body.at(-1);
    const isExpression = last?.type === "ExpressionStatement" && last.directive === undefined;
    const cutTail = awaits && isExpression && !contains(last as unknown as Node, isAwait);
    const functions = awaits ? this.#body.filter(({ type }) => type === "FunctionDeclaration") : [];
    // Taken before the edits below, which blank and change these statements.
    const only = (statements: readonly Acorn.Node[]): string | undefined =>
      statements.length === 0 ? undefined : this.#keep(statements);
    const [functionsText, tail] = [only(functions), only(cutTail ? [last] : [])];

    for (const [i, statement] of this.#body.entries()) {
      if (functions.includes(statement) || (cutTail && statement === last)) this.#blank(statement);
      else this.#statement(statement, i);
    }
    const [first] = this.#body;
    return {
      imports: this.#imports,
      declared: {
        constants: this.#constants,
        variables: this.#variables,
        undefineds: this.#undefineds,
        vars: this.#vars,
      },
      functions: functionsText,
      head: this.#head,
      body: applyEdits(this.#text, 0, this.#text.length, this.#edits),
      tail,
      awaits,
      strict: first?.type === "ExpressionStatement" && this.#hasUseStrict(),
      completes: isExpression,
      isRenamed: this.#isRenamed,
    };
  }

  #hasUseStrict(): boolean {
    for (const statement of this.#body) {
      if (statement.type !== "ExpressionStatement" || statement.directive === undefined) return false;
      if (statement.directive === "use strict") return true;
    }
    return false;
  }

  /** Finds top-level `await`, and renames `import.meta` and `import()` at any depth. */
  #scan(node: unknown): void {
    walk(node, true, (found, outside) => {
      if (outside && isAwait(found)) this.#awaits = true;
      const { type, start, end } = found;
      if (type === "MetaProperty" && (found["meta"] as { name?: string }).name === "import") {
        this.#rename(start, end, META_NAME);
      } else if (type === "ImportExpression" && this.#ownBase) {
        this.#rename(start, start + "import".length, IMPORT_NAME);
      }
    });
  }

  #statement(statement: Acorn.Program["body"][number], index: number): void {
    switch (statement.type) {
      case "ImportDeclaration":
        this.#import(statement);
        break;
      case "ExportAllDeclaration":
      case "ExportDefaultDeclaration":
      case "ExportNamedDeclaration":
        throw Object.assign(
          new SyntaxError(
            "a script has no exports: remove `export`; later scripts and calls see what it declares",
          ),
          {
            loc: statement.loc?.start,
            final: true,
          },
        );
      case "VariableDeclaration":
        if (statement.kind === "let" || statement.kind === "const") this.#lexical(statement);
        else this.#nestedVars(statement as unknown as Node);
        break;
      case "ClassDeclaration":
        this.#class(statement, index);
        break;
      default:
        this.#nestedVars(statement as unknown as Node);
    }
  }

  #import(statement: Acorn.ImportDeclaration): void {
    const { specifiers, source, attributes } = statement;
    const names = specifiers.map((each): ImportedName => {
      const { line, column } = each.loc?.start ?? { line: 1, column: 0 };
      let imported = each.type === "ImportDefaultSpecifier" ? "default" : "*";
      if (each.type === "ImportSpecifier") {
        imported = each.imported.type === "Literal" ? String(each.imported.value) : each.imported.name;
      }
      return { local: each.local.name, imported, line, column };
    });
    const pairs = attributes.map(({ key, value }): [string, string] => [
      key.type === "Literal" ? String(key.value) : key.name,
      String(value.value),
    ]);
    this.#imports.push({
      specifier: String(source.value),
      attributes: pairs.length === 0 ? undefined : Object.fromEntries(pairs),
      names,
    });
    this.#blank(statement);
  }

  #lexical(statement: Acorn.VariableDeclaration): void {
    const names = statement.kind === "const" ? this.#constants : this.#variables;
    for (const { id, init } of statement.declarations) collectNames(id, init ? names : this.#undefineds);
    this.#edits.push({
      start: statement.start,
      end: statement.start + statement.kind.length,
      text: "0,".padEnd(statement.kind.length),
    });
  }

  /** Collects the `var`s of this level, in any statement: in an async function they would be local variables. */
  #nestedVars(statement: Node): void {
    walk(statement, true, (found, outside, parent) => {
      if (!outside || found.type !== "VariableDeclaration" || found["kind"] !== "var") return;
      const declaration = found as unknown as Acorn.VariableDeclaration;
      for (const { id } of declaration.declarations) collectNames(id, this.#vars);
      if (!this.#awaits) return;
      const isTarget = /^For(?:In|Of)Statement$/.test(parent?.type ?? "") && parent?.["left"] === found;
      this.#edits.push({
        start: declaration.start,
        end: declaration.start + 3,
        text: isTarget ? "   " : "0, ",
      });
    });
  }

  #class(statement: Acorn.ClassDeclaration, index: number): void {
    const { name, end: nameEnd } = statement.id;
    this.#variables.push(name);
    const text = this.#text;
    const { start, end } = statement;
    const head = text.slice(start, nameEnd);
    const lineStart =
      Math.max(...["\n", "\r", "\u2028", "\u2029"].map((c) => text.lastIndexOf(c, start - 1))) + 1;
    const before = index === 0 ? 0 : this.#body[index - 1].end;
    if (!text.slice(nameEnd, end).includes(name) && /^class[ \t]+\S+$/.test(head)) {
      this.#edits.push({ start, end: nameEnd, text: `${name}=class`.padEnd(head.length) });
    } else if (index === 0) this.#head = `${name}=`;
    else if (before <= lineStart) this.#edits.push({ start: before, end: before, text: `;${name}=` });
    else this.#edits.push({ start, end: start, text: `${name}=` });

    // As an expression, the class would continue into the next statement.
    const next = this.#body[index + 1];
    if (next === undefined) return;
    const between = text.slice(end, next.start);
    const goesOn =
      !/[\n\r\u2028\u2029]/.test(between) || /^[([`+\-/]/.test(text.slice(next.start, next.start + 1));
    if (!goesOn) return;
    const space = /^[ \t]/.test(between) ? 1 : 0;
    this.#edits.push({ start: end, end: end + space, text: ";" });
  }

  #blank({ start, end }: Acorn.Node): void {
    this.#edits.push({ start, end, text: blank(this.#text.slice(start, end)) });
  }

  #rename(start: number, end: number, name: string): void {
    this.#isRenamed = true;
    this.#edits.push({ start, end, text: name.padEnd(end - start) });
  }

  /** Returns the text with everything but `statements` blanked out. */
  #keep(statements: readonly Acorn.Node[]): string {
    let kept = "";
    let at = 0;
    for (const { start, end } of statements) {
      kept += blank(this.#text.slice(at, start)) + applyEdits(this.#text, start, end, this.#edits);
      at = end;
    }
    return kept + blank(this.#text.slice(at));
  }
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const isInsertion = ({ start, end }: Edit): boolean => start === end;

/** Puts an insertion before a replacement at the same place. An outer edit overrides the edits within it. */
function applyEdits(text: string, from: number, to: number, edits: readonly Edit[]): string {
  const inside = edits.filter(({ start, end }) => start >= from && end <= to);
  inside.sort(
    (a, b) => a.start - b.start || Number(isInsertion(b)) - Number(isInsertion(a)) || b.end - a.end,
  );
  let result = "";
  let at = from;
  for (const edit of inside) {
    if (edit.start < at) continue;
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at, to);
}

const blank = (text: string): string => text.replace(/[^\n\r\u2028\u2029]/g, " ");
