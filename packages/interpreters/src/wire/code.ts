/**
 * Functions on their way: a store of code in shared memory, for the whole process.
 *
 * The caller's side writes a description of the function (its text, or which module or builtin it is; see
 * guests/javascript/callable.ts) into pages of its own, once, however many interpreters and pools it is sent to. A call
 * carries the code's id and the pointer to it; an interpreter that does not know the id reads the description there, once.
 *
 *     block: [ id, length in bytes, description as UTF-8 JSON … ]
 *
 * The block belongs to the interpreter that made it, and lives until the function and all pending calls of it are collected. A
 * reader compares the id after it has copied the block: if it has changed, the owner has died, and with it the call.
 */
import { types } from "../platform/brand-checks.js";
import { NotShareableError } from "../base/errors.js";
import { toJson } from "../base/json.js";
import { add, get, ensureMapped, readBytes, set, type SharedMemory, writeBytes } from "../memory/atomics.js";
import type { Owner, Pointer } from "../memory/brands.js";
import { H_NEXT_CODE, PAGE_BYTES, PAGE_WORDS } from "../memory/layout.js";
import { allocatePages, freePages } from "../memory/page-allocator.js";
import { memoryFull } from "./status-error.js";

const BLOCK_HEADER = 2;

/** A function's code in shared memory. Keep it reachable while a call of it is pending. */
export interface Code {
  readonly id: number;
  readonly pointer: Pointer;
  /** The tag of the language that described it. */
  readonly language: number;
}

/** The caller's side of a guest language, as far as functions go (guests/language.ts). */
interface Describer {
  readonly tag: number;
  describeFunction(fn: unknown): object;
}

const byFunction = new WeakMap<object, Code>();
/** A language gives functions of one text one description: functions made in a loop are sent once. */
const byDescription = new WeakMap<object, Code>();

const collected = new FinalizationRegistry<{ m: SharedMemory; pointer: Pointer }>(({ m, pointer }) => {
  freePages(m, pointer);
});

/**
 * Returns the code of `fn`, which is stored the first time. Throws what the language throws for a function that cannot travel.
 * `iterates`: whether it may be a generator function.
 */
export function codeOf(m: SharedMemory, fn: unknown, language: Describer, iterates = false): Code {
  const known = typeof fn === "function" ? byFunction.get(fn) : undefined;
  if (known !== undefined && known.language === language.tag) return known;
  if (!iterates && types.isGeneratorFunction(fn)) {
    const name: unknown = Object.getOwnPropertyDescriptor(fn, "name")?.value;
    throw new NotShareableError(
      `${typeof name === "string" && name !== "" ? `function ${JSON.stringify(name)}` : "an anonymous function"} cannot be ` +
        "called in another interpreter: it is a generator function, and the iterator it returns cannot be sent back; " +
        "use iterate(), which sends its items as they come",
    );
  }
  const description = language.describeFunction(fn);
  let code = byDescription.get(description);
  if (code === undefined) {
    code = store(m, toJson(description), language.tag);
    byDescription.set(description, code);
    collected.register(code, { m, pointer: code.pointer });
  }
  // A language may name a function by a string.
  if (typeof fn === "function") byFunction.set(fn, code);
  return code;
}

function store(m: SharedMemory, text: string, language: number): Code {
  const bytes = Buffer.from(text);
  const pages = Math.ceil((BLOCK_HEADER * 4 + bytes.length) / PAGE_BYTES);
  const pointer = allocatePages(m, pages, (m.slot + 1) as Owner);
  if (pointer === 0) throw memoryFull(`send a function of ${bytes.length} bytes`);
  const id = add(m, H_NEXT_CODE, 1) + 1;
  set(m, pointer, id);
  set(m, pointer + 1, bytes.length);
  writeBytes(m, pointer, BLOCK_HEADER * 4, bytes, 0, bytes.length);
  return { id, pointer, language };
}

/** Reads the description of code `id`. Returns undefined if its owner is gone. */
export function fetchCode(m: SharedMemory, id: number, pointer: Pointer): unknown {
  ensureMapped(m, pointer + PAGE_WORDS - 1);
  if (get(m, pointer) !== id) return undefined;
  const length = get(m, pointer + 1);
  const bytes = Buffer.allocUnsafe(length);
  ensureMapped(m, pointer + BLOCK_HEADER + (length >> 2));
  readBytes(m, pointer, BLOCK_HEADER * 4, bytes, 0, length);
  if (get(m, pointer) !== id) return undefined;
  return JSON.parse(bytes.toString()) as unknown;
}
