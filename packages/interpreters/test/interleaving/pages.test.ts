/** The page allocator under every schedule and every death: the tiling, the free lists, and whose page is whose. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Owner } from "../../src/memory/brands.js";
import { H_PAGES, PAGE_WORDS, SUPERVISOR_SLOT } from "../../src/memory/layout.js";
import { allocatePages as allocateAtOnce, freePages as freeAtOnce } from "../../src/memory/page-allocator.js";
import * as atomics from "./atomics.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory, checkPages } from "./invariants.js";
import { allocatePages, reap, freePages, shrinkPages } from "./modules.js";
import type { Program, Thread } from "./scheduler.js";
import { type ModelMemory, SMALL, TINY, World } from "./world.js";

/** A number allocates that many pages; `free i` frees the i-th span allocated, `keep i` all of it but the first page. */
type Script = readonly (number | `free ${number}` | `keep ${number}`)[];

/** The spans that a thread has, as far as it knows. */
class Pages {
  readonly #runs: { p: number; pages: number }[] = [];

  *play(m: ModelMemory, script: Script): Steps<void> {
    for (const action of script) {
      if (typeof action === "number") {
        const p = yield* allocatePages(m, action, m.slot + 1);
        assert.notEqual(p, 0, "there is memory");
        this.#runs.push({ p, pages: action });
        // A mark in every page shows when two threads own one page.
        for (let i = 0; i < action; i++) yield* atomics.set(m, p + i * PAGE_WORDS, m.slot);
      } else {
        const run = this.#runs[Number(action.slice(5))];
        const { p } = run;
        if (action.startsWith("keep")) {
          run.pages = 1;
          yield* shrinkPages(m, p, 1);
          continue;
        }
        run.p = run.pages = 0;
        yield* freePages(m, p);
      }
    }
  }

  /** Counts its pages, and checks that all have its mark. */
  count({ i32 }: World, slot: number): number {
    let count = 0;
    for (const { p, pages } of this.#runs) {
      count += pages;
      for (let i = 0; i < pages; i++)
        assert.equal(i32[p + i * PAGE_WORDS], slot, "nobody else wrote to its page");
    }
    return count;
  }
}

interface Scene {
  readonly world: World;
  readonly slots: readonly [number, number];
}

/** Before the threads begin, the free memory has holes of one and two pages. */
function scene(initial: number): Scene {
  const world = new World(SMALL, initial);
  const a = world.interpreters(2);
  const m = world.view(0);
  const runs = [1, 1, 2, 1].map((pages) => allocateAtOnce(m, pages, 1 as Owner));
  freeAtOnce(m, runs[0]);
  freeAtOnce(m, runs[2]);
  world.remember();
  return { world, slots: [a, a + 1] };
}

function program({ world, slots }: Scene, scripts: readonly [Script, Script], dies: boolean): Program {
  const pages = slots.map(() => new Pages());
  const threads = slots.map((slot, i): Thread => ({
    name: "AB"[i],
    slot,
    body: (m) => pages[i].play(m, scripts[i]),
  }));
  const check = (): void => {
    const owned = new Map([[0, 2]]);
    // The victim is reaped even if it was not killed.
    for (const [i, slot] of slots.entries()) if (!dies || i > 0) owned.set(slot, pages[i].count(world, slot));
    checkMemory(world, { owned });
  };
  if (!dies) return { threads, check };
  const supervisor: Thread = { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, slots[0]) };
  return { threads, victims: [threads[0]], supervisor, check };
}

const scripts: readonly (readonly [string, Script, Script])[] = [
  ["allocate", [1, 2], [2, 1]],
  ["allocate and free", [1, "free 0", 3], [2, "free 0"]],
  ["allocate and give back a part", [3, "keep 0", 1], [2, "keep 0", "free 0"]],
  ["free neighbours", [1, 1, 1, "free 0", "free 2", "free 1"], [1, 1, "free 0"]],
];

for (const [what, a, b] of scripts) {
  test(`two threads ${what} at once`, (t) => {
    const small = scene(SMALL);
    explore(t, {
      world: small.world,
      preemptions: 1,
      atAtomics: 2,
      random: 1000,
      program: () => program(small, [a, b], false),
    });
  });

  test(`two threads ${what}, and one dies at any step`, (t) => {
    const small = scene(SMALL);
    explore(t, {
      world: small.world,
      preemptions: 0,
      random: 2000,
      program: () => program(small, [a, b], true),
    });
  });
}

test("two threads need more than there is, and the memory grows for both, though one dies growing it", (t) => {
  const tiny = scene(TINY);
  explore(t, {
    world: tiny.world,
    preemptions: 0,
    random: 2000,
    program: () => {
      const { check, ...rest } = program(tiny, [[9], [10]], true);
      return {
        ...rest,
        check(dead) {
          check(dead);
          assert.ok(tiny.world.i32[H_PAGES] * PAGE_WORDS <= tiny.world.words);
          checkPages(tiny.world);
        },
      };
    },
  });
});
