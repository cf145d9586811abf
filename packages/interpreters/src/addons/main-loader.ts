/**
 * The main loader: loads every native addon before any other interpreter does, and never releases it. It exists as soon as
 * the package is imported, so it also knows what main loaded for itself before any interpreter existed.
 */
import { takeRequest } from "../kernel/mailbox.js";
import { headerWord, Message, readBody, WITHOUT_SENDER } from "../wire/message.js";
import { REPLY_VALUE, WORK_ADDON } from "../wire/protocol.js";
import { slotOf } from "../kernel/registry.js";
import type { Runtime } from "../thread/runtime.js";
import { nodeModule } from "../platform/modules.js";
import type { InterpreterId, Slot } from "../memory/brands.js";
import { OK, S_REPLIES, STATUS_NO_MEMORY } from "../memory/layout.js";
import { makeReceived, type Received } from "../kernel/receive.js";
import { type AddonAnswer, type AddonRequest, type Dlopen, open } from "./load.js";
import { add, identify } from "./registry.js";

/** An addon that main has loaded. */
interface Loaded {
  readonly file: string;
  /** The interpreter that it was first loaded for. */
  readonly by: number;
  /** The module that holds its exports, until main uses them itself. */
  module: { exports: unknown } | undefined;
}

const MAIN_ID = 0;

export class MainLoader {
  /** Never cleared: this map keeps the addons. */
  readonly #loaded = new Map<string, Loaded>();
  readonly #original: Dlopen;
  #rt: Runtime | undefined;

  constructor(original: Dlopen) {
    this.#original = original;
  }

  /** Serves other interpreters from now on, and publishes what main has loaded. Call it in the main interpreter. */
  serve(rt: Runtime): void {
    if (this.#rt === rt) return;
    this.#rt = rt;
    for (const [key, { file, by }] of this.#loaded) add(rt.m, key, file, by);
    const received = makeReceived();
    rt.addPoller(() => {
      while (takeRequest(rt.m, received) === OK) this.#answer(rt, received);
    });
  }

  /** Loads an addon for main's own code. */
  load(module: { exports: unknown }, filename: string, flags: number | undefined): void {
    const { file, key } = identify(filename);
    const known = this.#loaded.get(key);
    if (known?.module !== undefined) {
      // Loaded for another interpreter. An addon that is not context-aware cannot be loaded again.
      module.exports = known.module.exports;
      known.module = undefined;
      return;
    }
    open(this.#original, module, filename, flags);
    if (known === undefined) this.#remember(file, key, MAIN_ID, undefined);
  }

  #answer(rt: Runtime, received: Received): void {
    const { m } = rt;
    const { sender } = received;
    const sequence = headerWord(m, received, 0);
    const kind = headerWord(m, received, 1);
    const body = readBody(m, received);
    if (kind !== WORK_ADDON) return;
    let answer: AddonAnswer = { failed: false, error: undefined };
    try {
      this.#loadFor(sender, body as AddonRequest);
    } catch (error) {
      answer = { failed: true, error };
    }
    const slot = slotOf(m, sender);
    if (slot === -1) return;
    if (send(rt, slot, sender, sequence, answer) === STATUS_NO_MEMORY) {
      // The error is large, and memory is short.
      send(rt, slot, sender, sequence, { failed: answer.failed, error: undefined });
    }
  }

  #loadFor(interpreter: number, { file, key, flags }: AddonRequest): void {
    if (this.#loaded.has(key)) return;
    if (isCached(file)) {
      this.#remember(file, key, MAIN_ID, undefined);
      return;
    }
    // The module that `require` would make: addons may look at their module's name.
    const made = Object.assign(new (nodeModule().Module)(file), { filename: file });
    open(this.#original, made, file, flags);
    this.#remember(file, key, interpreter, made);
  }

  #remember(file: string, key: string, by: number, module: Loaded["module"]): void {
    this.#loaded.set(key, { file, by, module });
    if (this.#rt !== undefined) add(this.#rt.m, key, file, by);
  }
}

function send(rt: Runtime, slot: Slot, to: InterpreterId, sequence: number, answer: AddonAnswer): number {
  const { m } = rt;
  const { reserve } = m;
  // The interpreter blocks until the reply arrives, so the reply may use the reserve, which is kept for cleaning up.
  m.reserve = 0;
  const message = Message.take(m).header(sequence, REPLY_VALUE).value(answer, "answer", true);
  const status = message.intoMailbox(slot, S_REPLIES, to, rt.id, WITHOUT_SENDER);
  message.discard();
  m.reserve = reserve;
  return status;
}

/** Returns whether main required the file before it imported this package. Not every addon can be loaded a second time. */
function isCached(file: string): boolean {
  const cache = (nodeModule() as unknown as { _cache?: NodeJS.Dict<NodeJS.Module> })._cache;
  return cache?.[file]?.loaded === true;
}
