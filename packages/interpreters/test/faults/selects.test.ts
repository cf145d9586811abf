/** Interpreters that select between two queues are killed at random moments: every item is delivered once, or died with its consumer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setEnvironmentData } from "node:worker_threads";
import {
  create,
  createQueue,
  fromModule,
  type Interpreter,
  onGet,
  type Queue,
  QueueEmpty,
  select,
  UNBOUND_KEEP,
} from "interpreters";
import { until } from "../support/processes.js";
import { backTo, baseline, Chance, getters, putters } from "../support/queues.js";
import {
  candidates,
  FACTOR,
  fuseFrom,
  kill,
  kills,
  limits,
  seeded,
  SEED,
  turns,
  victim,
  type Victim,
} from "./harness.js";
import type { Item, Items, Report } from "./selecting.js";
import { type Fuse, LEDGER } from "./victims.js";

const shared = new SharedArrayBuffer(8 * 4);
const progress = new Int32Array(shared);
// Threads inherit it from the thread that starts them, so it must be set before the first of them starts.
setEnvironmentData(LEDGER, shared as unknown as NodeJS.Dict<string>);
const { produce, consume } = fromModule<typeof import("./selecting.js")>(
  new URL("selecting.js", import.meta.url),
);
const NEVER: Fuse = { way: "none", steps: 0 };
/** How many items a consumer may hold when it is killed: it has three loops. */
const HANDS = 3;

interface Survivors {
  readonly producer: Interpreter;
  readonly consumer: Interpreter;
}

function check(all: readonly Report[], producers: number, survivor: number, consumersKilled: number): void {
  const seen = Array.from({ length: producers }, () => new Set<number>());
  for (const [, index, [producer, number, queue]] of all) {
    assert.equal(
      queue,
      index,
      `item ${number} of producer ${producer} came from the queue that it was put into`,
    );
    assert.ok(!seen[producer].has(number), `item ${number} of producer ${producer} came twice`);
    seen[producer].add(number);
  }
  let missing = 0;
  for (const [producer, numbers] of seen.entries()) {
    const count = Math.max(-1, ...numbers) + 1;
    const noted = progress[producer];
    assert.ok(count <= noted + 1, `${count} items of producer ${producer} were delivered, ${noted} put`);
    if (producer === 0) assert.equal(noted, survivor);
    missing += Math.max(count, noted) - numbers.size;
  }
  assert.ok(
    missing <= HANDS * consumersKilled,
    `${missing} items are missing, ${consumersKilled} consumers were killed`,
  );
}

async function round(chance: Chance, { producer, consumer }: Survivors): Promise<void> {
  const [a, b]: Items[] = [0, 1].map(() =>
    createQueue<Item>(chance.pick([0, 1, 2, 10]), { unboundItems: UNBOUND_KEEP }),
  );
  const reports = createQueue<Report>(0, { unboundItems: UNBOUND_KEEP });
  progress.fill(0);
  const survivor = chance.below(200);
  const producing = producer.call(produce, a, b, 0, survivor, chance.below(1000), NEVER);
  const consuming = chance.next() < 0.5 ? consumer.call(consume, a, b, reports, 0, NEVER) : undefined;
  const producers = 2 + chance.below(2);
  const consumers = 1 + chance.below(2);
  const victims: Victim[] = [];
  const interps = await candidates(chance, producers - 1 + consumers);
  for (let i = 1; i < producers; i++) {
    const fuse = fuseFrom(chance, 200);
    const seed = chance.below(1000);
    victims.push(victim(chance, interps.pop()!, fuse, (view) => view.call(produce, a, b, i, -1, seed, fuse)));
  }
  for (let i = 1; i <= consumers; i++) {
    const fuse = fuseFrom(chance, 200);
    victims.push(victim(chance, interps.pop()!, fuse, (view) => view.call(consume, a, b, reports, i, fuse)));
  }
  const all: Report[] = [];
  while (victims.length > 0) {
    for (let n = chance.below(100); n > 0; n--) {
      const got = await reports.get({ timeout: 10 }).catch((error: unknown) => error);
      if (got instanceof QueueEmpty) break;
      all.push(got as Report);
    }
    await turns(chance.below(10));
    const [next] = victims.splice(chance.below(victims.length), 1);
    await kill(chance, next);
  }
  // Only survivors are left. The producer may be waiting for room, which this select makes.
  const take = async (): Promise<boolean> => {
    const got = await select([onGet(a), onGet(b)], { default: true, timeout: 5 });
    if (got.index !== -1) all.push([-1, got.index, got.value]);
    return got.index !== -1;
  };
  let produced = false;
  const done = (): void => void (produced = true);
  producing.then(done, done);
  while (!produced) await take();
  await producing;
  if (consuming === undefined) while (a.qsize() + b.qsize() > 0) assert.ok(await take());
  else await until(() => a.empty() && b.empty(), "the survivor takes everything");
  a.shutdown();
  b.shutdown();
  await consuming;
  for (const queue of [a, b]) assert.deepEqual([queue.qsize(), getters(queue), putters(queue)], [0, 0, 0]);
  drain(reports, all);
  check(all, producers, survivor, consumers);
  for (const queue of [a, b, reports]) queue.close();
}

function drain(reports: Queue<Report, never>, all: Report[]): void {
  for (let left = reports.qsize(); left > 0; left--) all.push(reports.getNowait());
}

test("interpreters that select are killed at random moments", limits, async (t) => {
  const warm: Survivors = { producer: create(), consumer: create() };
  await seeded(0, () => round(new Chance(0), warm));
  await Promise.all([warm.producer.terminate(), warm.consumer.terminate()]);
  const before = await baseline();
  const survivors: Survivors = { producer: create(), consumer: create() };
  const rounds = Math.ceil(20 * FACTOR);
  for (let i = 0; i < rounds; i++) await seeded(SEED + i, () => round(new Chance(SEED + i), survivors));
  await Promise.all([survivors.producer.close(), survivors.consumer.close()]);
  await backTo(before);
  t.diagnostic(`${rounds} rounds, kills: ${JSON.stringify(kills)}`);
});
