/**
 * The parent of an interpreter, for files that were written for `new Worker`: its creator's `workerData`, `parentPort` and environment data in
 * `node:worker_threads`.
 *
 * They travel as a record in the interpreter's reply box, which is put before its thread starts and is read before any work. So a standby
 * thread can serve such an interpreter, and the values and the port have the rules of all other messages: they arrive as themselves, or are refused
 * here. The creator brings the port, instead of getting one on its handle: all code of a thread shares one handle, and listening on it would not keep
 * it from being collected, whereas the other end of the port can be referenced, closed and moved on as in any program.
 */
import { show } from "../base/check.js";
import { NotShareableError } from "../base/errors.js";
import { CODEC_JAVASCRIPT } from "../codec/codec.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import { OK, S_REPLIES } from "../memory/layout.js";
import type { Runtime } from "../thread/runtime.js";
import { SupervisorHandover } from "../transfer/handover.js";
import { Moves } from "../transfer/moves.js";
import { checkTransfer, isPort, type Movable, type Port } from "../transfer/transfer-list.js";
import { Message, WITHOUT_SENDER } from "../wire/message.js";
import { SETUP_PARENT } from "../wire/protocol.js";
import { types } from "../platform/brand-checks.js";
import { statusError } from "../wire/status-error.js";
import type { ParentSetup } from "../worker/parent.js";
import { inputOf, type InputOptions, isGiven } from "./input.js";

/**
 * The options of `create` for code that was written for a worker thread.
 *
 * @example
 * await using interp = create({ workerData: { level: 3 }, environmentData: { region: "eu" } });
 * const found = await interp.call(async () => {
 *   const { getEnvironmentData, workerData } = await import("node:worker_threads");
 *   return `${workerData.level} ${String(getEnvironmentData("region"))}`;
 * });
 * console.log(found); // 3 eu
 */
export interface ParentOptions {
  /**
   * A copy of it is `workerData` of `node:worker_threads` there; see `isShareable` for what can be copied. Default: null.
   */
  workerData?: unknown;
  /**
   * The port that is `parentPort` of `node:worker_threads` there. It is moved; the creator keeps the other end of its channel. Messages go both ways
   * while calls run, and the end of the interpreter closes both ends. Default: null.
   */
  parentPort?: Port | undefined;
  /**
   * What `getEnvironmentData` of `node:worker_threads` has there, and in the workers that it starts: an object, or a Map for keys that are not strings.
   * Default: what the main thread had set when the first interpreter was created.
   */
  environmentData?: Readonly<Record<string, unknown>> | ReadonlyMap<unknown, unknown> | undefined;
  /** Objects in `workerData` to move instead of copy; see `move`. Default: nothing. */
  transfer?: readonly Movable[] | undefined;
}

/** Throws TypeError for a bad option. */
export function checkParentOptions({
  workerData,
  parentPort,
  environmentData,
  transfer,
}: ParentOptions): void {
  if (parentPort !== undefined) {
    if (typeof parentPort !== "object" || parentPort === null || !isPort(parentPort)) {
      throw new TypeError(`create: parentPort must be a MessagePort, found ${show(parentPort)}`);
    }
    checkTransfer([parentPort]);
  }
  if (environmentData !== undefined && !hasEntries(environmentData)) {
    throw new TypeError(`create: environmentData must be an object or a Map, found ${show(environmentData)}`);
  }
  if (transfer === undefined) return;
  checkTransfer(transfer);
  if (workerData === undefined) {
    throw new TypeError("create: transfer is for what workerData has, which is missing");
  }
}

/** Other collections have entries that are no properties: they would be lost. */
function hasEntries(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return types.isMap(value) || !(Symbol.iterator in value);
}

function hasParent({ workerData, parentPort, environmentData }: ParentOptions): boolean {
  return workerData !== undefined || parentPort !== undefined || environmentData !== undefined;
}

/** Whether an interpreter is created with anything that `sendParent` sends. */
export function isSentBefore(options: ParentOptions & InputOptions): boolean {
  return hasParent(options) || isGiven(options.stdin);
}

/**
 * Sends an interpreter that has not booted what it finds there. If this throws, nothing was sent or moved.
 *
 * @throws NotShareableError a value cannot travel; TypeError a getter in one has closed or moved what was to move
 */
export function sendParent(
  rt: Runtime,
  slot: Slot,
  id: InterpreterId,
  options: ParentOptions & InputOptions,
): void {
  const { workerData = null, parentPort, environmentData = {}, transfer = [], stdin } = options;
  const input = isGiven(stdin) ? inputOf(stdin) : undefined;
  const ports = [parentPort, input?.port].filter((port) => port !== undefined);
  const message = Message.take(rt.m);
  const moves = new Moves(rt, [...new Set([...transfer, ...ports])], SupervisorHandover.of);
  try {
    if (ports.length > 0 && moves.handover === undefined) {
      const what = parentPort === undefined ? "stdin" : "parentPort";
      throw new NotShareableError(
        `Cannot move options.${what} to another interpreter: this thread, which neither is the main one nor was made by create(), cannot move objects. ` +
          "Create the interpreter in another thread, or use queues.",
      );
    }
    const entries = types.isMap(environmentData) ? environmentData : Object.entries(environmentData);
    const setup: ParentSetup = {
      workerData,
      parentPort: parentPort ?? null,
      environmentData: [...(entries as Iterable<[unknown, unknown]>)],
      stdin: input?.sent ?? null,
    };
    message.header(0, SETUP_PARENT).value(setup, "options", false, moves);
    moves.check();
    const status = message.intoMailbox(slot, S_REPLIES, id, rt.id, WITHOUT_SENDER);
    if (status !== OK) throw statusError(status, id, `send interpreter ${id} its workerData`);
    moves.handover?.handOver();
    moves.sent();
    input?.start();
  } catch (error) {
    input?.port?.close();
    throw error;
  } finally {
    moves.done();
    message.discard();
  }
}

/** @throws TypeError an interpreter of that language has no `node:worker_threads` */
export function checkParentLanguage(
  options: ParentOptions,
  language: { readonly name: string; readonly tag: number },
): void {
  if (!hasParent(options) || language.tag === CODEC_JAVASCRIPT) return;
  throw new TypeError(
    `create: workerData, parentPort and environmentData are for JavaScript, found language ${language.name}`,
  );
}
