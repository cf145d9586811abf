/** The types of a file are erased once in a process, whichever interpreters load it, and whatever becomes of the one that does so. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { create, fromModule, type Interpreter } from "interpreters";
import { createDerivedTexts, DerivedTexts } from "../../src/base/derived-texts.js";
import { limits } from "../support/ways.js";

const folder = mkdtempSync(path.join(tmpdir(), "typescript-shared-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
write("package.json", '{ "type": "module" }');
write("main.ts", 'import { other } from "./other.ts"; export const f = (n: number): number => n + other();');
write("other.ts", 'import { third } from "./third.js"; export const other = (): number => third as number;');
write("third.ts", "export const third: number = 3;");
const { f } = fromModule<{ f: (n: number) => number }>(pathToFileURL(path.join(folder, "main.ts")));

/** Has the interpreter count how often it erases types. */
const count = (interp: Interpreter): Promise<void> =>
  interp.call(() => {
    const module = process.getBuiltinModule("node:module") as {
      stripTypeScriptTypes?: (text: string) => string;
    };
    const { stripTypeScriptTypes: strip } = module;
    const counters = globalThis as { erased?: string[] };
    counters.erased = [];
    module.stripTypeScriptTypes = (text) => {
      if (text !== "") counters.erased?.push(text);
      return strip?.(text) ?? text;
    };
  });
const counted = (interp: Interpreter): Promise<number> =>
  interp.call(() => (globalThis as { erased?: string[] }).erased?.length ?? -1);

const hasOwn =
  "stripTypeScriptTypes" in process.getBuiltinModule("node:module") &&
  "registerHooks" in process.getBuiltinModule("node:module");
test(
  "an interpreter erases no types that another one has erased, unless the file changes",
  { ...limits, skip: !hasOwn },
  async () => {
    await using first = create();
    await count(first);
    assert.equal(await first.call(f, 1), 4);
    assert.equal(await counted(first), 3);

    await using second = create();
    await count(second);
    assert.equal(await second.call(f, 1), 4);
    assert.equal(await counted(second), 0);

    write("third.ts", "export const third: number = 4;");
    await using third = create();
    await count(third);
    assert.equal(await third.call(f, 1), 5);
    assert.equal(await counted(third), 1);
  },
);

test("interpreters that load the same modules at once all get them", limits, async () => {
  const interps = Array.from({ length: 4 }, () => create());
  write("third.ts", "export const third: number = 5;");
  assert.deepEqual(await Promise.all(interps.map((each) => each.call(f, 1))), [6, 6, 6, 6]);
  await Promise.all(interps.map((each) => each.close()));
});

const memory = (): SharedArrayBuffer => {
  const made = createDerivedTexts();
  assert.ok(made !== undefined);
  return made;
};

test(
  "texts of any size and alphabet are found by the bytes of their files, from another thread",
  limits,
  () => {
    const shared = memory();
    const writer = new DerivedTexts(shared);
    const reader = new DerivedTexts(shared);
    const files = Array.from({ length: 300 }, (_, i) => Buffer.from(`${i} é😀 `.repeat(i)));
    for (const [i, file] of files.entries()) writer.claim(file)(i % 3 === 0 ? undefined : `text ${i} é`);
    for (const [i, file] of files.entries()) {
      assert.equal(reader.text(file), i % 3 === 0 ? undefined : `text ${i} é`);
      assert.equal(reader.has(file), i % 3 !== 0);
    }
    assert.equal(reader.text(Buffer.from("unknown")), undefined);
  },
);

test("what does not fit is nobody's", limits, () => {
  const shared = memory();
  const texts = new DerivedTexts(shared);
  texts.claim(Buffer.from("file"))("text".repeat(100));
  assert.equal(texts.text(Buffer.from("file")), undefined);
  const large = Buffer.alloc(40 << 20);
  texts.claim(large)("text");
  assert.equal(texts.has(large), false);
  texts.claim(Buffer.from("small"))("text");
  assert.equal(new DerivedTexts(shared).text(Buffer.from("small")), "text");
});

test("a thread waits for the text that another one derives, but not for a dead one", limits, async () => {
  const shared = memory();
  const texts = new DerivedTexts(shared);
  const publish = texts.claim(Buffer.from("file"));
  const abandoned = texts.claim(Buffer.from("abandoned"));
  const worker = new Worker(
    `const { parentPort, workerData } = require("node:worker_threads");
     import(workerData.module).then(({ DerivedTexts }) => {
       const texts = new DerivedTexts(workerData.shared);
       parentPort.postMessage("ready");
       parentPort.postMessage(texts.text(Buffer.from("file")));
       parentPort.postMessage(texts.text(Buffer.from("abandoned")));
     });`,
    {
      eval: true,
      workerData: { shared, module: new URL("../../src/base/derived-texts.js", import.meta.url).href },
    },
  );
  const messages: unknown[] = [];
  await new Promise<void>((resolve, reject) => {
    worker.on("message", (message) => {
      if (message === "ready") publish("derived");
      messages.push(message);
    });
    worker.on("error", reject);
    worker.on("exit", () => resolve());
  });
  assert.deepEqual(messages, ["ready", "derived", undefined]);
  abandoned("too late");
  assert.equal(texts.has(Buffer.from("abandoned")), false);
});
