/** The addon table under every schedule and every death: always one whole version of it, and no page lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { OK, STATUS_CHANGED, SUPERVISOR_SLOT } from "../../src/memory/layout.js";
import {
  type AddonTable,
  readAddonTable as readAtOnce,
  replaceAddonTable as replaceAtOnce,
} from "../../src/kernel/addon-table.js";
import type { Steps } from "./atomics.js";
import { explore } from "./explore.js";
import { checkMemory } from "./invariants.js";
import { reap, readAddonTable, replaceAddonTable } from "./modules.js";
import type { Program, Thread } from "./scheduler.js";
import { type ModelMemory, World } from "./world.js";

/** Fills nearly one page; one more letter needs a second one. */
const NEARLY_A_PAGE = "x".repeat(4087);

const emptyBlock = (): AddonTable => ({ bytes: Buffer.alloc(8192), version: 0, length: 0 });
const textOf = ({ bytes, length }: AddonTable): string => bytes.toString("latin1", 0, length);

/** Adds a letter to the table, trying again whenever another thread was faster. */
function* addLetter(m: ModelMemory, letter: string): Steps<void> {
  for (let status = STATUS_CHANGED; status === STATUS_CHANGED;) {
    const block = emptyBlock();
    yield* readAddonTable(m, block);
    status = yield* replaceAddonTable(m, block.version, Buffer.from(textOf(block) + letter, "latin1"));
    if (status !== STATUS_CHANGED) assert.equal(status, OK);
  }
}

function program(world: World, first: number, before: string, dies: boolean): Program {
  const threads = ["a", "b"].map((letter, i): Thread => ({
    name: letter,
    slot: first + i,
    body: (m) => addLetter(m, letter),
  }));
  const reader: Thread = {
    name: "reader",
    slot: first + 2,
    *body(m) {
      const block = emptyBlock();
      yield* readAddonTable(m, block);
      const text = textOf(block);
      assert.ok(["", "a", "b", "ab", "ba"].some((added) => text === before + added));
      assert.equal(block.version, (before === "" ? 0 : 1) + text.length - before.length);
    },
  };
  const check = (): void => {
    checkMemory(world);
    const block = emptyBlock();
    readAtOnce(world.view(0), block);
    const added = textOf(block).slice(before.length);
    assert.ok((dies ? ["b", "ab", "ba"] : ["ab", "ba"]).includes(added), added);
  };
  if (!dies) return { threads: [...threads, reader], check };
  const victim = threads[0];
  return {
    threads,
    victims: [victim],
    supervisor: { name: "supervisor", slot: SUPERVISOR_SLOT, body: (m) => reap(m, victim.slot) },
    check,
  };
}

for (const [name, before] of [
  ["the first entries", ""],
  ["one more, and it needs another page", NEARLY_A_PAGE],
] as const) {
  for (const dies of [false, true]) {
    test(`${name}: two add at once, ${dies ? "and one dies at any step" : "a third reads"}`, (t) => {
      const world = new World();
      const first = world.interpreters(3);
      if (before !== "") assert.equal(replaceAtOnce(world.view(0), 0, Buffer.from(before)), OK);
      world.remember();
      const bounds = dies ? { preemptions: 0, atAtomics: 1 } : { preemptions: 1 };
      explore(t, { world, ...bounds, random: 1000, program: () => program(world, first, before, dies) });
    });
  }
}
