/** The deaths that this thread was notified of: reading a notice, and settling what the dead still owes. */
import { MAX_SLOTS } from "../memory/layout.js";
import type { SharedMemory } from "../memory/atomics.js";
import type { InterpreterId } from "../memory/brands.js";
import type { Received } from "../kernel/receive.js";
import { headerWord, readBody } from "../wire/message.js";
import { type EndReason, REASONS } from "../wire/protocol.js";
import { type Death, deathOfWork, type Share } from "./death.js";
import type { Pending } from "./pending.js";
import type { PendingTable } from "./pending-table.js";
import type { Tracer } from "./tracer.js";
import { callSafely } from "../base/report.js";

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

/**
 * Settles the operations that wait for the dead, or that it was executing. The replies that it sent came before its notice, so no
 * other reply will come.
 */
export function settleOwed(
  table: PendingTable<Pending>,
  death: Death,
  began: Began,
  tracer: Tracer | undefined,
): void {
  for (const key of table.numbers()) {
    const pending = table.get(key);
    const work = began.get(key);
    // Settling an earlier one may have withdrawn this one.
    if (pending === undefined) continue;
    if (pending.target !== death.id && (pending.target !== -1 || work === undefined)) continue;
    table.take(key);
    // A retry has another number, and this one may be given to another operation later.
    began.delete(key);
    tracer?.died(key, pending, death);
    callSafely(() => {
      if (work === undefined) pending.died(death, "waiting");
      else pending.died(...deathOfWork(death, ...work));
    });
  }
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
