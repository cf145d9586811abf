/**
 * The package's public symbols, and the documentation of each: read from the sources with a parser, because the compiler has
 * no stable API (TypeScript 7) and comments are gone at run time.
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import {
  type Class,
  type Comment,
  type Declaration,
  type IdentifierName,
  type ModuleExportName,
  parseSync,
  type Program,
  type PropertyKey,
  type TSInterfaceDeclaration,
} from "oxc-parser";

export interface Member {
  readonly name: string;
  readonly isMethod: boolean;
  /** The doc comments of all its overloads; empty if it has none. */
  readonly doc: string;
}

export interface PublicSymbol {
  readonly name: string;
  readonly kind: "class" | "value" | "type";
  readonly doc: string;
  /** The public members of a class or an interface. */
  readonly members: readonly Member[];
}

interface Source {
  readonly file: string;
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
}

/** Everything that the module `entry` exports, in alphabetical order. */
export function publicSymbols(entry: string): PublicSymbol[] {
  return [...exportsOf(entry)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, symbol]) => symbol);
}

const sources = new Map<string, Source>();

function read(file: string): Source {
  let source = sources.get(file);
  if (source === undefined) {
    const text = readFileSync(file, "utf8");
    const { program, comments, errors } = parseSync(file, text);
    if (errors.length > 0) throw new Error(`Cannot parse ${file}: ${errors[0].message}`);
    source = { file, text, program, comments };
    sources.set(file, source);
  }
  return source;
}

/** The source of a relative import: `./x.js` is written in `./x.ts`. */
function resolve(from: string, specifier: string): string {
  return path.resolve(path.dirname(from), specifier.replace(/js$/, "ts"));
}

function exportsOf(file: string): Map<string, PublicSymbol> {
  const source = read(file);
  const found = new Map<string, PublicSymbol>();
  for (const statement of source.program.body) {
    if (statement.type === "ExportAllDeclaration") {
      if (statement.exported !== null) throw new Error(`${file}: \`export * as\` is not supported here`);
      for (const [name, symbol] of exportsOf(resolve(file, statement.source.value))) found.set(name, symbol);
    } else if (statement.type === "ExportNamedDeclaration") {
      if (statement.declaration !== null) {
        for (const name of namesOf(statement.declaration)) found.set(name, declared(source, name));
      }
      for (const { local, exported } of statement.specifiers) {
        const from = statement.source === null ? file : resolve(file, statement.source.value);
        found.set(textOf(exported), { ...lookUp(from, textOf(local)), name: textOf(exported) });
      }
    } else if (statement.type === "ExportDefaultDeclaration") {
      throw new Error(`${file}: a default export is not supported here`);
    }
  }
  return found;
}

/** A name in a module: declared there, imported, or exported again. */
function lookUp(file: string, name: string): PublicSymbol {
  const source = read(file);
  for (const statement of source.program.body) {
    if (statement.type !== "ImportDeclaration") continue;
    for (const specifier of statement.specifiers) {
      if (specifier.type === "ImportSpecifier" && specifier.local.name === name) {
        return lookUp(resolve(file, statement.source.value), textOf(specifier.imported));
      }
    }
  }
  if (declarationsOf(source, name).length > 0) return declared(source, name);
  const symbol = exportsOf(file).get(name);
  if (symbol === undefined) throw new Error(`${file} has no ${name}`);
  return symbol;
}

function textOf(name: ModuleExportName): string {
  return name.type === "Literal" ? name.value : name.name;
}

interface Placed {
  readonly declaration: Declaration;
  /** Where its statement begins, `export` included. */
  readonly start: number;
}

function declarationsOf({ program }: Source, name: string): Placed[] {
  return program.body.flatMap((statement): Placed[] => {
    const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
    if (declaration === null || !isDeclaration(declaration) || !namesOf(declaration).includes(name))
      return [];
    return [{ declaration, start: statement.start }];
  });
}

function isDeclaration(node: { type: string }): node is Declaration {
  return /^(?:VariableDeclaration|(?:TSDeclare)?Function(?:Declaration)?|ClassDeclaration|TS\w+Declaration)$/.test(
    node.type,
  );
}

function namesOf(declaration: Declaration): string[] {
  if (declaration.type === "VariableDeclaration") {
    return declaration.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id.name] : []));
  }
  return "id" in declaration && declaration.id?.type === "Identifier" ? [declaration.id.name] : [];
}

/** Overloads, and an interface beside a class of its name, are one symbol. */
function declared(source: Source, name: string): PublicSymbol {
  const placed = declarationsOf(source, name);
  const types = new Set(placed.map(({ declaration }) => declaration.type));
  const members = new Map<string, Member>();
  for (const { declaration } of placed) {
    for (const member of membersOf(source, declaration)) {
      const doc = (members.get(member.name)?.doc ?? "") + member.doc;
      members.set(member.name, { ...member, doc });
    }
  }
  types.delete("TSInterfaceDeclaration");
  types.delete("TSTypeAliasDeclaration");
  return {
    name,
    kind: types.has("ClassDeclaration") ? "class" : types.size > 0 ? "value" : "type",
    doc: placed.map(({ start }) => docBefore(source, start)).join(""),
    members: [...members.values()],
  };
}

function membersOf(source: Source, declaration: Declaration): Member[] {
  if (declaration.type === "ClassDeclaration") {
    const bases = [
      declaration.superClass,
      ...(declaration.implements ?? []).map(({ expression }) => expression),
    ];
    const own = inherited(source, membersOfClass(source, declaration), bases);
    // Internal ones too, which are no members here.
    const names = declaration.body.body.flatMap((element) =>
      "key" in element && element.key.type !== "PrivateIdentifier"
        ? [nameOf(source, element.key, element.computed)]
        : [],
    );
    return [...own, ...fromInterfaces(source, names, bases.slice(1))];
  }
  if (declaration.type === "TSInterfaceDeclaration") {
    const bases = declaration.extends.map(({ expression }) => expression);
    const own = inherited(source, membersOfInterface(source, declaration), bases);
    const names = own.map(({ name }) => name);
    return [...own, ...fromInterfaces(source, names, bases)];
  }
  return [];
}

/** The members that only an interface declares, of a class whose base class has them (`Interpreter.call`) or of an interface that extends it. */
function fromInterfaces(
  source: Source,
  own: readonly string[],
  interfaces: readonly ({ type: string } | null)[],
): Member[] {
  const found = new Map<string, Member>();
  for (const base of interfaces) {
    if (base?.type !== "Identifier" || !isKnown(source, (base as IdentifierName).name)) continue;
    for (const member of lookUp(source.file, (base as IdentifierName).name).members) {
      if (own.includes(member.name)) continue;
      const { doc = "" } = found.get(member.name) ?? {};
      found.set(member.name, { ...member, doc: doc + member.doc });
    }
  }
  return [...found.values()];
}

/** The members without documentation get that of a base's member of the same name, as in editors. */
function inherited(
  source: Source,
  own: readonly Member[],
  bases: readonly ({ type: string } | null)[],
): Member[] {
  const docs = new Map<string, string>();
  for (const base of bases) {
    // A base from elsewhere, such as `Error`, has no source here.
    if (base?.type !== "Identifier" || !isKnown(source, (base as IdentifierName).name)) continue;
    const { members } = lookUp(source.file, (base as IdentifierName).name);
    for (const { name, doc } of members) docs.set(name, (docs.get(name) ?? "") + doc);
  }
  return own.map((member) => (member.doc === "" ? { ...member, doc: docs.get(member.name) ?? "" } : member));
}

function isKnown(source: Source, name: string): boolean {
  const imported = source.program.body.some(
    (statement) =>
      statement.type === "ImportDeclaration" &&
      statement.source.value.startsWith(".") &&
      statement.specifiers.some(({ local }) => local.name === name),
  );
  return imported || declarationsOf(source, name).length > 0;
}

function membersOfClass(source: Source, { body }: Class): Member[] {
  return body.body.flatMap((element): Member[] => {
    if (element.type === "StaticBlock" || element.type === "TSIndexSignature") return [];
    const isPublic = element.accessibility !== "private" && element.accessibility !== "protected";
    const isConstructor = element.type === "MethodDefinition" && element.kind === "constructor";
    const doc = docBefore(source, element.start);
    if (!isPublic || isConstructor || element.key.type === "PrivateIdentifier") return [];
    if (/@internal\b/.test(doc)) return [];
    const isMethod =
      /^(?:TSAbstract)?MethodDefinition$/.test(element.type) &&
      !("kind" in element && element.kind !== "method");
    return [{ name: nameOf(source, element.key, element.computed), isMethod, doc }];
  });
}

function membersOfInterface(source: Source, { body }: TSInterfaceDeclaration): Member[] {
  return body.body.flatMap((element): Member[] => {
    if (element.type !== "TSPropertySignature" && element.type !== "TSMethodSignature") return [];
    const name = nameOf(source, element.key, element.computed);
    const isMethod = element.type === "TSMethodSignature";
    return [{ name, isMethod, doc: docBefore(source, element.start) }];
  });
}

function nameOf({ text }: Source, key: PropertyKey, computed: boolean): string {
  const name = text.slice(key.start, key.end);
  return computed ? `[${name}]` : name;
}

/** The doc comment that ends right before `start`, with no empty line between. */
function docBefore({ text, comments }: Source, start: number): string {
  const comment = comments.findLast(({ end }) => end <= start);
  if (comment?.type !== "Block" || !comment.value.startsWith("*")) return "";
  return /^[^\S\n]*\n?[^\S\n]*$/.test(text.slice(comment.end, start)) ? `/*${comment.value}*/` : "";
}
