/**
 * Making interpreters, keeping standby threads for them, and listing them (PEP 734, "interpreters Module Functions"; CPython:
 * `concurrent.interpreters`).
 */
// Not the global: a script may have replaced it.
import { setTimeout } from "../platform/timers.js";
import { checkCount, checkOptions, ownOptions } from "../base/check.js";
import { InterpreterError } from "../base/errors.js";
import { defaultLanguage, type Language, languageOf } from "../guests/language.js";
import { load, set, type SharedMemory } from "../memory/atomics.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import { ring } from "../memory/doorbell.js";
import {
  H_SLOTS_USED,
  MAIN_SLOT,
  S_GUEST,
  slotPointer,
  SUPERVISOR_SLOT,
  WHENCE_CREATED,
} from "../memory/layout.js";
import { makeFirstCache } from "../thread/bundle-for-interpreters.js";
import { request, startSupervisor } from "../thread/supervisor-client.js";
import { lend } from "../transfer/supervisor-port.js";
import { codeOf } from "../wire/code.js";
import { runtime } from "../thread/current.js";
import { bind, type Interpreter } from "./interpreter.js";
import { checkCreateOptions, type CreateOptions } from "./options.js";
import { Output } from "./output.js";
import { isSentBefore, sendParent } from "./parent.js";
import { REQUEST_BOOT, REQUEST_PREWARM } from "../wire/protocol.js";
import { claimSlot, freeSlot, idOf, isAlive, setName } from "../kernel/registry.js";
import { warmUp } from "./warm-up.js";
import { giveToStandby, newKind } from "./standby.js";

/** Milliseconds before the supervisor replaces a standby thread that was taken. */
const REFILL_DELAY = 20;
const MOST_STANDBY = 100;
/** The codec tags of the languages for whose calls this thread is warmed up. */
const warmedUp = new Set<number>();
/** The codec tags of those for which this thread has loaded what describes functions. */
const describes = new Set<number>();

/**
 * Makes an interpreter (PEP 734 and CPython: `create`). It boots in the background, and its first operation waits for that. If the
 * boot fails, every operation on it fails with an InterpreterError (`ERR_INTERPRETER_BOOT`) that has the reason as its `cause`.
 *
 * @param options see `CreateOptions`. Default: an isolated JavaScript interpreter that writes where the process does.
 * @throws TypeError, RangeError a bad option; InterpreterError: all places are taken, 1021 besides the main interpreter
 * (`ERR_INTERPRETER_LIMIT`), the shared memory is full or cannot be reserved (`ERR_INTERPRETER_MEMORY`), a bundler took this package
 * apart (`ERR_INTERPRETER_FILES`), or no thread can be started (`ERR_INTERPRETER_BOOT`, with the reason as its `cause`)
 * @example
 * await using interp = create({ name: "thumbnails" });
 * await interp.exec("var greeting = 'hello'");
 */
export function create(options: CreateOptions = {}): Interpreter {
  const { id, slot } = createPlace(options);
  return bind(id, slot);
}

/**
 * As `create`, without an object for the interpreter, which this thread holds all the same (held-interpreters.ts). A `lazy` one boots when the first
 * work is sent to it.
 */
export function createPlace(
  given: CreateOptions,
  { guestWord = 0, lazy = false }: { readonly guestWord?: number; readonly lazy?: boolean } = {},
): {
  readonly id: InterpreterId;
  readonly slot: Slot;
} {
  const options = ownOptions(given);
  const boot = checkCreateOptions(options);
  const rt = runtime();
  const { m } = rt;
  // Main hands the boot request to the supervisor that it starts, except for another language: its data may be anything, which only the
  // codec can send.
  const asData = m.slot === MAIN_SLOT && boot.language.module === undefined && !lazy;
  if (!asData) startSupervisor(rt);
  if (options.language?.shared !== undefined) lend(rt, options.language.shared);
  const output = Output.open(rt, options);
  const slot = claimSlot(m, WHENCE_CREATED, undefined, undefined, undefined, boot.language.tag, lazy);
  if (slot === -1) {
    void output?.close();
    throw new InterpreterError("Cannot create an interpreter: all places are taken. Close some first.", {
      code: "ERR_INTERPRETER_LIMIT",
    });
  }
  const id = idOf(m, slot);
  set(m, slotPointer(slot) + S_GUEST, guestWord);
  if (boot.name !== undefined) setName(m, slot, boot.name);
  const sent = output === undefined ? boot : { ...boot, output: { ...boot.output, channel: output.channel } };
  try {
    const prepare = isSentBefore(options) ? () => sendParent(rt, slot, id, options) : undefined;
    if (!asData || !startSupervisor(rt, { slot, id, options: sent }, prepare)) {
      prepare?.();
      if (!lazy && output === undefined && giveToStandby(m, boot, slot)) notifyLater(m);
      else request(rt, REQUEST_BOOT, slot, id, lazy ? 1 : 0, sent);
    }
    makeFirstCache(warmUpOnce);
  } catch (error) {
    freeSlot(m, slot);
    void output?.close();
    throw error;
  }
  output?.attach(id);
  return { id, slot };
}

/**
 * Has the supervisor replace a standby thread that got a slot. Not at once, as the new thread would compete with the first calls of
 * this one. Whatever the supervisor must know earlier, it reads in the cell (kernel/standby.ts).
 */
function notifyLater(m: SharedMemory): void {
  setTimeout(ring, REFILL_DELAY, m, SUPERVISOR_SLOT).unref();
}

/** Options of `prewarm`. */
export interface PrewarmOptions {
  /** The language of the standby interpreters. Default: JavaScript. */
  language?: Language | undefined;
}

/**
 * Keeps `count` booted interpreters on standby for this process. A `create()` whose only option is the same `language`, if any, takes
 * one, which is ready at once, and another one is started in the background.
 *
 * Standby interpreters cost as much as idle ones. They are not listed and have no id until they are taken, do not keep the process
 * alive, and have the environment variables of the time when they were started; `create()` does not take one if the variables have
 * changed since. Each `prewarm` replaces the last one, and `prewarm(0)` ends the standby interpreters. A call takes about 20 ms the
 * first time: it loads the parser for functions that are sent, and warms up this thread with a call. (CPython has no counterpart.)
 *
 * @param count how many, from 0 to 100
 * @param given `language`
 * @throws TypeError `count` is not an integer, or a bad option; RangeError `count` is out of range; InterpreterError as `create`
 * @example
 * prewarm(2);
 * await using interp = create();
 * await interp.call(Math.hypot, 3, 4); // 5
 */
export function prewarm(count: number, given: PrewarmOptions = {}): void {
  const options = ownOptions(given);
  checkOptions("prewarm", options, ["language"]);
  checkCount("prewarm: the number of interpreters", count, 0);
  if (count > MOST_STANDBY) {
    throw new RangeError(
      `prewarm: the number of interpreters must be at most ${MOST_STANDBY}, found ${count}`,
    );
  }
  const rt = runtime();
  startSupervisor(rt);
  const boot = checkCreateOptions(options);
  if (options.language?.shared !== undefined) lend(rt, options.language.shared);
  request(rt, REQUEST_PREWARM, count, newKind(rt.m, boot), 0, boot);
  makeFirstCache(warmUpOnce);
  const language = languageOf(boot.language.tag);
  const { tag, executing } = language;
  if (count === 0 || describes.has(tag) || executing === undefined) return;
  describes.add(tag);
  // This thread's first call would otherwise wait until the parser is loaded and the code of a call is compiled. A language may refuse
  // a function of JavaScript.
  attempt(() => codeOf(rt.m, (value: unknown) => value, language));
  warmUpOnce(language);
}

/** Warms up this thread for calls, unless it has been. */
function warmUpOnce({ tag, executing } = defaultLanguage()): void {
  if (warmedUp.has(tag) || executing === undefined) return;
  warmedUp.add(tag);
  // The address space may not suffice for another memory: the thread works without a warm-up.
  attempt(() => warmUp(executing));
}

function attempt(step: () => unknown): void {
  try {
    step();
  } catch {
    // Only a part of the warm-up.
  }
}

/**
 * The interpreter that this code runs in (PEP 734 and CPython: `get_current`). A worker thread that `create` did not make becomes an
 * interpreter with its first use of this package.
 *
 * @throws InterpreterError this thread cannot join the interpreters of its process: all places are taken (`ERR_INTERPRETER_LIMIT`), or
 * another version of this package started them (`ERR_INTERPRETER_PROTOCOL`)
 * @example
 * getCurrent() === getMain(); // true
 */
export function getCurrent(): Interpreter {
  const rt = runtime();
  return bind(rt.id, rt.m.slot);
}

/**
 * The main interpreter, whose id is 0 (PEP 734 and CPython: `get_main`): the process's main thread,
 * whichever thread uses this package first. Its end ends all other interpreters.
 *
 * @throws as `getCurrent`
 * @example
 * await using interp = create();
 * const id = await interp.call(async () => {
 *   const { getMain } = await import("interpreters");
 *   return getMain().id;
 * });
 * console.log(id); // 0
 */
export function getMain(): Interpreter {
  return bind(0 as InterpreterId, MAIN_SLOT);
}

/**
 * All interpreters of this process, including booting ones, ordered by id (PEP 734 and CPython: `list_all`).
 *
 * @throws as `getCurrent`
 * @example
 * await using interp = create();
 * listAll().includes(interp); // true
 */
export function listAll(): Interpreter[] {
  const { m } = runtime();
  const found: Interpreter[] = [];
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    const id = idOf(m, slot);
    if (id >= 0 && isAlive(m, slot)) found.push(bind(id, slot));
  }
  return found.sort((a, b) => a.id - b.id);
}
