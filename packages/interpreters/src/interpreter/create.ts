/**
 * Making interpreters, keeping some in reserve, and finding those there are (PEP 734, "interpreters Module Functions"; CPython:
 * `concurrent.interpreters`).
 */
// Not the global: a script may have replaced it.
import { setTimeout } from "../platform/timers.js";
import { checkCount, checkOptions } from "../base/check.js";
import { InterpreterError } from "../base/errors.js";
import { type Language, languageOf } from "../guests/language.js";
import { load, type SharedMemory } from "../memory/atomics.js";
import { ring } from "../memory/doorbell.js";
import { H_SLOTS_USED, MAIN_SLOT, SUPERVISOR_SLOT, WHENCE_CREATED } from "../memory/layout.js";
import { request, startSupervisor } from "../thread/supervisor-client.js";
import { codeOf } from "../wire/code.js";
import { runtime } from "../thread/current.js";
import { bind, type Interpreter } from "./interpreter.js";
import { checkCreateOptions, type CreateOptions } from "./options.js";
import { Output } from "./output.js";
import { REQUEST_BOOT, REQUEST_PREWARM } from "../wire/protocol.js";
import { claimSlot, freeSlot, idOf, isAlive, setName } from "../kernel/registry.js";
import { warmUp } from "./warm-up.js";
import { giveToStandby, newKind } from "./standby.js";

/** Milliseconds. */
const REFILL_DELAY = 20;
const MOST_SPARES = 100;
/** Whether this thread has rehearsed a call. */
let warmedUp = false;

/**
 * Makes an interpreter (PEP 734: `create`). It boots in the background; its first operation waits for that.
 *
 * @throws TypeError for a bad option; InterpreterError (`ERR_INTERPRETER_LIMIT`) all places are taken
 * @example
 * await using interp = create({ name: "thumbnails" });
 * await interp.exec("var greeting = 'hello'");
 */
export function create(options: CreateOptions = {}): Interpreter {
  const boot = checkCreateOptions(options);
  const rt = runtime();
  const { m } = rt;
  startSupervisor(rt);
  const output = Output.open(options);
  const slot = claimSlot(m, WHENCE_CREATED, undefined, undefined, undefined, boot.language.tag);
  if (slot === -1) {
    void output?.close();
    throw new InterpreterError("Cannot create an interpreter: all places are taken. Close some first.", {
      code: "ERR_INTERPRETER_LIMIT",
    });
  }
  const id = idOf(m, slot);
  if (boot.name !== undefined) setName(m, slot, boot.name);
  try {
    if (output === undefined && giveToStandby(m, boot, slot)) tellLater(m);
    else
      request(rt, REQUEST_BOOT, slot, id, 0, { ...boot, output: { ...boot.output, channel: output?.name } });
  } catch (error) {
    freeSlot(m, slot);
    void output?.close();
    throw error;
  }
  output?.attach(rt, id);
  return bind(id, slot);
}

/**
 * A spare thread has got a slot, and the supervisor will start another one. Not at once, as it would compete with the first calls of
 * this one; whatever it needs to know before, it finds out by itself (spare.ts).
 */
function tellLater(m: SharedMemory): void {
  setTimeout(ring, REFILL_DELAY, m, SUPERVISOR_SLOT).unref();
}

/** Options of `prewarm`. */
export interface PrewarmOptions {
  /** The language of the interpreters in reserve. Default: JavaScript. */
  language?: Language;
}

/**
 * Keeps `count` interpreters in reserve for this process, booted: a `create()` without options takes one, which is ready at
 * once, and another is started in the background. They cost what idle interpreters cost, are not listed and have no id before
 * they are used, do not keep the process alive, and have the environment variables of the time when they were started
 * (one whose variables are not those of the creator is not taken). The last `prewarm` counts; `prewarm(0)` lets them go.
 * It takes some 20 ms itself, to load what reads functions that are sent, and to rehearse a call.
 *
 * @throws TypeError, RangeError for what is no such number
 * @example
 * prewarm(2);
 * await using interp = create();
 * await interp.call(Math.hypot, 3, 4); // 5
 */
export function prewarm(count: number, options: PrewarmOptions = {}): void {
  checkOptions("prewarm", options, ["language"]);
  checkCount("prewarm: the number of interpreters", count, 0);
  if (count > MOST_SPARES) {
    throw new RangeError(
      `prewarm: the number of interpreters must be at most ${MOST_SPARES}, found ${count}`,
    );
  }
  const rt = runtime();
  startSupervisor(rt);
  const boot = checkCreateOptions(options);
  request(rt, REQUEST_PREWARM, count, newKind(rt.m, boot), 0, boot);
  const language = languageOf(boot.language.tag);
  if (count === 0 || warmedUp || language.executing === undefined) return;
  warmedUp = true;
  // This thread's first call would otherwise wait for the parser, and for all that is on its way to be compiled.
  codeOf(rt.m, (value: unknown) => value, language);
  try {
    warmUp(language.executing);
  } catch {
    // Only a warm-up: there was no address space for another memory.
  }
}

/** The interpreter that this code runs in. */
export function getCurrent(): Interpreter {
  const rt = runtime();
  return bind(rt.id, rt.m.slot);
}

/** The main interpreter: the thread that started the runtime. */
export function getMain(): Interpreter {
  return bind(0, MAIN_SLOT);
}

/** All interpreters, booting ones too, ordered by id. */
export function listAll(): Interpreter[] {
  const { m } = runtime();
  const found: Interpreter[] = [];
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0; slot < end; slot++) {
    const id = idOf(m, slot);
    if (id >= 0 && isAlive(m, slot)) found.push(bind(id, slot));
  }
  return found.sort((a, b) => a.id - b.id);
}
