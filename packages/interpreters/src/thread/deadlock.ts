/** The error for blocking where no wait would ever end, which names those that would wait for each other. */
import { InterpreterError } from "../base/errors.js";
import { ensureMapped } from "../memory/atomics.js";
import type { Pointer, Slot } from "../memory/brands.js";
import {
  ANYONE,
  ANYONE_GETS,
  ANYONE_PUTS,
  ANYONE_SELECT,
  ANYONE_SYNC,
  PAGE_WORDS,
  SYNC_BARRIER,
  SYNC_BOUNDED,
  SYNC_CONDITION,
  SYNC_EVENT,
  SYNC_SEMAPHORE,
} from "../memory/layout.js";
import { queueIdOf } from "../kernel/queue-state.js";
import { idOf, nameOf } from "../kernel/registry.js";
import { syncIdOf, syncKindOf } from "../kernel/sync-objects.js";
import type { Runtime } from "./runtime.js";
import type { Endless } from "./sleeper.js";

/** The number by which a synchronization object is known to users, from its id as a hidden queue. */
export function syncNumber(id: number): number {
  return -2 - id;
}

/** The error for an operation (`what`: a verb phrase, "acquire lock 3") whose wait would never end. */
export function deadlockError(rt: Runtime, what: string, { waits, all }: Endless): InterpreterError {
  const steps: string[] = [];
  for (let i = 0; i < waits.length; i += 2) {
    const [slot, on] = [waits[i] as Slot, waits[i + 1]];
    // Around a circle, each waits for the next.
    const next = all ? undefined : (waits[(i + 2) % waits.length] as Slot);
    if (i === 0) steps.push(`${title(rt, slot, "Interpreter")} would wait for ${object(rt, on, next)}`);
    else if (on === 0) steps.push(`${title(rt, slot, "interpreter")} waits on its event loop`);
    else steps.push(`${title(rt, slot, "interpreter")} waits for ${object(rt, on, next)}`);
  }
  const [why, instead] = all ? [", because no interpreter would go on", ", or give a timeout"] : ["", ""];
  return new InterpreterError(
    `Cannot ${what}: this would never end${why}. ${steps.join("; ")}. Use the form that returns a promise${instead}.`,
    { code: "ERR_INTERPRETER_DEADLOCK" },
  );
}

/** The object of a wait, and `next`: the interpreter that it depends on. The one that waits keeps the object alive. */
function object(rt: Runtime, on: number, next: Slot | undefined): string {
  if (on >= ANYONE) return anyoneObject(rt, on - ANYONE);
  if (on > 0) return `a reply of ${title(rt, (on - 1) as Slot, "interpreter")}`;
  const lock = syncTitle(rt, (0 - on) as Pointer);
  return next === undefined ? lock : `${lock}, which ${title(rt, next, "interpreter")} holds`;
}

/** The object of a wait that any interpreter may end. */
function anyoneObject(rt: Runtime, on: number): string {
  const kind = on % PAGE_WORDS;
  const q = (on - kind) as Pointer;
  if (q !== 0) ensureMapped(rt.m, q + PAGE_WORDS - 1);
  if (kind === ANYONE_GETS) return `an item of queue ${queueIdOf(rt.m, q)}`;
  if (kind === ANYONE_PUTS) return `room in queue ${queueIdOf(rt.m, q)}`;
  if (kind === ANYONE_SYNC) return syncTitle(rt, q);
  return kind === ANYONE_SELECT ? "the first of several operations" : "tasks of a pool";
}

const SYNC_NAMES = new Map<number, string>([
  [SYNC_SEMAPHORE, "semaphore"],
  [SYNC_BOUNDED, "semaphore"],
  [SYNC_EVENT, "event"],
  [SYNC_CONDITION, "condition"],
  [SYNC_BARRIER, "barrier"],
]);

function syncTitle(rt: Runtime, q: Pointer): string {
  ensureMapped(rt.m, q + PAGE_WORDS - 1);
  return `${SYNC_NAMES.get(syncKindOf(rt.m, q)) ?? "lock"} ${syncNumber(syncIdOf(rt.m, q))}`;
}

function title(rt: Runtime, slot: Slot, word: string): string {
  const name = nameOf(rt.m, slot);
  return `${word} ${idOf(rt.m, slot)}${name === undefined ? "" : ` (${name})`}`;
}
