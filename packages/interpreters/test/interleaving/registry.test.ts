/** The registry under every schedule: slots and ids are given once, and exactly one interpreter sees a circle of waiting. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InterpreterId, Slot } from "../../src/memory/brands.js";
import {
  CALLBACK_BEGUN,
  H_NEXT_INTERPRETER,
  OK,
  RECORD_UNBOUND_SHIFT,
  S_CREATOR,
  S_ID,
  S_STATE,
  S_WAITING_ON,
  S_WORK,
  STATE_BOOTING,
  STATE_FREE,
  SUPERVISOR_SLOT,
  UNBOUND_ITEM_KEEP,
  WAITING_FOR_CALLBACK,
  WHENCE_CREATED,
} from "../../src/memory/layout.js";
import { send, takeRequest } from "../../src/kernel/mailbox.js";
import { freeSlot } from "../../src/kernel/registry.js";
import { makeReceived } from "../../src/kernel/receive.js";
import { reap as buryAtOnce } from "../../src/kernel/reap.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { deadlock, reap, registry } from "./modules.js";
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

for (const [what, waits, circle] of [
  [
    "two wait for each other",
    [
      [0, 1],
      [1, 0],
    ],
    true,
  ],
  [
    "three wait in a circle",
    [
      [0, 1],
      [1, 2],
      [2, 0],
    ],
    true,
  ],
  [
    "two wait for a third",
    [
      [0, 2],
      [1, 2],
    ],
    false,
  ],
  [
    "three wait in a row",
    [
      [0, 1],
      [1, 2],
    ],
    false,
  ],
  ["one waits for itself", [[0, 0]], true],
] as const satisfies readonly (readonly [string, readonly (readonly [number, number])[], boolean])[]) {
  test(`${what}: ${circle ? "exactly one is told that it would be for ever" : "nobody is refused"}`, (t) => {
    const world = new World();
    const first = world.interpreters(3);
    world.remember();
    explore(t, {
      world,
      preemptions: waits.length > 2 ? 2 : 3,
      random: 2000,
      program: () => {
        const refused: number[] = [];
        return {
          threads: waits.map(([from, to], i): Thread => ({
            name: "ABC"[i],
            slot: first + from,
            *body(m) {
              if ((yield* deadlock.beginWaitingOn(m, first + to + 1)) !== undefined) refused.push(from);
            },
          })),
          check() {
            checkMemory(world);
            assert.equal(refused.length, circle ? 1 : 0);
            for (const [from, to] of waits) {
              const expected = refused.includes(from) ? 0 : first + to + 1;
              assert.equal(world.i32[slotPointer(first + from) + S_WAITING_ON], expected);
            }
          },
        };
      },
    });
  });
}

test("a wait for a callback closes no circle until its owner has begun to run it", (t) => {
  const world = new World();
  const first = world.interpreters(2);
  world.remember();
  for (const begins of [false, true]) {
    explore(t, {
      world,
      preemptions: 3,
      random: 1000,
      program: () => {
        let free: boolean | undefined;
        return {
          threads: [
            {
              name: "caller",
              slot: first,
              *body(m) {
                yield* deadlock.beginWaitingForCallback(m, first + 1);
              },
            },
            {
              name: "owner",
              slot: first + 1,
              *body(m) {
                if (begins) yield* deadlock.beginCallbackOf(m, first);
                free = (yield* deadlock.beginWaitingOn(m, first + 1)) === undefined;
              },
            },
          ],
          check() {
            checkMemory(world);
            const word = world.i32[slotPointer(first) + S_WAITING_ON];
            const begun = word === ((first + 2) | CALLBACK_BEGUN);
            assert.ok(begun || word === ((first + 2) | WAITING_FOR_CALLBACK), String(word));
            // Only the owner takes the flag away, before it waits itself.
            assert.equal(free, !begun);
            if (!begins) assert.equal(begun, false);
          },
        };
      },
    });
  }
});

test("one of a would-be circle dies at any step: the other is refused only because of a living one", (t) => {
  const world = new World();
  const first = world.interpreters(2);
  world.remember();
  explore(t, {
    world,
    preemptions: 0,
    atAtomics: 1,
    random: 1500,
    program: () => {
      const victim: Thread = {
        name: "A",
        slot: first,
        *body(m) {
          if ((yield* deadlock.beginWaitingOn(m, first + 2)) === undefined) yield* deadlock.endWaitingOn(m);
        },
      };
      const tries: boolean[] = [];
      return {
        threads: [
          victim,
          {
            name: "B",
            slot: first + 1,
            *body(m) {
              tries.push((yield* deadlock.beginWaitingOn(m, first + 1)) === undefined);
              yield* deadlock.endWaitingOn(m);
            },
          },
        ],
        victims: [victim],
        supervisor: { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, first) },
        check() {
          checkMemory(world);
          assert.equal(tries.length, 1);
          for (const slot of [first, first + 1]) assert.equal(world.i32[slotPointer(slot) + S_WAITING_ON], 0);
        },
      };
    },
  });
});
