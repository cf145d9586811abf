/**
 * The folder in which images of a booted Python are kept between processes. It only saves time: whatever is wrong with it, Python boots
 * from nothing and goes on.
 *
 * A file is written under a name of its own and then renamed, so that a reader finds a whole file or none, and processes that start together
 * do not disturb each other: each writes the same image, and the last one stays. A file that is damaged is replaced.
 */
import { type BigIntStats, closeSync, fstatSync, mkdirSync, openSync, readdirSync, readSync } from "node:fs";
import { renameSync, rmSync, statSync, writeSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import path from "node:path";
import process from "node:process";
import { isImage } from "./image.js";

/** Why an image was not taken from the folder, or not kept in it. */
export type CacheProblem = (what: string, error: unknown) => void;

/** Files of other versions of Python or of this package are removed when they are this old, in milliseconds. */
const OLD = 30 * 24 * 3600 * 1000;
/** So are half written files that a process left behind. */
const ABANDONED = 3600 * 1000;
const NAME = /^python-[\da-f]{32}\.(image|[\da-f-]+\.part)$/;
/** The most that is read of a file: far more than an image has. */
const MOST = 512 * 1024 * 1024;

/** The user's folder for such files, as the system has it. Undefined if the user has no home. */
export function defaultCacheFolder(): string | undefined {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  // The specification says that a relative path is ignored.
  if (XDG_CACHE_HOME !== undefined && path.isAbsolute(XDG_CACHE_HOME)) {
    return path.join(XDG_CACHE_HOME, "interpreters-python");
  }
  if (process.platform === "win32" && LOCALAPPDATA !== undefined) {
    return path.join(LOCALAPPDATA, "interpreters-python", "Cache");
  }
  let home: string;
  try {
    home = homedir();
  } catch {
    return undefined;
  }
  if (!path.isAbsolute(home)) return undefined;
  return path.join(home, process.platform === "darwin" ? "Library/Caches" : ".cache", "interpreters-python");
}

const fileOf = (folder: string, key: string): string => path.join(folder, `python-${key}.image`);

/** The image of a key, in shared memory. Undefined if the folder has none that is whole. */
export function readImage(
  folder: string,
  key: string,
  problem: CacheProblem,
): Uint8Array<SharedArrayBuffer> | undefined {
  const file = fileOf(folder, key);
  let fd: number | undefined;
  try {
    fd = openSync(file, "r");
    const stats = fstatSync(fd, { bigint: true });
    if (!isTrusted(stats)) throw new Error(`${file} belongs to another user, or others may write it`);
    const size = Number(stats.size);
    if (size > MOST) throw new Error(`${file} is no image: it has ${size} bytes`);
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    let at = 0;
    while (at < size) {
      const count = readSync(fd, bytes, at, size - at, at);
      if (count === 0) break;
      at += count;
    }
    if (at === size && isImage(bytes)) return bytes;
    throw new Error(`${file} is damaged`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") problem("read", error);
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** An image is code: it runs as this user. */
function isTrusted(stats: BigIntStats): boolean {
  const user = process.getuid?.();
  return user === undefined || (Number(stats.uid) === user && (stats.mode & 0o022n) === 0n);
}

/** Keeps an image. Returns whether the folder has it now. */
export function writeImage(folder: string, key: string, image: Uint8Array, problem: CacheProblem): boolean {
  const part = path.join(folder, `python-${key}.${randomUUID()}.part`);
  let fd: number | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    fd = openSync(part, "wx", 0o600);
    let at = 0;
    while (at < image.length) at += writeSync(fd, image, at, image.length - at);
    closeSync(fd);
    fd = undefined;
    renameSync(part, fileOf(folder, key));
  } catch (error) {
    problem("write", error);
    try {
      if (fd !== undefined) closeSync(fd);
      rmSync(part, { force: true });
    } catch {
      // A later process removes it.
    }
    return false;
  }
  removeOld(folder, key);
  return true;
}

function removeOld(folder: string, key: string): void {
  try {
    for (const name of readdirSync(folder)) {
      if (!NAME.test(name) || name === path.basename(fileOf(folder, key))) continue;
      const file = path.join(folder, name);
      const age = Date.now() - statSync(file).mtimeMs;
      if (age > (name.endsWith(".part") ? ABANDONED : OLD)) rmSync(file, { force: true });
    }
  } catch {
    // Another process removes them, or the next one.
  }
}
