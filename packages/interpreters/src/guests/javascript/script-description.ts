/** The description of a script: script-text.ts and script-reader.ts make it on the caller's side, script.ts runs it. */
import type { Complaint } from "./syntax-error.js";

/** The description that travels: the text, its location, and what the target needs to run it. */
export interface Script {
  readonly source: string;
  readonly filename: string;
  /** The URL that specifiers resolve against; undefined for the working directory. */
  readonly base: string | undefined;
  /** Present if SIGINT interrupts the script. */
  readonly breakOnSigint?: true;
  /** Present if the target must not run `source` unchanged. */
  readonly parts?: ScriptParts;
  /** Present if none of our parsers could read `source`. */
  readonly broken?: FinalComplaint;
}

/** The texts of a rewritten script, and what to do before and after each of them. */
export interface ScriptParts {
  readonly imports: readonly StaticImport[];
  readonly declared: Declared;
  /** The source with its functions only, if they must stay outside the async function that awaits. */
  readonly functions: string | undefined;
  /** Text to put before the first line of the body. */
  readonly head: string;
  readonly body: string;
  /** The source with its last expression only, if the script awaits but that expression does not. */
  readonly tail: string | undefined;
  /** Whether `body` awaits, and so must become the body of an async function. */
  readonly awaits: boolean;
  readonly strict: boolean;
  /** Whether the value of the body is the value of the script, and not that of a rewritten declaration. */
  readonly completes: boolean;
  /** Whether the texts contain META_NAME or IMPORT_NAME. */
  readonly isRenamed: boolean;
}

/** The names at the top level, by kind of declaration. */
export interface Declared {
  readonly constants: readonly string[];
  readonly variables: readonly string[];
  /** `let x;`, which has its value from the start. */
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
  /** The name of the module's export; `*` for its namespace. */
  readonly imported: string;
  readonly line: number;
  readonly column: number;
}

export interface FinalComplaint extends Complaint {
  /** V8 would say less about it, or nothing. */
  readonly final: boolean;
}
