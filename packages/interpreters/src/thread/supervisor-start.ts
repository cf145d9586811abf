/**
 * Starting the supervisor, when the first interpreter is created, and what happens if it cannot start.
 *
 * Its thread is a child of the main interpreter's thread, whose end is the end of the supervisor and of all interpreters. The
 * supervisor does not keep the process alive: pending operations do.
 *
 *     NOT_STARTED ──startSupervisor──▶ STARTING ──the thread runs──▶ RUNNING
 *          ▲                              │ the thread ended: once more, from text
 *          └── all that boots has failed ─┘ ended again
 *
 * The first attempt starts the bundle's file. The thread gets none of the process's preloads (`--require`, `--import`, NODE_OPTIONS), so
 * it cannot run a file that only a loader of main can find (Yarn's PnP, in a zip archive). The second attempt therefore starts the text
 * of the file, which main reads, and needs no file at all.
 *
 * Two threads start one after the other before a first interpreter runs. So main hands the boot request of that interpreter to the supervisor's
 * thread, which starts the other thread before it loads anything else (supervisor/first-thread.ts).
 *
 * A thread that ends while it starts is an event on the event loop of main. If main is blocked, it polls instead: a MessagePort whose other
 * end has gone can no longer be moved.
 */
import { ownOptions } from "../base/check.js";
import { realpathSync } from "../platform/files.js";
import { MessageChannel, type MessagePort, receiveNow } from "../platform/ports.js";
import { isMainThread, SHARE_ENV, type Worker, type WorkerOptions } from "../platform/threads.js";
import { withoutNodeOptions } from "../platform/exec-argv.js";
import { packageBytes, startThreadOf, startThreadOfText } from "../platform/package-files.js";
import { clock } from "../base/clock.js";
import { derivedTextsOfMain } from "../base/derived-texts.js";
import { InterpreterError } from "../base/errors.js";
import { checkOwnFiles } from "../base/own-files.js";
import { isError } from "../base/stacks.js";
import { cas, get, load, type SharedMemory, store, wait } from "../memory/atomics.js";
import type { InterpreterId, Pointer, Slot } from "../memory/brands.js";
import { ring } from "../memory/doorbell.js";
import {
  H_SLOTS_USED,
  H_SUPERVISOR,
  MAIN_SLOT,
  S_REPLIES,
  S_STATE,
  S_THREAD,
  S_WHENCE,
  S_WORK,
  slotPointer,
  STATE_BOOTING,
  STATE_DEAD,
  STATUS_NO_MEMORY,
  SUPERVISOR_SLOT,
  WHENCE_CREATED,
} from "../memory/layout.js";
import { lockChannel, unlockChannel } from "../kernel/channel-locks.js";
import { closeChannel } from "../kernel/channel.js";
import { collectQueues } from "../kernel/queue-lifetime.js";
import { freeSlot, idOf, isAlive, stateOf } from "../kernel/registry.js";
import type { FirstInterpreter, SupervisorData } from "../wire/boot.js";
import { Message, WITHOUT_SENDER } from "../wire/message.js";
import { NOTICE_DEATH, reasonNumber } from "../wire/protocol.js";
import { bundleForInterpreters } from "./bundle-for-interpreters.js";
import { requestSupervisor } from "./discovery.js";
import type { Runtime } from "./runtime.js";
import { learnFrom, startOwn } from "./strangers.js";

/** The id that addresses the supervisor's mailbox. The supervisor is not an interpreter. */
export const SUPERVISOR_ID = -2 as InterpreterId;

/** The file that the supervisor's thread starts with. It loads `supervisor.cjs`. */
const ENTRY = "first-thread.cjs";

const NOT_STARTED = 0;
const STARTING = 1;
const RUNNING = 2;

/** Milliseconds between two polls of a supervisor that is starting, by a thread that is blocked. */
const POLL_EVERY = 50;

/** Called when this thread, the main interpreter, has started the supervisor, for whatever else interpreters need. */
export const supervisorListeners: ((rt: Runtime, supervisor: Worker) => void)[] = [];

/** Called with the reason when the supervisor could not be started, before it may be started again. */
export const startFailures: ((cause: unknown) => void)[] = [];

/** One attempt to start the thread. */
interface Attempt {
  readonly worker: Worker;
  readonly fromText: boolean;
  readonly first: FirstInterpreter | undefined;
  /** Its other end goes with the thread. The thread posts the error of its boot on it. */
  watch: MessagePort;
}

/** The last attempt, and the same while it is under way. */
let latest: Attempt | undefined;
let current: Attempt | undefined;

/**
 * Starts the supervisor unless it runs, and has it boot `first`. Returns whether it does: if not, the boot request must be sent. Before its thread is
 * started, calls `prepare`, which may send on the supervisor port; what that throws is thrown, and no thread is started.
 *
 * @throws InterpreterError this thread is not main, files of the package are missing (`ERR_INTERPRETER_FILES`), or no thread can be started
 * (`ERR_INTERPRETER_BOOT`, with the reason as its `cause`)
 */
export function startSupervisor(rt: Runtime, first?: FirstInterpreter, prepare?: () => void): boolean {
  const { m } = rt;
  const state = load(m, H_SUPERVISOR);
  if (state === RUNNING || (state === STARTING && latest !== undefined)) return false;
  if (!isMainThread && m.slot !== MAIN_SLOT) {
    startInMain(m);
    return false;
  }
  checkOwnFiles();
  if (cas(m, H_SUPERVISOR, NOT_STARTED, STARTING) !== NOT_STARTED) return false;
  let prepared = true;
  try {
    checkWorkingDirectory();
    launch(rt, false, first, () => {
      try {
        prepare?.();
      } catch (error) {
        prepared = false;
        throw error;
      }
    });
    return true;
  } catch (error) {
    store(m, H_SUPERVISOR, NOT_STARTED);
    throw prepared ? cannotStart(error) : error;
  }
}

/** Has the main interpreter start it: a child of this thread would end with this thread. */
function startInMain(m: SharedMemory): void {
  if (load(m, slotPointer(MAIN_SLOT) + S_THREAD) !== 0) {
    throw new InterpreterError(
      "Cannot create an interpreter, or share a SharedArrayBuffer, from this worker thread before the main interpreter, another worker " +
        "thread, has done so: call interpreters.create() there first.",
    );
  }
  try {
    requestSupervisor(() => load(m, H_SUPERVISOR) === RUNNING);
  } catch (error) {
    throw error instanceof InterpreterError ? error : cannotStart(error);
  }
}

/** Node cannot start a thread in a working directory that was deleted, and says so too late for a caller that blocks. */
function checkWorkingDirectory(): void {
  try {
    realpathSync.native(".");
  } catch (error) {
    // The permission model may forbid looking. Then the thread will tell.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw error;
  }
}

function cannotStart(cause: unknown): InterpreterError {
  const why = isError(cause) ? `: ${cause.message}` : "";
  return new InterpreterError(`Cannot start interpreters: their supervisor failed to start${why}`, {
    code: "ERR_INTERPRETER_BOOT",
    cause,
  });
}

/** Starts the thread, and observes its start. */
function launch(
  rt: Runtime,
  fromText: boolean,
  first: FirstInterpreter | undefined,
  prepare?: () => void,
): void {
  const { m } = rt;
  const { port1, port2 } = new MessageChannel();
  const { port1: watch, port2: watched } = new MessageChannel();
  const before = rt.supervisorPort;
  let worker: Worker;
  try {
    // What is posted now waits in the other port, which goes with the thread.
    rt.supervisorPort = port1;
    prepare?.();
    const { text, apiText, firstCache } = bundleForInterpreters() ?? {};
    const read = (name: string): Uint8Array | undefined => (fromText ? packageBytes(name) : undefined);
    const data: SupervisorData = {
      memory: m.memory,
      port: port2,
      watched,
      owner: rt.id,
      text: text ?? read("interpreters.cjs"),
      apiText: apiText ?? read("api.cjs"),
      firstCache,
      derivedTexts: derivedTextsOfMain(),
      first,
    };
    // The flags of the process (--import, --test …) are not for this thread.
    const options: WorkerOptions = ownOptions({
      workerData: data,
      transferList: [port2, watched],
      name: "interpreters supervisor",
      execArgv: [],
      stdin: false,
      // Interpreters can share with the supervisor what it shares with this thread.
      env: SHARE_ENV,
    });
    worker = startOwn(() =>
      withoutNodeOptions(() =>
        fromText ? startThreadOfText("supervisor.cjs", options) : startThreadOf(ENTRY, options),
      ),
    );
    if (isMainThread) learnFrom(m, worker.threadId);
  } catch (error) {
    rt.supervisorPort = before;
    port1.close();
    watch.close();
    throw error;
  }
  before?.close();
  const attempt: Attempt = { worker, fromText, first, watch };
  latest = current = attempt;
  worker.on("error", (error) => {
    if (current === attempt) failed(rt, attempt, error);
    else if (latest === attempt && load(m, H_SUPERVISOR) === RUNNING) died(m, error);
  });
  worker.on("exit", (exitCode) => {
    if (current === attempt) failed(rt, attempt, endedEarly(`with exit code ${exitCode}`));
  });
  rt.parkLimit = POLL_EVERY;
  let next = clock() + POLL_EVERY;
  const poll = (): void => {
    if (current !== attempt) rt.removePoller(poll);
    else if (load(m, H_SUPERVISOR) === RUNNING) {
      rt.removePoller(poll);
      started(rt, attempt);
    } else if (clock() >= next) {
      next = clock() + POLL_EVERY;
      check(rt, attempt);
    }
  };
  rt.addPoller(poll);
  for (const listener of supervisorListeners) listener(rt, worker);
  worker.unref();
}

/**
 * Blocks this thread until the word at `p`, which the supervisor writes, is no longer `value`. It takes no lock and runs no code of others.
 * Throws InterpreterError (`ERR_INTERPRETER_BOOT`) if the supervisor fails to start.
 */
export function waitForSupervisor(rt: Runtime, p: number, value: number): void {
  const { m } = rt;
  while (load(m, p) === value) {
    wait(m, p, value, current === undefined ? Infinity : POLL_EVERY);
    if (current !== undefined && load(m, H_SUPERVISOR) !== RUNNING) check(rt, current);
    if (load(m, H_SUPERVISOR) === NOT_STARTED)
      throw cannotStart(endedEarly("for a reason that was reported"));
  }
}

function started(rt: Runtime, { watch }: Attempt): void {
  current = undefined;
  rt.parkLimit = Infinity;
  watch.close();
}

/** Finds out whether the thread has ended, without the event loop. */
function check(rt: Runtime, attempt: Attempt): void {
  // This also takes the message with which the other end says that it closes.
  const message = receiveNow(attempt.watch);
  if (message !== undefined) {
    failed(rt, attempt, message.message);
    return;
  }
  try {
    attempt.watch = structuredClone(attempt.watch, { transfer: [attempt.watch] });
  } catch {
    failed(rt, attempt, endedEarly("while this thread was blocked"));
  }
}

function endedEarly(how: string): Error {
  return new Error(`its thread ended ${how} before it was ready`);
}

/** The thread has ended before it ran. */
function failed(rt: Runtime, { watch, fromText, first }: Attempt, error: unknown): void {
  const { m } = rt;
  const message = receiveNow(watch);
  const cause = message === undefined ? error : message.message;
  watch.close();
  current = undefined;
  if (!fromText) {
    try {
      launch(rt, true, first);
      return;
    } catch {
      // The first error says more.
    }
  }
  rt.parkLimit = Infinity;
  failBoots(m, cause);
  for (const listener of startFailures) listener(cause);
  store(m, H_SUPERVISOR, NOT_STARTED);
  // Threads may wait for the supervisor's reply.
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) if (isAlive(m, slot)) ring(m, slot);
}

function died(m: SharedMemory, cause: unknown): never {
  store(m, H_SUPERVISOR, NOT_STARTED);
  throw new InterpreterError("The supervisor of the interpreters died; this is a bug in `interpreters`", {
    cause,
  });
}

/**
 * No interpreter has run yet: ends all that boot. They hold nothing, wait for nothing and own no page, so closing their mailboxes is all of
 * what kernel/reap.ts does, which would be 15 kB more in every thread. Their boot requests stay in the mailbox of the supervisor, and the
 * next one finds that they concern no interpreter.
 */
function failBoots(m: SharedMemory, error: unknown): void {
  const end = load(m, H_SLOTS_USED);
  for (let slot = 0 as Slot; slot < end; slot++) {
    if (stateOf(m, slot) !== STATE_BOOTING || get(m, slotPointer(slot) + S_WHENCE) !== WHENCE_CREATED)
      continue;
    const id = idOf(m, slot);
    store(m, slotPointer(slot) + S_STATE, STATE_DEAD);
    close(m, (slotPointer(slot) + S_WORK) as Pointer);
    close(m, (slotPointer(slot) + S_REPLIES) as Pointer);
    for (let other = 0 as Slot; other < end; other++) {
      if (other === SUPERVISOR_SLOT || !isAlive(m, other)) continue;
      if (notify(m, other, id, error) === STATUS_NO_MEMORY) notify(m, other, id, undefined);
    }
    freeSlot(m, slot);
  }
  collectQueues(m);
}

function close(m: SharedMemory, box: Pointer): void {
  lockChannel(m, box);
  closeChannel(m, box);
  unlockChannel(m, box);
}

/** Puts the notice that `id` failed to boot into a mailbox. */
function notify(m: SharedMemory, slot: Slot, id: InterpreterId, error: unknown): number {
  const message = Message.take(m).header(0, NOTICE_DEATH, id, reasonNumber("boot"), -1);
  const { reserve } = m;
  m.reserve = 0;
  const status = message
    .value([[], error], "notice", true)
    .intoMailbox(slot, S_REPLIES, idOf(m, slot), SUPERVISOR_ID, WITHOUT_SENDER);
  m.reserve = reserve;
  message.discard();
  return status;
}
