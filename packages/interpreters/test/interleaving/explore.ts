/**
 * Tries schedules: all of them up to a number of preemptions, then random ones.
 *
 * Bounding preemptions instead of steps follows Musuvathi and Qadeer, "Iterative Context Bounding for Systematic
 * Testing of Multithreaded Programs" (PLDI 2007): nearly every bug shows itself with two, and the number of schedules
 * stays polynomial. A kill does not count as a preemption, so every step is tried as a victim's last one.
 *
 * INTERLEAVING_DEPTH (default 0) is added to each bound, and multiplies the number of random schedules by ten for each unit.
 */
import type { TestContext } from "node:test";
import { execute, Trace, type Decider, type Limits, type Program } from "./scheduler.js";
import { nameOf } from "./names.js";
import type { World } from "./world.js";

const depth = Number(process.env["INTERLEAVING_DEPTH"] ?? 0);

export interface Exploration {
  readonly world: World;
  /** Makes new threads and results, on the memory as it was remembered. */
  readonly program: () => Program;
  /** Tries all schedules with at most this many preemptions, anywhere. */
  readonly preemptions: number;
  /** Tries all schedules with at most this many preemptions, before atomic operations only. */
  readonly atAtomics?: number;
  /** Tries this many random schedules, with any number of preemptions. */
  readonly random?: number;
  readonly seed?: number;
  /** More steps than any schedule can need: one that takes so many makes no progress. */
  readonly steps?: number;
}

/** Tries all schedules. Throws the first failure, with its schedule in the message. */
export function explore(t: TestContext, exploration: Exploration): void {
  const { world, program, steps = 20_000 } = exploration;
  const began = performance.now();
  const bound = exploration.preemptions + depth;
  let schedules = 0;
  let total = 0;
  let longest = 0;
  const attempt = (decider: Recording, limits: Limits): void => {
    world.restore();
    try {
      const count = execute(world, program(), decider, limits);
      schedules++;
      total += count;
      longest = Math.max(longest, count);
    } catch (error) {
      throw failure(error, exploration, decider.choices(), limits, schedules);
    }
  };
  const attemptAll = (limits: Limits): void => {
    const all = new Exhaustive();
    do attempt(all, limits);
    while (all.advance());
  };
  // In the order of the bounds, so that a failure is found with as few preemptions as it takes.
  for (let preemptions = 0; preemptions <= bound; preemptions++) attemptAll({ preemptions, steps });
  const atAtomics = exploration.atAtomics === undefined ? bound : exploration.atAtomics + depth;
  for (let preemptions = bound + 1; preemptions <= atAtomics; preemptions++) {
    attemptAll({ preemptions, steps, onlyAtAtomics: true });
  }
  const exhaustive = schedules;
  const random = (exploration.random ?? 0) * 10 ** depth;
  const seed = exploration.seed ?? 1;
  for (let i = 0; i < random; i++) {
    attempt(new Random(seed * 1_000_003 + i, total / schedules), { preemptions: Infinity, steps });
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  t.diagnostic(
    `${exhaustive} schedules, all with up to ${bound} preemptions` +
      (atAtomics > bound ? ` (${atAtomics} before atomic operations)` : "") +
      (random > 0 ? `, and ${random} random ones` : "") +
      `; ${total} steps, at most ${longest} in one; ${seconds} s`,
  );
}

function failure(
  error: unknown,
  { world, program }: Exploration,
  choices: readonly number[],
  limits: Limits,
  after: number,
): Error {
  const trace = new Trace();
  world.restore();
  let again = error;
  try {
    execute(world, program(), new Replay(choices), limits, trace, (p) => nameOf(world, p));
  } catch (sameWithNames) {
    again = sameWithNames;
  }
  const message = again instanceof Error ? again.message : String(again);
  return new Error(`${message}\nafter ${after} good schedules, with this one:\n${trace.toString()}`, {
    cause: error,
  });
}

interface Recording extends Decider {
  choices(): readonly number[];
}

class Replay implements Decider {
  #next = 0;
  readonly #choices: readonly number[];
  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }
  choose(options: number): number {
    if (options === 1) return 0;
    return this.#choices[this.#next++];
  }
}

/** Depth first: the last choice with an untried option takes it, and all later choices begin again with 0. */
class Exhaustive implements Recording {
  readonly #chosen: number[] = [];
  readonly #options: number[] = [];
  #next = 0;

  choose(options: number): number {
    if (options === 1) return 0;
    const i = this.#next++;
    if (i === this.#chosen.length) {
      this.#chosen.push(0);
      this.#options.push(options);
    } else if (this.#options[i] !== options) throw new Error("the program is not deterministic");
    return this.#chosen[i];
  }

  advance(): boolean {
    this.#next = 0;
    while (this.#chosen.length > 0) {
      const last = this.#chosen.length - 1;
      if (++this.#chosen[last] < this.#options[last]) return true;
      this.#chosen.pop();
      this.#options.pop();
    }
    return false;
  }

  choices(): readonly number[] {
    return this.#chosen.slice(0, this.#next);
  }
}

class Random implements Recording {
  readonly #chosen: number[] = [];
  readonly #kill: number;
  readonly #switch: number;
  #state: number;

  /** `length` is the usual number of steps of a schedule. */
  constructor(seed: number, length: number) {
    this.#state = seed | 0;
    this.#kill = 2 / length;
    // Most schedules switch one to three times, as most bugs need no more; the others switch all the time.
    const rates = [1 / length, 2 / length, 3 / length, 1 / 2, 1 / 8, 1 / 32];
    this.#switch = rates[Math.floor(this.#uniform() * rates.length)];
  }

  choose(options: number, mayKill: boolean, goesOn: boolean): number {
    if (options === 1) return 0;
    let choice = 0;
    const others = mayKill ? options - 1 : options;
    if (others === 0 || (mayKill && this.#uniform() < this.#kill)) choice = options - 1;
    else if (!goesOn || this.#uniform() < this.#switch) choice = Math.floor(this.#uniform() * others);
    this.#chosen.push(choice);
    return choice;
  }

  choices(): readonly number[] {
    return this.#chosen;
  }

  /** SplitMix32, by its constants: small, and good enough for choices. */
  #uniform(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  }
}
