/** The label of a work item in a trace, or in `interpreters top`. */
import type { SharedMemory } from "../memory/atomics.js";
import type { Pointer } from "../memory/brands.js";
import type { fetchCode } from "../wire/code.js";
import {
  WORK_CALL_BATCH,
  WORK_CLOSE,
  WORK_CONSTRUCT,
  WORK_EXEC,
  WORK_GUEST,
  WORK_ITERATE,
  WORK_OBJECT,
  WORK_PREPARE,
  WORK_SERVE,
} from "../wire/protocol.js";

const LONGEST = 60;
/** How many labels a thread keeps: a program may make functions for ever. */
const MOST = 10_000;

const KINDS: Readonly<Record<number, string>> = {
  [WORK_EXEC]: "exec",
  [WORK_PREPARE]: "prepareMain",
  [WORK_CLOSE]: "close",
  [WORK_SERVE]: "set up",
  [WORK_CALL_BATCH]: "map",
  [WORK_ITERATE]: "iterate",
  [WORK_CONSTRUCT]: "construct",
  [WORK_OBJECT]: "method",
  [WORK_GUEST]: "guest",
};

export class Labels {
  readonly #m: SharedMemory;
  readonly #fetch: typeof fetchCode;
  readonly #byCode = new Map<number, string>();

  constructor(m: SharedMemory, fetch: typeof fetchCode) {
    this.#m = m;
    this.#fetch = fetch;
  }

  /** The label of a work item: its function, or else its kind (WORK_…). `code` is 0 without a function. */
  of(kind: number, code: number, pointer: Pointer): string {
    const named = code > 0 && kind !== WORK_OBJECT ? this.ofCode(code, pointer) : undefined;
    if (kind === WORK_SERVE) return named === undefined ? "set up" : `set up: ${named}`;
    return named ?? KINDS[kind] ?? "call";
  }

  /** The label of a function, or undefined if its description is gone. */
  ofCode(code: number, pointer: Pointer): string | undefined {
    const known = this.#byCode.get(code);
    if (known !== undefined) return known;
    const label = this.#read(code, pointer);
    if (label !== undefined) {
      if (this.#byCode.size >= MOST) this.#byCode.clear();
      this.#byCode.set(code, label);
    }
    return label;
  }

  #read(code: number, pointer: Pointer): string | undefined {
    try {
      const description = this.#fetch(this.#m, code, pointer);
      return description === undefined ? undefined : labelOf(description);
    } catch {
      // Its pages belong to another owner by now.
      return undefined;
    }
  }
}

/** The languages' descriptions of functions have these fields, some of them. */
interface Description {
  readonly kind?: unknown;
  readonly name?: unknown;
  readonly export?: unknown;
  readonly url?: unknown;
  readonly path?: unknown;
  readonly source?: unknown;
}

function labelOf(description: unknown): string {
  const { export: exported, url, name, path, source } = description as Description;
  if (typeof exported === "string" && typeof url === "string")
    return short(`${exported} (${url.slice(url.lastIndexOf("/") + 1)})`);
  if (typeof url === "string") return short(`the exports of ${url.slice(url.lastIndexOf("/") + 1)}`);
  if (typeof path === "string") return short(path);
  if (typeof name === "string" && name !== "") return short(name);
  if (typeof source === "string") return short(source);
  return "function";
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
