/**
 * The supervisor's thread. It runs no user code and never blocks, so it learns of every death at once, also while all
 * other threads are blocked. It starts the threads of interpreters, and when one ends, however that came about, it
 * repairs what the dead held (repair.ts), tells everybody (a notice in every mailbox), and frees the slot.
 */
import { writeSync } from "../platform/files.js";
import { inspect } from "../platform/inspect.js";
import { parentPort, type Worker, workerData } from "../platform/threads.js";
import { withoutOwnFrames } from "../base/stacks.js";
import { observe, ring, parkAsync } from "../memory/doorbell.js";
import { cas, get, load, notify as wake, set, type SharedMemory, store } from "../memory/atomics.js";
import { isEmptySet } from "../memory/bitset.js";
import {
  ADDONS_LEAVE,
  ADDONS_LOADED,
  H_SLOTS_USED,
  H_SUPERVISOR,
  MAIN_SLOT,
  OK,
  S_ADDONS,
  S_CREATOR,
  S_HOLDERS,
  S_ITEM_REFERENCES,
  S_PARENT,
  S_REPLIES,
  S_THREAD,
  S_REF_VERSION,
  S_WHENCE,
  slotPointer,
  STATE_BOOTING,
  STATE_FINALIZING,
  STATUS_NO_MEMORY,
  SUPERVISOR_SLOT,
  WHENCE_CREATED,
} from "../memory/layout.js";
import { LockBusy } from "../memory/lock.js";
import { openMemory } from "../memory/memory.js";
import { freePages, sweepPages } from "../memory/page-allocator.js";
import { collectQueues } from "../kernel/queue-lifetime.js";
import { makeReceived } from "../kernel/receive.js";
import { answerDiscovery } from "../thread/discovery.js";
import { takeRequest } from "../kernel/mailbox.js";
import { headerWord, Message, readBody, WITHOUT_SENDER } from "../wire/message.js";
import {
  type EndReason,
  NOTICE_DEATH,
  REASONS,
  reasonNumber,
  REQUEST_ABORT,
  REQUEST_BOOT,
  REQUEST_BUFFER,
  REQUEST_COLLECT,
  REQUEST_DEADLINE,
  REQUEST_FINALIZING,
  REQUEST_PREWARM,
  REQUEST_TERMINATE,
  REQUEST_THREAD_ENDED,
  REQUEST_WAKE_MAIN,
  WORK_CLOSE,
} from "../wire/protocol.js";
import { freeSlot, idOf, isAlive, slotOf, stateOf } from "../kernel/registry.js";
import { closeExecutions, condemn, executionAt, executionOf } from "../kernel/executions.js";
import { AttachedThreads, isAttached } from "./attached-threads.js";
import { addPort, replyWithBuffer, closePort, pruneBuffers } from "./buffer-store.js";
import { reconcileReferences } from "../kernel/reconcile.js";
import { reap, joinerEnded, repairLocks } from "../kernel/reap.js";
import type { BootOptions, SupervisorData } from "../wire/boot.js";
import { StandbyPool } from "./standby-pool.js";
import { SUPERVISOR_ID } from "../thread/supervisor-client.js";
import { portTo, startThread, terminateThread } from "./threads.js";
import { isOrphaned, type InterruptedWork, interruptedWorkOf } from "./interrupted-work.js";

/** How long to wait for a lock before looking whether its holder is dead; milliseconds. */
const LOCK_PATIENCE = 20;
/** How long an interpreter that is closing may run its exit handlers; milliseconds. */
const FINALIZE_LIMIT = 2000;
/** How long one that is to be terminated may take to come out of a native addon and leave by itself; milliseconds. */
const LEAVE_LIMIT = 250;

/** A thread that we started. */
interface Child {
  readonly worker: Worker;
  /** -1: it is a spare one. */
  slot: number;
  id: number;
  /** What it was started with, if it was a spare one: such a thread may be dead before it is needed, which is nobody's fault. */
  readonly spare: BootOptions | undefined;
  /** Set by the first who decides that it ends. */
  reason: EndReason | undefined;
  error: unknown;
  /** The runs whose pieces it is ended for, and why. */
  readonly stopped: Map<number, EndReason>;
}

/** A thread that has ended and is not buried yet. */
interface Ended {
  readonly slot: number;
  readonly id: number;
  readonly reason: EndReason;
  readonly exitCode: number;
  readonly error: unknown;
  readonly stopped?: ReadonlyMap<number, EndReason>;
  /** What was found before its pages were freed; burying may have to be begun again. */
  unfinished?: readonly InterruptedWork[];
  /** It has been printed. */
  printed?: boolean;
}

const data = workerData as SupervisorData;
const m: SharedMemory = openMemory(data.memory, SUPERVISOR_SLOT);
m.patience = LOCK_PATIENCE;
m.reserve = 0;
const children = new Map<number, Child>();
let ended: Ended[] = [];
/** The time limits of what is executed, by its run. */
const deadlines = new Map<number, NodeJS.Timeout>();
/** Interpreters that are to be terminated as soon as they are to be booted, and why. */
const doomed = new Map<number, EndReason>();
/** Pages of requests that were read, to be freed; what is forgotten of them is swept with the supervisor's own pages. */
let garbage: number[] = [];
let collecting = false;
/** Somebody died, and the counts of references were moving when they were looked at. */
let reconciling = false;
/** It dropped what it did (`LockBusy`): pages that it owned then are nobody's. */
let sweeping = false;
const received = makeReceived();
const attached = new AttachedThreads(m, (slot) => attachedEnded(slot, -1));
const standby = new StandbyPool<Child>(
  m,
  (options, cell) => watchOver(startThread(m.memory, options, { cell }), options),
  ({ worker }) => terminateThread(worker),
);
// The thread lives as long as the process; nothing else keeps its event loop going.
setInterval(() => {}, 0x7fffffff);

function boot(slot: number, id: number, options: BootOptions): void {
  set(m, slotPointer(slot) + S_CREATOR, 0);
  if (idOf(m, slot) !== id || stateOf(m, slot) !== STATE_BOOTING) return;
  const reason = doomed.get(id);
  if (reason !== undefined) {
    doomed.delete(id);
    ended.push({ slot, id, reason, exitCode: -1, error: undefined });
    setImmediate(work);
    return;
  }
  const spare = standby.take(options, slot);
  try {
    adopt(spare ?? watchOver(startThread(m.memory, options, { slot })), slot, id);
  } catch (error) {
    ended.push({ slot, id, reason: "boot", exitCode: -1, error });
    setImmediate(work);
  }
}

/** The thread is that interpreter's from now on. */
function adopt(child: Child, slot: number, id: number): void {
  child.slot = slot;
  child.id = id;
  children.set(slot, child);
  addPort(m, id, portTo(child.worker));
}

/** Adopts the spare threads that were given slots by those who needed them. */
function adoptGiven(): void {
  for (const [child, slot] of standby.given()) {
    set(m, slotPointer(slot) + S_CREATOR, 0);
    const id = idOf(m, slot);
    adopt(child, slot, id);
    const reason = doomed.get(id);
    if (reason === undefined) continue;
    doomed.delete(id);
    terminate(id, reason);
  }
}

/** Learns of the thread's end, and why. */
function watchOver(worker: Worker, spare?: BootOptions): Child {
  const child: Child = {
    worker,
    slot: -1,
    id: -1,
    spare,
    reason: undefined,
    error: undefined,
    stopped: new Map(),
  };
  worker.on("error", (error) => childFailed(child, error));
  worker.on("exit", (exitCode) => childEnded(child, exitCode));
  return child;
}

/** It was dead before it was needed. */
function isStillborn({ spare, reason, slot }: Child): boolean {
  return spare !== undefined && reason === undefined && stateOf(m, slot) === STATE_BOOTING;
}

function childFailed(child: Child, error: unknown): void {
  adoptGiven();
  if (child.slot === -1 || isStillborn(child)) return;
  // Node copies it as an object of its class, which would be shown as "TypeError [Error]".
  if (error instanceof Error) Reflect.deleteProperty(error, Symbol.toStringTag);
  child.error = error;
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (stateOf(m, child.slot) === STATE_BOOTING) child.reason ??= "boot";
  child.reason ??= code === "ERR_WORKER_OUT_OF_MEMORY" ? "out-of-memory" : "uncaught-exception";
}

function childEnded(child: Child, exitCode: number): void {
  if (!standby.ended(child)) {
    adoptGiven();
    standby.ended(child);
  }
  const { slot, id } = child;
  if (slot === -1) return;
  children.delete(slot);
  if (isStillborn(child)) {
    repairLocks(m, slot);
    boot(slot, id, child.spare as BootOptions);
    return;
  }
  const state = stateOf(m, slot);
  const byItself = state === STATE_FINALIZING ? "closed" : state === STATE_BOOTING ? "boot" : "exit";
  const reason = child.reason ?? byItself;
  if (reason === "boot")
    child.error ??= new Error(`its thread ended with exit code ${exitCode} before it was ready`);
  // Stopped from outside, it has no exit code of its own; Node's is the same for all of them.
  const stopped = reason === "terminated" || reason === "timeout" || reason === "aborted";
  finish({
    slot,
    id,
    reason,
    exitCode: stopped ? -1 : exitCode,
    error: child.error,
    stopped: child.stopped,
  });
}

function terminate(id: number, reason: EndReason): void {
  for (const [slot, child] of children) {
    if (child.id !== id) continue;
    child.reason ??= reason;
    closeExecutions(m, slot);
    stopThread(slot, child);
    return;
  }
  // Its creator has claimed the slot, and its boot request is still on the way.
  const slot = slotOf(m, id);
  if (slot !== -1 && get(m, slotPointer(slot) + S_CREATOR) !== 0) doomed.set(id, reason);
}

/** At once; but an interpreter that may be inside a native addon is given the chance to come out of it first. */
function stopThread(slot: number, { worker }: Child): void {
  const p = slotPointer(slot) + S_ADDONS;
  if (load(m, p) === ADDONS_LEAVE) return;
  if (cas(m, p, ADDONS_LOADED, ADDONS_LEAVE) !== ADDONS_LOADED) {
    terminateThread(worker);
    return;
  }
  // Its event loop waits for that word; where it blocks in an operation of ours, it waits for its doorbell.
  wake(m, p, Infinity);
  ring(m, slot);
  setTimeout(terminateThread, LEAVE_LIMIT, worker);
}

/**
 * A thread ended that we did not start. If it had joined, that is an interpreter's end like any other; it may also have been
 * about to.
 */
function threadEnded(threadId: number, exitCode: number): void {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0; slot < end; slot++) {
    if (isAttached(m, slot) && get(m, slotPointer(slot) + S_THREAD) === threadId)
      attachedEnded(slot, exitCode);
  }
  joinerEnded(m, threadId);
}

/**
 * An interpreter ended, and the threads that it had started have ended before it: nobody is left to report those, nor
 * those that they had started. All at once, before anybody is buried: burying may need a lock that any of them held.
 */
function endedWith(slot: number): void {
  const thread = get(m, slotPointer(slot) + S_THREAD);
  if (thread === -1) return;
  const end = load(m, H_SLOTS_USED);
  for (let other = 0; other < end; other++) {
    if (isAttached(m, other) && get(m, slotPointer(other) + S_PARENT) === thread) attachedEnded(other, -1);
  }
}

function attachedEnded(slot: number, exitCode: number): void {
  if (ended.some((dead) => dead.slot === slot)) return;
  ended.push({ slot, id: idOf(m, slot), reason: "exit", exitCode, error: undefined });
  setImmediate(work);
  endedWith(slot);
}

/** Stops the piece of work, wherever it runs, if it runs. */
function stopWork(caller: number, sequence: number, reason: EndReason): void {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0; slot < end; slot++) stopIn(slot, caller, sequence, reason);
}

/** Stops the piece if that slot executes it, and its interpreter: there is no other way. */
function stopIn(slot: number, caller: number, sequence: number, reason: EndReason): void {
  const execution = condemn(m, slot, caller, sequence);
  if (execution === 0) return;
  children.get(slot)?.stopped.set(execution, reason);
  terminate(idOf(m, slot), reason);
}

/** Stops the piece that a slot executes now, when its time is over and it is not done. */
function limit(slot: number, caller: number, sequence: number, limit: number): void {
  const execution = executionOf(m, slot, caller, sequence);
  if (execution === 0) return;
  // There is one piece at a time in a run: a new limit replaces the last.
  clearTimeout(deadlines.get(execution));
  const strike = (): void => {
    deadlines.delete(execution);
    stopIn(slot, caller, sequence, "timeout");
  };
  deadlines.set(execution, setTimeout(strike, limit));
}

function clearDeadlines(slot: number): void {
  for (
    let i = 0, execution = executionAt(m, slot, 0);
    execution !== 0;
    execution = executionAt(m, slot, ++i)
  ) {
    clearTimeout(deadlines.get(execution));
    deadlines.delete(execution);
  }
}

function finish(next: Ended): void {
  ended.push(next);
  endedWith(next.slot);
  work();
}

/** Does all that is to be done and needs locks: requests, burials, collecting. Whatever is left is still there. */
function work(): void {
  // First: what follows may wait for one of them.
  attached.start();
  adoptGiven();
  try {
    // All their locks first: everything else needs locks that one of them may have died with.
    for (const { slot } of ended) repairLocks(m, slot);
    if (sweeping) sweepPages(m, SUPERVISOR_SLOT + 1);
    sweeping = false;
    for (let next = ended[0]; next !== undefined; next = ended[0]) {
      reapOne(next);
      ended.shift();
      collecting = true;
    }
    while (takeRequest(m, received) === OK) {
      // Whoever asks may be one that was given a slot a moment ago, or be about one.
      adoptGiven();
      handle();
    }
    for (let page = garbage.pop(); page !== undefined; page = garbage.pop()) freePages(m, page);
    if (reconciling) reconcile();
    if (collecting) collect();
    collecting = false;
  } catch (error) {
    if (!(error instanceof LockBusy)) throw error;
    // The holder of a lock may be dead, which only the event loop can tell; or there was no memory for a notice. Until then it is as if this had died here.
    repairLocks(m, SUPERVISOR_SLOT);
    m.depth = 0;
    garbage = [];
    sweeping = true;
    reconciling = true;
    setTimeout(work, 1);
  }
}

function reapOne(dead: Ended): void {
  const { slot, id, reason, exitCode, error } = dead;
  clearDeadlines(slot);
  // What it had not yet taken is not executed: its locks tell.
  repairLocks(m, slot);
  const unfinished = (dead.unfinished ??= interruptedWorkOf(m, slot, reason, dead.stopped));
  if (!reap(m, slot)) reconciling = true;
  // Nobody asked for anything there, so nobody else will be told.
  if (reason === "boot" || (reason === "uncaught-exception" && unfinished.length === 0)) {
    if (dead.printed !== true) print(id, reason, error);
    dead.printed = true;
  }
  const notice = { id, reason: reasonNumber(reason), exitCode, unfinished };
  const end = load(m, H_SLOTS_USED);
  for (let other = 0; other < end; other++) {
    if (other === slot || other === SUPERVISOR_SLOT || !isAlive(m, other)) continue;
    // The error may be large, and memory short. That somebody died must be heard of in any case.
    if (
      notify(other, notice, error) === STATUS_NO_MEMORY &&
      notify(other, notice, undefined) === STATUS_NO_MEMORY
    ) {
      throw new LockBusy();
    }
  }
  closePort(m, id);
  freeSlot(m, slot);
}

/** What turns out to be carried by nobody goes. Counts are touched now and then: another look soon finds them at rest. */
function reconcile(): void {
  reconciling = !reconcileReferences(m);
  collectQueues(m);
  collecting = true;
  if (reconciling) setTimeout(work, 1);
}

interface Notice {
  readonly id: number;
  readonly reason: number;
  readonly exitCode: number;
  readonly unfinished: readonly InterruptedWork[];
}

function notify(slot: number, { id, reason, exitCode, unfinished }: Notice, error: unknown): number {
  const message = Message.take(m).header(0, NOTICE_DEATH, id, reason, exitCode);
  const caller = idOf(m, slot);
  const asked = unfinished.filter((piece) => piece.caller === caller);
  const pieces = asked.flatMap((piece) => [piece.sequence, reasonNumber(piece.reason)]);
  message.value([pieces, error], "notice", true);
  const status = message.intoMailbox(slot, S_REPLIES, caller, SUPERVISOR_ID, WITHOUT_SENDER);
  message.discard();
  return status;
}

function print(id: number, reason: EndReason, error: unknown): void {
  const what = reason === "boot" ? "failed to boot" : "ended by an uncaught exception";
  try {
    writeSync(2, `Interpreter ${id} ${what}:\n${withoutOwnFrames(inspect(error))}\n`);
  } catch {
    // There is no stderr to say so.
  }
}

/** Lets go of buffers that nobody can get at, closes interpreters that nobody holds, and buries those whose creator died before telling us. */
function collect(): void {
  pruneBuffers(m);
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0; slot < end; slot++) {
    const p = slotPointer(slot);
    if (!isAlive(m, slot) || get(m, p + S_WHENCE) !== WHENCE_CREATED) continue;
    // As for queues: an unmoved S_TOUCHED proves that the looks at records and holders were one.
    const touched = load(m, p + S_REF_VERSION);
    if (load(m, p + S_ITEM_REFERENCES) > 0 || !isEmptySet(m, p + S_HOLDERS)) continue;
    if (load(m, p + S_REF_VERSION) !== touched) continue;
    const id = idOf(m, slot);
    if (get(m, p + S_CREATOR) !== 0 && !children.has(slot)) {
      if (isAlive(m, get(m, p + S_CREATOR) - 1)) continue;
      set(m, p + S_CREATOR, 0);
      setImmediate(finish, { slot, id, reason: "terminated", exitCode: -1, error: undefined });
      continue;
    }
    if (isOrphaned(m, slot)) {
      terminate(id, "terminated");
      continue;
    }
    const message = Message.take(m).header(0, WORK_CLOSE);
    message.intoMailboxAsLast(slot, id, true, SUPERVISOR_ID);
    message.discard();
  }
}

function handle(): void {
  const { sender } = received;
  const kind = headerWord(m, received, 1);
  const a = headerWord(m, received, 2);
  const b = headerWord(m, received, 3);
  const c = headerWord(m, received, 4);
  const value = readBody(m, received, (_m, page) => garbage.push(page));
  if (kind === REQUEST_BOOT) boot(a, b, value as BootOptions);
  else if (kind === REQUEST_TERMINATE) terminate(a, REASONS[b]);
  else if (kind === REQUEST_ABORT) stopWork(sender, c, REASONS[b]);
  else if (kind === REQUEST_DEADLINE) {
    const slot = slotOf(m, sender);
    if (slot !== -1) limit(slot, a, b, c);
  } else if (kind === REQUEST_FINALIZING) setTimeout(() => terminate(a, "closed"), FINALIZE_LIMIT).unref();
  else if (kind === REQUEST_THREAD_ENDED) threadEnded(a, b);
  else if (kind === REQUEST_COLLECT) collecting = true;
  else if (kind === REQUEST_PREWARM) standby.keep(a, b, value as BootOptions);
  else if (kind === REQUEST_WAKE_MAIN) parentPort?.postMessage(undefined);
  else if (kind === REQUEST_BUFFER) {
    replyWithBuffer(m, sender, value as string | undefined, a, b);
  }
}

function listen(): void {
  for (;;) {
    const seen = observe(m);
    work();
    const rung = parkAsync(m, seen);
    if (rung === undefined) continue;
    void rung.then(listen);
    return;
  }
}

addPort(m, idOf(m, MAIN_SLOT), data.port);
// See invitation.ts. The main interpreter is Node's main thread.
if (load(m, slotPointer(MAIN_SLOT) + S_THREAD) === 0) answerDiscovery(m.memory);
store(m, H_SUPERVISOR, 2);
ring(m, MAIN_SLOT);
listen();
