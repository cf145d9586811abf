/**
 * The native addons that the main interpreter has loaded, in shared memory: any interpreter sees at once, without asking main,
 * whether it may go on to load one itself.
 *
 *     H_ADDONS → [ version, length in bytes, the entries as UTF-8 JSON … ]
 *
 * A block is never changed. Who changes the list writes a new block and puts it in place under the registry lock, if the one it
 * began with is still there; otherwise it begins again. A thread that dies on the way leaves the list as it was, or as
 * it should be (and then, at worst, the old block's pages to nobody).
 */
import { realpathSync, statSync } from "node:fs";
import { get, reach, readBytes, set, type SharedMemory, store, writeBytes } from "../memory/atomics.js";
import { H_ADDONS, H_REGISTRY_LOCK, OWNER_SHARED, PAGE_BYTES, PAGE_WORDS } from "../memory/layout.js";
import { lock, unlock } from "../memory/lock.js";
import { allocatePages, freePages, setPageOwner } from "../memory/pages.js";
import type { AddonKind } from "./kind.js";

const BLOCK_HEADER = 2;
/** How many refusals are remembered for each addon, the last ones. */
const REFUSALS = 16;

export interface Entry {
  /** See `identify`. */
  readonly key: string;
  readonly file: string;
  readonly firstLoadedBy: number;
  readonly refusals: { interpreterId: number; message: string }[];
  kind: AddonKind;
  /** An interpreter other than main has loaded it, too. */
  shared: boolean;
}

/** Which file that is, whatever it is called; the system maps files, not names. One that was replaced is another. */
export function identify(filename: string): { file: string; key: string } {
  try {
    const real = realpathSync(filename);
    const { dev, ino } = statSync(real, { bigint: true });
    return { file: real, key: `${dev}:${ino}` };
  } catch {
    // The system says what is wrong with it, or finds it in the places where it looks for libraries.
    return { file: filename, key: filename };
  }
}

export function readList(m: SharedMemory): Entry[] {
  return readBlock(m).entries;
}

export function find(m: SharedMemory, key: string): Entry | undefined {
  return readList(m).find((entry) => entry.key === key);
}

/** Adds one that main has loaded. */
export function add(m: SharedMemory, key: string, file: string, firstLoadedBy: number): void {
  change(m, (entries) => {
    if (entries.some((entry) => entry.key === key)) return;
    entries.push({ key, file, firstLoadedBy, refusals: [], kind: "unknown", shared: false });
  });
}

/** Changes what is said of one that main has loaded. */
export function amend(m: SharedMemory, key: string, edit: (entry: Entry) => void): void {
  change(m, (entries) => {
    const entry = entries.find((each) => each.key === key);
    if (entry === undefined) return;
    edit(entry);
    entry.refusals.splice(0, entry.refusals.length - REFUSALS);
  });
}

/** Where there is no memory for a new block, the list stays as it is: main is asked again, and knows. */
function change(m: SharedMemory, edit: (entries: Entry[]) => void): void {
  for (;;) {
    const old = readBlock(m);
    edit(old.entries);
    const bytes = Buffer.from(JSON.stringify(old.entries));
    const pages = Math.ceil((BLOCK_HEADER * 4 + bytes.length) / PAGE_BYTES);
    const pointer = allocatePages(m, pages, m.slot + 1);
    if (pointer === 0) return;
    set(m, pointer, old.version + 1);
    set(m, pointer + 1, bytes.length);
    writeBytes(m, pointer, BLOCK_HEADER * 4, bytes, 0, bytes.length);
    lock(m, H_REGISTRY_LOCK);
    const current = get(m, H_ADDONS);
    if (current !== 0) reach(m, current + PAGE_WORDS - 1);
    const unchanged = (current === 0 ? 0 : get(m, current)) === old.version;
    if (unchanged) {
      setPageOwner(m, pointer, OWNER_SHARED);
      store(m, H_ADDONS, pointer);
    }
    unlock(m, H_REGISTRY_LOCK);
    if (!unchanged) freePages(m, pointer);
    else if (current !== 0) freePages(m, current);
    if (unchanged) return;
  }
}

/** Version 0: there is no block yet. */
function readBlock(m: SharedMemory): { version: number; entries: Entry[] } {
  for (let room = PAGE_BYTES; ; room *= 2) {
    // Nothing is allocated under the lock.
    const bytes = Buffer.allocUnsafe(room);
    let version = 0;
    let length = 0;
    lock(m, H_REGISTRY_LOCK);
    const pointer = get(m, H_ADDONS);
    if (pointer !== 0) {
      reach(m, pointer + PAGE_WORDS - 1);
      version = get(m, pointer);
      length = get(m, pointer + 1);
      reach(m, pointer + BLOCK_HEADER + (length >> 2));
      if (length <= room) readBytes(m, pointer, BLOCK_HEADER * 4, bytes, 0, length);
    }
    unlock(m, H_REGISTRY_LOCK);
    if (version === 0) return { version, entries: [] };
    if (length <= room) return { version, entries: JSON.parse(bytes.toString("utf8", 0, length)) as Entry[] };
  }
}
