/** Producers and consumers are killed at random moments: every item is delivered once, replaced once, or died with its consumer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setEnvironmentData, Worker } from "node:worker_threads";
import {
  create,
  createQueue,
  fromModule,
  type Interpreter,
  listAll,
  QueueEmpty,
  type Queue,
  UNBOUND,
  UNBOUND_ERROR,
  UNBOUND_KEEP,
  UNBOUND_REMOVE,
} from "interpreters";
import { backTo, baseline, Chance, getters, putters } from "../support/queues.js";
import { until } from "../support/processes.js";
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
import { type Fuse, type Item, type Items, LEDGER, type Report } from "./victims.js";

const MAX_PRODUCERS = 8;
const shared = new SharedArrayBuffer(MAX_PRODUCERS * 4);
const progress = new Int32Array(shared);
// Threads inherit it from the thread that starts them, so it must be set before the first of them starts.
setEnvironmentData(LEDGER, shared as unknown as NodeJS.Dict<string>);
const { produce, consume, double } = fromModule<typeof import("./victims.js")>(
  new URL("victims.js", import.meta.url),
);
const behaviours = [UNBOUND, UNBOUND_ERROR, UNBOUND_REMOVE, UNBOUND_KEEP];
const NEVER: Fuse = { way: "none", steps: 0 };

interface Survivors {
  readonly producer: Interpreter;
  readonly consumer: Interpreter;
}

interface Round {
  readonly items: Items;
  readonly reports: Queue<Report, never>;
  /** How many items the surviving producer puts. */
  readonly survivor: number;
  readonly consumersKilled: number;
  readonly producers: number;
}

/** Moves all reports that have arrived into `all`. */
function collect(reports: Queue<Report, never>, all: Report[]): void {
  for (let left = reports.qsize(); left > 0; left--) all.push(reports.getNowait());
}

function check({ items, survivor, consumersKilled, producers }: Round, all: Report[]): void {
  const numbers = new Map<number, Set<number>>();
  const last = new Map<string, number>();
  let [unbound, destroyed] = [0, 0];
  for (const [consumer, item] of all) {
    if (item === UNBOUND) unbound++;
    else if (item === "destroyed") destroyed++;
    else {
      const [producer, number] = item as Item;
      const seen = numbers.get(producer) ?? new Set();
      numbers.set(producer, seen);
      assert.ok(!seen.has(number), `item ${number} of producer ${producer} came twice`);
      seen.add(number);
      const key = `${consumer} ${producer}`;
      assert.ok(number > (last.get(key) ?? -1), `item ${number} of producer ${producer} overtook another`);
      last.set(key, number);
    }
  }
  if (items.unboundItems !== UNBOUND) assert.equal(unbound, 0);
  if (items.unboundItems !== UNBOUND_ERROR) assert.equal(destroyed, 0);
  // An item is missing if its consumer was killed between taking and reporting it.
  let missing = 0;
  let delivered = 0;
  let put = 0;
  for (let producer = 0; producer < producers; producer++) {
    const seen = numbers.get(producer) ?? new Set<number>();
    const count = Math.max(-1, ...seen) + 1;
    const noted = progress[producer];
    assert.ok(count <= noted + 1, `${count} items of producer ${producer} were delivered, ${noted} put`);
    missing += count - seen.size;
    delivered += seen.size;
    put += noted;
    if (producer === 0) {
      assert.equal(noted, survivor, "the producer that nobody killed put everything");
      missing += survivor - count;
    } else if (items.unboundItems === UNBOUND_KEEP) missing += Math.max(0, noted - count);
  }
  assert.ok(
    missing <= consumersKilled,
    `${missing} items are missing, ${consumersKilled} consumers were killed`,
  );
  if (items.unboundItems === UNBOUND_REMOVE) return;
  const total = delivered + unbound + destroyed;
  assert.ok(
    total >= put - consumersKilled,
    `${put} items were put, ${total} came out, ${consumersKilled} consumers were killed`,
  );
  assert.ok(total <= put + producers - 1, `${put} items were put, ${total} came out`);
}

async function round(chance: Chance, { producer, consumer }: Survivors): Promise<void> {
  const maxsize = chance.pick([0, 0, 1, 2, 10, 100]);
  const items = createQueue<Item>(maxsize, {
    unboundItems: chance.pick(behaviours) as typeof UNBOUND_KEEP,
  }) as Items;
  const reports = createQueue<Report>(0, { unboundItems: UNBOUND_KEEP });
  progress.fill(0);
  const survivor = chance.below(300);
  const producing = producer.call(produce, items, 0, survivor, chance.below(1000), NEVER);
  const withSurvivor = chance.next() < 0.5;
  const consuming = withSurvivor ? consumer.call(consume, items, reports, 0, NEVER) : undefined;
  const victims: Victim[] = [];
  const producers = 1 + 1 + chance.below(2);
  const consumers = 1 + chance.below(2);
  const interps = await candidates(chance, producers - 1 + consumers);
  for (let i = 1; i < producers; i++) {
    const fuse = fuseFrom(chance, 200);
    victims.push(
      victim(chance, interps.pop()!, fuse, (view) =>
        view.call(produce, items, i, -1, chance.below(1000), fuse),
      ),
    );
  }
  for (let i = 1; i <= consumers; i++) {
    const fuse = fuseFrom(chance, 200);
    victims.push(victim(chance, interps.pop()!, fuse, (view) => view.call(consume, items, reports, i, fuse)));
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
  // Only survivors are left. The producer may be waiting for free space.
  let produced = false;
  const done = (): void => void (produced = true);
  producing.then(done, done);
  while (!produced) await take(items, all, 5);
  await producing;
  if (consuming === undefined) {
    const size = items.qsize();
    const before = all.length;
    while (items.qsize() > 0) await take(items, all, 0);
    assert.equal(all.length - before, size, "as many items as qsize() said");
  }
  items.shutdown();
  await consuming;
  assert.deepEqual([items.qsize(), getters(items), putters(items)], [0, 0, 0]);
  collect(reports, all);
  check({ items, reports, survivor, consumersKilled: consumers, producers }, all);
  items.close();
  reports.close();
}

/** The main interpreter, as consumer -1, takes one item if one arrives within `timeout`. */
async function take(items: Items, all: Report[], timeout: number): Promise<void> {
  try {
    all.push([-1, (await items.get({ timeout })) as Report[1]]);
  } catch (error) {
    if ((error as Error).name === "ItemInterpreterDestroyed") all.push([-1, "destroyed"]);
    else assert.ok(error instanceof QueueEmpty, String(error));
  }
}

test("producers and consumers killed at random moments", limits, async (t) => {
  const warm: Survivors = { producer: create(), consumer: create() };
  await seeded(0, () => round(new Chance(0), warm));
  await warm.producer.call(double, 1);
  await Promise.all([warm.producer.terminate(), warm.consumer.terminate()]);
  const before = await baseline();
  const survivors: Survivors = { producer: create(), consumer: create() };
  const rounds = Math.ceil(20 * FACTOR);
  for (let i = 0; i < rounds; i++) await seeded(SEED + i, () => round(new Chance(SEED + i), survivors));
  assert.equal(await survivors.producer.call(double, 21), 42);
  await Promise.all([survivors.producer.close(), survivors.consumer.close()]);
  await backTo(before);
  t.diagnostic(`${rounds} rounds, kills: ${JSON.stringify(kills)}`);
});

/** A thread that `create` did not make joins by using a queue, and is terminated. */
async function foreignRound(chance: Chance): Promise<void> {
  const items = createQueue<Item>(chance.pick([0, 3]), { unboundItems: UNBOUND_KEEP });
  const count = chance.below(300);
  progress.fill(0);
  const worker = new Worker(new URL("foreign.js", import.meta.url), {
    workerData: { id: items.id, seed: chance.below(1000) },
  });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  for (let i = 0; i < count; i++) {
    const [producer, number] = (await items.get()) as Item;
    assert.deepEqual([producer, number], [1, i]);
  }
  await turns(chance.below(10));
  kills.terminated++;
  await worker.terminate();
  await ended;
  await until(() => listAll().every(({ whence }) => whence !== "worker_threads"), "it is gone");
  const left = items.qsize();
  for (let i = 0; i < left; i++) assert.equal(((await items.get()) as Item)[1], count + i);
  assert.throws(() => items.getNowait(), QueueEmpty);
  assert.ok(count + left >= progress[1] && count + left <= progress[1] + 1);
  items.close();
}

test(
  "threads of somebody else's end with the one that started them, and what they put goes",
  limits,
  async () => {
    const starter = create();
    const file = new URL("nested.js", import.meta.url);
    const joined = (): number => listAll().filter(({ whence }) => whence === "worker_threads").length;
    const ways: Record<string, (id: number) => Promise<() => Promise<unknown>>> = {
      async "a worker of main's"(id) {
        const worker = new Worker(file, { workerData: { id, depth: 2 } });
        return () => worker.terminate();
      },
      async "a worker of an interpreter's"(id) {
        await starter.call(
          (file, id) => {
            const { Worker } = process.getBuiltinModule("node:worker_threads");
            new Worker(new URL(file), { workerData: { id, depth: 2 } });
          },
          file.href,
          id,
        );
        return () => starter.terminate();
      },
    };
    for (const [name, way] of Object.entries(ways)) {
      const items = createQueue<number>(0, { unboundItems: UNBOUND_REMOVE });
      const end = await way(items.id);
      await until(() => items.qsize() === 3, `${name}: all three have joined`);
      assert.equal(joined(), 3);
      await end();
      await until(() => items.qsize() === 0, `${name}: their items are gone`);
      await until(() => joined() === 0, `${name}: they are gone`);
      items.close();
    }
  },
);

test("producers that are threads of somebody else's, terminated at random moments", limits, async () => {
  // The supervisor must reap the dead, and it starts with the first interpreter.
  await create().close();
  await seeded(0, () => foreignRound(new Chance(0)));
  const before = await baseline();
  for (let i = 0; i < Math.ceil(6 * FACTOR); i++)
    await seeded(SEED + i, () => foreignRound(new Chance(SEED + i)));
  await backTo(before);
});
