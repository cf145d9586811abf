/** ARCHITECTURE.md leads to what is there: its files and names exist, and the bytes of its example are those in the shared memory. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createQueue } from "interpreters";
import { get } from "../../src/memory/atomics.js";
import type { Pointer } from "../../src/memory/brands.js";
import { runtime } from "../../src/thread/current.js";

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
const src = path.join(root, "packages/interpreters/src");
const page = readFileSync(path.join(root, "ARCHITECTURE.md"), "utf8");
const sources = new Map(
  readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.[cm]?ts$/.test(name))
    .map((name) => [name.split(path.sep).join("/"), readFileSync(path.join(src, name), "utf8")]),
);

test("its files exist", () => {
  const named = [...page.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.\w+)`/g)].map(([, name]) => name);
  assert.ok(named.length > 40, `${named.length} names of files`);
  assert.deepEqual(
    named.filter((name) => !sources.has(name) && !existsSync(path.join(root, name))),
    [],
  );
});

test("what it places in a file is declared there", () => {
  const placed = [...page.matchAll(/`(?:\w+\.)?(\w+)`\s+\(`([\w./-]+\.ts)`\)/g)];
  assert.ok(placed.length > 25, `${placed.length} places`);
  const wrong = placed.filter(([, name, file]) => {
    const declaration = new RegExp(
      String.raw`^\s*(?:export )?(?:override |async |static )*(?:(?:function|class|const|get) ${name}\b|${name}\()`,
      "m",
    );
    return !declaration.test(sources.get(file) ?? "");
  });
  assert.deepEqual(
    wrong.map(([text]) => text),
    [],
  );
});

test("constants that it names are those of the layout", () => {
  const layout = [...sources].filter(([name]) => name.startsWith("memory/layout")).map(([, text]) => text);
  const names = page.match(/\b[CQRS]_[A-Z][A-Z_]+\b/g) ?? [];
  assert.ok(names.length > 8);
  assert.deepEqual(
    names.filter((name) => !layout.some((text) => text.includes(`export const ${name} =`))),
    [],
  );
});

test("its example has the bytes that it shows", () => {
  const [, value, shown] = /`"(\w+)"` of interpreter 0 is six words,\s+`\[([^\]]+)\]`/.exec(page)!;
  const queue = createQueue<string>();
  queue.putNowait(value);
  const { m } = runtime();
  const record = Array.from({ length: 6 }, (_, i) => get(m, (m.lastPut + i) as Pointer));
  const expected = shown.split(", ").map(Number);
  const bytesOf = (words: number[]): Buffer => Buffer.from(Int32Array.from(words).buffer);
  assert.deepEqual(record.slice(0, 4), expected.slice(0, 4), "the header");
  // What lies behind the payload, up to the next record, has no meaning.
  const end = 4 * 4 + record[3];
  assert.deepEqual(bytesOf(record).subarray(0, end), bytesOf(expected).subarray(0, end));
  assert.equal(queue.getNowait(), value);
});
