/**
 * Files without their types, on disk: in the folder of Node's compile cache, if the program has one (`NODE_COMPILE_CACHE`). Later processes need
 * no eraser then, which takes an interpreter 25 ms to load. Node gives each of its versions a folder of its own, and an eraser belongs to a version.
 *
 * An entry is named after its file's path, and holds the bytes of the file that it was made from, which must be those that the file has:
 *
 *     length of the file's bytes (4 bytes, little-endian) | the file's bytes | the text
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "../../platform/files.js";
import { nodeModule } from "../../platform/modules.js";
import { path } from "../../platform/paths.js";
import { threadId } from "../../platform/threads.js";

const HEADER = 4;

/** Returns the text of a file if a process has left it. */
export function readErased(file: string, source: Buffer): string | undefined {
  const entry = entryOf(file);
  if (entry === undefined) return undefined;
  try {
    const bytes = readFileSync(entry);
    const end = HEADER + bytes.readUInt32LE(0);
    return source.equals(bytes.subarray(HEADER, end)) ? bytes.toString("utf8", end) : undefined;
  } catch {
    // There is none, or it may not be read.
    return undefined;
  }
}

/** Leaves the text of a file for later processes, if that is possible. */
export function writeErased(file: string, source: Buffer, text: string): void {
  const entry = entryOf(file);
  if (entry === undefined) return;
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(source.length);
  const written = `${entry}.${process.pid}.${threadId}`;
  try {
    mkdirSync(path.dirname(entry), { recursive: true });
    writeFileSync(written, Buffer.concat([header, source, Buffer.from(text)]));
    // In one step: other processes read it.
    renameSync(written, entry);
  } catch {
    // It is only a cache.
  }
}

function entryOf(file: string): string | undefined {
  const { getCompileCacheDir, stripTypeScriptTypes } = nodeModule() as {
    getCompileCacheDir?: () => string | undefined;
    stripTypeScriptTypes?: unknown;
  };
  // Another eraser than Node's may change with Node's version staying the same.
  const folder = stripTypeScriptTypes === undefined ? undefined : getCompileCacheDir?.();
  return folder === undefined ? undefined : path.join(folder, "interpreters", hash(file));
}

/** 64 bits in hexadecimal digits. Files with the same hash only overwrite each other's entries. */
function hash(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x85ebca77);
    b = Math.imul(b ^ unit, 0xc2b2ae3d);
  }
  a ^= Math.imul(b ^ (b >>> 15), 0x735a2d97);
  b ^= Math.imul(a ^ (a >>> 15), 0xcaf649a9);
  return (a >>> 0).toString(16).padStart(8, "0") + (b >>> 0).toString(16).padStart(8, "0");
}
