/** Splitting bytes into lines, wherever chunks begin and end. */

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countLines, type Line, splitLines } from "../src/lines.js";

async function* chunksOf(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === "string" ? Buffer.from(part) : part;
}

async function linesOf(chunks: AsyncIterable<Uint8Array>, maxBytes?: number): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of splitLines(chunks, maxBytes)) lines.push(line);
  return lines;
}

async function textsOf(...parts: readonly (string | Uint8Array)[]): Promise<string[]> {
  const lines = await linesOf(chunksOf(...parts));
  return lines.map((line) => ("text" in line ? line.text : `error: ${line.error.message}`));
}

test("lines end at \\n or \\r\\n, and the last line needs no line break", async () => {
  assert.deepEqual(await textsOf("a\nb\r\nc"), ["a", "b", "c"]);
  assert.deepEqual(await textsOf("a\nb\r\n"), ["a", "b"]);
  assert.deepEqual(await textsOf("a\r", "\nb"), ["a", "b"]);
  assert.deepEqual(await textsOf(""), []);
});

test("blank lines and carriage returns within a line are kept", async () => {
  assert.deepEqual(await textsOf("\n\na\rb\n\n"), ["", "", "a\rb", ""]);
});

test("lines are numbered from 1, including undecodable ones", async () => {
  const lines = await linesOf(
    chunksOf("a\n", Buffer.from([0xff, 0x0a]), "c\nd\n", Buffer.from([0x65, 0xc3])),
  );
  assert.deepEqual(
    lines.map((line) => [line.number, "text" in line ? line.text : line.error.message]),
    [
      [1, "a"],
      [2, "the line is not valid UTF-8"],
      [3, "c"],
      [4, "d"],
      [5, "the line is not valid UTF-8"],
    ],
  );
});

test("an undecodable line in the middle of a chunk does not affect its neighbours", async () => {
  const chunk = Buffer.concat([Buffer.from("ä\nb\n"), Buffer.from([0x80]), Buffer.from("\nö\n")]);
  assert.deepEqual(await textsOf(chunk), ["ä", "b", "error: the line is not valid UTF-8", "ö"]);
});

test("a byte order mark at the very start is not part of the first line", async () => {
  assert.deepEqual(await textsOf(Buffer.from([0xef]), Buffer.from([0xbb, 0xbf]), "1\n\uFEFF2\n"), [
    "1",
    "\uFEFF2",
  ]);
});

test("a line beyond the limit is reported but not kept, and the next one is read", async () => {
  const lines = await linesOf(chunksOf("ok\n", "xx", "xx", "xx", "x\nab\ncdefghi\njk\n"), 5);
  assert.deepEqual(
    lines.map((line) => ("text" in line ? line.text : line.error.name)),
    ["ok", "RangeError", "ab", "RangeError", "jk"],
  );
});

test("a line of many megabytes in small chunks arrives whole", async () => {
  const piece = "äöü€".repeat(1024);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let count = 0; count < 1000; count++) yield Buffer.from(piece);
    yield Buffer.from("\nend");
  }
  const [long, end] = await linesOf(chunks());
  assert.ok("text" in long && long.text === piece.repeat(1000));
  assert.deepEqual(end, { number: 2, text: "end" });
});

test("the boundaries of the chunks make no difference", async () => {
  const text = fc
    .array(fc.constantFrom("a", "ä", "€", "😀", "\r", "\n", "\r\n", "\uFEFF"), { maxLength: 30 })
    .map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(5), { maxLength: 60 }), async (whole, sizes) => {
      const bytes = Buffer.from(whole);
      const parts: Uint8Array[] = [];
      let start = 0;
      for (const size of sizes) {
        parts.push(bytes.subarray(start, start + size));
        start = Math.min(start + size, bytes.length);
      }
      parts.push(bytes.subarray(start));
      const expected = whole.replace(/^\uFEFF/, "").split("\n");
      if (expected.at(-1) === "" && !/^\uFEFF$/.test(whole)) expected.pop();
      assert.deepEqual(
        await textsOf(...parts),
        expected.map((line) => line.replace(/\r$/, "")),
      );
    }),
  );
});

test("counting finds as many lines as splitting, for any chunks", async () => {
  const piece = fc.string({ unit: fc.constantFrom("\n", "\r", " ", "\t", "a", "é"), maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
      const texts = await textsOf(...pieces);
      assert.equal(await countLines(chunksOf(...pieces), false), texts.length);
      const filled = texts.filter((text) => text.trim() !== "");
      assert.equal(await countLines(chunksOf(...pieces), true), filled.length);
    }),
  );
});
