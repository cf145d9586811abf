/**
 * The addon table: the list of addons (addons/registry.ts) in shared memory, for integer code: bytes that are replaced as a whole.
 *
 *     H_ADDONS → [ version, length in bytes, the bytes … ]
 *
 * A table never changes. A writer that needs another one writes it into its own pages and installs it, under the registry
 * lock, if the version that it began with is still current. The pages change owners in such an order that, wherever the
 * thread dies, one rule of the repair (reap.ts: the table that H_ADDONS points to is shared) leaves either the
 * old table or the new one in place, and the other one among the pages of the dead thread.
 */
import {
  get,
  ensureMapped,
  readBytes,
  set,
  type SharedMemory,
  store,
  writeBytes,
} from "../memory/atomics.js";
import type { Owner, Pointer } from "../memory/brands.js";
import {
  H_ADDONS,
  H_REGISTRY_LOCK,
  OK,
  OWNER_SHARED,
  PAGE_BYTES,
  PAGE_WORDS,
  STATUS_CHANGED,
  STATUS_NO_MEMORY,
} from "../memory/layout.js";
import { unlock } from "../memory/lock.js";
import { allocatePages, freePages, setPageOwner } from "../memory/page-allocator.js";
import { lock } from "./fence.js";

const BLOCK_HEADER = 2;

/** A copy of the table. */
export interface AddonTable {
  readonly bytes: Buffer;
  /** 0 if no table exists yet. */
  version: number;
  /** If it is more than `bytes` has room for, nothing was copied. */
  length: number;
}

export function readAddonTable(m: SharedMemory, into: AddonTable): void {
  into.version = 0;
  into.length = 0;
  lock(m, H_REGISTRY_LOCK);
  const pointer = get(m, H_ADDONS);
  if (pointer !== 0) {
    ensureMapped(m, pointer + PAGE_WORDS - 1);
    into.version = get(m, pointer);
    into.length = get(m, pointer + 1);
    ensureMapped(m, pointer + BLOCK_HEADER + (into.length >> 2));
    if (into.length <= into.bytes.length) {
      readBytes(m, pointer, BLOCK_HEADER * 4, into.bytes, 0, into.length);
    }
  }
  unlock(m, H_REGISTRY_LOCK);
}

/**
 * Replaces the table of that version. Returns OK, STATUS_NO_MEMORY if memory is exhausted, or STATUS_CHANGED if that version
 * is no longer current.
 */
export function replaceAddonTable(m: SharedMemory, version: number, bytes: Buffer): number {
  const pages = Math.ceil((BLOCK_HEADER * 4 + bytes.length) / PAGE_BYTES);
  const pointer = allocatePages(m, pages, (m.slot + 1) as Owner);
  if (pointer === 0) return STATUS_NO_MEMORY;
  set(m, pointer, version + 1);
  set(m, pointer + 1, bytes.length);
  writeBytes(m, pointer, BLOCK_HEADER * 4, bytes, 0, bytes.length);
  lock(m, H_REGISTRY_LOCK);
  const old = get(m, H_ADDONS) as Pointer;
  let current = 0;
  if (old !== 0) {
    ensureMapped(m, old + PAGE_WORDS - 1);
    current = get(m, old);
  }
  if (current === version) {
    if (old !== 0) setPageOwner(m, old, (m.slot + 1) as Owner);
    store(m, H_ADDONS, pointer);
    setPageOwner(m, pointer, OWNER_SHARED);
  }
  unlock(m, H_REGISTRY_LOCK);
  if (current !== version) {
    freePages(m, pointer);
    return STATUS_CHANGED;
  }
  if (old !== 0) freePages(m, old);
  return OK;
}
