/** The deaths that this thread was notified of, and reading a notice. */
import { MAX_SLOTS } from "../memory/layout.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { InterpreterId } from "../memory/brands.js";
import type { Received } from "../kernel/receive.js";
import { headerWord, readBody } from "../wire/message.js";
import { type EndReason, REASONS } from "../wire/protocol.js";
import type { Death, Share } from "./death.js";

/** How many deaths are remembered with the error that caused them, for those who ask for it after the notice. */
const WITH_ERRORS = 64;

/** Why and how each work item of this thread that the dead was executing ended, by its sequence number. */
type Began = Map<number, readonly [why: EndReason, share: Share]>;

export function readNotice(m: SharedMemory, received: Received): { death: Death; began: Began } {
  const exitCode = headerWord(m, received, 4);
  const reason = REASONS[headerWord(m, received, 3)];
  const id = headerWord(m, received, 2) as InterpreterId;
  const [unfinished, error] = readBody(m, received) as [number[], unknown];
  const began: Began = new Map();
  for (let i = 0; i < unfinished.length; i += 3)
    began.set(unfinished[i], [REASONS[unfinished[i + 1]], unfinished[i + 2] === 0 ? "running" : "at fault"]);
  return { death: { id, reason, exitCode: exitCode === -1 ? undefined : exitCode, error }, began };
}

export class NoticedDeaths {
  /** The latest ones, as many as can be on their way at a time. Without their errors, which may be large. */
  readonly #deaths = new Map<InterpreterId, Death>();
  readonly #withErrors = new Map<InterpreterId, Death>();

  add(death: Death): void {
    put(this.#deaths, { ...death, error: undefined }, MAX_SLOTS);
    if (death.error !== undefined) put(this.#withErrors, death, WITH_ERRORS);
  }

  get(id: InterpreterId): Death | undefined {
    return this.#withErrors.get(id) ?? this.#deaths.get(id);
  }

  failedBoot(id: InterpreterId): Death | undefined {
    const death = this.get(id);
    return death?.reason === "boot" ? death : undefined;
  }
}

/** Remembers a death, and forgets the oldest if there are more than `most`. */
function put(deaths: Map<InterpreterId, Death>, death: Death, most: number): void {
  deaths.set(death.id, death);
  if (deaths.size <= most) return;
  for (const oldest of deaths.keys()) {
    deaths.delete(oldest);
    return;
  }
}
