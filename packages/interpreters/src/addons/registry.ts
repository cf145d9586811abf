/**
 * The native addons that the main interpreter has loaded, as JSON in shared memory (kernel/addon-table.ts): any interpreter sees at once,
 * without asking main, whether it may load one itself. A writer whose change comes second begins again.
 */
import { toJson } from "../base/json.js";
import { realpathSync, statSync } from "../platform/files.js";
import type { SharedMemory } from "../memory/atomics.js";
import { PAGE_BYTES, STATUS_CHANGED } from "../memory/layout.js";
import { type AddonTable, readAddonTable, replaceAddonTable } from "../kernel/addon-table.js";
import type { AddonKind } from "./kind.js";

/** The list keeps this many refusals of each addon, the last ones. */
const REFUSALS = 16;

export interface Entry {
  /** See `identify`. */
  readonly key: string;
  readonly file: string;
  readonly firstLoadedBy: number;
  readonly refusals: { interpreterId: number; message: string }[];
  kind: AddonKind;
  /** Whether an interpreter other than main has loaded it, too. */
  shared: boolean;
}

/** Identifies a file whatever its name, because the system maps files, not names. A replaced file is a different one. */
export function identify(filename: string): { file: string; key: string } {
  try {
    const real = realpathSync(filename);
    const { dev, ino } = statSync(real, { bigint: true });
    return { file: real, key: `${dev}:${ino}` };
  } catch {
    // The system says what is wrong with the name, or finds it where it looks for libraries.
    return { file: filename, key: filename };
  }
}

export function readList(m: SharedMemory): Entry[] {
  return read(m).entries;
}

export function find(m: SharedMemory, key: string): Entry | undefined {
  return readList(m).find((entry) => entry.key === key);
}

/** Adds an addon that main has loaded. */
export function add(m: SharedMemory, key: string, file: string, firstLoadedBy: number): void {
  change(m, (entries) => {
    if (entries.some((entry) => entry.key === key)) return;
    entries.push({ key, file, firstLoadedBy, refusals: [], kind: "unknown", shared: false });
  });
}

/** Changes the entry of an addon that main has loaded. */
export function amend(m: SharedMemory, key: string, edit: (entry: Entry) => void): void {
  change(m, (entries) => {
    const entry = entries.find((each) => each.key === key);
    if (entry === undefined) return;
    edit(entry);
    entry.refusals.splice(0, entry.refusals.length - REFUSALS);
  });
}

/** If memory is exhausted, the list stays as it is: interpreters then ask main again, which knows the addon. */
function change(m: SharedMemory, edit: (entries: Entry[]) => void): void {
  for (let status = STATUS_CHANGED; status === STATUS_CHANGED;) {
    const { entries, version } = read(m);
    edit(entries);
    status = replaceAddonTable(m, version, Buffer.from(toJson(entries)));
  }
}

function read(m: SharedMemory): { entries: Entry[]; version: number } {
  for (let room = PAGE_BYTES; ; room *= 2) {
    // Nothing is allocated under a lock, so the room is a guess, and the copy shows whether it was enough.
    const block: AddonTable = { bytes: Buffer.allocUnsafe(room), version: 0, length: 0 };
    readAddonTable(m, block);
    const { bytes, version, length } = block;
    if (version === 0) return { entries: [], version };
    if (length <= room) return { entries: JSON.parse(bytes.toString("utf8", 0, length)) as Entry[], version };
  }
}
