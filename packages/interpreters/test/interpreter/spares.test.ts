/** The supervisor's pool of standby threads, with numbers in place of threads. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { javascriptLanguage } from "../../src/guests/javascript/language.js";
import { checkCreateOptions } from "../../src/interpreter/options.js";
import type { BootOptions } from "../../src/wire/boot.js";
import { claimSlot, registerMain, setState } from "../../src/kernel/registry.js";
import { giveToStandby as giveToSpare, newKind } from "../../src/interpreter/standby.js";
import type { Slot } from "../../src/memory/brands.js";
import {
  MAIN_SLOT,
  STATE_BOOTING,
  STATE_READY,
  SUPERVISOR_SLOT,
  WHENCE_CREATED,
} from "../../src/memory/layout.js";
import { createMemory, openMemory } from "../../src/memory/memory.js";
import { StandbyPool } from "../../src/supervisor/standby-pool.js";

const options = checkCreateOptions({ language: javascriptLanguage });
const others = checkCreateOptions({ language: javascriptLanguage, name: "others" });

/** A supervisor that starts no real threads, and a main interpreter that asks it for standby threads. */
class Scene {
  readonly started: { readonly cell: number; readonly options: BootOptions }[] = [];
  readonly stopped: number[] = [];
  refuses = false;
  readonly spares: StandbyPool<number>;
  readonly #memory = createMemory([256]);
  readonly #main = openMemory(this.#memory, MAIN_SLOT);
  readonly #t: TestContext;

  constructor(t: TestContext) {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    this.#t = t;
    registerMain(this.#main);
    this.spares = new StandbyPool(
      openMemory(this.#memory, SUPERVISOR_SLOT),
      (with_, cell) => {
        if (this.refuses) throw new Error("Node refuses");
        return this.started.push({ cell, options: with_ }) - 1;
      },
      (thread) => this.stopped.push(thread),
    );
  }

  keep(count: number, of = options): void {
    this.spares.keep(count, newKind(this.#main, of), of);
  }

  claim(): Slot {
    return claimSlot(this.#main, WHENCE_CREATED);
  }

  give(slot: Slot, of = options): boolean {
    return giveToSpare(this.#main, of, slot);
  }

  /** The threads that were given slots since the last call, and their slots. */
  given(): (readonly number[])[] {
    return [...this.spares.given()].map(([thread, slot, of]) => {
      assert.equal(of, this.started[thread].options);
      return [thread, slot];
    });
  }

  /** The thread has read its slot. */
  begins(slot: Slot): void {
    assert.ok(setState(this.#main, slot, STATE_BOOTING, STATE_READY));
  }

  later(): void {
    this.#t.mock.timers.tick(1000);
  }

  cells(): number[] {
    return this.started.map(({ cell }) => cell);
  }
}

test("each waits in a cell of its own, is given one slot, and is replaced a while later", (t) => {
  const scene = new Scene(t);
  scene.keep(2);
  assert.deepEqual(scene.cells(), [0, 1]);
  const [a, b, c] = [scene.claim(), scene.claim(), scene.claim()];
  assert.deepEqual([scene.give(a), scene.give(b), scene.give(c)], [true, true, false]);
  assert.deepEqual(scene.given(), [
    [0, a],
    [1, b],
  ]);
  assert.deepEqual(scene.given(), []);
  assert.equal(scene.started.length, 2);
  scene.later();
  assert.equal(scene.started.length, 4);
  assert.ok(scene.give(c));
  assert.deepEqual(scene.given(), [[2, c]]);
});

test("a cell is used again when its thread has read there, or has ended, and not before", (t) => {
  const scene = new Scene(t);
  scene.keep(1);
  const [a, b] = [scene.claim(), scene.claim()];
  assert.ok(scene.give(a));
  assert.deepEqual(scene.given(), [[0, a]]);
  scene.later();
  assert.deepEqual(scene.cells(), [0, 1]);
  scene.begins(a);
  assert.ok(scene.give(b));
  assert.deepEqual(scene.given(), [[1, b]]);
  scene.later();
  assert.deepEqual(scene.cells(), [0, 1, 0]);
  // The second one ends before it has read its cell. The third is stopped, and ends later.
  assert.ok(scene.spares.ended(1));
  scene.keep(0);
  scene.keep(2);
  assert.deepEqual(scene.stopped, [2]);
  assert.deepEqual(scene.cells(), [0, 1, 0, 1, 2]);
  assert.ok(scene.spares.ended(2));
  scene.keep(3);
  assert.deepEqual(scene.cells(), [0, 1, 0, 1, 2, 0]);
});

test("one that ends while it waits is given nothing; one that has been given a slot before is told of", (t) => {
  const scene = new Scene(t);
  scene.keep(2);
  assert.ok(scene.spares.ended(0));
  const slot = scene.claim();
  assert.ok(scene.give(slot));
  assert.ok(!scene.give(scene.claim()));
  assert.ok(!scene.spares.ended(1));
  assert.deepEqual(scene.given(), [[1, slot]]);
  assert.ok(scene.spares.ended(1));
});

test("asked for the same once more it keeps those it has; for others, it lets them go", (t) => {
  const scene = new Scene(t);
  scene.keep(2);
  scene.keep(3);
  assert.equal(scene.started.length, 3);
  assert.deepEqual(scene.stopped, []);
  scene.keep(1);
  assert.deepEqual(scene.stopped, [0, 1]);
  scene.keep(1, others);
  assert.deepEqual(scene.stopped, [0, 1, 2]);
  assert.equal(scene.started[3].options, others);
  const slot = scene.claim();
  assert.ok(!scene.give(slot));
  assert.ok(scene.give(slot, others));
  // A thread that was given a slot is not stopped.
  scene.keep(0);
  assert.deepEqual(scene.stopped, [0, 1, 2]);
  assert.deepEqual(scene.given(), [[3, slot]]);
});

test("it gives slots away itself for those who do not know what it has", (t) => {
  const scene = new Scene(t);
  scene.keep(1);
  const slot = scene.claim();
  assert.equal(scene.spares.take(others, slot), undefined);
  assert.equal(scene.spares.take(checkCreateOptions({}), slot), 0);
  assert.equal(scene.spares.take(options, slot), undefined);
  assert.deepEqual(scene.given(), []);
  scene.later();
  assert.equal(scene.started.length, 2);
});

test("where Node starts no thread there is none to give a slot to", (t) => {
  const scene = new Scene(t);
  scene.refuses = true;
  scene.keep(2);
  const slot = scene.claim();
  assert.ok(!scene.give(slot));
  scene.refuses = false;
  assert.equal(scene.spares.take(options, slot), undefined);
  scene.later();
  assert.ok(scene.give(slot));
});
