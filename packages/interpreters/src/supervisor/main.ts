/**
 * The supervisor's thread. It runs no user code and never blocks, so it learns of every death at once, also while all
 * other threads are blocked. It starts the threads of interpreters, and when one ends, however that came about, it
 * repairs what the dead held (repair.ts), tells everybody (a notice in every mailbox), and frees the slot.
 */
import { writeSync } from "node:fs";
import { inspect } from "node:util";
import { type ResourceLimits, Worker, workerData } from "node:worker_threads";
import { withoutOwnFrames } from "../errors.js";
import { bell, ring, sleepAsync } from "../memory/bell.js";
import { get, load, set, type SharedMemory, store } from "../memory/atomics.js";
import { isEmptySet } from "../memory/bitset.js";
import {
  H_SLOTS_USED,
  H_SUPERVISOR,
  MAIN_SLOT,
  OK,
  RUN_FLAGS,
  RUN_IDLE,
  S_CREATOR,
  S_HOLDERS,
  S_ITEM_REFERENCES,
  S_REPLIES,
  S_RUN,
  S_RUN_CALLER,
  S_RUN_SEQ,
  S_WHENCE,
  S_WORK,
  slotPointer,
  STATE_BOOTING,
  STATE_FINALIZING,
  SUPERVISOR_SLOT,
  WHENCE_CREATED,
} from "../memory/layout.js";
import { LockBusy } from "../memory/lock.js";
import { openMemory } from "../memory/memory.js";
import type { WasmMemory } from "../memory/webassembly.js";
import { makeReceived } from "../queue/receive.js";
import { condemn, send, sendLast, takeFrom } from "../interpreter/mailbox.js";
import { headerWord, Message, readBody, WITH_SENDER, WITHOUT_SENDER } from "../interpreter/message.js";
import {
  type EndReason,
  NOTICE_DEATH,
  REASONS,
  reasonNumber,
  REQUEST_ABORT,
  REQUEST_BOOT,
  REQUEST_COLLECT,
  REQUEST_DEADLINE,
  REQUEST_FINALIZING,
  REQUEST_TERMINATE,
  WORK_CLOSE,
} from "../interpreter/protocol.js";
import { freeSlot, idOf, isAlive, slotOf, stateOf } from "../interpreter/registry.js";
import { bury, repairLocks } from "./repair.js";
import { type BootOptions, withoutRefused } from "../interpreter/options.js";
import { SUPERVISOR_ID } from "./start.js";

/** How long an interpreter that is closing may run its exit handlers; milliseconds. */
const FINALIZE_LIMIT = 2000;
/** How long to wait for a lock before looking whether its holder is dead; milliseconds. */
const PATIENCE = 20;

/** A thread that we started. */
interface Child {
  readonly worker: Worker;
  readonly id: number;
  /** Set by the first who decides that it ends. */
  reason: EndReason | undefined;
  error: unknown;
}

/** A thread that has ended and is not buried yet. */
interface Ended {
  readonly slot: number;
  readonly id: number;
  readonly reason: EndReason;
  readonly exitCode: number;
  readonly error: unknown;
}

const m: SharedMemory = openMemory((workerData as { memory: WasmMemory }).memory, SUPERVISOR_SLOT);
m.patience = PATIENCE;
m.reserve = 0;
const children = new Map<number, Child>();
let ended: Ended[] = [];
const received = makeReceived();
// The thread lives as long as the process; nothing else keeps its event loop going.
setInterval(() => {}, 0x7fffffff);

function boot(slot: number, id: number, options: BootOptions): void {
  set(m, slotPointer(slot) + S_CREATOR, 0);
  if (idOf(m, slot) !== id || stateOf(m, slot) !== STATE_BOOTING) return;
  let worker: Worker;
  try {
    worker = startThread(slot, options, options.execArgv);
  } catch (error) {
    finish({ slot, id, reason: "boot", exitCode: -1, error });
    return;
  }
  const child: Child = { worker, id, reason: undefined, error: undefined };
  children.set(slot, child);
  worker.on("error", (error) => {
    child.error = error;
    const code = (error as NodeJS.ErrnoException | null)?.code;
    if (stateOf(m, slot) === STATE_BOOTING) child.reason ??= "boot";
    child.reason ??= code === "ERR_WORKER_OUT_OF_MEMORY" ? "out-of-memory" : "uncaught-exception";
  });
  worker.on("exit", (exitCode) => {
    children.delete(slot);
    const state = stateOf(m, slot);
    const byItself = state === STATE_FINALIZING ? "closed" : state === STATE_BOOTING ? "boot" : "exit";
    const reason = child.reason ?? byItself;
    finish({ slot, id, reason, exitCode, error: child.error });
  });
}

function startThread(slot: number, options: BootOptions, execArgv: string[]): Worker {
  try {
    return new Worker(new URL("../interpreter/worker.js", import.meta.url), {
      workerData: { memory: m.memory, slot },
      env: options.env,
      execArgv,
      ...(options.name && { name: options.name }),
      ...(options.argv && { argv: options.argv }),
      ...(options.resourceLimits && { resourceLimits: options.resourceLimits as ResourceLimits }),
    });
  } catch (error) {
    const rest = options.inheritedExecArgv ? withoutRefused(execArgv, error) : undefined;
    if (rest === undefined) throw error;
    return startThread(slot, options, rest);
  }
}

function terminate(id: number, reason: EndReason): void {
  for (const child of children.values()) {
    if (child.id !== id) continue;
    child.reason ??= reason;
    void child.worker.terminate();
  }
}

/** Stops the piece of work, wherever it runs, if it runs. */
function stopWork(caller: number, sequence: number, reason: EndReason): void {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0; slot < end; slot++) {
    if (condemn(m, slot, caller, sequence)) terminate(idOf(m, slot), reason);
  }
}

/** Stops the piece that a slot runs now, when its time is over and it still is that piece. */
function watch(slot: number, run: number, caller: number, sequence: number, limit: number): void {
  setTimeout(() => {
    if (load(m, slotPointer(slot) + S_RUN) >>> 2 !== run >>> 2) return;
    if (condemn(m, slot, caller, sequence)) terminate(idOf(m, slot), "timeout");
  }, limit);
}

/** Buries all who have ended. Where a lock is held by somebody else who may be dead, it goes on when that is known. */
function finish(next: Ended): void {
  ended.push(next);
  buryAll();
}

function buryAll(): void {
  const now = ended;
  ended = [];
  try {
    // All their locks first: burying one of them needs locks that another may have died with.
    for (const { slot } of now) repairLocks(m, slot);
    while (now.length > 0) {
      buryOne(now[0]);
      now.shift();
    }
    collect();
  } catch (error) {
    if (!(error instanceof LockBusy)) throw error;
    repairLocks(m, SUPERVISOR_SLOT);
    m.depth = 0;
    setTimeout(buryAll, 1);
  } finally {
    ended.unshift(...now);
  }
}

function buryOne({ slot, id, reason, exitCode, error }: Ended): void {
  const p = slotPointer(slot);
  bury(m, slot);
  const running = (load(m, p + S_RUN) & RUN_FLAGS) !== RUN_IDLE;
  const caller = running ? get(m, p + S_RUN_CALLER) : -1;
  const sequence = running ? get(m, p + S_RUN_SEQ) : -1;
  // Nobody asked for anything there, so nobody else will be told.
  if (reason === "boot" || (reason === "uncaught-exception" && !running)) print(id, reason, error);
  const message = new Message();
  message.header(0, NOTICE_DEATH, id, reasonNumber(reason), exitCode);
  message.value([caller, sequence, error], "notice", true);
  const end = load(m, H_SLOTS_USED);
  for (let other = 0; other < end; other++) {
    if (other === slot || other === SUPERVISOR_SLOT || !isAlive(m, other)) continue;
    message.post(m, WITHOUT_SENDER, (flags, refs, bytes, length, blob) =>
      send(m, other, S_REPLIES, idOf(m, other), flags, SUPERVISOR_ID, refs, bytes, 0, length, blob),
    );
  }
  message.discard();
  freeSlot(m, slot);
}

function print(id: number, reason: EndReason, error: unknown): void {
  const what = reason === "boot" ? "failed to boot" : "ended by an uncaught exception";
  try {
    writeSync(2, `Interpreter ${id} ${what}:\n${withoutOwnFrames(inspect(error))}\n`);
  } catch {
    // There is no stderr to say so.
  }
}

/** Closes interpreters that nobody holds, and buries those whose creator died before telling us. */
function collect(): void {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0; slot < end; slot++) {
    const p = slotPointer(slot);
    if (!isAlive(m, slot) || get(m, p + S_WHENCE) !== WHENCE_CREATED) continue;
    if (load(m, p + S_ITEM_REFERENCES) > 0 || !isEmptySet(m, p + S_HOLDERS)) continue;
    const id = idOf(m, slot);
    if (get(m, p + S_CREATOR) !== 0 && !children.has(slot)) {
      if (!isAlive(m, get(m, p + S_CREATOR) - 1)) finish({ slot, id, reason: "terminated", exitCode: -1, error: undefined });
      continue;
    }
    const message = new Message().header(0, WORK_CLOSE);
    message.post(m, WITH_SENDER, (flags, _refs, bytes, length) =>
      sendLast(m, slot, id, true, flags, SUPERVISOR_ID, bytes, 0, length),
    );
    message.discard();
  }
}

function handle(): void {
  const { sender } = received;
  const kind = headerWord(m, received, 1);
  const a = headerWord(m, received, 2);
  const b = headerWord(m, received, 3);
  const c = headerWord(m, received, 4);
  const value = readBody(m, received);
  if (kind === REQUEST_BOOT) boot(a, b, value as BootOptions);
  else if (kind === REQUEST_TERMINATE) terminate(a, REASONS[b]);
  else if (kind === REQUEST_ABORT) stopWork(sender, c, REASONS[b]);
  else if (kind === REQUEST_DEADLINE) {
    const slot = slotOf(m, sender);
    if (slot !== -1) watch(slot, value as number, a, b, c);
  } else if (kind === REQUEST_FINALIZING) setTimeout(() => terminate(a, "closed"), FINALIZE_LIMIT).unref();
  else if (kind === REQUEST_COLLECT) collect();
}

function listen(): void {
  for (;;) {
    const seen = bell(m);
    try {
      while (takeFrom(m, S_WORK, received) === OK) handle();
    } catch (error) {
      if (!(error instanceof LockBusy)) throw error;
      repairLocks(m, SUPERVISOR_SLOT);
      m.depth = 0;
      setTimeout(listen, 1);
      return;
    }
    const rung = sleepAsync(m, seen);
    if (rung === undefined) continue;
    void rung.then(listen);
    return;
  }
}

store(m, H_SUPERVISOR, 2);
ring(m, MAIN_SLOT);
listen();
