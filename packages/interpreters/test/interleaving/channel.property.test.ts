/** Channels and pages, in one thread, against the simplest models of them: an array, a set. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { InterpreterId, Owner, Pointer } from "../../src/memory/brands.js";
import { spaceOf } from "../../src/memory/space.js";
import {
  C_PUT,
  C_TAKEN,
  INLINE_BYTES,
  OK,
  OWNER_SHARED,
  PAGE_WORDS,
  RECORD_ERROR,
  RECORD_LIVE,
  RECORD_UNBOUND,
  RECORD_UNBOUND_SHIFT,
  S_WORK,
  UNBOUND_ITEM,
  UNBOUND_ITEM_ERROR,
  UNBOUND_ITEM_KEEP,
  UNBOUND_ITEM_REMOVE,
} from "../../src/memory/layout.js";
import {
  allocatePages,
  freePages,
  pagesOf,
  setPageOwner,
  sweepPages,
} from "../../src/memory/page-allocator.js";
import { append, clearChannel, first } from "../../src/kernel/channel.js";
import { removeRecord, unbind } from "../../src/kernel/channel-removal.js";
import { copyPayload, makeBlob, needsBlob } from "../../src/kernel/records.js";
import { createQueue } from "../../src/kernel/queue-lifetime.js";
import { makeReceived, receive } from "../../src/kernel/receive.js";
import { checkMemory, checkPages } from "./invariants.js";
import { record } from "./pieces.js";
import { slotPointer, World } from "./world.js";

/** Size in 64 KiB pages: room for all that the largest of these programs keeps. */
const ROOMY = 80;

/** A key that no record has. */
const NOBODYS = 1_000_000;

interface Record {
  state: number;
  readonly sender: InterpreterId;
  readonly unbound: number;
  readonly codec: number;
  readonly key: number;
  readonly bytes: number;
}

const senders = fc.integer({ min: 1, max: 4 }).map((n) => (n * 16) as InterpreterId);
const sizes = fc.oneof(
  fc.integer({ min: 4, max: 60 }),
  fc.integer({ min: 900, max: INLINE_BYTES }),
  fc.integer({ min: INLINE_BYTES + 1, max: 3 * PAGE_WORDS * 4 }),
);
const actions = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.tuple(fc.constant("put" as const), senders, sizes, fc.integer({ min: 0, max: 3 })),
  },
  { weight: 30, arbitrary: fc.tuple(fc.constant("take" as const), fc.integer({ min: 1, max: 5 })) },
  { weight: 5, arbitrary: fc.tuple(fc.constant("unbind" as const), senders) },
  { weight: 5, arbitrary: fc.tuple(fc.constant("remove" as const), fc.nat(60)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("clear" as const)) },
);

function content(key: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes, key);
  buffer.writeInt32LE(key, 0);
  return buffer;
}

for (const kind of ["queue", "mailbox"] as const) {
  test(`the channel of a ${kind} does what an array would do`, () => {
    const world = new World(ROOMY);
    const slot = world.interpreters(1);
    const m = world.view(slot);
    const c =
      kind === "queue" ? createQueue(world.view(0), 0, 0, false) : ((slotPointer(slot) + S_WORK) as Pointer);
    world.remember();
    const received = makeReceived();
    fc.assert(
      fc.property(fc.array(actions, { minLength: 1, maxLength: 80 }), (program) => {
        world.restore();
        let model: Record[] = [];
        let key = 0;
        /** Where each record was put, by its key. */
        const places: Pointer[] = [];
        for (const action of program) {
          if (action[0] === "put") {
            const [, sender, bytes, unbound] = action;
            const put = { state: RECORD_LIVE, sender, unbound, codec: key % 200, key: key++, bytes };
            const flags = (unbound << RECORD_UNBOUND_SHIFT) | (put.codec << 8);
            const outgoing = record(flags, sender, content(put.key, bytes));
            if (needsBlob(bytes)) outgoing.blob = makeBlob(m, outgoing);
            assert.equal(append(m, c, outgoing), OK);
            places.push(m.lastPut);
            model.push(put);
          } else if (action[0] === "take") {
            for (let n = 0; n < action[1]; n++) {
              const expected = model.shift();
              const r = first(m, c);
              if (expected === undefined) {
                assert.equal(r, 0);
                break;
              }
              receive(m, c, r, received);
              assert.deepEqual([received.state, received.sender], [expected.state, expected.sender]);
              if (expected.state !== RECORD_LIVE) {
                assert.deepEqual([received.length, received.blob], [0, 0]);
                continue;
              }
              assert.deepEqual([received.codec, received.length], [expected.codec, expected.bytes]);
              let { bytes } = received;
              if (received.blob !== 0) {
                bytes = Buffer.alloc(expected.bytes);
                copyPayload(m, received.blob, spaceOf(bytes), 0, expected.bytes);
                freePages(m, received.blob);
              }
              assert.ok(content(expected.key, expected.bytes).equals(bytes.subarray(0, expected.bytes)));
            }
          } else if (action[0] === "unbind") {
            const touched = model.filter(
              ({ state, sender }) => state === RECORD_LIVE && sender === action[1],
            );
            for (const record of touched) {
              if (record.unbound === UNBOUND_ITEM) record.state = RECORD_UNBOUND;
              else if (record.unbound === UNBOUND_ITEM_ERROR) record.state = RECORD_ERROR;
            }
            const gone = touched.filter(({ unbound }) => unbound === UNBOUND_ITEM_REMOVE);
            assert.ok(
              touched.every(({ unbound, state }) => unbound !== UNBOUND_ITEM_KEEP || state === RECORD_LIVE),
            );
            assert.equal(unbind(m, c, action[1]), gone.length);
            model = model.filter((record) => !gone.includes(record));
          } else if (action[0] === "remove") {
            // A wrong sender removes nothing; the right one removes the record.
            const record = model.find((r) => r.key === action[1] && r.state === RECORD_LIVE);
            const place = places[action[1]] ?? 0;
            assert.equal(removeRecord(m, c, 999 as InterpreterId, action[1], place), false);
            // By now another record may lie there, or the middle of one.
            const sender = record?.sender ?? (16 as InterpreterId);
            assert.equal(removeRecord(m, c, sender, NOBODYS, place), false);
            assert.equal(removeRecord(m, c, sender, action[1], place), record !== undefined);
            model = model.filter((r) => r !== record);
          } else {
            clearChannel(m, c);
            model = [];
          }
          assert.equal(world.i32[c + C_PUT] - world.i32[c + C_TAKEN], model.length);
        }
        checkMemory(world);
      }),
      { numRuns: 1000 },
    );
  });
}

test("pages: runs never overlap, and what is freed or swept can be had again, all of it", () => {
  const world = new World();
  const slot = world.interpreters(2);
  const m = world.view(slot);
  world.remember();
  const step = fc.oneof(
    {
      weight: 10,
      arbitrary: fc.tuple(fc.constant("allocate" as const), fc.integer({ min: 1, max: 9 }), fc.nat(2)),
    },
    { weight: 8, arbitrary: fc.tuple(fc.constant("free" as const), fc.nat(20), fc.constant(0)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant("hand over" as const), fc.nat(20), fc.nat(2)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("sweep" as const), fc.nat(2), fc.constant(0)) },
  );
  const owners = [slot + 1, slot + 2, OWNER_SHARED] as Owner[];
  const all = 288 - 259;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (program) => {
      world.restore();
      let runs: { p: Pointer; pages: number; owner: Owner }[] = [];
      for (const [what, a, b] of program) {
        const chosen = runs[a % Math.max(runs.length, 1)];
        if (what === "allocate") {
          const p = allocatePages(m, a, owners[b]);
          if (p === 0) {
            // It must be right: no gap is large enough.
            let at = 259;
            for (const run of [...runs.sort((x, y) => x.p - y.p), { p: 288 * PAGE_WORDS, pages: 0 }]) {
              assert.ok(run.p / PAGE_WORDS - at < a, "there was room");
              at = run.p / PAGE_WORDS + run.pages;
            }
            continue;
          }
          assert.equal(pagesOf(m, p), a);
          runs.push({ p, pages: a, owner: owners[b] });
        } else if (what === "sweep") {
          const swept = runs.filter(({ owner }) => owner === owners[a]);
          assert.equal(
            sweepPages(m, owners[a]),
            swept.reduce((sum, { pages }) => sum + pages, 0),
          );
          runs = runs.filter((run) => !swept.includes(run));
        } else if (chosen === undefined) continue;
        else if (what === "free") {
          freePages(m, chosen.p);
          runs = runs.filter((run) => run !== chosen);
        } else {
          setPageOwner(m, chosen.p, owners[b]);
          chosen.owner = owners[b];
        }
        assert.deepEqual(
          [...checkPages(world)].map(([p, { pages, owner }]) => ({ p, pages, owner })),
          [...runs].sort((x, y) => x.p - y.p),
        );
      }
      for (const { p } of runs) freePages(m, p);
      assert.notEqual(allocatePages(m, all, 1 as Owner), 0, "it is one run again");
    }),
    { numRuns: 500 },
  );
});
