/**
 * The interpreter loader: before an interpreter other than main loads a native addon, it makes sure that main has loaded the
 * file and keeps it. README.md in this folder says why, and how the request reaches main.
 */
import { process } from "../platform/process.js";
import { watchImports } from "../platform/scripts.js";
import { AddonImportError, InterpreterError } from "../base/errors.js";
import type { InterpreterConfig } from "../wire/boot.js";
import { cancelWork } from "../kernel/mailbox.js";
import { Message, readBody, WITH_SENDER } from "../wire/message.js";
import { statusError } from "../wire/status-error.js";
import { REQUEST_WAKE_MAIN, WORK_ADDON } from "../wire/protocol.js";
import type { Runtime } from "../thread/runtime.js";
import { cas, load, notify, waitAsync } from "../memory/atomics.js";
import type { InterpreterId, Pointer } from "../memory/brands.js";
import {
  ADDONS_LEAVE,
  ADDONS_LOADED,
  ADDONS_NONE,
  MAIN_SLOT,
  OK,
  S_ADDONS,
  S_WHENCE,
  S_WORK,
  slotPointer,
  WHENCE_CREATED,
} from "../memory/layout.js";
import { request } from "../thread/supervisor-client.js";
import { type AddonAnswer, type AddonRequest, type Dlopen, open } from "./load.js";
import { kindOf } from "./kind.js";
import { amend, find, identify } from "./registry.js";

export type AddonConfig = Pick<InterpreterConfig, "allowAddons" | "checkMultiInterpAddons" | "addonTimeout">;

const MAIN_ID = 0 as InterpreterId;
/** For attached threads, which have no configuration. */
const FOREIGN: AddonConfig = { allowAddons: true, checkMultiInterpAddons: false, addonTimeout: 30_000 };

/** Loads addons in an interpreter that is not main. */
export class InterpreterLoader {
  config: AddonConfig = FOREIGN;
  readonly #original: Dlopen;
  /** The keys of the addons that this interpreter has loaded. Main has loaded them too, and keeps them. */
  readonly #loaded = new Set<string>();

  constructor(original: Dlopen) {
    this.#original = original;
  }

  load(rt: Runtime, module: object, filename: string, flags: number | undefined): void {
    const { allowAddons, checkMultiInterpAddons } = this.config;
    if (!allowAddons) {
      throw new AddonImportError(
        `Cannot load the native addon ${filename} in this interpreter: its configuration does not allow it. ` +
          "Create it with config: { allowAddons: true }.",
      );
    }
    const { file, key } = identify(filename);
    if (!this.#loaded.has(key)) {
      const entry = find(rt.m, key);
      if (entry === undefined) this.#askMain(rt, { file, key, flags });
      else if (entry.kind === "legacy" && checkMultiInterpAddons)
        throw this.#refuse(rt, file, key, undefined);
      prepareToLeave(rt);
    }
    try {
      open(this.#original, module, file, flags);
    } catch (error) {
      const unproven = isRefusalOfNode(error) && find(rt.m, key)?.shared !== true;
      throw unproven && kindOf(file) === "unknown" ? this.#refuse(rt, file, key, error) : error;
    }
    if (this.#loaded.has(key)) return;
    this.#loaded.add(key);
    if (find(rt.m, key)?.shared === false) {
      amend(rt.m, key, (entry) => {
        entry.shared = true;
      });
    }
  }

  /** Blocks until main has loaded the addon. Main replies whenever it polls its doorbell. */
  #askMain(rt: Runtime, addon: AddonRequest): void {
    const { m } = rt;
    const what = `load the native addon ${addon.file}`;
    let answer: AddonAnswer | undefined;
    const sequence = rt.expect({
      target: MAIN_ID,
      settle: (_status, received) => {
        answer = readBody(m, received) as AddonAnswer;
      },
      // The end of main ends this thread, too.
      died: () => {},
    });
    const message = Message.take(m);
    let place: Pointer;
    try {
      message.header(sequence, WORK_ADDON).value(addon, "addon");
      const status = message.intoMailbox(MAIN_SLOT, S_WORK, MAIN_ID, rt.id, WITH_SENDER);
      place = m.lastPut;
      if (status !== OK) throw statusError(status, MAIN_ID, what);
      // The event loop of main polls the doorbell only while main waits for something.
      request(rt, REQUEST_WAKE_MAIN);
    } catch (error) {
      rt.forget(sequence);
      throw error;
    } finally {
      message.discard();
    }
    const { addonTimeout } = this.config;
    if (!rt.blockUntil(() => answer !== undefined, addonTimeout)) {
      if (cancelWork(m, MAIN_SLOT, MAIN_ID, rt.id, sequence, place)) {
        rt.forget(sequence);
        throw new AddonImportError(
          `Cannot ${what}: the main interpreter, which must load it first, was busy for ${addonTimeout} ms. ` +
            "Load it there beforehand, or allow more time: config: { addonTimeout }.",
        );
      }
      // Main is already loading it.
      rt.blockUntil(() => answer !== undefined);
    }
    if (answer?.failed !== true) return;
    const { error } = answer;
    const why = error instanceof Error ? `: ${error.message}` : "";
    throw new AddonImportError(
      `Cannot ${what}: its load in the main interpreter, which comes first, failed${why}`,
      { cause: error },
    );
  }

  /** `cause` is the error that Node threw, or undefined if the load was not tried. */
  #refuse(rt: Runtime, file: string, key: string, cause: unknown): AddonImportError {
    const tried = cause === undefined ? "" : " It was tried, and Node refused it.";
    const message =
      `Cannot load the native addon ${file} in interpreter ${rt.id}: it is not context-aware (it registers with NODE_MODULE), ` +
      `so it works in one thread of a process only, which is the main interpreter.${tried} Use it there, or use a version ` +
      (this.config.checkMultiInterpAddons
        ? 'that supports worker threads. (With config: "legacy" or { checkMultiInterpAddons: false } it is tried each time.)'
        : "that supports worker threads.");
    amend(rt.m, key, (entry) => {
      entry.kind = "legacy";
      entry.refusals.push({ interpreterId: rt.id, message });
    });
    return new AddonImportError(message, cause === undefined ? {} : { cause });
  }
}

/**
 * Returns whether Node refused the addon. Main could load the file, so the reason is how the addon registers, unless the
 * addon itself threw.
 */
function isRefusalOfNode(error: unknown): boolean {
  return (
    error instanceof Error &&
    !(error instanceof InterpreterError) &&
    (error as NodeJS.ErrnoException).code === "ERR_DLOPEN_FAILED"
  );
}

/** Whether this thread has loaded an addon, so that it may be inside one at any time. */
let loaded = false;

/**
 * From now on this thread may be inside a native addon when the supervisor must terminate it. The supervisor therefore asks
 * it first to leave by itself, at a turn of its event loop or at a poll of its doorbell.
 */
function prepareToLeave(rt: Runtime): void {
  if (load(rt.m, slotPointer(rt.m.slot) + S_WHENCE) !== WHENCE_CREATED) return;
  loaded = true;
  const look = leaveWhenAsked(rt);
  if (look !== undefined) rt.addPoller(look);
}

/** Has this thread leave when it is asked to, at a turn of its event loop or when the returned function is called. */
function leaveWhenAsked({ m }: Runtime): (() => void) | undefined {
  const p = m.me + S_ADDONS;
  if (cas(m, p, ADDONS_NONE, ADDONS_LOADED) !== ADDONS_NONE) return undefined;
  const { exit } = process;
  const look = (): void => {
    if (load(m, p) !== ADDONS_LEAVE) return;
    // It is terminated: no user code runs any more.
    process.removeAllListeners("exit");
    exit.call(process, 0);
  };
  void waitAsync(m, p, ADDONS_LOADED)?.then(look);
  return look;
}

/** Has this thread leave by itself while it imports modules, too, where a thread must not be terminated then. */
export function leaveDuringImports(rt: Runtime): void {
  const p = rt.m.me + S_ADDONS;
  watchImports?.(
    () => void leaveWhenAsked(rt),
    // If it was asked to leave, it does so at the next turn.
    () => void (!loaded && cas(rt.m, p, ADDONS_LOADED, ADDONS_NONE) === ADDONS_LOADED && notify(rt.m, p, 1)),
  );
}
