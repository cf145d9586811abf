/** Memory images: what goes in comes out, and damage shows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, isImage, makeImage, memorySizeOf, restoreImage } from "../src/image.js";

const PAGE = 4096;

function memoryWith(pages: number, bytes: Readonly<Record<number, number>>): Uint8Array {
  const memory = new Uint8Array(pages * PAGE);
  for (const [at, value] of Object.entries(bytes)) memory[Number(at)] = value;
  return memory;
}

for (const [name, bytes] of Object.entries({
  "nothing at all": {},
  "the first and the last byte": { 0: 1, [8 * PAGE - 1]: 2 },
  "two neighbouring pages": { [3 * PAGE + 5]: 7, [4 * PAGE]: 8 },
  "every page": Object.fromEntries(Array.from({ length: 8 }, (_, page) => [page * PAGE + 17, page + 1])),
})) {
  test(`a memory with ${name} comes back`, () => {
    const memory = memoryWith(8, bytes);
    const config = { build: "b", state: ["é", 1] };
    const image = makeImage(memory, config);
    assert.ok(isImage(image));
    assert.equal(memorySizeOf(image), memory.length);
    const restored = new Uint8Array(memory.length);
    assert.deepEqual(restoreImage(image, restored), config);
    assert.deepEqual(restored, memory);
  });
}

test("an image has no pages of zeros", () => {
  const image = makeImage(memoryWith(10_000, { [5000 * PAGE]: 1 }), {});
  assert.ok(image.length < 3 * PAGE, `${image.length}`);
});

test("an image works in shared memory, and in a larger memory", () => {
  const image = makeImage(memoryWith(4, { [2 * PAGE]: 9 }), { state: "s" });
  const shared = new Uint8Array(new SharedArrayBuffer(image.length));
  shared.set(image);
  const restored = new Uint8Array(6 * PAGE);
  assert.deepEqual(restoreImage(shared, restored), { state: "s" });
  assert.deepEqual(restored, memoryWith(6, { [2 * PAGE]: 9 }));
});

test("an image has the code that it was made with", () => {
  const code = Uint8Array.from({ length: 777 }, (_, i) => i);
  const image = makeImage(memoryWith(4, { [PAGE]: 1 }), {}, code);
  assert.ok(isImage(image));
  assert.deepEqual(codeOf(image), code);
  assert.equal(codeOf(makeImage(memoryWith(4, {}), {})).length, 0);
});

test("every damaged byte and every other length shows", () => {
  const image = makeImage(memoryWith(4, { [PAGE]: 1, [PAGE + 100]: 250 }), { state: "s" });
  for (let at = 0; at < image.length; at += at < 100 ? 1 : 131) {
    image[at] ^= 64;
    assert.equal(isImage(image), false, `byte ${at}`);
    image[at] ^= 64;
  }
  assert.equal(isImage(image.subarray(0, image.length - 1)), false);
  assert.equal(isImage(image.subarray(0, 10)), false);
  assert.equal(isImage(new Uint8Array(0)), false);
  assert.ok(isImage(image));
});
