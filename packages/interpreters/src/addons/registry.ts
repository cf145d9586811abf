/**
 * The native addons that the main interpreter has loaded, in shared memory (block.ts) as JSON: any interpreter sees at once,
 * without asking main, whether it may go on to load one itself. Whoever changes the list begins again where somebody else was
 * quicker.
 */
import { realpathSync, statSync } from "../platform/files.js";
import type { SharedMemory } from "../memory/atomics.js";
import { PAGE_BYTES, STATUS_CHANGED } from "../memory/layout.js";
import { type AddonTable, readAddonTable, replaceAddonTable } from "../kernel/addon-table.js";
import type { AddonKind } from "./kind.js";

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
  return read(m).entries;
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

/** Where there is no memory for it, the list stays as it is: main is asked again, and knows. */
function change(m: SharedMemory, edit: (entries: Entry[]) => void): void {
  for (let status = STATUS_CHANGED; status === STATUS_CHANGED;) {
    const { entries, version } = read(m);
    edit(entries);
    status = replaceAddonTable(m, version, Buffer.from(JSON.stringify(entries)));
  }
}

function read(m: SharedMemory): { entries: Entry[]; version: number } {
  for (let room = PAGE_BYTES; ; room *= 2) {
    // Nothing is allocated under a lock, so it is to be seen whether it was enough.
    const block: AddonTable = { bytes: Buffer.allocUnsafe(room), version: 0, length: 0 };
    readAddonTable(m, block);
    const { bytes, version, length } = block;
    if (version === 0) return { entries: [], version };
    if (length <= room) return { entries: JSON.parse(bytes.toString("utf8", 0, length)) as Entry[], version };
  }
}
