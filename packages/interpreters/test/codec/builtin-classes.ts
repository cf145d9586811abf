/**
 * Walks what this runtime's globals and builtin modules export, makes an instance of each class that lets itself be made, and
 * compares what the codec makes of it with what structured clone makes of it. Prints one line of JSON. A program of its own: some
 * instances keep a process alive, and some classes print when they are first touched.
 *
 *     node builtin-classes.js
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules, createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { inspect, types } from "node:util";
import { NotShareableError } from "../../src/base/errors.js";
import { CERTIFICATE } from "./certificate.js";
import { roundTrip } from "./support.js";

type Class = new (...args: unknown[]) => object;

process.noDeprecation = true;
process.removeAllListeners("warning");
process.on("uncaughtException", () => {});
process.on("unhandledRejection", () => {});

/** The arguments of constructors, by the name of the class. Others get no argument, and then an object, a number, a text. */
const withArguments: Record<string, () => unknown[]> = {
  Proxy: () => [new Map(), {}],
  Promise: () => [() => {}],
  WeakRef: () => [{}],
  FinalizationRegistry: () => [() => {}],
  DataView: () => [new ArrayBuffer(8)],
  URL: () => ["http://a.b/?c=d#e"],
  MIMEType: () => ["text/plain;a=b"],
  Script: () => ["1"],
  SourceTextModule: () => ["1"],
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
  TransformStream: () => [],
  CompressionStream: () => ["gzip"],
  DecompressionStream: () => ["gzip"],
  CountQueuingStrategy: () => [{ highWaterMark: 1 }],
  ByteLengthQueuingStrategy: () => [{ highWaterMark: 1 }],
  BroadcastChannel: () => ["x"],
  Worker: () => ["setInterval(() => {}, 1000)", { eval: true }],
  PerformanceMark: () => ["x"],
  PerformanceObserver: () => [() => {}],
  Memory: () => [{ initial: 1, maximum: 2, shared: true }],
  Table: () => [{ initial: 1, element: "anyfunc" }],
  Global: () => [{ value: "i32", mutable: true }, 1],
  Tag: () => [{ parameters: [] }],
  Interface: () => [{ input: process.stdin }],
  URLPattern: () => [{ pathname: "/a" }],
  DisplayNames: () => ["en", { type: "region" }],
  Locale: () => ["en"],
  Segmenter: () => ["en"],
  ReadStream: () => ["/dev/null"],
  WriteStream: () => ["/dev/null"],
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
};

/** These wait for input, or end the process. */
const left: ReadonlySet<string> = new Set(["REPLServer", "WASI"]);

/** Declared for the test alone, because Node's types have no such global. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: object };
};

/** Instances whose class has no public constructor, and objects without a class. */
function others(): [string, () => unknown][] {
  const require = createRequire(import.meta.url);
  const crypto = require("node:crypto") as typeof import("node:crypto");
  const { performance, createHistogram, monitorEventLoopDelay } =
    require("node:perf_hooks") as typeof import("node:perf_hooks");
  const fs = require("node:fs") as typeof import("node:fs");
  const wasm = new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
  return [
    ["Hash", () => crypto.createHash("sha256")],
    ["Hmac", () => crypto.createHmac("sha256", "k")],
    ["Cipheriv", () => crypto.createCipheriv("aes-128-cbc", Buffer.alloc(16), Buffer.alloc(16))],
    ["Decipheriv", () => crypto.createDecipheriv("aes-128-cbc", Buffer.alloc(16), Buffer.alloc(16))],
    ["ECDH", () => crypto.createECDH("prime256v1")],
    ["DiffieHellmanGroup", () => crypto.createDiffieHellmanGroup("modp14")],
    ["Sign", () => crypto.createSign("sha256")],
    ["Verify", () => crypto.createVerify("sha256")],
    ["secret KeyObject", () => crypto.createSecretKey(Buffer.alloc(8))],
    ["public KeyObject", () => crypto.generateKeyPairSync("ed25519").publicKey],
    ["private KeyObject", () => crypto.generateKeyPairSync("ed25519").privateKey],
    ["RecordableHistogram", () => createHistogram()],
    ["IntervalHistogram", () => monitorEventLoopDelay()],
    ["performance", () => performance],
    ["nodeTiming", () => performance.nodeTiming],
    ["Stats", () => fs.statSync(".")],
    ["BigIntStats", () => fs.statSync(".", { bigint: true })],
    ["Dir", () => fs.opendirSync(".")],
    ["Dirent", () => fs.readdirSync(".", { withFileTypes: true })[0]],
    ["FSWatcher", () => fs.watch(".")],
    ["Timeout", () => setTimeout(() => {}, 1)],
    ["Immediate", () => setImmediate(() => {})],
    ["crypto", () => crypto.webcrypto],
    ["subtle", () => crypto.webcrypto.subtle],
    ["process", () => process],
    ["console", () => console],
    ["stdout", () => process.stdout],
    ["env", () => process.env],
    ["globalThis", () => globalThis],
    ["Math", () => Math],
    ["JSON", () => JSON],
    ["Atomics", () => Atomics],
    ["Reflect", () => Reflect],
    ["Intl", () => Intl],
    ["WebAssembly", () => WebAssembly],
    ["WebAssembly.Module", () => wasm],
    ["WebAssembly.Instance", () => new WebAssembly.Instance(wasm)],
    ["WebAssembly.exports", () => new WebAssembly.Instance(wasm).exports],
    ["AbortSignal", () => AbortSignal.timeout(1000)],
    ["MessagePort", () => new MessageChannel().port1],
    ["Array Iterator", () => [].values()],
    ["Array Iterator with properties", () => Object.assign([].values(), { a: 1 })],
    ["Map Iterator", () => new Map().entries()],
    ["String Iterator", () => ""[Symbol.iterator]()],
    ["RegExp String Iterator", () => "".matchAll(/a/g)],
    ["URLSearchParams Iterator", () => new URLSearchParams("a=b").entries()],
    ["Headers Iterator", () => new Headers().entries()],
    ["Segments", () => new Intl.Segmenter("en").segment("a")],
    ["Generator", () => (function* () {})()],
    ["AsyncGenerator", () => (async function* () {})()],
    [
      "arguments",
      () => Reflect.apply(new Function("'use strict'; return arguments"), undefined, []) as unknown,
    ],
    [
      "arguments of two",
      () => Reflect.apply(new Function("'use strict'; return arguments"), 0, [1, 2]) as unknown,
    ],
    ["sloppy arguments", () => Reflect.apply(new Function("a", "return arguments"), 0, [1]) as unknown],
    ["class that extends URL", () => new (class extends URL {})("http://a.b/")],
    ["class that extends Map", () => new (class extends Map<number, number> {})([[1, 2]])],
    [
      "object that only looks like a Map",
      () => Object.assign(Object.create(Map.prototype) as object, { a: 1 }),
    ],
    [
      "Map under another tag",
      () => Object.defineProperty(new Map(), Symbol.toStringTag, { value: "Object" }),
    ],
    [
      "Date without a prototype of its own",
      () => Object.setPrototypeOf(new Date(), Object.prototype) as unknown,
    ],
    ["proxy of an object", () => new Proxy({ a: 1 }, {})],
    ["proxy of an array", () => new Proxy([1], {})],
    ["proxy of a typed array", () => new Proxy(new Uint8Array(1), {})],
    ["proxy of an error", () => new Proxy(new Error("m"), {})],
    ["proxy of a Date", () => new Proxy(new Date(), {})],
  ];
}

interface Verdict {
  readonly tried: number;
  readonly skipped: string[];
  readonly copied: string[];
  readonly refused: string[];
  readonly wrong: string[];
}

const verdict: Verdict = { tried: 0, skipped: [], copied: [], refused: [], wrong: [] };

function describeCopy(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Infinity }).slice(0, 120);
}

function judge(name: string, value: unknown): void {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return;
  (verdict as { tried: number }).tried++;
  let copy: unknown;
  try {
    copy = roundTrip(value);
  } catch (error) {
    if (error instanceof NotShareableError) verdict.refused.push(name);
    else verdict.wrong.push(`${name}: ${describeCopy(error)}`);
    return;
  }
  verdict.copied.push(name);
  let clone: unknown;
  try {
    clone = structuredClone(value);
  } catch {
    verdict.wrong.push(`${name}: structured clone refuses it, and it arrives as ${describeCopy(copy)}`);
    return;
  }
  // Errors keep more than a structured clone keeps of them.
  const expected = types.isNativeError(value) || value instanceof Error ? value : clone;
  if (
    Object.getPrototypeOf(copy) !== Object.getPrototypeOf(expected) ||
    inspect(copy) !== inspect(expected)
  ) {
    verdict.wrong.push(`${name}: arrives as ${describeCopy(copy)}, not ${describeCopy(expected)}`);
    return;
  }
  const bag = Object.getPrototypeOf(copy) === Object.prototype || Array.isArray(copy);
  const prototype = Object.getPrototypeOf(value) as object | null;
  const plain =
    prototype === Object.prototype || prototype === null || Array.isArray(value) || value === process.env;
  if (bag && !plain) verdict.wrong.push(`${name}: arrives as a bag of properties, ${describeCopy(copy)}`);
}

function make(name: string, Class: Class): unknown {
  const attempts = Object.hasOwn(withArguments, name)
    ? [withArguments[name], () => []]
    : [() => [], () => [{}], () => [1], () => ["x"]];
  for (const attempt of attempts) {
    try {
      return new Class(...attempt());
    } catch {
      // Try the next, if there is one.
    }
  }
  return undefined;
}

const met = new Set<unknown>();

function walk(holder: object, path: string, depth: number): void {
  for (const key of Object.getOwnPropertyNames(holder)) {
    let value: unknown;
    try {
      value = (holder as Record<string, unknown>)[key];
    } catch {
      continue;
    }
    if ((typeof value !== "object" && typeof value !== "function") || value === null || met.has(value))
      continue;
    met.add(value);
    if (typeof value === "function") {
      if (!/^[A-Z]/.test(value.name) || value.prototype === undefined) continue;
      const { name } = value;
      const instance = left.has(name) ? undefined : make(name, value as unknown as Class);
      if (instance === undefined) verdict.skipped.push(`${path}.${key}`);
      else judge(`${path}.${key}`, instance);
    } else if (depth > 0) walk(value, `${path}.${key}`, depth - 1);
  }
}

// Some constructors make files.
const folder = mkdtempSync(join(tmpdir(), "interpreters-classes-"));
process.chdir(folder);
writeFileSync("file", "");

met.add(globalThis);
walk(globalThis, "globalThis", 2);
for (const name of builtinModules) {
  if (name.includes("test")) continue;
  try {
    const module = process.getBuiltinModule(name) as unknown as object;
    if (typeof module === "function") walk({ [name]: module }, name, 0);
    walk(module, name, 1);
  } catch {
    verdict.skipped.push(name);
  }
}
const { subtle } = globalThis.crypto;
const cryptoKey = await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]);
for (const [name, get] of [...others(), ["CryptoKey", () => cryptoKey] as const]) {
  try {
    judge(name, get());
  } catch {
    verdict.skipped.push(name);
  }
}
process.chdir("/");
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(verdict)}\n`, () => process.exit(0));
