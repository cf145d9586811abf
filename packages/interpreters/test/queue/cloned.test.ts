/** Objects that only the runtime can clone: keys, certificates, compiled WebAssembly, blobs. They arrive as what they are. */
import assert from "node:assert/strict";
import { File } from "node:buffer";
import { createSecretKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { BlockList, SocketAddress } from "node:net";
import { createHistogram } from "node:perf_hooks";
import { after, before, describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import {
  create,
  createQueue,
  type Interpreter,
  InterpreterPoolExecutor,
  isShareable,
  move,
  NotShareableError,
  UNBOUND_KEEP,
} from "interpreters";
import { CERTIFICATE } from "../codec/certificate.js";
import { backTo, baseline } from "../support/queues.js";
import { limits, rejection, thrown } from "../support/ways.js";

interface Instance {
  readonly exports: { readonly answer: () => number };
}
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object) => Instance;
    Memory: new (options: object) => { readonly buffer: ArrayBufferLike; grow(by: number): void };
  };
};

/** Exports `answer`, which returns 42. */
const wasm = Buffer.from(
  "0061736d010000000105016000017f03020100070a0106616e7377657200000a06010400412a0b",
  "hex",
);

let one: Interpreter;
let two: Interpreter;
const begin = (): void => {
  one = create();
  two = create();
};
const end = (): Promise<unknown> => Promise.all([one.terminate(), two.terminate()]);

describe("an object that the runtime clones", limits, () => {
  before(begin);
  after(end);

  test("arrives as what it is, and comes back as the same object", async () => {
    const blocked = new BlockList();
    blocked.addAddress("1.2.3.4");
    const histogram = createHistogram();
    histogram.record(5);
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]);
    const pair = generateKeyPairSync("ed25519");
    const cases: [value: object, show: (value: never) => unknown][] = [
      [
        new WebAssembly.Module(wasm),
        (module: object) => {
          const { WebAssembly } = globalThis as unknown as {
            WebAssembly: { Instance: new (m: object) => Instance };
          };
          return new WebAssembly.Instance(module).exports.answer();
        },
      ],
      [createSecretKey(Buffer.from("secret")), (key: { export(): Buffer }) => key.export().toString()],
      [
        pair.publicKey,
        (key: { export(options: object): Buffer }) => key.export({ type: "spki", format: "pem" }),
      ],
      [
        pair.privateKey,
        (key: { export(options: object): Buffer }) => key.export({ type: "pkcs8", format: "pem" }),
      ],
      [key, async (key: never) => new Uint8Array(await crypto.subtle.exportKey("raw", key)).join()],
      [new X509Certificate(CERTIFICATE), (certificate: X509Certificate) => certificate.fingerprint256],
      [blocked, (list: BlockList) => [list.check("1.2.3.4"), list.check("1.2.3.5")]],
      [
        new SocketAddress({ address: "127.0.0.1", port: 80 }),
        ({ address, port }: SocketAddress) => [address, port],
      ],
      [histogram, ({ count, max }: { count: number; max: number }) => [count, max]],
      [new Blob(["abc"], { type: "text/plain" }), async (blob: Blob) => [await blob.text(), blob.type]],
    ];
    // Older runtimes clone a File as a Blob, so it is refused there.
    cases.push([Object.assign(new Blob(["x"]), { own: 1 }), (blob: Blob) => blob.size]);
    const file = new File(["abc"], "name.txt");
    if (structuredClone(file) instanceof File)
      cases.push([file, async (file: File) => [await file.text(), file.name]]);
    else assert.equal(isShareable(file), false);
    const queue = createQueue<unknown>();
    for (const [value, show] of cases) {
      const expected = await show(value as never);
      assert.equal(isShareable(value), true);
      for (const interp of [one, two, one])
        assert.deepEqual(await interp.call(show as (value: object) => unknown, value), expected);
      assert.equal(await one.call((value) => value, value), value);
      await two.call((queue, value) => queue.put({ deep: [value, value] }), queue, value);
      assert.deepEqual(await queue.get(), { deep: [value, value] });
    }
  });

  test("is shared memory, if it is a shared WebAssembly.Memory", async () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
    const length = await one.call((memory) => {
      new Uint8Array(memory.buffer)[3] = 7;
      memory.grow(1);
      return memory.buffer.byteLength;
    }, memory);
    assert.deepEqual([new Uint8Array(memory.buffer)[3], memory.buffer.byteLength], [7, length]);
    assert.equal(isShareable(new WebAssembly.Memory({ initial: 1 })), false);
  });

  test("is made in another interpreter and outlives it", async () => {
    const queue = createQueue<Blob>(0, { unboundItems: UNBOUND_KEEP });
    const made = create();
    await made.call((queue) => queue.put(new Blob(["abc"])), queue);
    await made.terminate();
    assert.equal(await (await queue.get()).text(), "abc");
    await using pool = new InterpreterPoolExecutor({ maxWorkers: 2 });
    const blobs = await Promise.all(
      [1, 2, 3].map((n) => pool.submit((n: number) => new Blob([String(n)]), n)),
    );
    assert.deepEqual(await Promise.all(blobs.map((blob) => blob.text())), ["1", "2", "3"]);
  });

  test("reaches threads that somebody else started", async () => {
    const queue = createQueue<unknown>(0, { unboundItems: UNBOUND_KEEP });
    const index = new URL("../../src/entry.mjs", import.meta.url).href;
    const worker = new Worker(
      `import(${JSON.stringify(index)}).then(async ({ Queue }) => {
        const queue = new Queue(${queue.id});
        const [key, module] = queue.getSync();
        queue.putNowait([key.export().toString(), module instanceof WebAssembly.Module]);
      });`,
      { eval: true },
    );
    const ended = once(worker, "exit");
    queue.putNowait([createSecretKey(Buffer.from("secret")), new WebAssembly.Module(wasm)]);
    await ended;
    assert.deepEqual(await queue.get(), ["secret", true]);
  });

  test("is refused with its path if the runtime does not clone it, or as another class", async () => {
    class Mine extends Blob {}
    for (const value of [
      new MessageChannel().port1,
      new Mine(["x"]),
      new URL("http://a.b/"),
      process.stdout,
    ]) {
      assert.equal(isShareable([value]), false);
      for (const error of [
        await rejection(one.call((value) => value, { value })),
        thrown(() => one.callSync((value) => value, { value })),
      ]) {
        assert.ok(error instanceof NotShareableError);
        assert.match(error.message, /args\[0\]\.value is a/);
      }
    }
  });
});

test("objects that nobody needs any more are let go", limits, async () => {
  begin();
  const round = async (): Promise<void> => {
    const queue = createQueue<unknown>();
    for (let i = 0; i < 10; i++) {
      const blob = new Blob(["x"]);
      await one.call((blob) => blob.size, blob);
      queue.putNowait([blob, new WebAssembly.Module(wasm)]);
    }
    await one.call(() => {
      const { Bun } = globalThis as { Bun?: { gc(force: boolean): void } };
      if (Bun === undefined) process.getBuiltinModule("node:vm").runInNewContext("gc")();
      else Bun.gc(true);
    });
  };
  await round();
  await end();
  const before = await baseline();
  begin();
  await round();
  await end();
  await backTo(before);
});

test("a refused item leaves nothing behind of what it would have moved", limits, async () => {
  const queue = createQueue<unknown>();
  const refused = (): void => {
    const buffer = new ArrayBuffer(4 << 20);
    const value = [buffer, () => 1];
    for (const put of [
      () => queue.putNowait(value, { transfer: [buffer] }),
      () => queue.putSync(move(value, [buffer])),
    ])
      assert.ok(thrown(put) instanceof NotShareableError);
    assert.equal(buffer.byteLength, 4 << 20);
  };
  refused();
  const before = await baseline();
  for (let i = 0; i < 20; i++) refused();
  await backTo(before);
});
