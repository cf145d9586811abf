/** Giving slots to standby threads under every schedule: each gets one, once, and wakes up with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeKind } from "../../src/kernel/standby.js";
import { SUPERVISOR_SLOT } from "../../src/memory/layout.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { spare } from "./modules.js";
import type { Program, Thread } from "./scheduler.js";
import { type ModelMemory, World } from "./world.js";

const CELL = 3;
const [OLD, NEW] = [1, 2];

const world = new World();
const first = world.interpreters(3);
changeKind(world.view(0), CELL, 0, OLD);
world.remember();

/** A standby thread, and creators that each have a slot for it. */
class Scene {
  /** The slot that the standby thread gets. */
  slot = -1;
  /** The slots that, as their creators see it, were given away. */
  readonly given: number[] = [];

  readonly waiter: Thread = {
    name: "spare",
    slot: first,
    body: function* (this: Scene, m: ModelMemory): Steps<void> {
      this.slot = yield* spare.waitForSlot(m, CELL);
    }.bind(this),
  };

  creator(index: number, slot: number, kinds: readonly number[]): Thread {
    return {
      name: `creator of ${slot}`,
      slot: first + index,
      body: function* (this: Scene, m: ModelMemory): Steps<void> {
        for (const kind of kinds) if (yield* spare.giveTo(m, CELL, kind, slot)) this.given.push(slot);
      }.bind(this),
    };
  }
}

test("of several who give it slots, one succeeds, and that is its slot", (t) => {
  explore(t, {
    world,
    preemptions: 4,
    random: 2000,
    program() {
      const scene = new Scene();
      return {
        threads: [scene.waiter, scene.creator(1, 5, [OLD]), scene.creator(2, 6, [OLD])],
        check: () => assert.deepEqual(scene.given, [scene.slot]),
      };
    },
  });
});

test("becoming of another kind, or of none, and being given a slot exclude each other", (t) => {
  explore(t, {
    world,
    preemptions: 4,
    random: 2000,
    program() {
      const scene = new Scene();
      let changed = 0;
      const changer: Thread = {
        name: "supervisor",
        slot: SUPERVISOR_SLOT,
        *body(m) {
          if (yield* spare.changeKind(m, CELL, OLD, NEW)) changed++;
          if (yield* spare.changeKind(m, CELL, NEW, 0)) changed++;
          // No longer of any kind: here it ends by being given a slot; a real thread is terminated.
          if (changed === 2) assert.ok(yield* spare.giveTo(m, CELL, 0, 7));
        },
      };
      return {
        threads: [scene.waiter, scene.creator(1, 5, [OLD]), scene.creator(2, 6, [NEW, OLD]), changer],
        check: () => assert.deepEqual(scene.given, changed === 2 ? [] : [scene.slot]),
      };
    },
  });
});

test("whoever gives it a slot dies anywhere: it has none, or the supervisor sees it and wakes it", (t) => {
  explore(t, {
    world,
    preemptions: 3,
    random: 2000,
    program(): Program {
      const scene = new Scene();
      const victim = scene.creator(1, 5, [OLD]);
      return {
        threads: [scene.waiter, victim],
        victims: [victim],
        supervisor: {
          name: "supervisor",
          slot: SUPERVISOR_SLOT,
          *body(m) {
            if ((yield* spare.givenTo(m, CELL)) === -1) assert.ok(yield* spare.giveTo(m, CELL, OLD, 7));
          },
        },
        check(dead) {
          assert.ok(scene.slot === 5 || (scene.slot === 7 && dead.length === 1), `slot ${scene.slot}`);
        },
      };
    },
  });
});
