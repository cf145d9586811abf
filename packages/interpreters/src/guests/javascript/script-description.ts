/** The description of a script: script-text.ts and script-reader.ts make it on the caller's side, script.ts runs it. */
import type { Complaint } from "./syntax-error.js";

/** What travels: the text, where it stands, and what it takes to run it. */
export interface Script {
  readonly source: string;
  readonly filename: string;
  /** The URL that modules are looked for from; undefined: the working directory. */
  readonly base: string | undefined;
  /** Present if it is not to be run as it is. */
  readonly parts?: ScriptParts;
  /** Present if no parser here could read it. */
  readonly broken?: FinalComplaint;
}

export interface ScriptParts {
  readonly imports: readonly StaticImport[];
  readonly declared: Declared;
  /** The source with its functions only, where they must not be within what awaits. */
  readonly functions: string | undefined;
  /** What stands before the body's first line. */
  readonly head: string;
  readonly body: string;
  /** The source with its last expression only, where that does not await. */
  readonly tail: string | undefined;
  /** Whether `body` awaits, and so has to be that of an async function. */
  readonly awaits: boolean;
  readonly strict: boolean;
  /** Whether what the body evaluates to is that of the script, and not of a declaration that was rewritten. */
  readonly completes: boolean;
  /** Whether it has META_NAME or IMPORT_NAME in it. */
  readonly isRenamed: boolean;
}

/** Names at the top level, by how they are declared. */
export interface Declared {
  readonly constants: readonly string[];
  readonly variables: readonly string[];
  /** `let x;`: has its value from the start. */
  readonly undefineds: readonly string[];
  readonly vars: readonly string[];
}

export interface StaticImport {
  readonly specifier: string;
  readonly attributes: Readonly<Record<string, string>> | undefined;
  readonly names: readonly ImportedName[];
}

export interface ImportedName {
  readonly local: string;
  /** What the module calls it; `*` is its namespace. */
  readonly imported: string;
  readonly line: number;
  readonly column: number;
}

export interface FinalComplaint extends Complaint {
  /** V8 would say less of it, or nothing. */
  readonly final: boolean;
}
