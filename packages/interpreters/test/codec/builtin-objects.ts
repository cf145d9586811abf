/** Instances whose class has no public constructor, objects of the runtime without a class, and what only looks like one. */

import buffer from "node:buffer";
import crypto from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import { createRequire } from "node:module";
import net from "node:net";
import { createHistogram, monitorEventLoopDelay, performance, PerformanceObserver } from "node:perf_hooks";
import process from "node:process";
import util from "node:util";
import zlib from "node:zlib";

/** Makes an object, by its name in a verdict. A maker that throws: this runtime has no such object. */
export type Maker = readonly [name: string, make: () => unknown];

/** Declared for the tests alone, because Node's types have no such global. */
export const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object) => { exports: object };
    readonly Tag?: new (type: object) => object;
  };
};

/** The smallest module: it has no exports. */
export const compiled = (): object =>
  new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));

/** For names that the types of the oldest runtime lack. */
type Loose = Record<string, ((...args: unknown[]) => Loose) & (new (...args: unknown[]) => Loose)>;
const require = createRequire(import.meta.url);
const here = globalThis as unknown as Loose;

function database(): Loose {
  const { DatabaseSync } = require("node:sqlite") as Loose;
  const made = new DatabaseSync!(":memory:");
  made["exec"]!("create table t (a integer primary key)");
  return made;
}

/** A request and a response, as both sides of HTTP see them. */
async function exchange(name: string, server: http.Server | http2.Http2Server): Promise<Maker[]> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const client =
    server instanceof http.Server
      ? http.get({ port, host: "127.0.0.1" })
      : http2.connect(`http://127.0.0.1:${port}`).request({ ":path": "/" });
  const [request, response] = (await once(server, "request")) as [object, object];
  const parts = { client, request, response };
  return Object.entries(parts).map(([part, object]) => [`${name} ${part}`, () => object]);
}

/** Objects that only a callback gets. */
async function received(): Promise<Maker[]> {
  const got: Record<string, object> = {};
  const keep = (name: string) => (object: object) => void (got[name] = object);
  const observer = new PerformanceObserver(keep("PerformanceObserverEntryList"));
  observer.observe({ entryTypes: ["mark"] });
  performance.mark("seen");
  void new ReadableStream({ start: keep("ReadableStreamDefaultController") });
  void new WritableStream({ start: keep("WritableStreamDefaultController") });
  void new TransformStream({ start: keep("TransformStreamDefaultController") });
  const bytes = new ReadableStream({
    type: "bytes",
    start: keep("ReadableByteStreamController"),
    pull: (controller) => keep("ReadableStreamBYOBRequest")(controller.byobRequest!),
  });
  void bytes.getReader({ mode: "byob" }).read(new Uint8Array(1));
  const algorithm = { name: "AES-GCM", length: 128 };
  keep("CryptoKey")(await crypto.webcrypto.subtle.generateKey(algorithm, true, ["encrypt"]));
  keep("observed")(observer);
  return [
    ...Object.entries(got).map(([name, object]): Maker => [name, () => object]),
    ...(await exchange("http", http.createServer())),
    ...(await exchange("http2", http2.createServer())),
  ];
}

/** Returns them all. Those that a callback gets are made once, others as often as they are needed. */
export async function objects(): Promise<Maker[]> {
  const handles = await Promise.all(Array.from({ length: 5 }, () => fs.promises.open("/dev/null")));
  return [
    ...(await received()),
    ["Hash", () => crypto.createHash("sha256")],
    ["Hmac", () => crypto.createHmac("sha256", "k")],
    ["Cipheriv", () => crypto.createCipheriv("aes-128-cbc", Buffer.alloc(16), Buffer.alloc(16))],
    ["Decipheriv", () => crypto.createDecipheriv("aes-128-cbc", Buffer.alloc(16), Buffer.alloc(16))],
    ["Cipher", () => (crypto as unknown as Loose)["createCipher"]!("aes-128-cbc", "k")],
    ["Decipher", () => (crypto as unknown as Loose)["createDecipher"]!("aes-128-cbc", "k")],
    ["ECDH", () => crypto.createECDH("prime256v1")],
    ["DiffieHellmanGroup", () => crypto.createDiffieHellmanGroup("modp14")],
    ["Sign", () => crypto.createSign("sha256")],
    ["Verify", () => crypto.createVerify("sha256")],
    ["secret KeyObject", () => crypto.createSecretKey(Buffer.alloc(8))],
    ["public KeyObject", () => crypto.generateKeyPairSync("ed25519").publicKey],
    ["private KeyObject", () => crypto.generateKeyPairSync("ed25519").privateKey],
    ["listening net.Server", () => net.createServer().listen(0)],
    ["BoundSocket", () => new (net as unknown as Loose)["BoundSocket"]!({ host: "127.0.0.1", port: 0 })],
    ["dgram.Socket", () => dgram.createSocket("udp4")],
    ["RecordableHistogram", () => createHistogram()],
    ["IntervalHistogram", () => monitorEventLoopDelay()],
    ["performance", () => performance],
    ["nodeTiming", () => performance.nodeTiming],
    ["PerformanceMeasure", () => performance.measure("x")],
    ["PerformanceResourceTiming", resourceTiming],
    ["Stats", () => fs.statSync(".")],
    ["BigIntStats", () => fs.statSync(".", { bigint: true })],
    ["Dir", () => fs.opendirSync(".")],
    ["Dirent", () => fs.readdirSync(".", { withFileTypes: true })[0]],
    ["FSWatcher", () => fs.watch(".")],
    ["FileHandle", () => handles.pop()],
    ["Timeout", () => setTimeout(() => {}, 1)],
    ["Immediate", () => setImmediate(() => {})],
    ["sqlite statement", () => database()["prepare"]!("select 1")],
    ["sqlite session", () => database()["createSession"]!()],
    ["ZipFile", () => (zlib as unknown as Record<string, Loose>)["ZipFile"]!["openSync"]!("empty.zip")],
    ["SlowBuffer", () => (buffer as unknown as Loose)["SlowBuffer"]!(1)],
    ["Storage", () => here["sessionStorage"]],
    ["Navigator", () => here["navigator"]],
    ["Iterator", () => new (class extends (here["Iterator"] as unknown as new () => object) {})()],
    ["Iterator helper", () => ([].values() as unknown as Loose)["map"]!(() => 1)],
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
    ["WebAssembly.Module", compiled],
    ["WebAssembly.Instance", () => new WebAssembly.Instance(compiled())],
    ["WebAssembly.exports", () => new WebAssembly.Instance(compiled()).exports],
    ["AbortSignal", () => AbortSignal.timeout(1000)],
    ["AbortSignal that moves", () => util.transferableAbortSignal(new AbortController().signal)],
    ["MessagePort", () => new MessageChannel().port1],
    ["boxed bigint", () => Object(1n) as unknown],
    ["boxed symbol", () => Object(Symbol("x")) as unknown],
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
    ["arguments", () => Reflect.apply(new Function("'use strict'; return arguments"), 0, []) as unknown],
    [
      "arguments of two",
      () => Reflect.apply(new Function("'use strict'; return arguments"), 0, [1, 2]) as unknown,
    ],
    ["sloppy arguments", () => Reflect.apply(new Function("a", "return arguments"), 0, [1]) as unknown],
    ["class that extends URL", () => new (class extends URL {})("http://a.b/")],
    ["class that extends Map", () => new (class extends Map<number, number> {})([[1, 2]])],
    ["class that extends Blob", () => new (class extends Blob {})(["x"])],
    [
      "object that only looks like a Map",
      () => Object.assign(Object.create(Map.prototype) as object, { a: 1 }),
    ],
    [
      "object that only looks like a MessagePort",
      () => Object.assign(Object.create(MessagePort.prototype) as object, { a: 1 }),
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
    ["proxy of a Blob", () => new Proxy(new Blob([]), {})],
  ];
}

function resourceTiming(): object {
  const zeros = new Proxy({}, { get: () => 0 });
  return (performance as unknown as Loose)["markResourceTiming"]!(
    zeros,
    "http://a.b/",
    "fetch",
    globalThis,
    "",
    zeros,
    200,
  );
}
