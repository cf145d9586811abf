/**
 * Random programs of main and three interpreters that put, get, set and wait, for asleep.test.ts and for longer searches:
 * `node asleep.random.js SEED ROUNDS`. Prints how many operations were made, and how many waits were refused.
 *
 * Each queue has one interpreter that puts and one that gets, and no event is cleared. In such a network (Kahn, "The Semantics of a Simple Language for Parallel
 * Programming", 1974) it does not matter who is faster: if one order of the operations comes to an end, all do. So a round is drawn as one such order, of which each
 * interpreter gets its part, and no wait may be refused. In some rounds all then wait for an item that is never put: exactly one is refused, and puts for the
 * others.
 */
import assert from "node:assert/strict";
import { writeSync } from "node:fs";
import { create, createQueue, Event, type Interpreter, type Queue, UNBOUND_KEEP } from "interpreters";

const [seed = 1, rounds = 30] = process.argv.slice(2).map(Number);
const THREADS = 4;
const PUT = 0;
const GET = 1;
const SET = 2;
const WAIT = 3;
const COMPUTE = 4;
const DEAD_END = 5;

type Step = [kind: number, index: number, value: number];

let state = (seed * 0x9e3779b9) | 1;

/** Marsaglia's xorshift: an integer below `n`. */
function below(n: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
}

/** Executes a part. Stateless, because it travels. Returns how many waits were refused. */
function play(
  steps: readonly Step[],
  queues: readonly Queue<number, never>[],
  events: readonly Event[],
): number {
  let refused = 0;
  for (const [kind, index, value] of steps) {
    try {
      if (kind === 0) queues[index].putSync(value);
      else if (kind === 1) {
        const got = queues[index].getSync();
        if (got !== value) throw new Error(`queue ${index}: got ${String(got)} instead of ${value}`);
      } else if (kind === 2) events[index].set();
      else if (kind === 3) events[index].waitSync();
      else if (kind === 4) for (const end = performance.now() + value / 10; performance.now() < end;);
      else queues[index].getSync();
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_INTERPRETER_DEADLOCK") throw error;
      refused++;
      if (kind === 5) for (let i = 1; i < value; i++) queues[index].putSync(0);
    }
  }
  return refused;
}

/** Puts from a timer that keeps nothing alive, when the call has long returned. */
function putLater(queue: Queue<number, never>, values: readonly number[]): void {
  const put = (value: number): void => {
    try {
      queue.putNowait(value);
    } catch {
      // The round is over.
    }
  };
  values.forEach((value, i) => setTimeout(put, 3 + 2 * i, value).unref());
}

const interps: readonly Interpreter[] = Array.from({ length: THREADS - 1 }, () => create());
let operations = 0;
let refusals = 0;

async function round(number: number): Promise<void> {
  const isDeadEnd = number % 5 === 4;
  const sizes = Array.from({ length: 5 }, () => below(3));
  const queues = sizes.map((size) => createQueue<number>(size, { unboundItems: UNBOUND_KEEP }));
  const ends = sizes.map(() => [below(THREADS), below(THREADS)]);
  const filled = sizes.map((): number[] => []);
  const events = Array.from({ length: 3 }, () => new Event());
  const set = new Set<number>();
  const parts: Step[][] = Array.from({ length: THREADS }, () => []);
  for (let i = 0; i < 60; i++) {
    const kind = below(6);
    const q = below(queues.length);
    const [putter, getter] = ends[q];
    if (kind <= 1 && (sizes[q] === 0 || filled[q].length < sizes[q])) {
      filled[q].push(i);
      parts[putter].push([PUT, q, i]);
    } else if (kind <= 3 && filled[q].length > 0) parts[getter].push([GET, q, filled[q].shift()!]);
    else if (kind === 4) {
      const e = below(events.length);
      parts[below(THREADS)].push([set.has(e) ? WAIT : SET, e, 0]);
      set.add(e);
    } else parts[below(THREADS)].push([COMPUTE, 0, below(4)]);
  }
  operations += parts.flat().length;
  if (isDeadEnd) {
    queues.push(createQueue<number>(0, { unboundItems: UNBOUND_KEEP }));
    for (const part of parts) part.push([DEAD_END, queues.length - 1, THREADS]);
  }
  // Main also waits for items of a timer in an interpreter that has no more work.
  const late = createQueue<number>(0, { unboundItems: UNBOUND_KEEP });
  if (number % 3 === 0) {
    parts[0].push([GET, queues.length, 1], [GET, queues.length, 2]);
    await interps[2].call(putLater, late, [1, 2]);
  }
  queues.push(late);
  const calls = interps.map((interp, i) => interp.call(play, parts[i + 1], queues, events));
  const outcomes = Promise.all(calls);
  const own = play(parts[0], queues, events);
  const refused = (await outcomes).reduce((sum, each) => sum + each, own);
  refusals += refused;
  assert.equal(refused, isDeadEnd ? 1 : 0, `round ${number} of seed ${seed}`);
  for (const queue of queues) queue.close();
}

for (let number = 0; number < rounds; number++) await round(number);
writeSync(1, `${operations} operations, ${refusals} refused\n`);
process.exit();
