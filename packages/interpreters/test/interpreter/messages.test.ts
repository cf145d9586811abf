/** Outgoing messages: where large ones are written, and that each of their pages ends up with the receiver or free. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { readValue, Message, WITHOUT_SENDER } from "../../src/wire/message.js";
import { registerMain } from "../../src/kernel/registry.js";
import { load } from "../../src/memory/atomics.js";
import type { InterpreterId, Pointer } from "../../src/memory/brands.js";
import {
  H_FREE_PAGES,
  H_PAGES,
  MAIN_SLOT,
  OK,
  PAGE_BYTES,
  STATUS_EMPTY,
  STATUS_FULL,
  STATUS_NO_MEMORY,
} from "../../src/memory/layout.js";
import { createMemory, openMemory } from "../../src/memory/memory.js";
import { pagesOf } from "../../src/memory/page-allocator.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { take } from "../../src/kernel/queues.js";
import { makeReceived, type Received } from "../../src/kernel/receive.js";
import { UNBOUND_KEEP, unboundNumber } from "../../src/queue/unbound.js";

// 16 MiB.
const m = openMemory(createMemory([256]), MAIN_SLOT);
registerMain(m);
const keep = unboundNumber(UNBOUND_KEEP);

const inUse = (): number => load(m, H_PAGES) - load(m, H_FREE_PAGES);
const bytes = (size: number, seed = 7): Uint8Array => new Uint8Array(size).map((_, i) => i * seed);

let q: Pointer;
let before: number;
/** Puts one item, whose payload has its own pages. */
function put(message: Message): number {
  return message.intoQueue(q, false, 0 as InterpreterId, WITHOUT_SENDER);
}

function taken(): Received {
  const into = makeReceived();
  assert.equal(take(m, q, false, into), OK);
  return into;
}

function send(value: unknown): Received {
  const message = Message.take(m).value(value, "value");
  assert.equal(put(message), OK);
  message.discard();
  return taken();
}

beforeEach(() => {
  q = createQueue(m, 1, keep, false);
  send(1);
  before = inUse();
});

describe("a large message", () => {
  const values: Record<string, unknown> = {
    "an array that is written at once": bytes(1_000_000),
    "several arrays, each larger than the one before": [bytes(70_000), bytes(200_000, 3), bytes(900_000, 5)],
    "a long text": "0123456789".repeat(30_000),
    "a long text of wide characters": "漢字".repeat(60_000),
    "many small values": Array.from({ length: 50_000 }, (_, i) => ({ i, text: `item ${i}` })),
    "small values around large ones": [{ a: 1 }, bytes(100_000), "x", bytes(100_000, 3), [[2]]],
  };
  for (const [what, value] of Object.entries(values)) {
    test(`of ${what} arrives, in pages that fit`, () => {
      const received = send(value);
      assert.equal(pagesOf(m, received.blob), Math.ceil(received.length / PAGE_BYTES));
      assert.equal(inUse() - before, pagesOf(m, received.blob));
      assert.deepEqual(readValue(m, received, 0), value);
      assert.equal(inUse(), before);
    });
  }

  test("that has references arrives", () => {
    const message = Message.take(m).value([bytes(100_000)], "value");
    message.scratch.refs.push(0, 0, 0);
    assert.equal(put(message), OK);
    message.discard();
    assert.deepEqual(readValue(m, taken(), 0), [bytes(100_000)]);
    assert.equal(inUse(), before);
  });

  test("that is put again and again until there is room is written once", () => {
    const full = Message.take(m).value(1, "value");
    assert.equal(put(full), OK);
    full.discard();
    const message = Message.take(m).value(bytes(300_000), "value");
    for (let i = 0; i < 3; i++) assert.equal(put(message), STATUS_FULL);
    assert.equal(readValue(m, taken(), 0), 1);
    assert.equal(put(message), OK);
    message.discard();
    assert.deepEqual(readValue(m, taken(), 0), bytes(300_000));
    assert.equal(inUse(), before);
  });

  test("that is not sent gives its pages back", () => {
    const message = Message.take(m).value(bytes(300_000), "value");
    assert.notEqual(inUse(), before);
    message.discard();
    assert.equal(inUse(), before);
  });

  test("whose end cannot travel gives its pages back, and the value sent in its place arrives", () => {
    const message = Message.take(m);
    assert.throws(() => message.value([bytes(300_000), () => 1], "value"), { name: "NotShareableError" });
    message.clear().value("in its place", "value");
    assert.equal(inUse(), before);
    assert.equal(put(message), OK);
    message.discard();
    assert.equal(readValue(m, taken(), 0), "in its place");
  });

  test("that found no room makes way for a small value in the same message", () => {
    const full = Message.take(m).value(1, "value");
    assert.equal(put(full), OK);
    const message = Message.take(m).value(bytes(300_000), "value");
    assert.equal(put(message), STATUS_FULL);
    assert.equal(readValue(m, taken(), 0), 1);
    assert.equal(put(message.clear().value("too large", "value")), OK);
    message.discard();
    full.discard();
    assert.equal(readValue(m, taken(), 0), "too large");
    assert.equal(inUse(), before);
  });

  test("is not changed by writing a later one", () => {
    const message = Message.take(m).value(bytes(300_000), "value");
    assert.equal(put(message), OK);
    message.discard();
    const later = Message.take(m);
    assert.equal(later, message, "the same space");
    later.value(bytes(80_000, 11), "value").value("more", "value");
    assert.deepEqual(readValue(m, taken(), 0), bytes(300_000));
    later.discard();
    assert.equal(inUse(), before);
  });

  test("for which there is no memory is refused, and leaves nothing behind", () => {
    for (const value of [bytes(20 << 20), Array.from({ length: 3 << 20 }, () => "long text")]) {
      const message = Message.take(m).value(value, "value");
      assert.equal(put(message), STATUS_NO_MEMORY);
      message.discard();
      assert.equal(take(m, q, false, makeReceived()), STATUS_EMPTY);
      // The attempt may have grown the memory to its maximum; the new pages are free.
      assert.equal(inUse(), before);
    }
  });
});
