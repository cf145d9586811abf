/** Instances of the classes that this runtime's globals and builtin modules export, and objects of the runtime without a class. */

import { openSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import process from "node:process";
import { PassThrough } from "node:stream";
import { CERTIFICATE } from "./certificate.js";
import { compiled, type Maker, objects, WebAssembly } from "./builtin-objects.js";

/** An archive of no files: an end of central directory record. */
export const EMPTY_ZIP = Buffer.concat([Buffer.from("PK\x05\x06", "latin1"), Buffer.alloc(18)]);

/** The arguments of constructors, by the name of the class. Others get none, then an object, a number, a text. */
const constructorArguments: Record<string, () => unknown[]> = {
  Proxy: () => [new Map(), {}],
  Promise: () => [() => {}],
  WeakRef: () => [{}],
  FinalizationRegistry: () => [() => {}],
  DataView: () => [new ArrayBuffer(8)],
  URL: () => ["http://a.b/?c=d#e"],
  MIMEType: () => ["text/plain;a=b"],
  Script: () => ["1"],
  SourceTextModule: () => ["1"],
  SourceMap: () => [{ version: 3, sources: [], names: [], mappings: "" }],
  Request: () => ["http://a.b/"],
  Event: () => ["x"],
  CustomEvent: () => ["x", { detail: 1 }],
  MessageEvent: () => ["x"],
  CloseEvent: () => ["x"],
  ErrorEvent: () => ["x"],
  StorageEvent: () => ["x"],
  Blob: () => [["abc"], { type: "text/plain" }],
  File: () => [["abc"], "a.txt"],
  SocketAddress: () => [{ address: "127.0.0.1", port: 80 }],
  AsyncResource: () => ["x"],
  AssertionError: () => [{ message: "m", actual: 1, expected: 2, operator: "strictEqual" }],
  AggregateError: () => [[new TypeError("a")], "m"],
  SuppressedError: () => [new TypeError("a"), new RangeError("b"), "m"],
  DOMException: () => ["m", "AbortError"],
  QuotaExceededError: () => ["m", { quota: 1, requested: 2 }],
  Module: () => ["id"],
  DatabaseSync: () => [":memory:"],
  Deserializer: () => [Buffer.from([0xff, 0x0f, 0x30])],
  DefaultDeserializer: () => [Buffer.from([0xff, 0x0f, 0x30])],
  TransformStream: () => [],
  CompressionStream: () => ["gzip"],
  DecompressionStream: () => ["gzip"],
  CountQueuingStrategy: () => [{ highWaterMark: 1 }],
  ByteLengthQueuingStrategy: () => [{ highWaterMark: 1 }],
  WritableStreamDefaultWriter: () => [new WritableStream()],
  ReadableStreamDefaultReader: () => [new ReadableStream()],
  ReadableStreamBYOBReader: () => [new ReadableStream({ type: "bytes" })],
  BroadcastChannel: () => ["x"],
  Worker: () => ["setInterval(() => {}, 1000)", { eval: true }],
  PerformanceMark: () => ["x"],
  PerformanceObserver: () => [() => {}],
  Memory: () => [{ initial: 1, maximum: 2, shared: true }],
  Table: () => [{ initial: 1, element: "anyfunc" }],
  Global: () => [{ value: "i32", mutable: true }, 1],
  Tag: () => [{ parameters: [] }],
  Instance: () => [compiled()],
  Exception: () => [new WebAssembly.Tag!({ parameters: [] }), []],
  Suspending: () => [() => 1],
  JSStreamSocket: () => [new PassThrough()],
  Interface: () => [{ input: process.stdin }],
  Readline: () => [process.stdout],
  Console: () => [process.stdout],
  REPLServer: () => [{ input: new PassThrough(), output: new PassThrough() }],
  WASI: () => [{ version: "preview1" }],
  Utf8Stream: () => [{ dest: "utf8" }],
  ZipBuffer: () => [EMPTY_ZIP],
  URLPattern: () => [{ pathname: "/a" }],
  DisplayNames: () => ["en", { type: "region" }],
  Locale: () => ["en"],
  Segmenter: () => ["en"],
  FileReadStream: () => ["/dev/null"],
  FileWriteStream: () => ["/dev/null"],
  X509Certificate: () => [CERTIFICATE],
  Uint8Array: () => [[1, 2]],
  Map: () => [[[1, 2]]],
  Set: () => [[1]],
  Date: () => [5],
  RegExp: () => ["a", "g"],
  Buffer: () => [4],
  SharedArrayBuffer: () => [8],
  ArrayBuffer: () => [8],
  Error: () => ["m"],
  WebSocket: () => ["ws://127.0.0.1:1/"],
  EventSource: () => ["http://127.0.0.1:1/"],
  DynamicLibrary: () => [null],
  PlainDate: () => [2026, 1, 1],
  PlainDateTime: () => [2026, 1, 1],
  PlainYearMonth: () => [2026, 1],
  PlainMonthDay: () => [1, 1],
  Instant: () => [0n],
  ZonedDateTime: () => [0n, "UTC"],
};
/** By place, where several classes have the name. Linux opens a terminal there. */
const argumentsByPlace: Record<string, () => unknown[]> = {
  "fs.ReadStream": () => ["/dev/null"],
  "fs.WriteStream": () => ["/dev/null"],
  "tty.ReadStream": () => [openSync("/dev/ptmx", "r+")],
  "tty.WriteStream": () => [openSync("/dev/ptmx", "r+")],
};
type Class = (new (...args: unknown[]) => object) & { readonly prototype: object };

/** Returns something that makes instances, if the class lets itself be made. */
function maker(place: string, Class: Class): (() => object) | undefined {
  const known = argumentsByPlace[place] ?? constructorArguments[Class.name];
  const attempts =
    known === undefined
      ? [() => [], () => [{}], () => [1], () => ["x"], () => [() => {}]]
      : [known, () => []];
  for (const attempt of attempts) {
    const make = (): object => new Class(...attempt());
    try {
      make();
      return make;
    } catch {
      // Try the next, if there is one.
    }
  }
  return undefined;
}

export interface Found {
  /** Makers of instances, by place. */
  readonly makers: Maker[];
  /** All classes that are exported. */
  readonly classes: [place: string, cls: Function][];
}

/** Whether a function looks like a class: it has a capital letter, and instances would have something that other objects lack. */
function isClass(value: unknown): value is Class {
  if (typeof value !== "function" || !/^[A-Z]/.test(value.name)) return false;
  const prototype = value.prototype as object | null | undefined;
  if (typeof prototype !== "object" || prototype === null) return false;
  return Reflect.ownKeys(prototype).length > 1 || Object.getPrototypeOf(prototype) !== Object.prototype;
}

/** Walks all that this runtime exports. */
export async function walkBuiltins(): Promise<Found> {
  const found: Found = { makers: [], classes: [] };
  const met = new Set<unknown>([globalThis]);
  const walk = (holder: object, path: string, depth: number): void => {
    for (const key of Object.getOwnPropertyNames(holder)) {
      if (key === "prototype") continue;
      let value: unknown;
      try {
        value = (holder as Record<string, unknown>)[key];
      } catch {
        continue;
      }
      if ((typeof value !== "object" && typeof value !== "function") || value === null || met.has(value))
        continue;
      met.add(value);
      const place = `${path}.${key}`;
      if (isClass(value)) {
        found.classes.push([place, value]);
        const make = maker(place, value);
        if (make !== undefined) found.makers.push([place, make]);
      }
      if (depth > 0) walk(value, place, depth - 1);
    }
  };
  walk(globalThis, "globalThis", 2);
  for (const name of builtinModules) {
    if (name.includes("test")) continue;
    let module: object;
    try {
      module = createRequire(import.meta.url)(name) as object;
    } catch {
      // Switched off, or for another platform.
      continue;
    }
    if (typeof module === "function") walk({ [name]: module }, name, 0);
    walk(module, name, 1);
  }
  found.makers.push(...(await objects()));
  return found;
}
