/** The registry under every schedule: slots and ids are given once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InterpreterId, Slot } from "../../src/memory/brands.js";
import {
  H_NEXT_INTERPRETER,
  OK,
  RECORD_UNBOUND_SHIFT,
  S_CREATOR,
  S_ID,
  S_STATE,
  S_WORK,
  STATE_BOOTING,
  STATE_FREE,
  SUPERVISOR_SLOT,
  UNBOUND_ITEM_KEEP,
  WHENCE_CREATED,
} from "../../src/memory/layout.js";
import { send, takeRequest } from "../../src/kernel/mailbox.js";
import { freeSlot } from "../../src/kernel/registry.js";
import { makeReceived } from "../../src/kernel/receive.js";
import { reap as buryAtOnce } from "../../src/kernel/reap.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { reap, registry } from "./modules.js";
import { record } from "./pieces.js";
import type { Thread } from "./scheduler.js";
import { slotPointer, World } from "./world.js";

for (const dies of [false, true]) {
  test(`two interpreters claim slots at once${dies ? ", and one dies doing it" : ""}: slots and ids are theirs alone`, (t) => {
    const world = new World();
    const first = world.interpreters(2);
    world.remember();
    const nextId = world.i32[H_NEXT_INTERPRETER];
    explore(t, {
      world,
      preemptions: dies ? 0 : 1,
      atAtomics: dies ? 1 : 2,
      random: 2000,
      program: () => {
        const claimed: number[] = [];
        const threads = [first, first + 1].map((slot, i): Thread => ({
          name: "AB"[i],
          slot,
          *body(m) {
            claimed[i] = yield* registry.claimSlot(m, WHENCE_CREATED);
          },
        }));
        return {
          threads,
          victims: dies ? [threads[0]] : [],
          supervisor: { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, first) },
          check() {
            checkMemory(world);
            const { i32 } = world;
            const taken = [first + 2, first + 3].filter((s) => i32[slotPointer(s) + S_STATE] !== STATE_FREE);
            for (const slot of taken) {
              assert.equal(i32[slotPointer(slot) + S_STATE], STATE_BOOTING);
              // The supervisor finds by it which of them a dead creator left behind.
              const creator = i32[slotPointer(slot) + S_CREATOR] - 1;
              assert.ok(creator === first || creator === first + 1);
              if (claimed[creator - first] !== undefined) assert.equal(claimed[creator - first], slot);
            }
            const ids = taken.map((slot) => i32[slotPointer(slot) + S_ID]);
            assert.equal(new Set(ids).size, ids.length);
            assert.ok(ids.every((id) => id >= nextId && id < i32[H_NEXT_INTERPRETER]));
            assert.ok(taken.includes(claimed[1]), "the living has its slot");
            if (!dies) assert.equal(taken.length, 2);
          },
        };
      },
    });
  });
}

test("a slot is claimed again while somebody who wrote to its last interpreter is buried", (t) => {
  const world = new World();
  const first = world.interpreters(3);
  const [claimer, dying, gone] = [first, first + 1, first + 2] as Slot[];
  const id = (slot: Slot): InterpreterId => world.i32[slotPointer(slot) + S_ID] as InterpreterId;
  // The dying one had sent a record to the one that is gone, which had taken it: its mailbox knows that sender.
  const flags = UNBOUND_ITEM_KEEP << RECORD_UNBOUND_SHIFT;
  const bytes = Buffer.alloc(40);
  assert.equal(send(world.view(dying), gone, S_WORK, id(gone), record(flags, id(dying), bytes)), OK);
  assert.equal(takeRequest(world.view(gone), makeReceived()), OK);
  const supervisor = world.view(SUPERVISOR_SLOT);
  buryAtOnce(supervisor, gone);
  freeSlot(supervisor, gone);
  world.remember();
  explore(t, {
    world,
    preemptions: 2,
    random: 2000,
    program: () => {
      let slot = -1;
      return {
        threads: [
          {
            name: "claimer",
            slot: claimer,
            *body(m) {
              slot = yield* registry.claimSlot(m, WHENCE_CREATED);
            },
          },
          { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, dying) },
        ],
        check() {
          checkMemory(world);
          assert.equal(slot, gone);
        },
      };
    },
  });
});
