/** Names for words of the memory, so that a failing schedule can be read. */
import * as layout from "../../src/memory/layout.js";
import { MAX_SLOTS, PAGE_TABLE, PAGE_WORDS, PT_WORDS, SLOT_WORDS, SLOTS } from "../../src/memory/layout.js";
import type { World } from "./world.js";

const constants = Object.entries(layout).filter(
  (entry): entry is [string, number] => typeof entry[1] === "number",
);

/** Among the constants that begin with `prefix`, the one with the largest value up to `offset`. */
function nearest(prefix: string, offset: number): string {
  let best: [string, number] | undefined;
  for (const [name, value] of constants) {
    if (name.startsWith(prefix) && value <= offset && (best === undefined || value > best[1]))
      best = [name, value];
  }
  if (best === undefined) return `${prefix}${offset}`;
  return best[1] === offset ? best[0] : `${best[0]}+${offset - best[1]}`;
}

export function nameOf(world: World, p: number): string {
  if (p === 0) return "";
  const lock = p - layout.LOCK_WAITERS;
  if (lock === layout.H_PAGE_LOCK || lock === layout.H_REGISTRY_LOCK)
    return `${nameOf(world, lock)}.LOCK_WAITERS`;
  if (p < SLOTS) return nearest("H_", p);
  if (p < SLOTS + MAX_SLOTS * SLOT_WORDS) {
    const slot = Math.floor((p - SLOTS) / SLOT_WORDS);
    return `slot${slot}.${slotWord((p - SLOTS) % SLOT_WORDS)}`;
  }
  const page = Math.floor(p / PAGE_WORDS);
  if (page < world.i32[layout.H_FIRST_PAGE]) {
    const entry = Math.floor((p - PAGE_TABLE) / PT_WORDS);
    return `run(page ${entry})${(p - PAGE_TABLE) % PT_WORDS === 0 ? "" : `+${(p - PAGE_TABLE) % PT_WORDS}`}`;
  }
  const offset = p % PAGE_WORDS;
  for (let q = world.i32[layout.H_QUEUES]; q !== 0; q = world.i32[q + layout.Q_NEXT]) {
    if (q !== p - offset) continue;
    if (offset >= layout.Y_STATE && world.i32[q + layout.Q_KIND] !== 0)
      return `sync${world.i32[q + layout.C_ID]}.${nearest("Y_", offset)}`;
    if (offset >= layout.Q_INLINE_SEGMENT) continue;
    // Words of the channel and words of the queue share its lines: the nearer name.
    const names = [nearest("C_", offset), nearest("Q_", offset)];
    const name = names.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    return `queue${world.i32[q + layout.C_ID]}.${name}`;
  }
  return `page ${page}+${offset}`;
}

function distance(name: string): number {
  return Number(name.split("+")[1] ?? 0);
}

function slotWord(offset: number): string {
  for (const [name, lane] of [
    ["S_WORK", layout.S_WORK],
    ["S_REPLIES", layout.S_REPLIES],
  ] as const) {
    if (offset >= lane && offset < lane + layout.CHANNEL_WORDS)
      return `${name}.${nearest("C_", offset - lane)}`;
  }
  return nearest("S_", offset);
}
