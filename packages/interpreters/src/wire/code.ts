/**
 * Functions on their way: a process-wide store of code in shared memory.
 *
 * The caller's side writes a description of the function (its text, or which module or builtin it is; see
 * guests/javascript/callable.ts) into pages of its own, once, however many interpreters and pools it is sent to. A call
 * carries the code's id and where it lies; an interpreter that has not met the id reads it there, once.
 *
 *     block: [ id, length in bytes, description as UTF-8 JSON … ]
 *
 * The block belongs to the interpreter that made it and lives until the function and every call of it that is under way
 * are collected. A reader compares the id after copying: where the owner died meanwhile, the call has no one to answer to.
 */
import { add, get, ensureMapped, readBytes, set, type SharedMemory, writeBytes } from "../memory/atomics.js";
import { H_NEXT_CODE, PAGE_BYTES, PAGE_WORDS } from "../memory/layout.js";
import { allocatePages, freePages } from "../memory/page-allocator.js";
import { memoryFull } from "./status-error.js";

const BLOCK_HEADER = 2;

/** Keep it reachable while a call of it is under way. */
export interface Code {
  readonly id: number;
  readonly pointer: number;
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

const collected = new FinalizationRegistry<{ m: SharedMemory; pointer: number }>(({ m, pointer }) => {
  freePages(m, pointer);
});

/** The code of `fn`. Throws what the language throws for a function that cannot travel. */
export function codeOf(m: SharedMemory, fn: unknown, language: Describer): Code {
  const known = typeof fn === "function" ? byFunction.get(fn) : undefined;
  if (known !== undefined && known.language === language.tag) return known;
  const description = language.describeFunction(fn);
  let code = byDescription.get(description);
  if (code === undefined) {
    code = store(m, JSON.stringify(description), language.tag);
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
  const pointer = allocatePages(m, pages, m.slot + 1);
  if (pointer === 0) throw memoryFull(`send a function of ${bytes.length} bytes`);
  const id = add(m, H_NEXT_CODE, 1) + 1;
  set(m, pointer, id);
  set(m, pointer + 1, bytes.length);
  writeBytes(m, pointer, BLOCK_HEADER * 4, bytes, 0, bytes.length);
  return { id, pointer, language };
}

/** The description of code `id`, or undefined where its owner is gone. */
export function fetchCode(m: SharedMemory, id: number, pointer: number): unknown {
  ensureMapped(m, pointer + PAGE_WORDS - 1);
  if (get(m, pointer) !== id) return undefined;
  const length = get(m, pointer + 1);
  const bytes = Buffer.allocUnsafe(length);
  ensureMapped(m, pointer + BLOCK_HEADER + (length >> 2));
  readBytes(m, pointer, BLOCK_HEADER * 4, bytes, 0, length);
  if (get(m, pointer) !== id) return undefined;
  return JSON.parse(bytes.toString()) as unknown;
}
