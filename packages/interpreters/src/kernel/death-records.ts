/**
 * How the latest interpreters ended, for threads that get no notice of it because they did not hold them. The supervisor writes a record before the
 * interpreter leaves the registry: a thread that no longer finds it there finds its record, until that of a much later one takes its place.
 */
import { load, type SharedMemory, store } from "../memory/atomics.js";
import type { InterpreterId } from "../memory/brands.js";
import { DEATH_RECORDS, DEATH_WORDS, H_DEATHS } from "../memory/layout.js";

/** The reason's number, and the exit code, or -1. */
export interface DeathRecord {
  readonly reason: number;
  readonly exitCode: number;
}

/** Only the supervisor may call this. It may be repeated. */
export function recordDeath(m: SharedMemory, id: InterpreterId, { reason, exitCode }: DeathRecord): void {
  const p = placeOf(id);
  store(m, p, 0);
  store(m, p + 1, reason);
  store(m, p + 2, exitCode);
  store(m, p, id + 1);
}

export function recordedDeath(m: SharedMemory, id: InterpreterId): DeathRecord | undefined {
  const p = placeOf(id);
  if (load(m, p) !== id + 1) return undefined;
  const record = { reason: load(m, p + 1), exitCode: load(m, p + 2) };
  // Otherwise another death was written in between.
  return load(m, p) === id + 1 ? record : undefined;
}

function placeOf(id: InterpreterId): number {
  return H_DEATHS + (id % DEATH_RECORDS) * DEATH_WORDS;
}
